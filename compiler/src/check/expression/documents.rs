//! Types that documents give: which one an output has, and what is read of it.

use std::borrow::Cow;
use std::rc::Rc;

use bggo_manifest::{DocumentKind, Output, TypeFrom};
use bggo_values::{NamedType, Type, Value};

use crate::diagnostics::{Hint, Problem, codes, nearest};
use crate::resolve::model::StepId;
use crate::source::{Answer, FileId, Question, Sources, Span};
use crate::syntax::decl::{Expr, Name};

use super::context::{Checker, KNOWN_WHEN_BUILT};
use super::files::refusal;
use super::forms::join;
use crate::check::schema::{Asked, columns};
use crate::check::typed::{TExpr, TSchema};

/// What an argument names.
enum Named {
    /// A document that is to be read.
    Unread,
    Document(NamedDocument),
}

struct NamedDocument {
    file: FileId,
    path: String,
    part: Option<String>,
    at: Span,
    kinds: Vec<DocumentKind>,
}

impl NamedDocument {
    fn asked<'d>(&'d self, sources: &'d Sources) -> Option<Asked<'d>> {
        Some(Asked {
            file: self.file,
            text: &sources.file(self.file)?.text,
            path: &self.path,
            part: self.part.as_deref(),
            at: self.at,
            kinds: &self.kinds,
        })
    }
}

impl<'a> Checker<'a> {
    /// An argument of a step as it is written.
    pub(in crate::check) fn written_argument(&self, step: StepId, input: &str) -> Option<&'a Expr> {
        let arguments = self.declarations.step(step).arguments.as_ref()?;
        let mut attributes = arguments.attributes.iter();
        let written = attributes.find(|one| one.name.text == input)?;
        Some(&written.value)
    }
}

impl Checker<'_> {
    /// The type of an output of a step: what its manifest looks into says of it, a document or a method, else its manifest.
    pub(in crate::check) fn type_of_output(&mut self, step: StepId, output: &Output) -> Type {
        let Some(from) = &output.type_from else {
            return output.ty.clone();
        };
        let key = (step, output.name.clone());
        if let Some(known) = self.document_types.get(&key) {
            return known.clone();
        }
        // What asks for itself on the way has no type there.
        self.document_types.insert(key.clone(), output.ty.clone());
        let ty = match from {
            TypeFrom::Document(input) if self.names_columns_by(step, input) => {
                self.type_by_columns(step, input, output)
            }
            TypeFrom::Document(input) => self.type_by_document(step, input),
            TypeFrom::Message(of) => self.type_by_method(step, of, output),
        };
        let ty = ty.unwrap_or_else(|| output.ty.clone());
        self.document_types.insert(key, ty.clone());
        ty
    }

    /// Whether an input names columns, and no document.
    fn names_columns_by(&mut self, step: StepId, input: &str) -> bool {
        let runner = self.runner_of(step);
        let mut inputs = runner.iter().flat_map(|runner| &runner.inputs);
        inputs.any(|one| one.name == input && one.reads_only(DocumentKind::Columns))
    }

    fn type_by_columns(&mut self, step: StepId, input: &str, output: &Output) -> Option<Type> {
        let row = match self.written_argument(step, input) {
            Some(written) => {
                let value = self.aside(Some(step), written);
                let columns = columns_of(value.constant()?).ok()?;
                if value.sensitivity.any() {
                    return None;
                }
                self.documents.row(written.span, columns)
            }
            None => self.row_of_file(step, input)?,
        };
        Some(match output.ty {
            Type::List(_) => Type::list(row),
            _ => row,
        })
    }

    /// Whether an argument that names columns is known when the grid is built and names types that are known, which is said here
    /// if not.
    pub(in crate::check) fn names_columns(&mut self, value: &TExpr, what: &str) -> bool {
        if !self.is_known_when_built(value, what, "the rows have their types from it") {
            return false;
        }
        let wrong = value.constant().map(columns_of);
        let Some(Err((column, ty))) = wrong else {
            return true;
        };
        let text = format!("the column `{column}` has the type \"{ty}\", which is not known here");
        // What is wrong may stand in a file, so there is no place to write it.
        let near = nearest::nearest(&ty, columns::names());
        let hint: Hint = match near {
            Some(near) => format!("the type \"{near}\" is known").into(),
            None => "a type of your own comes as \"text\"".into(),
        };
        self.error(codes::INVALID_VALUE, value.span, text)
            .advise(hint);
        false
    }

    fn type_by_document(&mut self, step: StepId, input: &str) -> Option<Type> {
        let named = match self.document_of(step, input)? {
            // It is read, and then the grid is checked again.
            Named::Unread => return Some(Type::Error),
            Named::Document(named) => named,
        };
        let asked = named.asked(self.sources)?;
        self.documents.type_of(asked, &mut self.of_documents)
    }

    /// What values of the type that a document gives are validated by; `None` with what is wrong in the problems of documents,
    /// or where it is not read yet.
    pub(in crate::check) fn schema_of_document(
        &mut self,
        step: StepId,
        input: &str,
    ) -> Option<Rc<TSchema>> {
        let Named::Document(named) = self.document_of(step, input)? else {
            return None;
        };
        let asked = named.asked(self.sources)?;
        self.documents.validator(asked, &mut self.of_documents)
    }

    /// The document that an argument names.
    fn document_of(&mut self, step: StepId, input: &str) -> Option<Named> {
        let written = self.written_argument(step, input)?;
        let kinds = &self.runner_of(step)?.inputs;
        let kinds = kinds
            .iter()
            .find(|known| known.name == input)?
            .reads
            .clone();
        let value = self.aside(Some(step), written);
        let text = value.constant().and_then(Value::as_text)?.to_owned();
        if value.sensitivity.any() {
            return None;
        }
        let (path, part) = match text.split_once('#') {
            Some((path, part)) => (path, Some(part).filter(|part| !part.is_empty())),
            None => (text.as_str(), None),
        };
        let file = match self.answer(Question::Text(path.to_owned())) {
            None => return Some(Named::Unread),
            Some(_) if self.only_asks => return None,
            Some(Answer::Text(file)) => file,
            Some(other) => {
                self.problems_aside(|checker| {
                    checker.unreadable(&refusal(other), value.span, value.span);
                });
                return None;
            }
        };
        Some(Named::Document(NamedDocument {
            file,
            path: path.to_owned(),
            part: part.map(str::to_owned),
            at: value.span,
            kinds,
        }))
    }

    /// The value of an argument of a step or a resource, while something else is checked; what is wrong with it is said elsewhere.
    pub(in crate::check) fn aside(&mut self, step: Option<StepId>, written: &Expr) -> TExpr {
        let (before, seen) = (self.problems.list.len(), self.seen.take());
        let outside = self.leave_surroundings();
        self.step = step;
        let value = self.infer(written);
        self.restore_surroundings(outside);
        self.problems.list.truncate(before);
        self.seen = seen;
        value
    }

    /// Keeps problems apart that no `try` around may hide.
    pub(super) fn problems_aside(&mut self, check: impl FnOnce(&mut Self)) {
        let before = self.problems.list.len();
        check(self);
        let found = self.problems.list.split_off(before);
        self.of_documents.list.extend(found);
    }

    /// The type of `.name` of a value that a document describes; `None` with a reported problem.
    pub(super) fn field_of_document(&mut self, of: &NamedType, name: &Name) -> Option<Type> {
        let opened = self.documents.open(of);
        let missing = match &opened.ty {
            Type::Object(fields) => {
                let found = fields.iter().find(|field| field.name.as_str() == name.text);
                match found.map(|field| &field.ty).or(opened.others.as_ref()) {
                    Some(ty) => return Some(ty.clone()),
                    None => fields.iter().map(|field| field.name.as_str()),
                }
            }
            Type::Map(item) => return Some((**item).clone()),
            Type::Any => return Some(Type::Any),
            other => {
                self.no_attributes(other, name);
                return None;
            }
        };
        let hint = nearest::advice(&name.text, missing);
        let files = self.documents.messages(of.document);
        let files = files.map(|messages| messages.files());
        if files.as_ref().is_some_and(|files| files.is_in_part()) {
            // It may stand where the files could not be read, which was said.
            return None;
        }
        let is_row = self.documents.is_of_columns(of);
        let (text, declared) = match files.is_some() {
            _ if is_row => (
                format!("the row has no column `{}`", name.text),
                "its columns are named here",
            ),
            true => (
                format!(
                    "the message `{of}` has no field `{}`",
                    name.text,
                    of = of.name
                ),
                "its fields are declared here",
            ),
            false => (
                format!("the schema has no attribute `{}` here", name.text),
                "its attributes are declared here",
            ),
        };
        let problem = self.error(codes::UNKNOWN_FIELD, name.span, text);
        if let Some(place) = opened.declared {
            problem.label(place, declared);
        }
        problem.advise(hint);
        None
    }

    /// Whether an attribute may be missing, by what a document says of its object, and is null then. What `try` and `can`
    /// attempt fails there instead, which is what they ask.
    pub(super) fn may_be_missing(&mut self, of: &Type, name: &Name) -> bool {
        match of {
            Type::Named(named) if !self.attempted => {
                self.documents.open(named).absent.contains_key(&name.text)
            }
            _ => false,
        }
    }

    /// The type of an item of a list that a document describes, at a place that may be known. The list is of any type where
    /// it says nothing of its items.
    pub(super) fn item_of_document(
        &mut self,
        of: &NamedType,
        place: Option<usize>,
    ) -> Option<Type> {
        let opened = self.documents.open(of);
        let last = opened.first.last()?;
        Some(match place {
            Some(place) => opened.first.get(place).unwrap_or(last).clone(),
            None => join(&opened.first),
        })
    }

    /// Whether these words stand before a name in the grid.
    fn stands_behind(&self, name: &Name, words: &str) -> bool {
        let file = self.sources.file(name.span.file);
        let before = file.and_then(|file| file.text.get(..name.span.start as usize));
        before.is_some_and(|before| before.ends_with(words))
    }

    /// Reports that a type has no attributes, or what is written for them.
    pub(super) fn no_attributes(&mut self, ty: &Type, name: &Name) -> &mut Problem {
        let text = format!("{} has no attributes, found `.{}`", ty.named(), name.text);
        let hint = match ty {
            Type::List(_) | Type::Tuple(_) => Some(format!(
                "an item is `[0].{0}`, all of them `[*].{0}`",
                name.text
            )),
            Type::Set(_) => Some(format!("all of them are `[*].{}`", name.text)),
            // The text of an answer is there as a value too.
            Type::String if self.stands_behind(name, "output.body.") => {
                Some(format!("the body as JSON is `output.json.{}`", name.text))
            }
            Type::String => Some(format!(
                "JSON in a text is read by `jsondecode(..).{}`",
                name.text
            )),
            _ => None,
        };
        self.error(codes::NO_ATTRIBUTE, name.span, text)
            .advise(hint.map(Hint::from))
    }

    /// A type whose first level is opened, if it is one of a document: for who looks at the kind of a value.
    pub(in crate::check) fn opened<'t>(&mut self, ty: &'t Type) -> Cow<'t, Type> {
        self.documents.opened(ty)
    }

    /// Opens the types of all that was seen, for people.
    pub(in crate::check) fn open_seen(&mut self) {
        for one in self.seen.iter_mut().flatten() {
            if let Type::Named(named) = &one.ty {
                let ty = self.documents.open(named).ty.clone();
                one.described = Some(named.clone());
                one.ty = ty;
            }
        }
    }

    /// Whether an argument that names a document is known when the grid is built, which is said here if not.
    pub(in crate::check) fn document_is_known(&mut self, value: &TExpr, what: &str) -> bool {
        self.is_known_when_built(value, what, "the document is read then")
    }

    /// Whether an argument that says what is validated is known then, which is said here if not.
    pub(in crate::check) fn switch_is_known(&mut self, value: &TExpr, what: &str) -> bool {
        self.is_known_when_built(value, what, "it says what the program validates")
    }

    /// The same of whatever decides what is read then, and why.
    pub(super) fn is_known_when_built(&mut self, value: &TExpr, what: &str, why: &str) -> bool {
        if value.sensitivity.any() {
            let text =
                format!("{what} is sensitive, and what is read when the grid is built is shown");
            self.error(codes::INVALID_VALUE, value.span, text)
                .hint("`nonsensitive(..)` says that it may be");
            return false;
        }
        if value.constant().is_none() {
            let text = format!("{what} must be known when the grid is built: {why}");
            self.error(codes::NOT_CONSTANT, value.span, text)
                .hint(KNOWN_WHEN_BUILT);
            return false;
        }
        true
    }
}

/// Columns by their names, of a map that names their types; the first one whose type is not known if there is one.
fn columns_of(value: &Value) -> Result<Vec<(String, Type)>, (String, String)> {
    let pairs = value.pairs();
    let columns = pairs
        .iter()
        .flat_map(|pairs| pairs.iter())
        .map(|(name, ty)| {
            let ty = ty.to_string();
            let known = columns::of_name(&ty);
            known
                .map(|known| (name.to_string(), known))
                .ok_or_else(|| (name.to_string(), ty))
        });
    columns.collect()
}
