//! Failures between the emitted source and the program: what happened, and what to do about it.

use std::fmt;
use std::io;
use std::path::Path;

/// The cause of a failed build. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCause {
    /// The command line asks for something that is refused.
    Usage,
    /// Something is missing on this machine, or full, or closed.
    Machine,
    /// bggo itself: what it emitted does not compile.
    Bug,
}

/// A failed build.
#[derive(Debug, Clone)]
pub struct LinkFault {
    /// The cause.
    pub cause: FaultCause,
    /// What happened, one clause.
    pub text: String,
    /// What to do.
    pub hint: String,
    /// More lines, such as those of cargo.
    pub details: String,
}

impl LinkFault {
    /// A fault of the machine.
    pub fn machine(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            cause: FaultCause::Machine,
            text: text.into(),
            hint: hint.into(),
            details: String::new(),
        }
    }

    /// A command line that is refused.
    pub fn usage(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            cause: FaultCause::Usage,
            ..Self::machine(text, hint)
        }
    }

    /// A fault of bggo.
    pub fn bug(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            cause: FaultCause::Bug,
            ..Self::machine(text, hint)
        }
    }

    /// With more lines.
    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }

    /// A file of the cache that could not be written or read.
    pub fn cache(path: &Path, error: &io::Error) -> Self {
        if is_full(error) {
            return Self::full(path);
        }
        Self::machine(
            format!("cannot write to the cache, `{}`: {error}", path.display()),
            "set XDG_CACHE_HOME to a folder that can be written",
        )
    }

    /// A file of the user that could not be written.
    pub fn output(path: &Path, error: &io::Error) -> Self {
        if is_full(error) {
            return Self {
                hint: "free some space there, or give `-o` a path on another disk".to_owned(),
                ..Self::full(path)
            };
        }
        Self::machine(
            format!("cannot write `{}`: {error}", path.display()),
            "give `-o` a path that can be written",
        )
    }

    /// No space left.
    pub fn full(path: &Path) -> Self {
        Self::machine(
            format!("no space left on the disk that holds `{}`", path.display()),
            "free some space (`bggo cache clean` removes what bggo keeps) or set XDG_CACHE_HOME to another disk",
        )
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

impl fmt::Display for LinkFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for LinkFault {}
