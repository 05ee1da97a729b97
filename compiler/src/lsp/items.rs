//! What an editor offers, made of names, types and words.

use bggo_manifest::{Input, Output};
use bggo_values::Type;
use lsp_types::{CompletionItem, CompletionItemKind, Documentation, MarkupContent, MarkupKind};

use crate::syntax::decl::{Expr, ExprKind, FlowDecl};

/// One name, with a short text beside it if that is not empty.
pub fn item(name: &str, kind: CompletionItemKind, detail: &str) -> CompletionItem {
    CompletionItem {
        label: name.to_owned(),
        kind: Some(kind),
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        ..CompletionItem::default()
    }
}

/// The same with what is said of it.
pub fn described(mut item: CompletionItem, words: String) -> CompletionItem {
    if !words.is_empty() {
        item.documentation = Some(Documentation::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: words,
        }));
    }
    item
}

/// Names that are always the same.
pub fn fixed(names: &[&str]) -> Vec<CompletionItem> {
    let names = names.iter();
    names
        .map(|name| item(name, CompletionItemKind::FIELD, ""))
        .collect()
}

/// Each of some kinds once.
pub fn distinct<'n>(names: impl Iterator<Item = &'n String>) -> Vec<CompletionItem> {
    let names: std::collections::BTreeSet<&String> = names.collect();
    let names = names.into_iter();
    names
        .map(|name| item(name, CompletionItemKind::CLASS, ""))
        .collect()
}

/// A description as it is written in the grid.
pub fn written(description: Option<&Expr>) -> String {
    match description.map(|expr| &expr.kind) {
        Some(ExprKind::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

/// An argument with its type, whether it must be there, and what it is for.
pub fn input_words(input: &Input) -> String {
    let mut words = format!("`{}`: `{}`", input.name, input.ty);
    if input.required {
        words.push_str(", required");
    }
    if !input.one_of.is_empty() {
        words.push_str(&format!(", one of `{}`", input.one_of.join("`, `")));
    }
    if !input.description.is_empty() {
        words.push_str(&format!("\n\n{}", input.description));
    }
    words
}

/// The outputs themselves, or the fields of what one of them holds.
pub fn fields_of_outputs(outputs: &[Output], inner: &[&str]) -> Vec<CompletionItem> {
    match inner {
        [] => {
            let all = outputs.iter().map(|output| {
                let made = item(
                    &output.name,
                    CompletionItemKind::FIELD,
                    &output.ty.to_string(),
                );
                described(made, output.description.clone())
            });
            all.collect()
        }
        [name, inner @ ..] => {
            let output = outputs.iter().find(|output| output.name == *name);
            output
                .map(|output| fields(&output.ty, inner))
                .unwrap_or_default()
        }
    }
}

/// The fields of a type at the end of a path. An index between the names is not one of them.
pub fn fields(ty: &Type, inner: &[&str]) -> Vec<CompletionItem> {
    fields_opened(ty, inner, &Type::clone)
}

/// The same of a type that a document may describe, with what opens one.
pub fn fields_opened(
    ty: &Type,
    inner: &[&str],
    opened: &dyn Fn(&Type) -> Type,
) -> Vec<CompletionItem> {
    let ty = opened(ty);
    match (&ty, inner) {
        (Type::List(of) | Type::Set(of), _) => fields_opened(of, inner, opened),
        (Type::Map(of), [_, inner @ ..]) => fields_opened(of, inner, opened),
        (Type::Object(all), []) => {
            let item = |field: &bggo_values::Field| {
                item(
                    field.name.as_str(),
                    CompletionItemKind::FIELD,
                    &field.ty.to_string(),
                )
            };
            all.iter().map(item).collect()
        }
        (Type::Object(_), [name, inner @ ..]) => {
            let field = ty.attribute(name);
            field
                .map(|field| fields_opened(field, inner, opened))
                .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The inputs of a flow.
pub fn inputs_of_flow(flow: &FlowDecl) -> Vec<CompletionItem> {
    let inputs = flow.inputs.iter().map(|input| {
        let ty = input.ty.as_ref().map_or(Type::Any, |ty| ty.ty.clone());
        let made = item(
            &input.name.text,
            CompletionItemKind::PROPERTY,
            &ty.to_string(),
        );
        described(made, written(input.description.as_ref()))
    });
    inputs.collect()
}
