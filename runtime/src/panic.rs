//! Catches panics and keeps their messages. After a panic the run still destroys its assets and writes its report.

use crate::info::Sensitivity;
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    /// The message and the place of the last panic of this thread.
    static LAST_MESSAGE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on the message of a panic is kept for [`caught`]. It is not written to stderr, where it could break a line of JSON. In
/// a grid with something sensitive, a message that was made of values is hidden; its place is always shown.
pub fn keep_texts(of_grid: Sensitivity) {
    std::panic::set_hook(Box::new(move |info| {
        LAST_MESSAGE.with_borrow_mut(|last| *last = Some(text(info, of_grid)))
    }));
}

fn text(info: &PanicHookInfo<'_>, of_grid: Sensitivity) -> String {
    let message = shown(info.payload(), of_grid);
    match info.location() {
        Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
        None => message.to_owned(),
    }
}

/// A literal holds no value.
fn shown(payload: &(dyn Any + Send), of_grid: Sensitivity) -> &str {
    match of_grid {
        Sensitivity::Sensitive if !payload.is::<&'static str>() => {
            "it panicked; what it said may hold a sensitive value and is not shown"
        }
        _ => message(payload),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    match (
        payload.downcast_ref::<&'static str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "it panicked",
    }
}

/// The message of the last panic of this thread, if other code caught the panic and nobody took the message yet.
pub fn take_last_message() -> Option<String> {
    LAST_MESSAGE.take()
}

/// Runs `f`. A panic becomes an error with its message; after it, the data that `f` worked on must not be used again.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        LAST_MESSAGE
            .take()
            .unwrap_or_else(|| message(&*payload).to_owned())
    })
}

/// The same, but the message of the panic stays for [`take_last_message`].
pub fn caught_silently<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panic_made_of_values_is_kept_back_where_the_grid_has_secrets() {
        let made = || shown(&"bad token hunter2".to_owned(), Sensitivity::Sensitive).to_owned();
        assert!(!made().contains("hunter2"), "{}", made());
        let literal: &'static str = "no token";
        assert_eq!(shown(&literal, Sensitivity::Sensitive), "no token");
        assert_eq!(shown(&"bad 1".to_owned(), Sensitivity::Open), "bad 1");
    }
}
