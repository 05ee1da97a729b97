//! Catches a panic and keeps what it said: the run goes on to destroy its assets and to write its report.

use crate::info::Sensitivity;
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    /// What the last panic of this thread said, and where.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a panic's text is kept for [`caught`] and not written to stderr, where it would tear a line apart. That of a
/// grid with something sensitive in it is kept back where it was made of values; its place is always shown.
pub fn keep_texts(of_grid: Sensitivity) {
    std::panic::set_hook(Box::new(move |info| {
        SAID.with_borrow_mut(|said| *said = Some(text(info, of_grid)))
    }));
}

fn text(info: &PanicHookInfo<'_>, of_grid: Sensitivity) -> String {
    let said = shown(info.payload(), of_grid);
    match info.location() {
        Some(place) => format!("{said} ({}:{})", place.file(), place.line()),
        None => said.to_owned(),
    }
}

/// A literal holds no value.
fn shown(payload: &(dyn Any + Send), of_grid: Sensitivity) -> &str {
    match of_grid {
        Sensitivity::Sensitive if !payload.is::<&'static str>() => {
            "it panicked; what it said may hold a sensitive value and is not shown"
        }
        _ => said(payload),
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
