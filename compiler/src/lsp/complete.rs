//! What may be written at a place: kinds of block and attributes, runners and assets, arguments, and values.

use bggo_manifest::Input;
use bggo_schedule::declared::{Field, Profile};
use lsp_types::{CompletionItem, CompletionItemKind};

use super::analysis::Analysis;
use super::cursor::{Block, Cursor, Writes};
use super::items::{described, input_words, inputs_of_flow, item, written};
use super::manual;
use super::surroundings::Surroundings;
use super::values::{value, words_of};
use crate::modules::Modules;
use crate::syntax::places::{self, Holds, inside};

/// All that may be written there; the editor leaves those that begin otherwise out.
pub fn complete(cursor: &Cursor, analysis: &Analysis, modules: &Modules) -> Vec<CompletionItem> {
    let place = Surroundings {
        cursor,
        analysis,
        modules,
    };
    match &cursor.writes {
        Writes::Nothing => Vec::new(),
        Writes::Statement => statement(&place),
        Writes::Label(header) => label(&place, header),
        Writes::Text { attribute, keys } => {
            let words = match keys.as_slice() {
                [] => words_of(&place, attribute),
                keys => place.words_within(attribute, keys),
            };
            let words = words.into_iter().map(|word| {
                let made = item(&word, CompletionItemKind::ENUM_MEMBER, "");
                let methods = place.methods(attribute).iter();
                let mut methods = methods.filter(|method| method.path == word);
                let words = methods.next().map(|method| method.words.clone());
                described(made, words.unwrap_or_default())
            });
            words.collect()
        }
        Writes::Value { attribute, path } => value(&place, attribute, path),
        Writes::Key {
            attribute,
            keys,
            path,
        } => match place.fields_within(attribute, keys) {
            fields if fields.is_empty() => value(&place, attribute, path),
            fields => fields,
        },
    }
}

fn statement(place: &Surroundings<'_>) -> Vec<CompletionItem> {
    let kinds = place.kinds();
    match kinds.as_slice() {
        [.., "load"] => of_load(place, 0),
        [.., "load", "stage"] => of_load(place, 1),
        [.., "arguments"] => arguments(place),
        [.., "uses"] => uses(place),
        [.., "record"] => {
            let metrics = place.declarations().metrics.iter();
            let metrics = metrics.map(|metric| {
                let made = item(&metric.name.text, CompletionItemKind::FIELD, "metric");
                described(made, written(metric.description.as_ref()))
            });
            metrics.collect()
        }
        kinds => {
            let label = place.block(0).and_then(|block| block.labels.first());
            let all = inside(kinds, label.map_or("", String::as_str));
            let all = all.into_iter().map(|holds| {
                let (name, kind, word) = match holds {
                    Holds::Attribute(name) => (name, CompletionItemKind::PROPERTY, "attribute"),
                    Holds::Block(kind) => (kind, CompletionItemKind::STRUCT, "block"),
                };
                let words = manual::words(kinds, name).unwrap_or_default();
                described(item(name, kind, word), words.to_owned())
            });
            all.collect()
        }
    }
}

/// Attributes of a load, or of a stage of it.
fn of_load(place: &Surroundings<'_>, above: usize) -> Vec<CompletionItem> {
    let load = place.block(above);
    let profile = load.and_then(|load| Profile::of_name(load.labels.first()?));
    let Some(profile) = profile else {
        return Vec::new();
    };
    let fields = match above {
        0 => profile.fields(),
        _ => profile.stage_fields(),
    };
    let fields = fields.iter().map(|field: &Field| {
        let ty = field.ty().to_string();
        let made = item(field.name(), CompletionItemKind::PROPERTY, &ty);
        described(made, manual::of_field(*field).to_owned())
    });
    let mut all: Vec<_> = fields.collect();
    if above == 0 && !profile.stage_fields().is_empty() {
        let words = manual::words(&["load"], "stage").unwrap_or_default();
        let made = item("stage", CompletionItemKind::STRUCT, "block");
        all.push(described(made, words.to_owned()));
    }
    all
}

fn arguments(place: &Surroundings<'_>) -> Vec<CompletionItem> {
    let owner = place.block(1).and_then(|owner| owner.labels.first());
    if let Some((_, flow)) = owner.and_then(|name| place.flow(name)) {
        return inputs_of_flow(flow);
    }
    let inputs = place.inputs().unwrap_or_default().iter();
    let item = |input: &Input| {
        let made = item(
            &input.name,
            CompletionItemKind::PROPERTY,
            &input.ty.to_string(),
        );
        described(made, input_words(input))
    };
    inputs.map(item).collect()
}

fn uses(place: &Surroundings<'_>) -> Vec<CompletionItem> {
    let Some(owner) = place.block(1) else {
        return Vec::new();
    };
    let kind = owner.labels.first().map_or("", String::as_str);
    let modules = place.modules;
    let runner = modules.find_runner(kind).filter(|_| owner.kind == "step");
    let runner = runner.map(|at| &modules.runner(at).uses);
    let asset = modules
        .find_asset(kind)
        .filter(|_| owner.kind == "resource");
    let asset = asset.map(|at| &modules.asset(at).uses);
    let uses = runner.or(asset).into_iter().flatten();
    let item = |taken: &bggo_manifest::Use| {
        let assets = taken.assets.join(", ");
        let made = item(&taken.name, CompletionItemKind::PROPERTY, &assets);
        described(made, taken.description.clone())
    };
    uses.map(item).collect()
}

fn label(place: &Surroundings<'_>, header: &Block) -> Vec<CompletionItem> {
    if !header.labels.is_empty() {
        return Vec::new();
    }
    let flows = place.flows().into_iter();
    match header.kind.as_str() {
        "step" => {
            let runners = place.modules.runners().map(|runner| {
                let made = item(&runner.name, CompletionItemKind::CLASS, "runner");
                described(made, runner.description.clone())
            });
            let mix = item(
                places::MIX,
                CompletionItemKind::KEYWORD,
                "one of several flows",
            );
            runners.chain(flows).chain([mix]).collect()
        }
        "resource" => {
            let assets = place.modules.assets().map(|asset| {
                let made = item(&asset.name, CompletionItemKind::CLASS, "asset");
                described(made, asset.description.clone())
            });
            assets.collect()
        }
        "mix" => flows.collect(),
        "load" => {
            let profiles = Profile::ALL.into_iter().map(|profile| {
                let made = item(profile.name(), CompletionItemKind::ENUM_MEMBER, "profile");
                described(made, manual::of_profile(profile).to_owned())
            });
            profiles.collect()
        }
        "data" => places::kinds_of_data()
            .map(|kind| item(kind, CompletionItemKind::ENUM_MEMBER, "kind of data"))
            .collect(),
        _ => Vec::new(),
    }
}
