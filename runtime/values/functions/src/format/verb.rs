//! The template of `format` cut into texts and verbs.

use bggo_values::Fault;

/// A piece of a template.
pub(super) enum Part<'a> {
    Text(&'a str),
    Verb(Verb),
}

/// `%`, flags, width, precision, index, letter.
pub(super) struct Verb {
    pub(super) at: usize,
    pub(super) zero: bool,
    pub(super) sharp: bool,
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) space: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    /// Which value, from 0, where the verb says so.
    pub(super) index: Option<usize>,
    pub(super) letter: char,
}

/// Wider fields are refused: they would only fill memory.
const WIDEST: usize = 65_536;

impl Verb {
    /// What is wrong with it. Its own characters may be those of a sensitive text.
    pub(super) fn fault(&self, text: &str) -> Fault {
        Fault::new(format!(
            "the verb at byte {} of the text of `format`: {text}",
            self.at
        ))
    }

    /// What stands before the digits of a number.
    pub(super) fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }
}

/// Cuts a template.
pub(super) fn parts(template: &str) -> Parts<'_> {
    Parts { template, at: 0 }
}

pub(super) struct Parts<'a> {
    template: &'a str,
    at: usize,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.template[self.at..];
        match rest.find('%') {
            None if rest.is_empty() => None,
            Some(0) if rest.starts_with("%%") => {
                self.at += 2;
                Some(Ok(Part::Text("%")))
            }
            Some(0) => Some(self.verb().map(Part::Verb)),
            end => {
                let text = &rest[..end.unwrap_or(rest.len())];
                self.at += text.len();
                Some(Ok(Part::Text(text)))
            }
        }
    }
}

impl Parts<'_> {
    fn verb(&mut self) -> Result<Verb, Fault> {
        let start = self.at;
        self.at += 1;
        let mut verb = Verb {
            at: start,
            zero: false,
            sharp: false,
            plus: false,
            minus: false,
            space: false,
            width: None,
            precision: None,
            index: None,
            letter: '%',
        };
        loop {
            match self.peek() {
                Some('0') => verb.zero = true,
                Some('#') => verb.sharp = true,
                Some('+') => verb.plus = true,
                Some('-') => verb.minus = true,
                Some(' ') => verb.space = true,
                _ => break,
            }
            self.at += 1;
        }
        verb.width = self.number()?;
        if self.peek() == Some('.') {
            self.at += 1;
            verb.precision = Some(self.number()?.unwrap_or(0));
        }
        if self.peek() == Some('[') {
            self.at += 1;
            let index = self.number()?.filter(|index| *index > 0);
            let Some(index) = index.filter(|_| self.peek() == Some(']')) else {
                return Err(Fault::new(format!(
                    "an index in the text of `format` is not like `[1]`, at byte {}",
                    self.at
                )));
            };
            self.at += 1;
            verb.index = Some(index - 1);
        }
        let Some(letter) = self.peek() else {
            return Err(Fault::new(format!(
                "the text of `format` ends within the verb at byte {start}: write `%%` for `%`"
            )));
        };
        self.at += letter.len_utf8();
        verb.letter = letter;
        Ok(verb)
    }

    fn peek(&self) -> Option<char> {
        self.template[self.at..].chars().next()
    }

    fn number(&mut self) -> Result<Option<usize>, Fault> {
        let rest = &self.template[self.at..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if end == 0 {
            return Ok(None);
        }
        let number = rest[..end]
            .parse::<usize>()
            .ok()
            .filter(|number| *number <= WIDEST);
        let number = number.ok_or_else(|| {
            Fault::new(format!(
                "a width or precision in the text of `format` is larger than {WIDEST}, at byte {}",
                self.at
            ))
        })?;
        self.at += end;
        Ok(Some(number))
    }
}
