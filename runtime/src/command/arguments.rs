//! Words of a command line -> which flags were given, with their values, or what is wrong with them.
//!
//! `lexopt` reads the words. What a flag takes, and which flags go together, is data: a program has only flags, no
//! subcommands, and no words that are neither flags nor their values. `docs/decisions/0020-flags-of-programs.md` says why
//! `clap` is not used here.

use bggo_metrics::nearest;
use lexopt::{Arg, Parser};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// Flags that do not go with another one, for one reason.
#[derive(Debug, Clone, Copy)]
pub struct Conflict {
    /// Their names, without hyphens.
    pub with: &'static [&'static str],
    /// Why, and what to write instead: the end of a sentence.
    pub why: &'static str,
}

/// A flag, as data.
#[derive(Debug, Clone, Copy)]
pub struct Flag<'a> {
    /// Its name, without hyphens.
    pub name: &'a str,
    /// Its one letter.
    pub letter: Option<char>,
    /// What help calls its value. Empty: it has none.
    pub value: &'a str,
    /// The only values, if they are known.
    pub one_of: &'static [&'static str],
    /// Whether the value is a path.
    pub path: bool,
    /// The value of the flag when none follows it.
    pub alone: Option<&'static str>,
    /// Whether each word that follows is its value, also one that looks like a flag.
    pub any_word: bool,
    /// The value without the flag, for help.
    pub default: &'static str,
    /// Flags that do not go with it.
    pub conflicts: &'static [Conflict],
    /// A flag that it needs.
    pub needs: Option<&'static str>,
    /// One sentence.
    pub help: &'a str,
}

impl<'a> Flag<'a> {
    /// A flag without a value.
    pub const fn new(name: &'a str) -> Self {
        Self {
            name,
            letter: None,
            value: "",
            one_of: &[],
            path: false,
            alone: None,
            any_word: false,
            default: "",
            conflicts: &[],
            needs: None,
            help: "",
        }
    }

    /// With a letter, such as `-q`.
    pub const fn letter(mut self, letter: char) -> Self {
        self.letter = Some(letter);
        self
    }

    /// With a value, called so in help.
    pub const fn value(mut self, name: &'a str) -> Self {
        self.value = name;
        self
    }

    /// With a value that is a path.
    pub const fn path(mut self, name: &'a str) -> Self {
        self.path = true;
        self.value(name)
    }

    /// With one of these values.
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = values;
        self
    }

    /// A flag without its value means this one. A word after it is its value unless it begins with a hyphen.
    pub const fn alone(mut self, value: &'static str) -> Self {
        self.alone = Some(value);
        self
    }

    /// The word after it is its value, whatever it is.
    pub const fn any_word(mut self) -> Self {
        self.any_word = true;
        self
    }

    /// The value that holds without the flag, as help says it.
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = value;
        self
    }

    /// It is refused together with any of these.
    pub const fn conflicts(mut self, conflicts: &'static [Conflict]) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// Why it does not go with another flag; `None` where it does.
    fn conflict_with(&self, other: &Flag<'_>) -> Option<&'static str> {
        let named = |conflicts: &'static [Conflict], name: &str| {
            let mut conflicts = conflicts.iter();
            let conflict = conflicts.find(|conflict| conflict.with.contains(&name));
            conflict.map(|conflict| conflict.why)
        };
        named(self.conflicts, other.name).or_else(|| named(other.conflicts, self.name))
    }

    /// It is refused without this one.
    pub const fn needs(mut self, name: &'static str) -> Self {
        self.needs = Some(name);
        self
    }

    /// What it is for.
    pub const fn help(mut self, text: &'a str) -> Self {
        self.help = text;
        self
    }

    /// The flag with its value, as help and messages show it: `--vus <N>`, `--fast [<bool>]`.
    pub fn usage(&self) -> String {
        let Self { name, value, .. } = self;
        match (value.is_empty(), self.alone) {
            (true, _) => format!("--{name}"),
            (false, None) => format!("--{name} <{value}>"),
            (false, Some(_)) => format!("--{name} [<{value}>]"),
        }
    }

    /// ` [possible values: a, b]` behind `before`, if they are known.
    pub fn known_values(&self, before: &str) -> String {
        if self.one_of.is_empty() {
            return String::new();
        }
        format!("{before}[possible values: {}]", self.one_of.join(", "))
    }

    fn takes(&self, word: &[u8]) -> bool {
        match word {
            _ if self.any_word => true,
            // A number below zero is refused as a value, which says more than that there is none.
            [b'-', rest, ..] => {
                self.alone.is_none() && !(rest.is_ascii_alphabetic() || *rest == b'-')
            }
            _ => true,
        }
    }
}

/// Flags that each program has.
pub const HELP: Flag<'_> = Flag::new("help").letter('h').help("Print help");
/// Says which grid and which bggo.
pub const VERSION: Flag<'_> = Flag::new("version").letter('V').help("Print version");

/// Why the words are no flags with their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// `--help` was found.
    Help,
    /// `--version` was found.
    Version,
    /// Something is wrong. Behind the first paragraph may stand a tip.
    Wrong(String),
}

/// The flags that were given, in the order of the words.
#[derive(Debug)]
pub struct Arguments<'a> {
    given: Vec<(&'a Flag<'a>, OsString)>,
}

impl<'a> Arguments<'a> {
    /// Reads the words behind the program's name.
    ///
    /// # Errors
    /// Words that fit no flag, values that are missing, flags that do not go together; `--help` and `--version`.
    pub fn read(flags: &'a [Flag<'a>], words: &[OsString]) -> Result<Self, Stopped> {
        let mut given = Vec::new();
        let mut words = Parser::from_args(words);
        loop {
            let next = words.next();
            let (flag, value) = match next.map_err(|error| Stopped::Wrong(error.to_string()))? {
                None => break,
                Some(Arg::Value(stray)) => return Err(unexpected(&stray, "")),
                Some(Arg::Long(name)) => {
                    let flag = named(flags, name)?;
                    (flag, value(flag, &mut words)?)
                }
                // No flag with a letter has a value, so letters may stand together.
                Some(Arg::Short(letter)) => (lettered(flags, letter)?, OsString::new()),
            };
            check(flag, &value)?;
            given.push((flag, value));
        }
        let arguments = Self { given };
        arguments.fit_together()?;
        Ok(arguments)
    }

    /// Whether a flag was given.
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(flag, _)| flag.name == name)
    }

    /// All values of a flag, each with its number among what was given.
    pub fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = (usize, &'b OsStr)> {
        let given = self.given.iter().enumerate();
        given.filter_map(move |(number, (flag, value))| {
            (flag.name == name).then_some((number, value.as_os_str()))
        })
    }

    /// The last value of a flag.
    pub fn last(&self, name: &str) -> Option<&OsStr> {
        let given = self.given.iter().rev();
        given
            .filter(|(flag, _)| flag.name == name)
            .map(|(_, value)| value.as_os_str())
            .next()
    }

    /// The last value of a flag, as text.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Stopped> {
        self.last(name).map(|value| utf8(name, value)).transpose()
    }

    /// The last value of a flag, read by `parse`.
    ///
    /// # Errors
    /// `parse` refuses it.
    pub fn value<T>(
        &self,
        name: &str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Stopped> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        parse(text)
            .map(Some)
            .map_err(|why| self.invalid(name, text, &why))
    }

    /// What is wrong with the value of a flag.
    pub fn invalid(&self, name: &str, text: &str, why: &str) -> Stopped {
        let mut given = self.given.iter();
        let flag = given.find(|(flag, _)| flag.name == name);
        let usage = flag.map_or_else(|| format!("--{name}"), |(flag, _)| flag.usage());
        Stopped::Wrong(format!("invalid value '{text}' for '{usage}': {why}"))
    }

    fn fit_together(&self) -> Result<(), Stopped> {
        for (flag, _) in &self.given {
            if let Some(needed) = flag.needs.filter(|needed| !self.has(needed)) {
                return Err(Stopped::Wrong(format!(
                    "the argument '{}' needs '--{needed}'",
                    flag.usage()
                )));
            }
            let mut others: Vec<String> = Vec::new();
            let mut why = None;
            for (other, _) in &self.given {
                let Some(reason) = flag.conflict_with(other) else {
                    continue;
                };
                // Others of another reason are told of when these are gone.
                let usage = other.usage();
                if *why.get_or_insert(reason) == reason && !others.contains(&usage) {
                    others.push(usage);
                }
            }
            let Some(why) = why else { continue };
            let others = match &others[..] {
                [other] => format!(" '{other}': "),
                others => format!(":\n  {}\n", others.join("\n  ")),
            };
            return Err(Stopped::Wrong(format!(
                "the argument '{}' cannot be used with{others}{why}",
                flag.usage()
            )));
        }
        Ok(())
    }
}

/// The value of a flag as text.
///
/// # Errors
/// It is not UTF-8.
pub fn utf8<'a>(name: &str, value: &'a OsStr) -> Result<&'a str, Stopped> {
    let wrong = || Stopped::Wrong(format!("the value of '--{name}' is not valid UTF-8"));
    value.to_str().ok_or_else(wrong)
}

/// The flag of this name.
fn named<'a>(flags: &'a [Flag<'a>], name: &str) -> Result<&'a Flag<'a>, Stopped> {
    stop(|own| own.name == name)?;
    flags.iter().find(|flag| flag.name == name).ok_or_else(|| {
        let names = flags.iter().chain([&HELP, &VERSION]).map(|flag| flag.name);
        let tip = nearest(name, names).map_or_else(String::new, |near| {
            format!("\n\n  tip: a similar argument exists: '--{near}'")
        });
        unexpected(OsStr::new(&format!("--{name}")), &tip)
    })
}

/// The flag of this letter.
fn lettered<'a>(flags: &'a [Flag<'a>], letter: char) -> Result<&'a Flag<'a>, Stopped> {
    stop(|own| own.letter == Some(letter))?;
    let mut flags = flags.iter();
    let flag = flags.find(|flag| flag.letter == Some(letter));
    flag.ok_or_else(|| unexpected(OsStr::new(&format!("-{letter}")), ""))
}

/// Stops at a flag that each program has.
fn stop(is_meant: impl Fn(&Flag<'_>) -> bool) -> Result<(), Stopped> {
    if is_meant(&HELP) {
        return Err(Stopped::Help);
    }
    if is_meant(&VERSION) {
        return Err(Stopped::Version);
    }
    Ok(())
}

/// The value of a flag that was just read: behind its equals sign, or in the next word.
fn value(flag: &Flag<'_>, words: &mut Parser) -> Result<OsString, Stopped> {
    match words.optional_value() {
        Some(value) if flag.value.is_empty() => Err(Stopped::Wrong(format!(
            "unexpected value '{}' for '--{}' found; no more were expected",
            value.to_string_lossy(),
            flag.name
        ))),
        Some(value) => Ok(value),
        None if flag.value.is_empty() => Ok(OsString::new()),
        None => {
            let rest = words.try_raw_args();
            let next = rest.and_then(|mut rest| rest.next_if(|word| flag.takes(word.as_bytes())));
            let alone = || flag.alone.map(OsString::from);
            next.or_else(alone).ok_or_else(|| none(flag))
        }
    }
}

/// Refuses what is not among the known values, and an empty path.
fn check(flag: &Flag<'_>, value: &OsStr) -> Result<(), Stopped> {
    if value.is_empty() && (flag.path || !flag.one_of.is_empty()) {
        return Err(none(flag));
    }
    let known = flag.one_of.is_empty() || flag.one_of.iter().any(|known| value == *known);
    if known {
        return Ok(());
    }
    let text = value.to_string_lossy();
    let tip = nearest(&text, flag.one_of.iter().copied()).map_or_else(String::new, |near| {
        format!("\n\n  tip: a similar value exists: '{near}'")
    });
    Err(Stopped::Wrong(format!(
        "invalid value '{text}' for '{}'{}{tip}",
        flag.usage(),
        flag.known_values("\n  ")
    )))
}

fn none(flag: &Flag<'_>) -> Stopped {
    Stopped::Wrong(format!(
        "a value is required for '{}' but none was supplied{}",
        flag.usage(),
        flag.known_values("\n  ")
    ))
}

fn unexpected(word: &OsStr, tip: &str) -> Stopped {
    Stopped::Wrong(format!(
        "unexpected argument '{}' found{tip}",
        word.to_string_lossy()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    static FLAGS: [Flag<'static>; 7] = [
        Flag::new("once").conflicts(&[Conflict {
            with: &["vus", "rate"],
            why: "leave out one of them",
        }]),
        Flag::new("vus").value("N"),
        Flag::new("rate").value("RATE"),
        Flag::new("form").value("FORM").one_of(&["text", "json"]),
        Flag::new("file").path("FILE"),
        Flag::new("quiet").letter('q').needs("form"),
        Flag::new("fast").value("bool").alone("true"),
    ];

    fn read(words: &[&str]) -> Result<Vec<(&'static str, String)>, Stopped> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let arguments = Arguments::read(&FLAGS, &words)?;
        let given = arguments.given.into_iter();
        Ok(given
            .map(|(flag, value)| (flag.name, value.into_string().unwrap()))
            .collect())
    }

    fn wrong(words: &[&str]) -> String {
        match read(words) {
            Err(Stopped::Wrong(text)) => text,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    #[test]
    fn values_stand_behind_an_equals_sign_or_in_the_next_word() {
        let given = read(&["--vus=a=b", "--rate", "-5", "--file", "-", "--vus="]).unwrap();
        let expected = [("vus", "a=b"), ("rate", "-5"), ("file", "-"), ("vus", "")];
        assert_eq!(
            given,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
    }

    #[test]
    fn a_flag_that_may_stand_alone_takes_a_word_that_is_no_flag() {
        let value = |words: &[&str]| read(words).unwrap().remove(0).1;
        assert_eq!(value(&["--fast", "--vus", "1"]), "true");
        assert_eq!(value(&["--fast"]), "true");
        assert_eq!(value(&["--fast", "false"]), "false");
        assert_eq!(value(&["--fast=no"]), "no");
    }

    #[test]
    fn help_and_version_stop_where_they_stand() {
        assert_eq!(
            read(&["--vus", "1", "--help", "--nope"]),
            Err(Stopped::Help)
        );
        assert_eq!(read(&["-qV"]), Err(Stopped::Version));
        assert_eq!(read(&["-h"]), Err(Stopped::Help));
        assert_eq!(read(&["--vus", "-h"]), Err(none(&FLAGS[1])));
    }

    #[test]
    fn what_fits_no_flag_is_named() {
        for (words, said) in [
            (&["stray"][..], "unexpected argument 'stray' found"),
            (&["--", "x"], "unexpected argument 'x' found"),
            (&["-qx"], "unexpected argument '-x' found"),
            (&[""], "unexpected argument '' found"),
            (&["-"], "unexpected argument '-' found"),
            (
                &["--onec=3"],
                "unexpected argument '--onec' found\n\n  tip: a similar argument exists: '--once'",
            ),
            (
                &["--hel"],
                "unexpected argument '--hel' found\n\n  tip: a similar argument exists: '--help'",
            ),
            (
                &["--once=3"],
                "unexpected value '3' for '--once' found; no more were expected",
            ),
        ] {
            assert_eq!(wrong(words), said);
        }
        assert_eq!(read(&["--"]), Ok(Vec::new()));
    }

    #[test]
    fn values_that_are_missing_or_unknown_are_refused() {
        let known = "\n  [possible values: text, json]";
        for (words, said) in [
            (
                &["--vus"][..],
                "a value is required for '--vus <N>' but none was supplied".to_owned(),
            ),
            (
                &["--vus", "--once"],
                "a value is required for '--vus <N>' but none was supplied".to_owned(),
            ),
            (
                &["--file="],
                "a value is required for '--file <FILE>' but none was supplied".to_owned(),
            ),
            (
                &["--form="],
                format!("a value is required for '--form <FORM>' but none was supplied{known}"),
            ),
            (
                &["--form", "xml"],
                format!("invalid value 'xml' for '--form <FORM>'{known}"),
            ),
            (
                &["--form", "Json"],
                format!(
                    "invalid value 'Json' for '--form <FORM>'{known}\n\n  tip: a similar value exists: 'json'"
                ),
            ),
        ] {
            assert_eq!(wrong(words), said);
        }
    }

    #[test]
    fn flags_that_do_not_go_together_are_refused_in_either_order() {
        assert_eq!(
            wrong(&["--vus", "1", "--once"]),
            "the argument '--vus <N>' cannot be used with '--once': leave out one of them"
        );
        assert_eq!(
            wrong(&["--once", "--vus", "1", "--rate", "2", "--vus", "3"]),
            "the argument '--once' cannot be used with:\n  --vus <N>\n  --rate <RATE>\nleave out one of them"
        );
        assert_eq!(wrong(&["-q"]), "the argument '--quiet' needs '--form'");
        assert!(read(&["-q", "--form", "text"]).is_ok());
    }

    #[test]
    fn the_last_of_several_counts_and_must_be_text() {
        let words = ["--vus", "1", "--vus", "2"].map(OsString::from);
        let arguments = Arguments::read(&FLAGS, &words).unwrap();
        let parse = |text: &str| text.parse::<u32>().map_err(|error| error.to_string());
        assert_eq!(arguments.value("vus", parse), Ok(Some(2)));
        assert_eq!(arguments.value("rate", parse), Ok(None));
        let words = ["--vus".into(), OsString::from_vec(vec![0xff])];
        let arguments = Arguments::read(&FLAGS, &words).unwrap();
        assert_eq!(
            arguments.value("vus", parse),
            Err(Stopped::Wrong(
                "the value of '--vus' is not valid UTF-8".to_owned()
            ))
        );
    }
}
