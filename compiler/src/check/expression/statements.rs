//! Columns of statements that the grid does not name itself: a file that an asset of the step names has them, by the text of the
//! statement, as a server described it.

use std::rc::Rc;

use bggo_manifest::{DocumentKind, Input};
use bggo_values::{Text, Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::{ResourceId, StepId};
use crate::source::{Answer, Question, Span};

use super::context::{Arguments, Checker, constant};
use super::files::refusal;
use super::methods::{Selecting, attribute};
use crate::check::schema::statements::{
    DescribedStatement, KnownStatement, NamedStatements, Statements, StatementsOf,
};

/// What a step finds in a file.
enum Found {
    Nothing,
    Columns(DescribedStatement),
    Missing(Rc<NamedStatements>),
}

impl Checker<'_> {
    /// Reads the file of statements that a resource names, and says what is wrong with it.
    pub(in crate::check) fn statements_of(&mut self, resource: ResourceId) -> StatementsOf {
        if let Some(known) = self.statements.get(&resource) {
            return known.clone();
        }
        let found = self.find_statements(resource);
        if !matches!(found, StatementsOf::Unread) {
            self.statements.insert(resource, found.clone());
        }
        found
    }

    fn find_statements(&mut self, resource: ResourceId) -> StatementsOf {
        let Some((path, at)) = self.file_of_statements(resource) else {
            return StatementsOf::Nothing;
        };
        let file = match self.answer(Question::Text(path.clone())) {
            None => return StatementsOf::Unread,
            Some(_) if self.only_asks => return StatementsOf::Wrong,
            Some(Answer::Text(file)) => file,
            Some(other) => {
                let mut refusal = refusal(other);
                if refusal.near.is_none() {
                    refusal.hint = Some("`bggo postgres describe` writes it");
                }
                self.problems_aside(|checker| {
                    checker.unreadable(&refusal, at, at);
                });
                return StatementsOf::Wrong;
            }
        };
        let text = self.sources.file(file).map_or("", |file| &file.text);
        match Statements::read(file, text) {
            Ok(statements) => StatementsOf::File(Rc::new(NamedStatements {
                statements,
                path,
                at,
            })),
            Err(fault) => {
                self.of_documents
                    .error(codes::INVALID_SCHEMA, fault.at, fault.text)
                    .label(at, "read here")
                    .hint("`bggo postgres describe` writes such a file");
                StatementsOf::Wrong
            }
        }
    }

    /// The path of the file that a resource names, and the argument. What is wrong with it is said where the argument is checked.
    fn file_of_statements(&mut self, resource: ResourceId) -> Option<(String, Span)> {
        let asset = self.modules.asset(self.asset_of(resource)?);
        let mut inputs = asset.inputs.iter();
        let input = inputs.find(|input| input.reads_only(DocumentKind::Statements))?;
        let arguments = self.declarations.resource(resource).arguments.as_ref();
        let written = attribute(arguments, &input.name)?;
        let value = self.aside(None, &written.value);
        if value.sensitivity.any() {
            return None;
        }
        let path = value.constant().and_then(Value::as_text)?;
        Some((path.to_owned(), value.span))
    }

    /// The resources that a step uses and that may name a file of statements.
    fn resources_of(&self, selecting: Selecting<'_>) -> Vec<ResourceId> {
        let keys = selecting.takes.iter();
        keys.filter_map(|taken| self.used_by(selecting, &taken.name))
            .collect()
    }

    /// The text by which the columns of a step are found, if it is known when the grid is built.
    fn text_to_find(&mut self, selecting: Selecting<'_>, by: &str) -> Option<(String, Span)> {
        let written = attribute(selecting.arguments, by)?;
        let value = self.aside(selecting.step, &written.value);
        if value.sensitivity.any() {
            return None;
        }
        let text = value.constant().and_then(Value::as_text)?;
        Some((text.to_owned(), value.span))
    }

    /// What the files of a step say of an input that names columns, where the grid does not give it.
    fn find_columns(&mut self, selecting: Selecting<'_>, input: &Input) -> Found {
        let Some(by) = &input.found_by else {
            return Found::Nothing;
        };
        if attribute(selecting.arguments, &input.name).is_some() {
            return Found::Nothing;
        }
        for resource in self.resources_of(selecting) {
            let StatementsOf::File(file) = self.statements_of(resource) else {
                continue;
            };
            let Some((sql, _)) = self.text_to_find(selecting, by) else {
                return Found::Nothing;
            };
            return match file.statements.get(&sql) {
                Some(found) => Found::Columns(found.clone()),
                None => Found::Missing(file),
            };
        }
        Found::Nothing
    }

    /// Notes a statement whose columns the grid does not name.
    fn note_statement(&mut self, selecting: Selecting<'_>, input: &Input, by: &str) {
        if attribute(selecting.arguments, &input.name).is_some() {
            return;
        }
        let Some((sql, at)) = self.text_to_find(selecting, by) else {
            self.asked_of_servers.unknown += 1;
            return;
        };
        let mut resources = self.resources_of(selecting).into_iter();
        let file = resources.find_map(|one| Some(self.file_of_statements(one)?.0));
        let known = KnownStatement { sql, at, file };
        self.asked_of_servers.known.push(known);
    }

    /// The type of a row whose columns a file says.
    pub(super) fn row_of_file(&mut self, step: StepId, input: &str) -> Option<Type> {
        let runner = self.runner_of(step)?;
        let written = self.declarations.step(step);
        let selecting = Selecting {
            step: Some(step),
            inputs: &runner.inputs,
            arguments: written.arguments.as_ref(),
            takes: &runner.uses,
            uses: written.uses.as_ref(),
        };
        let input = runner.inputs.iter().find(|one| one.name == input)?;
        match self.find_columns(selecting, input) {
            Found::Columns(found) => Some(self.documents.row(found.at, found.typed())),
            Found::Nothing | Found::Missing(_) => None,
        }
    }

    /// Gives a step the columns that a file says, as if the grid named them. A statement that the file does not have is an error.
    pub(in crate::check) fn give_columns(
        &mut self,
        selecting: Selecting<'_>,
        arguments: &mut Arguments,
    ) {
        for (place, input) in selecting.inputs.iter().enumerate() {
            let Some(by) = &input.found_by else { continue };
            self.note_statement(selecting, input, by);
            match self.find_columns(selecting, input) {
                Found::Nothing => {}
                Found::Columns(found) => {
                    let columns = found.columns.iter().map(|(name, ty)| {
                        let ty = Value::Text(Text::from(ty.as_str()));
                        (Text::from(name.as_str()), ty)
                    });
                    let columns = Value::from(columns.collect::<Vec<_>>());
                    let at = attribute(selecting.arguments, by).map(|one| one.value.span);
                    let given = constant(columns, input.ty.clone(), at.unwrap_or(found.at));
                    arguments.list.push((place, given));
                    arguments.list.sort_by_key(|(place, _)| *place);
                }
                Found::Missing(file) => {
                    let Some((_, at)) = self.text_to_find(selecting, by) else {
                        continue;
                    };
                    let path = &file.path;
                    let text = match file.statements.is_empty() {
                        true => format!("`{path}` describes no statement yet"),
                        false => format!("`{path}` does not describe this statement"),
                    };
                    self.error(codes::UNKNOWN_STATEMENT, at, text)
                        .label(file.at, "it is named here")
                        .hint(format!(
                            "`bggo postgres describe` asks the server and writes `{path}` again; or name the columns: `{} = {{ id = \"int8\" }}`",
                            input.name
                        ));
                }
            }
        }
    }
}
