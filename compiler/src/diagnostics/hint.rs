//! What to do about a problem: words for people, and where these are one replacement also the replacement itself.

use crate::source::{Sources, Span};

/// A piece of a grid and what is to stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What goes.
    pub span: Span,
    /// What comes, see [`Fix::text`].
    text: String,
    /// A name is written as the other one was: with quotes if that had some.
    is_name: bool,
}

impl Fix {
    /// What comes in place of the span.
    pub fn text(&self, sources: &Sources) -> String {
        match self.is_name && sources.text(self.span).starts_with('"') {
            true => format!("\"{}\"", self.text),
            false => self.text.clone(),
        }
    }
}

/// A hint with what it means for the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What people read.
    pub words: String,
    cure: Option<Cure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cure {
    text: String,
    is_name: bool,
    /// Where it stands if not in place of all that the problem is about.
    place: Option<Span>,
}

impl Hint {
    /// That something else was meant: a name, or a longer piece that is written in full.
    pub fn meant(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            words: format!("did you mean `{text}`?"),
            cure: Some(Cure {
                is_name: is_word(&text),
                text,
                place: None,
            }),
        }
    }

    /// What to write, in full.
    pub fn write(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            words: format!("write `{text}`"),
            cure: Some(Cure {
                is_name: false,
                text,
                place: None,
            }),
        }
    }

    /// The same with other words.
    #[must_use]
    pub fn saying(self, words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            ..self
        }
    }

    /// The same in place of another piece than the one that the problem is about.
    #[must_use]
    pub fn at(mut self, place: Span) -> Self {
        if let Some(cure) = &mut self.cure {
            cure.place = Some(place);
        }
        self
    }

    /// The words alone, where the replacement would be too much or too little.
    #[must_use]
    pub fn in_words(self) -> Self {
        Self { cure: None, ..self }
    }

    pub(super) fn fix(&self, whole: Option<Span>) -> Option<Fix> {
        let cure = self.cure.as_ref()?;
        Some(Fix {
            span: cure.place.or(whole)?,
            is_name: cure.is_name,
            text: cure.text.clone(),
        })
    }
}

impl From<String> for Hint {
    fn from(words: String) -> Self {
        Self { words, cure: None }
    }
}

impl From<&str> for Hint {
    fn from(words: &str) -> Self {
        Self::from(words.to_owned())
    }
}

fn is_word(text: &str) -> bool {
    let is_of_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    text.chars().all(is_of_word)
}
