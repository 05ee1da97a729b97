//! Problems of a grid as data. Only `render`, `json`, `github` and `sarif` make text of them.

pub mod codes;
pub mod fix;
pub mod github;
mod hint;
pub mod json;
mod located;
pub mod nearest;
pub mod render;
pub mod sarif;

pub use hint::{Fix, Hint};

use crate::source::Span;

/// Error or warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The grid cannot be built.
    Error,
    /// Probably not what was meant.
    Warning,
}

/// A problem of a grid.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Declared in `codes`.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What it is about.
    pub span: Option<Span>,
    /// One short clause without a full stop: what was found, what was expected.
    pub text: String,
    /// More places, each with a label (the edges of a cycle, the other one of two duplicates).
    pub labels: Vec<(Span, String)>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The replacements, all of them, that are the cure. None if it is not as simple as that.
    pub fixes: Vec<Fix>,
    /// Its lines hold a secret: the place is said, and what stands there is not shown.
    pub is_secret: bool,
}

/// A code, such as `unknown_argument`; declared once in `codes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// All problems of a grid.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    /// In order of place once sorted.
    pub list: Vec<Problem>,
}

impl Problems {
    /// Adds an error and returns it, to add labels and a hint.
    pub fn error(&mut self, code: Code, span: Span, text: impl Into<String>) -> &mut Problem {
        self.push(code, Severity::Error, Some(span), text.into())
    }

    /// Adds a warning and returns it, to add labels and a hint.
    pub fn warning(&mut self, code: Code, span: Span, text: impl Into<String>) -> &mut Problem {
        self.push(code, Severity::Warning, Some(span), text.into())
    }

    /// Adds an error without a place in a text (a missing file) and returns it, to add a hint.
    pub fn whole(&mut self, code: Code, text: impl Into<String>) -> &mut Problem {
        self.push(code, Severity::Error, None, text.into())
    }

    /// Takes over the problems of another stage.
    pub fn extend(&mut self, other: Problems) {
        self.list.extend(other.list);
    }

    /// Sorts by place (those without a place first) and drops repetitions.
    pub fn sort(&mut self) {
        let key = |problem: &Problem| {
            (
                problem.span.map(|span| (span.file, span.start)),
                problem.severity,
            )
        };
        self.list.sort_by_key(key);
        let mut kept: Vec<Problem> = Vec::with_capacity(self.list.len());
        for problem in self.list.drain(..) {
            let same = |other: &&Problem| {
                other.span.map(|span| span.start) == problem.span.map(|span| span.start)
            };
            let mut near = kept.iter().rev().take_while(same);
            if !near.any(|other| {
                other.span == problem.span
                    && other.code == problem.code
                    && other.text == problem.text
            }) {
                kept.push(problem);
            }
        }
        self.list = kept;
    }

    /// Whether the grid cannot be built.
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        span: Option<Span>,
        text: String,
    ) -> &mut Problem {
        let place = self.list.len();
        self.list.push(Problem {
            code,
            severity,
            span,
            text,
            labels: Vec::new(),
            hint: None,
            fixes: Vec::new(),
            is_secret: false,
        });
        &mut self.list[place]
    }
}

impl Problem {
    /// Adds another place.
    pub fn label(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.labels.push((span, text.into()));
        self
    }

    /// Shows nothing of the lines that it is about.
    pub fn hide_lines(&mut self) -> &mut Self {
        self.is_secret = true;
        self
    }

    /// Adds the hint, as words.
    pub fn hint(&mut self, text: impl Into<String>) -> &mut Self {
        self.advise(Hint::from(text.into()))
    }

    /// Adds the hint, if there is one, and the replacement that it may be.
    pub fn advise(&mut self, hint: impl Into<Option<Hint>>) -> &mut Self {
        let hint = hint.into();
        self.fixes.clear();
        self.fixes
            .extend(hint.as_ref().and_then(|hint| hint.fix(self.span)));
        self.hint = hint.map(|hint| hint.words);
        self
    }
}
