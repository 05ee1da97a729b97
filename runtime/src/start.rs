//! What is fixed when the program starts: variables, and locals that depend on nothing later, each computed once.

use crate::fault::Fault;
use bggo_values::{Text, Value};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

/// Variables and memoised start-time locals. Shared by all threads; read-only after it was filled.
#[derive(Debug)]
pub struct Start {
    variables: Vec<Value>,
    locals: Vec<OnceLock<Result<Value, Fault>>>,
    run_id: Text,
}

impl Start {
    /// Values of the variables in the grid's order, and room for `locals` locals.
    pub fn new(variables: Vec<Value>, locals: usize) -> Self {
        Self {
            variables,
            locals: std::iter::repeat_with(OnceLock::new).take(locals).collect(),
            run_id: Text::from(format!(
                "{:016x}",
                RandomState::new().build_hasher().finish()
            )),
        }
    }

    /// The value of variable `i`.
    pub fn variable(&self, i: usize) -> &Value {
        self.variables.get(i).unwrap_or(&Value::Null)
    }

    /// Local `i`: computed by whoever asks first, kept for all others, faults too.
    ///
    /// # Errors
    /// What `compute` says.
    pub fn local(
        &self,
        i: usize,
        compute: &dyn Fn(&Self) -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        match self.locals.get(i) {
            Some(cell) => cell.get_or_init(|| compute(self)).clone(),
            None => compute(self),
        }
    }

    /// Tells this run from all others: `run.id`.
    pub fn run_id(&self) -> &Text {
        &self.run_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_local_is_computed_once() {
        let (start, times) = (Start::new(Vec::new(), 1), Cell::new(0));
        for _ in 0..3 {
            let value = start.local(0, &|_| {
                times.set(times.get() + 1);
                Ok(Value::Bool(true))
            });
            assert!(matches!(value, Ok(Value::Bool(true))));
        }
        assert_eq!(times.get(), 1);
    }

    #[test]
    fn a_local_may_read_another_one() {
        let start = Start::new(vec![Value::Bool(true)], 2);
        let value = start.local(0, &|start| {
            start.local(1, &|start| Ok(start.variable(0).clone()))
        });
        assert!(matches!(value, Ok(Value::Bool(true))));
    }

    #[test]
    fn runs_are_told_apart() {
        assert_ne!(
            Start::new(Vec::new(), 0).run_id(),
            Start::new(Vec::new(), 0).run_id()
        );
    }
}
