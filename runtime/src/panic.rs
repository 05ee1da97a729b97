//! Catches panics and keeps their messages. After a panic the run still destroys its assets and writes its report.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    /// The message and the place of the last panic of this thread.
    static LAST_MESSAGE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on the message of a panic is kept for [`caught`]. It is not written to stderr, where it could break a line of JSON.
pub fn keep_texts() {
    std::panic::set_hook(Box::new(|info| {
        LAST_MESSAGE.with_borrow_mut(|last| *last = Some(text(info)))
    }));
}

fn text(info: &PanicHookInfo<'_>) -> String {
    let message = message(info.payload());
    match info.location() {
        Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
        None => message.to_owned(),
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
