//! Functions that read files when the grid is built.
//!
//! A path is known then, or one of few: those that `each` or the names of a `for` over a known collection make of it. The
//! call becomes what was read, or a choice by the path.

use std::collections::{BTreeMap, BTreeSet};

use bggo_functions::encoding;
use bggo_values::text::normalized;
use bggo_values::{Fault, Number, Text, Type, Value, convert};

use crate::diagnostics::{Hint, codes};
use crate::resolve::model::BoundId;
use crate::source::{Answer, Question, Refusal, Span, not_utf8};
use crate::syntax::decl::{Expr, Name};

use super::context::{Checker, constant, error};
use super::range::{MOST_ITEMS, Range};
use crate::check::fold::{self, Known};
use crate::check::typed::{Sensitivity, TExpr, TInstances, TKind};
use crate::check::walk::walk;

/// The functions, with the names of their parameters.
pub(super) const FUNCTIONS: &[(&str, &[&str])] = &[
    ("file", &["path"]),
    ("filebase64", &["path"]),
    ("filebase64sha256", &["path"]),
    ("filebase64sha512", &["path"]),
    ("fileexists", &["path"]),
    ("filemd5", &["path"]),
    ("fileset", &["path", "pattern"]),
    ("filesha1", &["path"]),
    ("filesha256", &["path"]),
    ("filesha512", &["path"]),
    ("templatefile", &["path", "vars"]),
    ("templatestring", &["template", "vars"]),
];

/// What each path gives, or why it gives nothing.
type ByPath<T> = Vec<(Text, Result<T, Refusal>)>;

impl Checker<'_> {
    /// A call of one of the functions of this file.
    pub(super) fn file_call(
        &mut self,
        name: &Name,
        parameters: &[&str],
        (arguments, expand): (&[Expr], bool),
        span: Span,
    ) -> TExpr {
        if !arguments.iter().all(Expr::is_whole) {
            return error(span);
        }
        if expand || arguments.len() != parameters.len() {
            let text = match (expand, parameters.len()) {
                (true, _) => format!("`{}` takes no `...`", name.text),
                (_, 1) => format!(
                    "`{}` takes 1 argument, found {}",
                    name.text,
                    arguments.len()
                ),
                (_, count) => format!(
                    "`{}` takes {count} arguments, found {}",
                    name.text,
                    arguments.len()
                ),
            };
            let hint = format!("`{}({})`", name.text, parameters.join(", "));
            self.error(codes::WRONG_ARGUMENTS, name.span, text)
                .hint(hint);
            return error(span);
        }
        if self.in_template && name.text.starts_with("template") {
            let text = format!("`{}` cannot be called in a template", name.text);
            self.error(codes::REFERENCE_NOT_ALLOWED, name.span, text)
                .hint("call it in the grid and give the template the result as a variable");
            return error(span);
        }
        match (name.text.as_str(), arguments) {
            ("templatefile", [path, vars]) => self.template_file(name, path, vars, span),
            ("templatestring", [text, vars]) => self.template_string(name, text, vars, span),
            ("fileset", [folder, pattern]) => self.file_set(name, folder, pattern, span),
            (_, [path]) => self.file_value(name, path, span),
            _ => error(span),
        }
    }

    fn file_value(&mut self, name: &Name, path: &Expr, span: Span) -> TExpr {
        let Some(path) = self.path(name, path) else {
            return error(span);
        };
        let Some(paths) = self.paths(name, &path) else {
            return error(span);
        };
        let ty = match name.text.as_str() {
            "fileexists" => Type::Bool,
            _ => Type::String,
        };
        let mut found: ByPath<Value> = Vec::with_capacity(paths.len());
        let mut lacks = false;
        for one in paths {
            match self.value_of_file(&name.text, one.as_str()) {
                Some(value) => found.push((one, value)),
                None => lacks = true,
            }
        }
        if lacks {
            return error(span);
        }
        self.by_path(path, found, ty, span)
    }

    /// What a function makes of one file; `None` if it was not read yet.
    fn value_of_file(&mut self, function: &str, path: &str) -> Option<Result<Value, Refusal>> {
        if function == "fileexists" {
            return Some(match self.answer(Question::Exists(path.to_owned()))? {
                Answer::Exists(exists) => Ok(Value::Bool(exists)),
                other => Err(refusal(other)),
            });
        }
        let bytes = match self.answer(Question::Content(path.to_owned()))? {
            Answer::Content(bytes) => bytes,
            other => return Some(Err(refusal(other))),
        };
        let compute: fn(&[Value]) -> Result<Value, Fault> = match function {
            "filebase64" => encoding::base64encode,
            "filemd5" => bggo_hashes::md5,
            "filesha1" => bggo_hashes::sha1,
            "filesha256" => bggo_hashes::sha256,
            "filesha512" => bggo_hashes::sha512,
            "filebase64sha256" => bggo_hashes::base64sha256,
            "filebase64sha512" => bggo_hashes::base64sha512,
            _ => {
                let text = String::from_utf8(bytes.to_vec());
                let text = text.map(|text| Value::from(normalized(text)));
                return Some(text.map_err(|error| Refusal {
                    hint: Some("`filebase64` reads any bytes"),
                    ..not_utf8(path, &error)
                }));
            }
        };
        // Bytes are what these functions take, so the fault is never made.
        Some(compute(&[Value::Bytes(bytes)]).map_err(|fault| Refusal {
            text: fault.text().to_owned(),
            near: None,
            hint: None,
        }))
    }

    fn file_set(&mut self, name: &Name, folder: &Expr, pattern: &Expr, span: Span) -> TExpr {
        let folder = self.path(name, folder);
        let pattern = self.path(name, pattern);
        let Some((folder, pattern)) = folder.zip(pattern) else {
            return error(span);
        };
        let Some(matching) = pattern.constant().and_then(Value::as_text) else {
            self.not_known(name, &pattern);
            return error(span);
        };
        let matching = matching.to_owned();
        let Some(folders) = self.paths(name, &folder) else {
            return error(span);
        };
        let mut found: ByPath<Value> = Vec::with_capacity(folders.len());
        let mut lacks = false;
        for one in folders {
            let question = Question::Matching(one.as_str().to_owned(), matching.clone());
            let value = match self.answer(question) {
                None => {
                    lacks = true;
                    continue;
                }
                Some(Answer::Matching(names)) => {
                    let names: Vec<Value> = names.into_iter().map(Value::from).collect();
                    Ok(Value::from(names))
                }
                Some(other) if folder.constant().is_some() => {
                    return self.unreadable(&refusal(other), pattern.span, span);
                }
                Some(other) => Err(refusal(other)),
            };
            found.push((one, value));
        }
        if lacks {
            return error(span);
        }
        self.by_path(folder, found, Type::set(Type::String), span)
    }

    /// A path as a text that may be shown.
    pub(super) fn path(&mut self, name: &Name, path: &Expr) -> Option<TExpr> {
        let path = self.infer(path);
        let path = self.convert(path, &Type::String, &format!("the path of `{}`", name.text));
        if path.is_error() {
            return None;
        }
        if path.is_null() {
            let text = format!("the path of `{}` is null", name.text);
            self.error(codes::INVALID_VALUE, path.span, text);
            return None;
        }
        if path.sensitivity.any() {
            let text = format!(
                "the path of `{}` is sensitive, and what is read when the grid is built is shown",
                name.text
            );
            self.error(codes::INVALID_VALUE, path.span, text)
                .hint("`nonsensitive(..)` says that it may be");
            return None;
        }
        Some(path)
    }

    /// The paths that an expression may stand for; that they are not known is reported.
    pub(super) fn paths(&mut self, name: &Name, path: &TExpr) -> Option<Vec<Text>> {
        if let Some(Value::Text(text)) = path.constant() {
            return Some(vec![text.clone()]);
        }
        let found = self.possible(path);
        // What is wrong with the instances of a step is said there.
        let unknown = self
            .step
            .is_some_and(|step| self.known_instances(step).is_none());
        if found.is_none() && !unknown {
            self.not_known(name, path);
        }
        found
    }

    fn not_known(&mut self, name: &Name, path: &TExpr) {
        let text = format!(
            "what `{}` reads must be known when the grid is built, and this is not",
            name.text
        );
        self.error(codes::NOT_CONSTANT, path.span, text).hint(
            "a path is computed from literals, `each` of known instances and names of a `for` over a known list",
        );
    }

    /// The texts that an expression gives for all instances of its step and all items of the `for`s around.
    fn possible(&self, expr: &TExpr) -> Option<Vec<Text>> {
        let mut names = BTreeSet::new();
        let (mut of_instance, mut late) = (false, false);
        walk(expr, &mut |part| match part.kind {
            TKind::Bound(id) => {
                names.insert(id);
            }
            TKind::CountIndex | TKind::EachKey | TKind::EachValue => of_instance = true,
            _ => {}
        });
        // Each `for` around once, whether its key is read or its value.
        let mut ranges: BTreeMap<BoundId, &Range> = BTreeMap::new();
        for name in names {
            match self.ranges.get(&name) {
                Some(range) => {
                    ranges.insert(range.value, range);
                }
                None => late = true,
            }
        }
        let mut settings: Vec<Vec<(BoundId, Value)>> = vec![Vec::new()];
        for range in ranges.values() {
            if settings.len().saturating_mul(range.items.len()) > MOST_ITEMS {
                return None;
            }
            settings = settings
                .iter()
                .flat_map(|outer| {
                    range.items.iter().map(|(key, item)| {
                        let mut inner = outer.clone();
                        inner.extend(range.key.map(|id| (id, key.clone())));
                        inner.push((range.value, item.clone()));
                        inner
                    })
                })
                .collect();
        }
        let instances = match (of_instance, self.step) {
            (false, _) => vec![None],
            (true, None) => return None,
            (true, Some(step)) => match self.known_instances(step)? {
                TInstances::Single | TInstances::Late(_) => return None,
                TInstances::Count(count) => (0..*count)
                    .map(|index| Some((Value::from(Number::from(index)), Value::Null)))
                    .collect(),
                TInstances::ForEach(pairs) => pairs
                    .iter()
                    .map(|(key, value)| Some((Value::from(key.clone()), value.clone())))
                    .collect(),
            },
        };
        if late || settings.len().saturating_mul(instances.len()) > MOST_ITEMS {
            return None;
        }
        let mut found = BTreeSet::new();
        for setting in &settings {
            for instance in &instances {
                let known = || Known::of_names(setting.clone(), instance.clone());
                let left_out = |range: &Range| match &range.condition {
                    Some(condition) => {
                        matches!(fold::value(condition, &mut known()), Ok(Value::Bool(false)))
                    }
                    None => false,
                };
                if ranges.values().any(|range| left_out(range)) {
                    continue;
                }
                let value = fold::value(expr, &mut known()).ok()?;
                found.insert(convert::to_text(&value).ok()?);
            }
        }
        Some(found.into_iter().collect())
    }

    /// The value for a path that is known, or a choice among those that were read.
    fn by_path(&mut self, path: TExpr, found: ByPath<Value>, ty: Type, span: Span) -> TExpr {
        let mut values = Vec::with_capacity(found.len());
        let known = path.constant().is_some();
        for (one, value) in found {
            match value {
                Ok(value) if known => return constant(value, ty, span),
                Ok(value) => values.push((one, value)),
                Err(_) if self.unreached => {}
                Err(why) => return self.unreadable(&why, path.span, span),
            }
        }
        let binding = path.binding;
        let values = constant(Value::from(values), Type::map(ty.clone()), span);
        TExpr {
            ty,
            binding,
            sensitivity: Sensitivity::NONE,
            span,
            kind: TKind::Index(Box::new(values), Box::new(path)),
        }
    }

    /// Reports at a path why its file cannot be read; `span` is the call.
    pub(super) fn unreadable(&mut self, why: &Refusal, at: Span, span: Span) -> TExpr {
        let hint = match (&why.near, why.hint) {
            (Some(near), _) => Some(Hint::meant(near.clone()).in_words()),
            (None, hint) => hint.map(Hint::from),
        };
        self.error(codes::INVALID_FILE, at, why.text.clone())
            .advise(hint);
        error(span)
    }

    /// Reports at the path of data why their file cannot be read.
    pub(in crate::check) fn unreadable_file(&mut self, answer: Answer, at: Span) {
        self.unreadable(&refusal(answer), at, at);
    }

    /// What was found for a question. What was not asked before is noted, to be found.
    pub(in crate::check) fn answer(&mut self, question: Question) -> Option<Answer> {
        let found = self.sources.answers().get(&question).cloned();
        if found.is_none() {
            self.lacking.insert(question);
        }
        found
    }
}

/// Why an answer is none.
pub(super) fn refusal(answer: Answer) -> Refusal {
    match answer {
        Answer::Refused(refusal) => refusal,
        // Each question has answers of its own kind alone.
        _ => Refusal {
            text: "it cannot be read".to_owned(),
            near: None,
            hint: None,
        },
    }
}
