//! What is said of the place at which the mouse stands: what a name means, what type a value has, and when it is known.

use bggo_manifest::{Input, Output, Use};
use bggo_schedule::declared::{Field, Profile};
use bggo_values::Type;

use super::analysis::{Analysis, At};
use super::cursor::{Writes, cursor};
use super::functions::function_words;
use super::items::input_words;
use super::manual;
use super::names::{Named, place_at, places, step_of_output};
use super::readers::{named_by, output_named_by};
use crate::check::typed::Binding;
use crate::check::{Described, Seen};
use crate::modules::Modules;
use crate::resolve::model::{Callee, Node, Reference, StepId};
use crate::source::Span;
use crate::syntax::all_expressions::expressions;
use crate::syntax::decl::{AttributeBlock, Expr, ExprKind, Name};

/// A piece of the grid, and what is said of it, in Markdown.
pub struct Hover {
    /// The piece.
    pub span: Span,
    /// The words.
    pub words: String,
}

/// What is known of the smallest piece around a place.
pub fn hover(analysis: &Analysis, modules: &Modules, at: At) -> Option<Hover> {
    let asked = Asked {
        analysis,
        modules,
        at,
    };
    asked
        .header()
        .or_else(|| asked.name())
        .or_else(|| asked.word())
        .or_else(|| asked.expression())
}

struct Asked<'a> {
    analysis: &'a Analysis,
    modules: &'a Modules,
    at: At,
}

impl Asked<'_> {
    fn touches(&self, span: Span) -> bool {
        self.at.is_in(span)
    }

    /// Kinds of steps and resources, and the names of what they are given.
    fn header(&self) -> Option<Hover> {
        let all = &self.analysis.resolved.declarations;
        for body in all.body_ids() {
            for id in all.step_ids(body) {
                let step = all.step(id);
                let Some(Some(Callee::Runner(at))) = self.analysis.resolved.callees.get(id) else {
                    continue;
                };
                let runner = self.modules.runner(*at);
                if self.touches(step.runner.span) {
                    let words = kind("runner", &runner.name, &runner.description, &runner.outputs);
                    return Some(hovered(step.runner.span, words));
                }
                let found = self.given(step.arguments.as_ref(), &runner.inputs);
                let found = found.or_else(|| {
                    self.message(Node::Step(id), step.arguments.as_ref(), &runner.inputs)
                });
                let found = found.or_else(|| self.used(step.uses.as_ref(), &runner.uses));
                if found.is_some() {
                    return found;
                }
            }
            for id in all.resource_ids(body) {
                let resource = all.resource(id);
                let Some(Some(at)) = self.analysis.resolved.assets.get(id) else {
                    continue;
                };
                let asset = self.modules.asset(*at);
                if self.touches(resource.asset.span) {
                    let words = kind("asset", &asset.name, &asset.description, &asset.outputs);
                    return Some(hovered(resource.asset.span, words));
                }
                let found = self.given(resource.arguments.as_ref(), &asset.inputs);
                let found = found.or_else(|| {
                    self.message(
                        Node::Resource(id),
                        resource.arguments.as_ref(),
                        &asset.inputs,
                    )
                });
                let found = found.or_else(|| self.used(resource.uses.as_ref(), &asset.uses));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The attribute of a block whose name is pointed at.
    fn attribute<'b>(&self, block: Option<&'b AttributeBlock>) -> Option<&'b Name> {
        let mut attributes = block?.attributes.iter().map(|one| &one.name);
        attributes.find(|name| self.touches(name.span))
    }

    fn given(&self, block: Option<&AttributeBlock>, inputs: &[Input]) -> Option<Hover> {
        let name = self.attribute(block)?;
        let input = inputs.iter().find(|input| input.name == name.text)?;
        Some(hovered(name.span, input_words(input)))
    }

    /// The method that an argument names, or a field of the message that it is.
    fn message(
        &self,
        owner: Node,
        block: Option<&AttributeBlock>,
        inputs: &[Input],
    ) -> Option<Hover> {
        let mut attributes = block?.attributes.iter();
        let attribute = attributes.find(|one| self.touches(one.value.span))?;
        let name = &attribute.name.text;
        let input = inputs.iter().find(|input| input.name == *name)?;
        let described = self.analysis.described(self.modules);
        let span = attribute.value.span;
        if let ExprKind::Text(path) = &attribute.value.kind
            && input.selects.is_some()
        {
            let mut methods = described.methods(owner, name).iter();
            let path = path.trim_start_matches('/');
            let method = methods.find(|method| method.path == path)?;
            return Some(hovered(span, format!("`{}` {}", method.path, method.words)));
        }
        let Node::Step(step) = owner else { return None };
        let ty = described.by_method(step, name)?;
        self.field_of_message(&attribute.value, ty, described)
    }

    /// The field of a message whose name is pointed at.
    fn field_of_message(&self, expr: &Expr, ty: &Type, described: &Described) -> Option<Hover> {
        match (&expr.kind, described.opened_to_give(ty)) {
            (ExprKind::List(items), Type::List(of)) => {
                let item = items.iter().find(|item| self.touches(item.span))?;
                self.field_of_message(item, &of, described)
            }
            (ExprKind::Object(pairs), opened) => {
                let of = |key: &Expr| match (&key.kind, &opened) {
                    (_, Type::Map(of)) => Some((**of).clone()),
                    (ExprKind::Text(name), opened) => opened.attribute(name).cloned(),
                    _ => None,
                };
                for (key, value) in pairs {
                    if self.touches(value.span) {
                        return self.field_of_message(value, &of(key)?, described);
                    }
                    if self.touches(key.span)
                        && let (ExprKind::Text(name), Type::Named(named)) = (&key.kind, ty)
                    {
                        let of = of(key)?;
                        let words = described.words_of_field(named, name);
                        let words = words.map_or(String::new(), |words| format!("\n\n{words}"));
                        return Some(hovered(key.span, format!("`{name}`: `{of}`{words}")));
                    }
                }
                None
            }
            _ => None,
        }
    }

    fn used(&self, block: Option<&AttributeBlock>, uses: &[Use]) -> Option<Hover> {
        let name = self.attribute(block)?;
        let taken = uses.iter().find(|taken| taken.name == name.text)?;
        let assets = taken.assets.join("`, `");
        let words = format!("`{}`: `{assets}`\n\n{}", taken.name, taken.description);
        Some(hovered(name.span, words))
    }

    /// What the grid declares.
    fn name(&self) -> Option<Hover> {
        let places = places(self.analysis);
        let place = place_at(&places, self.at).filter(|place| self.touches(place.span))?;
        let all = &self.analysis.resolved.declarations;
        let described = |head: String, description: Option<&Expr>| match description {
            Some(Expr {
                kind: ExprKind::Text(text),
                ..
            }) => format!("{head}\n\n{text}"),
            _ => head,
        };
        let words = match place.named {
            Named::Variable(id) => {
                let variable = all.variables.get(id.0)?;
                let ty = variable.ty.as_ref();
                let ty = ty.map_or("any".to_owned(), |ty| ty.ty.to_string());
                let head = format!(
                    "variable `{}`: `{ty}`, {}",
                    variable.name.text,
                    when(Binding::Start)
                );
                described(head, variable.description.as_ref())
            }
            Named::Local(id) => {
                let local = all.locals.get(id.0)?;
                let value = self.seen_of(local.value.span)?;
                format!("local `{}`: {}", local.name.text, value_words(value))
            }
            Named::Input(id) => {
                let input = all.flow(id.flow)?.inputs.get(id.index)?;
                let ty = input.ty.as_ref();
                let ty = ty.map_or("any".to_owned(), |ty| ty.ty.to_string());
                let head = format!("input `{}`: `{ty}`", input.name.text);
                described(head, input.description.as_ref())
            }
            Named::Output(flow, index) => {
                let output = all.flow(flow)?.outputs.get(index)?;
                let value = output.value.as_ref();
                let seen = value.and_then(|value| self.seen_of(value.span));
                let seen = seen.map_or(String::new(), |seen| format!(": {}", value_words(seen)));
                let head = format!("output `{}`{seen}", output.name.text);
                described(head, output.description.as_ref())
            }
            Named::Flow(id) => {
                let head = format!("flow `{}`", all.body(id).name.text);
                described(head, all.flow(id)?.description.as_ref())
            }
            Named::Data(id) => {
                let data = all.data.get(id.0)?;
                let head = format!("`data.{}`", data.address());
                described(head, data.description.as_ref())
            }
            Named::Step(id) => {
                let head = format!("`{}`", all.step(id).address());
                described(head, all.step(id).description.as_ref())
            }
            Named::Resource(id) => {
                let head = format!("`{}`", all.resource(id).address());
                described(head, all.resource(id).description.as_ref())
            }
        };
        let named = places.iter().filter(|other| other.named == place.named);
        let readers = named_by(self.analysis, named.filter(|other| !other.declares));
        Some(hovered(place.span, format!("{words}\n\n{readers}")))
    }

    /// A word of the language: the kind of a block, an attribute, or a profile.
    fn word(&self) -> Option<Hover> {
        let text = &self.analysis.sources.file(self.at.file)?.text;
        let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (before, after) = text.split_at_checked(self.at.byte as usize)?;
        let start = before.trim_end_matches(is_of_word).len();
        let behind = after.trim_start_matches(is_of_word);
        let end = text.len() - behind.len();
        let word = text.get(start..end).filter(|word| !word.is_empty())?;
        let cursor = cursor(text.get(..end)?);
        let kinds: Vec<&str> = cursor
            .blocks
            .iter()
            .map(|block| block.kind.as_str())
            .collect();
        let words = match &cursor.writes {
            Writes::Statement => {
                let words = manual::words(&kinds, word)?;
                let of_load = matches!(kinds.as_slice(), [.., "load"] | [.., "load", "stage"]);
                let field = Field::of_name(word).filter(|_| of_load);
                let ty = field.map_or(String::new(), |field| format!(": `{}`", field.ty()));
                format!("`{word}`{ty}\n\n{words}")
            }
            Writes::Label(header) if header.kind == "load" && header.labels.is_empty() => {
                let profile = Profile::of_name(word)?;
                format!("profile `{word}`\n\n{}", manual::of_profile(profile))
            }
            _ => return None,
        };
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        let span = Span {
            file: self.at.file,
            start: offset(start),
            end: offset(end),
        };
        Some(hovered(span, words))
    }

    /// A function, an output, or a value of which the type alone is known.
    fn expression(&self) -> Option<Hover> {
        for expr in expressions(&self.analysis.resolved.declarations) {
            match &expr.kind {
                ExprKind::Call { name, .. } if self.touches(name.span) => {
                    let function = bggo_function_table::find(&name.text)?;
                    return Some(hovered(name.span, function_words(function)));
                }
                ExprKind::Field(base, name)
                    if self.touches(name.span)
                        && let Some(output) = self.output(base, name) =>
                {
                    let seen = self.seen_of(expr.span);
                    // What a document says of it is more than its manifest says.
                    let ty = seen.filter(|_| output.type_from.is_some());
                    let words = output_words(output, ty.map_or(&output.ty, |seen| &seen.ty));
                    let seen = seen.map(|seen| format!("\n\n{}", sentence(seen)));
                    let step = step_of_output(self.analysis, base);
                    let readers = step.map(|id| output_named_by(self.analysis, id, &name.text));
                    let readers = readers.map(|readers| format!("\n\n{readers}"));
                    let more = [seen, readers].into_iter().flatten().collect::<String>();
                    return Some(hovered(name.span, words + &more));
                }
                // What the `.proto` file says of a field.
                ExprKind::Field(base, name) if self.touches(name.span) => {
                    let of = self
                        .seen_of(base.span)
                        .and_then(|seen| seen.described.as_ref());
                    let described = self.analysis.described(self.modules);
                    let words = of.and_then(|of| described.words_of_field(of, &name.text));
                    if let (Some(words), Some(seen)) = (words, self.seen_of(expr.span)) {
                        let words = format!("{}\n\n{words}", value_words(seen));
                        return Some(hovered(name.span, words));
                    }
                }
                _ => {}
            }
        }
        let seen = self.analysis.types(self.modules).iter();
        let around = seen.filter(|seen| self.touches(seen.span));
        let smallest = around.min_by_key(|seen| seen.span.end - seen.span.start)?;
        Some(hovered(smallest.span, value_words(smallest)))
    }

    /// The output that `step.R.N.output.NAME`, `output.NAME` or `resource.A.N.NAME` is.
    fn output(&self, base: &Expr, name: &Name) -> Option<&Output> {
        let resolved = &self.analysis.resolved;
        let outputs = match resolved.references.get(&base.id) {
            Some(Reference::Resource(id)) => {
                &self.modules.asset((*resolved.assets.get(*id)?)?).outputs
            }
            _ => self.outputs_of(step_of_output(self.analysis, base)?)?,
        };
        outputs.iter().find(|output| output.name == name.text)
    }

    fn outputs_of(&self, id: StepId) -> Option<&Vec<Output>> {
        match (*self.analysis.resolved.callees.get(id)?)? {
            Callee::Runner(at) => Some(&self.modules.runner(at).outputs),
            Callee::Flow(_) => None,
        }
    }

    fn seen_of(&self, span: Span) -> Option<&Seen> {
        let seen = self.analysis.types(self.modules);
        seen.iter().find(|seen| seen.span == span)
    }
}

fn hovered(span: Span, words: String) -> Hover {
    Hover { span, words }
}

/// When a value is known, in words.
pub fn when(binding: Binding) -> &'static str {
    match binding {
        Binding::Built => "known when the grid is built",
        Binding::Start => "known when the program starts",
        Binding::Vu => "known for each user",
        Binding::Iteration => "known in each iteration",
        Binding::Step => "known for each instance of its step",
    }
}

fn value_words(seen: &Seen) -> String {
    format!("`{}`, {}", seen.ty, sentence(seen))
}

fn sentence(seen: &Seen) -> String {
    let secret = match seen.sensitivity.paths.is_empty() {
        true => "",
        false => ", sensitive",
    };
    format!("{}{secret}", when(seen.binding))
}

fn kind(word: &str, name: &str, description: &str, outputs: &[Output]) -> String {
    let mut words = format!("{word} `{name}`\n\n{description}");
    if !outputs.is_empty() {
        words.push_str("\n\nOutputs:");
        for output in outputs {
            words.push_str("\n- ");
            words.push_str(&output_words(output, &output.ty));
        }
    }
    words
}

fn output_words(output: &Output, ty: &Type) -> String {
    format!("`{}`: `{ty}`. {}", output.name, output.description)
}
