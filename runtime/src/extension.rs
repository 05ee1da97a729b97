//! What a crate above the runtime keeps for a run and for each of its workers. The runtime hands it around and does not know
//! what it is. A program that does not link such a crate keeps nothing.

use std::any::Any;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

/// What all threads of a run share.
#[derive(Default)]
pub struct RunExtension(OnceLock<Arc<dyn Any + Send + Sync>>);

impl RunExtension {
    /// What is kept here; `make` makes it for whoever asks first. Only one type may be kept.
    pub fn get<T: Any + Send + Sync>(&self, make: impl Fn() -> T) -> Arc<T> {
        let kept = Arc::clone(self.0.get_or_init(|| Arc::new(make())));
        // Whoever asks for another type gets one of its own: nothing else could be given.
        kept.downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}

impl fmt::Debug for RunExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunExtension").finish_non_exhaustive()
    }
}

/// What the users of one worker share.
#[derive(Default)]
pub struct WorkerExtension(OnceCell<Rc<dyn Any>>);

impl WorkerExtension {
    /// What is kept here; `make` makes it for whoever asks first. Only one type may be kept.
    pub fn get<T: Any>(&self, make: impl Fn() -> T) -> Rc<T> {
        let kept = Rc::clone(self.0.get_or_init(|| Rc::new(make())));
        // Whoever asks for another type gets one of its own: nothing else could be given.
        kept.downcast().unwrap_or_else(|_| Rc::new(make()))
    }
}

impl fmt::Debug for WorkerExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerExtension").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Mutex;

    #[test]
    fn what_is_kept_is_made_once_and_shared() {
        let run = RunExtension::default();
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            Mutex::new(7)
        };
        *run.get(make).lock().unwrap() = 8;
        assert_eq!(*run.get(make).lock().unwrap(), 8);
        assert_eq!(made.get(), 1);
        let worker = WorkerExtension::default();
        worker.get(|| Cell::new(7)).set(8);
        assert_eq!(worker.get(|| Cell::new(7)).get(), 8);
    }

    #[test]
    fn another_type_does_not_take_the_place_of_what_is_kept() {
        let worker = WorkerExtension::default();
        worker.get(|| Cell::new(1));
        assert_eq!(*worker.get(|| "a"), "a");
        assert_eq!(worker.get(|| Cell::new(2)).get(), 1);
    }
}
