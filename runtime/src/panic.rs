//! Catches a panic and keeps what it said: the run goes on to destroy its assets and to write its report.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    /// What the last panic of this thread said, and where.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a panic's text is kept for [`caught`] and not written to stderr, where it would tear a line apart.
pub fn keep_texts() {
    std::panic::set_hook(Box::new(|info| {
        SAID.with_borrow_mut(|said| *said = Some(text(info)))
    }));
}

fn text(info: &PanicHookInfo<'_>) -> String {
    let said = said(info.payload());
    match info.location() {
        Some(place) => format!("{said} ({}:{})", place.file(), place.line()),
        None => said.to_owned(),
    }
}

fn said(payload: &(dyn Any + Send)) -> &str {
    match (
        payload.downcast_ref::<&'static str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "it panicked",
    }
}

/// What the last panic of this thread said, if somebody else caught it and nobody asked yet.
pub fn said_last() -> Option<String> {
    SAID.take()
}

/// Runs `f`; a panic in it comes back as its text. What `f` worked on must not be used again after one.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f))
        .map_err(|payload| SAID.take().unwrap_or_else(|| said(&*payload).to_owned()))
}

/// The same; what the panic said stays for [`said_last`].
pub fn caught_silently<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}
