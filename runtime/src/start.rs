//! Values that are fixed when the program starts: variables, the locals that depend only on them, and whether the run is a load
//! run. Each local is computed once.

use crate::exchange::Secrets;
use crate::fault::Fault;
use crate::read_rows::ReadRows;
use crate::step_outputs::KeptOutputs;
use bggo_values::{Text, Value};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// Variables, and locals that are known at start. All threads share it and only read it; a local is computed when it is first
/// read.
#[derive(Debug)]
pub struct Start {
    variables: Vec<Value>,
    locals: Vec<OnceLock<Result<Value, Fault>>>,
    /// Outputs of `setup` that something reads later.
    of_setup: Vec<OnceLock<KeptOutputs>>,
    loaded: bool,
    run_id: Text,
    /// A number that no other program has.
    program: u64,
    seed: u64,
    secrets: Secrets,
    /// The most users of each scenario.
    users: Vec<u64>,
    /// Open files of rows, by the position of their data.
    rows: Vec<Option<Arc<dyn ReadRows>>>,
    /// The wall clock, read once, and the clock of the run (tokio's, which tests stop) at the same moment.
    epoch: (Duration, Instant),
}

impl Start {
    /// Values of the variables in the grid's order, and room for `locals` locals.
    pub fn new(variables: Vec<Value>, locals: usize) -> Self {
        Self {
            variables,
            locals: std::iter::repeat_with(OnceLock::new).take(locals).collect(),
            of_setup: Vec::new(),
            loaded: false,
            run_id: Text::from(format!("{:016x}", random())),
            program: random(),
            seed: random(),
            secrets: Secrets::default(),
            users: Vec::new(),
            rows: Vec::new(),
            epoch: (
                // A system clock set before 1970 counts as 1970.
                SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
                tokio::time::Instant::now().into_std(),
            ),
        }
    }

    /// With room for the outputs of so many steps of `setup`.
    #[must_use]
    pub fn keeping(self, steps_of_setup: usize) -> Self {
        let room = std::iter::repeat_with(OnceLock::new);
        Self {
            of_setup: room.take(steps_of_setup).collect(),
            ..self
        }
    }

    /// Of a load run, or of a functional one.
    #[must_use]
    pub fn loaded(self, loaded: bool) -> Self {
        Self { loaded, ..self }
    }

    /// With scenarios that have so many users at most, by number.
    #[must_use]
    pub fn with_users(self, users: Vec<u64>) -> Self {
        Self { users, ..self }
    }

    /// With these files of rows, by the position of their data.
    #[must_use]
    pub fn with_rows(self, rows: Vec<Option<Arc<dyn ReadRows>>>) -> Self {
        Self { rows, ..self }
    }

    /// The most users of a scenario.
    pub fn users_of(&self, scenario: u32) -> u64 {
        let users = self.users.get(scenario as usize);
        users.copied().unwrap_or(1)
    }

    /// The open file of rows of some data.
    pub fn rows(&self, data: usize) -> Option<&dyn ReadRows> {
        self.rows.get(data)?.as_deref()
    }

    /// With a seed that was asked for.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// With the values of these variables, by number, which are never shown.
    #[must_use]
    pub fn keeping_back(mut self, sensitive: impl IntoIterator<Item = usize>) -> Self {
        for number in sensitive {
            let value = self.variables.get(number).unwrap_or(&Value::Null);
            self.secrets.add_value(value);
        }
        self
    }

    /// Texts of sensitive variables.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The seed of the arrivals of a scenario: it follows from its name, so it is the same whichever others run.
    pub fn seed_of(&self, scenario: &str) -> u64 {
        // FNV-1a of 64 bits, from the seed on.
        let bytes = self.seed.to_le_bytes().into_iter().chain(scenario.bytes());
        bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
    }

    /// Whether the run is a load run: `scenario.loaded`.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// The seed of all random values of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number of this program, which tells its stamps from those of others.
    pub(crate) fn program(&self) -> u64 {
        self.program
    }

    /// The time since the beginning of 1970 (UTC) at a moment of the run. It does not jump when somebody sets the system's clock.
    pub fn since_epoch(&self, now: Instant) -> Duration {
        let (epoch, then) = self.epoch;
        epoch + now.saturating_duration_since(then)
    }

    /// The value of variable `i`.
    pub fn variable(&self, i: usize) -> &Value {
        self.variables.get(i).unwrap_or(&Value::Null)
    }

    /// Local `i`. The first caller computes it; a fault is kept like a value.
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

    /// The outputs of step `i` of `setup` among those that something reads later; none before it has run.
    pub fn of_setup(&self, i: usize) -> &KeptOutputs {
        static NONE: LazyLock<KeptOutputs> = LazyLock::new(KeptOutputs::default);
        let kept = self.of_setup.get(i);
        kept.and_then(OnceLock::get).unwrap_or(&NONE)
    }

    /// Whether step `i` of `setup` has passed.
    pub fn has_set_up(&self, i: usize) -> bool {
        let kept = self.of_setup.get(i).and_then(OnceLock::get);
        kept.is_some_and(KeptOutputs::have_come)
    }

    /// Keeps the outputs of step `i` of `setup`, which runs once.
    pub(crate) fn keep(&self, i: usize, outputs: KeptOutputs) {
        if let Some(place) = self.of_setup.get(i) {
            // A second run would be none of this one.
            let _ = place.set(outputs);
        }
    }

    /// `run.id`, a text that is different in every run.
    pub fn run_id(&self) -> &Text {
        &self.run_id
    }
}

/// A random number: the standard library takes the keys of its hashers from the system's random source.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
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
        let [one, other] = [0, 0].map(|locals| Start::new(Vec::new(), locals));
        assert_ne!(one.run_id(), other.run_id());
        assert_ne!(one.seed(), other.seed());
    }

    #[test]
    fn the_wall_clock_goes_on_with_the_clock_of_the_run() {
        let start = Start::new(Vec::new(), 0);
        let now = Instant::now();
        let hour = Duration::from_secs(3600);
        assert_eq!(start.since_epoch(now + hour), start.since_epoch(now) + hour);
        // 2020 is past.
        assert!(start.since_epoch(now) > Duration::from_secs(1_577_836_800));
    }
}
