//! Outputs that are validated against the schemas that give their types: each is a required check that nobody writes, named
//! after the argument with the schema.

use bggo_manifest::TypeFrom;
use bggo_values::{Type, Value, convert};

use crate::diagnostics::codes;
use crate::resolve::model::StepId;
use crate::syntax::decl::Name;

use super::expression::context::Checker;
use super::sensitivity;
use super::typed::{TCheck, TJudged};

/// An output that a grid wants to be validated.
struct Validated {
    /// Its place in the manifest.
    output: usize,
    /// The argument that names the document.
    document: String,
    /// The argument that says so, by its name and its place.
    switch: Name,
}

impl Checker<'_> {
    /// The names of the checks that validate outputs of a step.
    pub(super) fn names_of_validations(&mut self, step: StepId) -> Vec<String> {
        let validated = self.validated(step).into_iter();
        validated.map(|one| one.document).collect()
    }

    /// The checks that validate outputs of a step.
    pub(super) fn validations(&mut self, step: StepId) -> Vec<TCheck> {
        let validated = self.validated(step).into_iter();
        validated
            .filter_map(|one| self.check_of_output(step, one))
            .collect()
    }

    fn check_of_output(&mut self, step: StepId, validated: Validated) -> Option<TCheck> {
        let Validated {
            output,
            document,
            switch,
        } = validated;
        let is_named = match self.written_argument(step, &document) {
            Some(written) => !self.aside(Some(step), written).is_null(),
            None => false,
        };
        if !is_named {
            let text = format!("`{}` needs `{document}`: there is no schema", switch.text);
            self.error(codes::MISSING_ARGUMENT, switch.span, text)
                .hint(format!(
                    "name the schema: `{document} = \"answer.schema.json\"`"
                ));
            return None;
        }
        let schema = self.schema_of_document(step, &document)?;
        let value = self.own_field(step, output, switch.span);
        Some(TCheck {
            name: document,
            span: switch.span,
            sensitive: sensitivity::reads_secret([&value], &self.locals),
            judged: TJudged::Schema { value, schema },
            required: true,
        })
    }

    /// The outputs whose switches are on.
    fn validated(&mut self, step: StepId) -> Vec<Validated> {
        let Some(runner) = self.runner_of(step) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (place, output) in runner.outputs.iter().enumerate() {
            let (Some(switch), Some(TypeFrom::Document(document))) =
                (&output.validated_by, &output.type_from)
            else {
                continue;
            };
            let arguments = self.declarations.step(step).arguments.as_ref();
            let mut attributes = arguments.iter().flat_map(|block| &block.attributes);
            let Some(written) = attributes.find(|one| one.name.text == *switch) else {
                continue;
            };
            let value = self.aside(Some(step), &written.value);
            let value = value
                .constant()
                .map(|value| convert::convert(value, &Type::Bool));
            if matches!(value, Some(Ok(Value::Bool(true)))) {
                found.push(Validated {
                    output: place,
                    document: document.clone(),
                    switch: written.name.clone(),
                });
            }
        }
        found
    }
}
