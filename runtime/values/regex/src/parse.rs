//! The syntax of RE2, read as Go's `regexp/syntax` reads it, to the form that the engine compiles.
//!
//! The engine's own parser reads another language: there `\d` is of all Unicode, classes nest, `a{,2}` is an error and `a**`
//! is none. Nothing here recurses, so that no pattern can exhaust the stack.

mod cursor;
mod set;

use crate::class;
use cursor::Cursor;
use regex_syntax::hir::{Capture, Class, Dot, Hir, Look, Repetition};

/// How deep groups may lie in each other.
const DEEPEST: usize = 100;
/// How often `{n}` may repeat what stands before it, with the `{n}` inside that.
const MOST_REPEATS: u32 = 1000;

/// An expression as it was read.
pub struct Parsed {
    pub hir: Hir,
    /// The names of its groups by number, the whole match first.
    pub names: Vec<Option<String>>,
}

/// What letters after `(?` switch.
#[derive(Clone, Copy)]
struct Flags {
    /// `i`: small letters are as capital ones.
    fold: bool,
    /// `m`: `^` and `$` are at each line's ends.
    lines: bool,
    /// `s`: `.` is a line break, too.
    dot_all: bool,
    /// `U`: `a*` is as short as it can be and `a*?` as long.
    lazy: bool,
}

/// A part of an expression.
struct Item {
    hir: Hir,
    /// How often the `{n}` in it repeat a part of it together.
    repeats: u32,
}

/// A group that is open; the outermost is the expression.
struct Group {
    /// Its number, where it has one.
    number: Option<u32>,
    /// What holds after it.
    flags: Flags,
    /// Where it begins.
    start: usize,
    alternatives: Vec<Hir>,
    items: Vec<Item>,
    repeats: u32,
}

impl Group {
    fn new(number: Option<u32>, flags: Flags, start: usize) -> Self {
        let (alternatives, items, repeats) = (Vec::new(), Vec::new(), 1);
        Self {
            number,
            flags,
            start,
            alternatives,
            items,
            repeats,
        }
    }

    fn push(&mut self, hir: Hir) {
        self.items.push(Item { hir, repeats: 1 });
    }

    /// A `|`, or the group's end: the items so far are one alternative.
    fn end_alternative(&mut self) {
        let items = self.items.drain(..);
        let repeats = &mut self.repeats;
        let items = items.map(|item| {
            *repeats = item.repeats.max(*repeats);
            item.hir
        });
        self.alternatives.push(Hir::concat(items.collect()));
    }

    /// The whole group.
    fn closed(mut self) -> Item {
        self.end_alternative();
        let hir = Hir::alternation(self.alternatives);
        let hir = match self.number {
            Some(index) => Hir::capture(Capture {
                index,
                name: None,
                sub: Box::new(hir),
            }),
            None => hir,
        };
        let repeats = self.repeats;
        Item { hir, repeats }
    }
}

struct Parser<'p> {
    text: Cursor<'p>,
    flags: Flags,
    /// Groups around the innermost one.
    around: Vec<Group>,
    group: Group,
    names: Vec<Option<String>>,
}

/// Reads an expression.
///
/// # Errors
/// One clause with the place in the expression, without the expression's text.
pub fn parse(pattern: &str) -> Result<Parsed, String> {
    let flags = Flags {
        fold: false,
        lines: false,
        dot_all: false,
        lazy: false,
    };
    let mut parser = Parser {
        text: Cursor::new(pattern),
        flags,
        around: Vec::new(),
        group: Group::new(None, flags, 0),
        names: vec![None],
    };
    parser.items()?;
    if !parser.around.is_empty() {
        let why = "this group is not closed by `)`";
        return Err(parser.text.fault(parser.group.start, why));
    }
    Ok(Parsed {
        hir: parser.group.closed().hir,
        names: parser.names,
    })
}

impl Parser<'_> {
    fn items(&mut self) -> Result<(), String> {
        // Where a repetition ended, which none may follow at once.
        let mut repeated = None;
        loop {
            let start = self.text.at();
            let Some(c) = self.text.next() else {
                return Ok(());
            };
            let follows = repeated == Some(start);
            match c {
                '(' => self.open(start)?,
                ')' => self.close(start)?,
                '|' => self.group.end_alternative(),
                '^' if self.flags.lines => self.group.push(Hir::look(Look::StartLF)),
                '^' => self.group.push(Hir::look(Look::Start)),
                '$' if self.flags.lines => self.group.push(Hir::look(Look::EndLF)),
                '$' => self.group.push(Hir::look(Look::End)),
                '.' if self.flags.dot_all => self.group.push(Hir::dot(Dot::AnyChar)),
                '.' => self.group.push(Hir::dot(Dot::AnyCharExceptLF)),
                '[' => {
                    let class = set::class(&mut self.text, start, self.flags.fold)?;
                    self.group.push(Hir::class(Class::Unicode(class)));
                }
                '*' | '+' | '?' => {
                    let (min, max) = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat((start, follows), (min, max), 1)?;
                    repeated = Some(self.text.at());
                }
                '{' => match self.text.bounds() {
                    Some((min, max)) => {
                        self.counted((start, follows), min, max)?;
                        repeated = Some(self.text.at());
                    }
                    None => self.literal(u32::from('{')),
                },
                '\\' => self.escape(start)?,
                c => self.literal(u32::from(c)),
            }
        }
    }

    /// One character, in small and capital letters where they are alike. Half a surrogate pair matches nothing.
    fn literal(&mut self, code: u32) {
        let class = class::range(code, code);
        let class = if self.flags.fold {
            class::folded(class)
        } else {
            class
        };
        self.group.push(Hir::class(Class::Unicode(class)));
    }

    /// `{min,max}`.
    fn counted(
        &mut self,
        (start, follows): (usize, bool),
        min: u32,
        max: Option<u32>,
    ) -> Result<(), String> {
        let most = max.unwrap_or(min);
        if min > MOST_REPEATS || most > MOST_REPEATS {
            return Err(self.text.fault(start, "this repeats more than 1000 times"));
        }
        if min > most {
            return Err(self
                .text
                .fault(start, "the second number is less than the first"));
        }
        // Nothing inside counts where all of it is left out.
        let inside = match (self.group.items.last(), max) {
            (_, Some(0)) | (None, _) => 1,
            (Some(item), _) => item.repeats,
        };
        let together = inside.saturating_mul(most.max(1));
        if most >= 2 && together > MOST_REPEATS {
            let why = "this and the repetitions inside it repeat more than 1000 times";
            return Err(self.text.fault(start, why));
        }
        self.repeat((start, follows), (min, max), together)
    }

    /// The last item as often as `min` to `max` times.
    fn repeat(
        &mut self,
        (start, follows): (usize, bool),
        (min, max): (u32, Option<u32>),
        repeats: u32,
    ) -> Result<(), String> {
        let short = self.text.eat('?');
        if follows {
            return Err(self.text.fault(start, "a repetition cannot be repeated"));
        }
        let Some(item) = self.group.items.pop() else {
            return Err(self.text.fault(start, "there is nothing to repeat"));
        };
        self.group.items.push(Item {
            repeats: repeats.max(item.repeats),
            hir: Hir::repetition(Repetition {
                min,
                max,
                greedy: short == self.flags.lazy,
                sub: Box::new(item.hir),
            }),
        });
        Ok(())
    }

    /// After `(`.
    fn open(&mut self, start: usize) -> Result<(), String> {
        let mut number = None;
        let outside = self.flags;
        if self.text.eat('?') {
            match self.named(start)? {
                Some(name) => number = Some(name),
                None if self.switch(start)? => {}
                None => return Ok(()),
            }
        } else {
            number = Some(None);
        }
        if self.around.len() >= DEEPEST {
            return Err(self.text.fault(start, "groups lie too deep in each other"));
        }
        let number = number.map(|name| {
            self.names.push(name);
            // Far fewer than the expression has characters.
            u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
        });
        let group = Group::new(number, outside, start);
        self.around.push(std::mem::replace(&mut self.group, group));
        Ok(())
    }

    /// The name of `(?P<name>` or `(?<name>`, after `(?`.
    fn named(&mut self, start: usize) -> Result<Option<Option<String>>, String> {
        if !self.text.eat_text("P<") && !self.text.eat_text("<") {
            return Ok(None);
        }
        let valid = |c: char| c == '_' || c.is_ascii_alphanumeric();
        match self.text.until(">") {
            Some(name) if !name.is_empty() && name.chars().all(valid) => {
                Ok(Some(Some(name.to_owned())))
            }
            _ => Err(self.text.fault(start, "this group's name is not valid")),
        }
    }

    /// The letters after `(?`, and whether they open a group.
    fn switch(&mut self, start: usize) -> Result<bool, String> {
        let (mut flags, mut on, mut seen) = (self.flags, true, false);
        while let Some(c) = self.text.next() {
            match c {
                'i' => flags.fold = on,
                'm' => flags.lines = on,
                's' => flags.dot_all = on,
                'U' => flags.lazy = on,
                '-' if on => on = false,
                ':' | ')' if on || seen => {
                    self.flags = flags;
                    return Ok(c == ':');
                }
                _ => break,
            }
            seen = c != '-';
        }
        Err(self.text.fault(start, "there is no such kind of group"))
    }

    fn close(&mut self, start: usize) -> Result<(), String> {
        let Some(outer) = self.around.pop() else {
            return Err(self.text.fault(start, "this `)` closes no group"));
        };
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags;
        self.group.items.push(group.closed());
        Ok(())
    }

    /// After a backslash.
    fn escape(&mut self, start: usize) -> Result<(), String> {
        let look = match self.text.peek() {
            Some('A') => Look::Start,
            Some('z') => Look::End,
            Some('b') => Look::WordAscii,
            Some('B') => Look::WordAsciiNegate,
            Some('Q') => {
                self.text.next();
                let quoted = self.text.until_or_end("\\E");
                quoted.chars().for_each(|c| self.literal(u32::from(c)));
                return Ok(());
            }
            _ => {
                match set::escaped(&mut self.text, start, self.flags.fold)? {
                    Some(class) => self.group.push(Hir::class(Class::Unicode(class))),
                    None => {
                        let code = self.text.escaped(start)?;
                        self.literal(code);
                    }
                }
                return Ok(());
            }
        };
        self.text.next();
        self.group.push(Hir::look(look));
        Ok(())
    }
}
