//! What a value may be made of: names behind dots, words of which an attribute has one, functions.

use std::collections::BTreeSet;

use bggo_schedule::declared::Field;
use bggo_values::Type;
use lsp_types::{CompletionItem, CompletionItemKind};

use super::cursor::Bound;
use super::figures::figures;
use super::functions::{function_words, signature};
use super::items::{
    described, distinct, fields, fields_of_outputs, fixed, inputs_of_flow, item, written,
};
use super::surroundings::Surroundings;
use crate::check;
use crate::resolve::ROOTS;
use crate::resolve::model::{BodyId, Callee, DataId};
use crate::syntax::decl::{Phase, StepDecl, TypeExpr};
use crate::syntax::places::TYPES;
use crate::syntax::words;

/// Attributes of steps that list kinds of failure.
const KINDS_OF_FAILURE: [&str; 2] = ["retry_on", "abort_on"];

/// What may be written as a value of an attribute, behind the names of a path but for the last one, which may be a part.
pub fn value(place: &Surroundings<'_>, attribute: &str, path: &[String]) -> Vec<CompletionItem> {
    let before = path.split_last().map_or(&[][..], |(_, before)| before);
    let names: Vec<&str> = before.iter().map(String::as_str).collect();
    let all = place.declarations();
    match names.as_slice() {
        [] => beginnings(place, attribute),
        [name, inner @ ..] if let Some(bound) = bound(&place.cursor.bound, name) => {
            let item = element(place, bound);
            item.map(|item| place.fields(&item, inner))
                .unwrap_or_default()
        }
        ["var"] => variables(place),
        ["var", name, inner @ ..] => {
            let mut variables = all.variables.iter();
            let variable = variables.find(|variable| variable.name.text == *name);
            within(variable.and_then(|variable| variable.ty.as_ref()), inner)
        }
        ["local"] => locals(place),
        ["local", name, inner @ ..] => {
            let mut locals = all.locals.iter();
            let local = locals.find(|local| local.name.text == *name);
            let ty = local.and_then(|local| place.type_of(&local.value));
            ty.map(|ty| place.fields(ty, inner)).unwrap_or_default()
        }
        ["input"] => all
            .flow(place.body())
            .map(inputs_of_flow)
            .unwrap_or_default(),
        ["input", name, inner @ ..] => {
            let inputs = all.flow(place.body()).into_iter();
            let mut inputs = inputs.flat_map(|flow| &flow.inputs);
            let input = inputs.find(|input| input.name.text == *name);
            within(input.and_then(|input| input.ty.as_ref()), inner)
        }
        ["count"] => fixed(&["index"]),
        ["each"] => fixed(&["key", "value"]),
        ["each", "value", inner @ ..] => of_each(place, inner),
        ["vu"] => fixed(&["id", "iteration"]),
        ["scenario"] if attribute == "after" => {
            let scenarios = all.scenarios().map(|(id, _)| &all.body(id).name.text);
            distinct(scenarios)
        }
        ["scenario"] => fixed(&["name", "iteration"]),
        ["run"] => fixed(&["id"]),
        ["path"] => fixed(&["grid"]),
        ["threshold"] => {
            let thresholds = all.thresholds.iter();
            let item = |name: &str| item(name, CompletionItemKind::EVENT, "threshold");
            thresholds.map(|one| item(&one.name.text)).collect()
        }
        ["data", behind @ ..] => data(place, behind),
        ["step", behind @ ..] => steps(place, &[place.body()], behind),
        ["setup"] | ["vu_setup"] => fixed(&["step"]),
        ["setup", "step", behind @ ..] => steps(place, &place.phases(Phase::Setup), behind),
        ["vu_setup", "step", behind @ ..] => steps(place, &place.phases(Phase::VuSetup), behind),
        ["previous"] => fixed(&["output"]),
        ["output", inner @ ..] | ["previous", "output", inner @ ..] => {
            let own = place.own_step();
            own.map(|id| place.outputs(id, inner)).unwrap_or_default()
        }
        ["resource", behind @ ..] => resources(place, behind),
        ["metrics", behind @ ..] => figures(place, behind),
        _ => Vec::new(),
    }
}

/// Where in a list of names of `for`s this one stands: of several the innermost.
fn bound(all: &[Bound], name: &str) -> Option<usize> {
    all.iter().rposition(|bound| bound.name == name)
}

/// The type of what a name of a `for` stands for, which is one of those of the place.
fn element(place: &Surroundings<'_>, at: usize) -> Option<Type> {
    let (outer, own) = place.cursor.bound.split_at_checked(at)?;
    let bound = own.first().filter(|bound| !bound.is_key)?;
    let names: Vec<&str> = bound.over.iter().map(String::as_str).collect();
    match place.opened(&type_at(place, &names, outer)?) {
        Type::List(of) | Type::Set(of) | Type::Map(of) => Some(*of),
        Type::Tuple(items) => items.first().cloned(),
        // All that is run over is of one kind.
        Type::Object(fields) => fields.first().map(|field| field.ty.clone()),
        _ => None,
    }
}

/// The type of what these names lead to, where these names are bound.
fn type_at(place: &Surroundings<'_>, names: &[&str], outer: &[Bound]) -> Option<Type> {
    let all = place.declarations();
    let (ty, inner) = match names {
        ["var", name, inner @ ..] => {
            let mut variables = all.variables.iter();
            let variable = variables.find(|variable| variable.name.text == *name)?;
            (variable.ty.as_ref()?.ty.clone(), inner)
        }
        ["local", name, inner @ ..] => {
            let local = all.locals.iter().find(|local| local.name.text == *name)?;
            (place.type_of(&local.value)?.clone(), inner)
        }
        ["input", name, inner @ ..] => {
            let mut inputs = all.flow(place.body())?.inputs.iter();
            let input = inputs.find(|input| input.name.text == *name)?;
            (input.ty.as_ref()?.ty.clone(), inner)
        }
        ["step", kind, name, "output", output, inner @ ..] => {
            let step = place.step(place.body(), kind, name)?;
            (place.type_of_output(step, output)?, inner)
        }
        ["output", output, inner @ ..] => (place.type_of_output(place.own_step()?, output)?, inner),
        [name, inner @ ..] => (element(place, bound(outer, name)?)?, inner),
        [] => return None,
    };
    inner
        .iter()
        .try_fold(ty, |ty, name| place.opened(&ty).attribute(name).cloned())
}

/// The fields of what has a written type.
fn within(ty: Option<&TypeExpr>, inner: &[&str]) -> Vec<CompletionItem> {
    ty.map(|ty| fields(&ty.ty, inner)).unwrap_or_default()
}

fn variables(place: &Surroundings<'_>) -> Vec<CompletionItem> {
    let variables = place.declarations().variables.iter().map(|variable| {
        let ty = variable.ty.as_ref().map_or(Type::Any, |ty| ty.ty.clone());
        let made = item(
            &variable.name.text,
            CompletionItemKind::VARIABLE,
            &ty.to_string(),
        );
        described(made, written(variable.description.as_ref()))
    });
    variables.collect()
}

fn locals(place: &Surroundings<'_>) -> Vec<CompletionItem> {
    let locals = place.declarations().locals.iter().map(|local| {
        let ty = place.type_of(&local.value);
        let ty = ty.map_or(String::new(), Type::to_string);
        item(&local.name.text, CompletionItemKind::VARIABLE, &ty)
    });
    locals.collect()
}

/// What stands within an element of what the step around runs over.
fn of_each(place: &Surroundings<'_>, inner: &[&str]) -> Vec<CompletionItem> {
    let step = place.own_step().map(|id| place.declarations().step(id));
    let over = step.and_then(|step| step.for_each.as_ref());
    match over.and_then(|over| place.type_of(over)) {
        Some(Type::Map(of) | Type::Set(of) | Type::List(of)) => place.fields(of, inner),
        // All elements of an object that is run over are of one kind.
        Some(Type::Object(all)) => {
            let first = all.iter().next();
            first
                .map(|field| place.fields(&field.ty, inner))
                .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn data(place: &Surroundings<'_>, behind: &[&str]) -> Vec<CompletionItem> {
    let all = &place.declarations().data;
    match behind {
        [] => distinct(all.iter().map(|data| &data.kind_name.text)),
        [kind] => {
            let of_kind = all.iter().filter(|data| data.kind_name.text == *kind);
            let of_kind = of_kind.map(|data| {
                let made = item(&data.name.text, CompletionItemKind::FIELD, "data");
                described(made, written(data.description.as_ref()))
            });
            of_kind.collect()
        }
        [kind, name] => {
            let is_meant = |data: &crate::syntax::decl::DataDecl| {
                data.kind_name.text == *kind && data.name.text == *name
            };
            let Some(at) = all.iter().position(is_meant) else {
                return Vec::new();
            };
            let analysis = place.analysis;
            let (resolved, sources) = (&analysis.resolved, &analysis.sources);
            let mut columns = check::columns(resolved, place.modules, sources, DataId(at));
            // Rows that cannot be read yet may have columns that the grid names.
            if columns.is_empty() {
                let written = all.get(at).and_then(|data| data.columns.as_ref());
                let written = written.into_iter().flatten().map(|column| {
                    let ty = column.ty.as_ref().map_or(Type::String, |ty| ty.ty.clone());
                    (column.name.text.clone(), ty)
                });
                columns.extend(written);
            }
            let columns = columns.iter();
            columns
                .map(|(name, ty)| item(name, CompletionItemKind::FIELD, &ty.to_string()))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// What stands behind `step.`, where that means a step of one of some bodies.
fn steps(place: &Surroundings<'_>, bodies: &[BodyId], behind: &[&str]) -> Vec<CompletionItem> {
    let all = place.declarations();
    let steps = || bodies.iter().flat_map(|body| &all.body(*body).steps);
    match behind {
        [] => distinct(steps().map(|step| &step.runner.text)),
        [kind] => {
            let of_kind = steps().filter(|step| step.runner.text == *kind);
            let item = |step: &StepDecl| {
                let made = item(&step.name.text, CompletionItemKind::METHOD, "step");
                described(made, written(step.description.as_ref()))
            };
            of_kind.map(item).collect()
        }
        [_, _] => fixed(&["output"]),
        [kind, name, "output", inner @ ..] => {
            let mut bodies = bodies.iter();
            let step = bodies.find_map(|body| place.step(*body, kind, name));
            step.map(|id| place.outputs(id, inner)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn resources(place: &Surroundings<'_>, behind: &[&str]) -> Vec<CompletionItem> {
    let all = place.declarations();
    let resources = place.resources().into_iter().map(|id| all.resource(id));
    match behind {
        [] => distinct(resources.map(|one| &one.asset.text)),
        [kind] => {
            let of_kind = resources.filter(|one| one.asset.text == *kind);
            let item = |name| item(name, CompletionItemKind::FIELD, "resource");
            of_kind.map(|one| item(&one.name.text)).collect()
        }
        [kind, _, inner @ ..] => match place.modules.find_asset(kind) {
            Some(at) => fields_of_outputs(&place.modules.asset(at).outputs, inner),
            None => Vec::new(),
        },
    }
}

/// What a value may begin with: the words of references, functions, and texts that an argument may be.
fn beginnings(place: &Surroundings<'_>, attribute: &str) -> Vec<CompletionItem> {
    let kinds = place.kinds();
    let types = match (kinds.as_slice(), attribute) {
        ([.., "variable" | "input"], "type") | ([.., "data"], "columns") => TYPES,
        _ => &[],
    };
    let types = types
        .iter()
        .map(|word| item(word, CompletionItemKind::TYPE_PARAMETER, "type"));
    let of_grid = match (kinds.as_slice(), attribute) {
        ([.., "threshold"], _) => Some("metrics"),
        ([.., "load"], "until") => Some("threshold"),
        _ => None,
    };
    let roots = ROOTS.iter().copied().chain(of_grid);
    let roots = roots.map(|root| item(root, CompletionItemKind::KEYWORD, "reference"));
    let words = ["true", "false", "null"];
    let words = words.map(|word| item(word, CompletionItemKind::KEYWORD, "value"));
    let functions = bggo_function_table::table().iter().map(|function| {
        let made = item(
            function.name,
            CompletionItemKind::FUNCTION,
            &signature(function),
        );
        described(made, function_words(function))
    });
    let texts = words_of(place, attribute).into_iter();
    let texts = texts.map(|text| item(&format!("\"{text}\""), CompletionItemKind::VALUE, "string"));
    let names = place.cursor.bound.iter();
    let names = names.map(|bound| item(&bound.name, CompletionItemKind::VARIABLE, "of a for"));
    let used = names.chain(used(place, attribute));
    let used = used.chain(waited_for(place, attribute));
    let all = used.chain(texts).chain(types).chain(roots).chain(words);
    all.chain(functions).collect()
}

/// The resources that an attribute of `uses` may be.
fn used(place: &Surroundings<'_>, attribute: &str) -> Vec<CompletionItem> {
    if place.block(0).is_none_or(|block| block.kind != "uses") {
        return Vec::new();
    }
    let modules = place.modules;
    let kind = place.block(1).and_then(|owner| owner.labels.first());
    let kind = kind.map_or("", String::as_str);
    let runner = modules.find_runner(kind).map(|at| &modules.runner(at).uses);
    let asset = modules.find_asset(kind).map(|at| &modules.asset(at).uses);
    let mut taken = runner.into_iter().chain(asset).flatten();
    let Some(taken) = taken.find(|taken| taken.name == attribute) else {
        return Vec::new();
    };
    let resources = place.resources().into_iter();
    let resources = resources.map(|id| place.declarations().resource(id));
    let fitting = resources.filter(|one| taken.assets.contains(&one.asset.text));
    fitting
        .map(|one| item(&one.address(), CompletionItemKind::VALUE, "resource"))
        .collect()
}

/// The steps and resources that one can wait for, by their whole addresses.
fn waited_for(place: &Surroundings<'_>, attribute: &str) -> Vec<CompletionItem> {
    if attribute != "depends_on" {
        return Vec::new();
    }
    let (all, own) = (place.declarations(), place.own_step());
    let steps = all.step_ids(place.body()).filter(|id| Some(*id) != own);
    let steps = steps.map(|id| (all.step(id).address(), "step"));
    let resources = place.resources().into_iter();
    let resources = resources.map(|id| (all.resource(id).address(), "resource"));
    let found = steps.chain(resources);
    found
        .map(|(address, word)| item(&address, CompletionItemKind::VALUE, word))
        .collect()
}

/// The words of which an attribute has one, or some in a list.
pub fn words_of(place: &Surroundings<'_>, attribute: &str) -> Vec<String> {
    let kinds = place.kinds();
    let fixed = match kinds.as_slice() {
        [.., "load"] | [.., "load", "stage"] => {
            Field::of_name(attribute).map_or(&[][..], Field::words)
        }
        kinds => words::words(kinds, attribute),
    };
    let mut all: Vec<String> = fixed.iter().map(|word| (*word).to_owned()).collect();
    match kinds.as_slice() {
        [.., "arguments"] => {
            let mut inputs = place.inputs().unwrap_or_default().iter();
            let input = inputs.find(|input| input.name == attribute);
            all.extend(
                input
                    .into_iter()
                    .flat_map(|input| input.one_of.iter().cloned()),
            );
            let methods = place.methods(attribute).iter();
            all.extend(methods.map(|method| method.path.clone()));
        }
        [.., "resource"] if attribute == "scope" => {
            let kind = place.block(0).and_then(|block| block.labels.first());
            let asset = kind.and_then(|kind| place.modules.find_asset(kind));
            let scopes = asset.map(|at| &place.modules.asset(at).scopes);
            let scopes = scopes.into_iter().flatten();
            all.extend(scopes.map(|scope| check::name_of_lifetime(*scope).to_owned()));
        }
        [.., "retry"] if KINDS_OF_FAILURE.contains(&attribute) => {
            let step = place.own_step();
            let callee = step.and_then(|id| place.analysis.resolved.callees.get(id));
            let resources = place.analysis.resolved.assets.0.iter().flatten();
            let resources = resources.copied().flatten();
            let own = match callee.copied().flatten() {
                Some(Callee::Runner(at)) => {
                    let runner = place.modules.runner(at);
                    check::kinds_of_manifests(runner, resources, place.modules)
                }
                Some(Callee::Flow(_)) | None => BTreeSet::new(),
            };
            all.extend(check::retried(own.into_iter().map(str::to_owned)));
        }
        _ => {}
    }
    all
}
