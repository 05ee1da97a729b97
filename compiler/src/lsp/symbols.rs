//! What a grid declares, as an editor's outline shows it.

use lsp_types::{DocumentSymbol, SymbolKind};

use super::analysis::Analysis;
use crate::resolve::model::BodyId;
use crate::source::{FileId, Span};
use crate::syntax::decl::BodyKind;

/// All declarations of a file in the order of the text; what a scenario or flow declares stands within it.
pub fn symbols(analysis: &Analysis, file: FileId) -> Vec<DocumentSymbol> {
    let declarations = &analysis.resolved.declarations;
    let outline = Outline { analysis, file };
    let mut all = Vec::new();
    for variable in &declarations.variables {
        all.extend(outline.one(
            &variable.name.text,
            "variable",
            SymbolKind::VARIABLE,
            variable.span,
        ));
    }
    for local in &declarations.locals {
        let span = local.name.span.to(local.value.span);
        all.extend(outline.one(&local.name.text, "local", SymbolKind::CONSTANT, span));
    }
    for metric in &declarations.metrics {
        all.extend(outline.one(&metric.name.text, "metric", SymbolKind::NUMBER, metric.span));
    }
    for threshold in &declarations.thresholds {
        all.extend(outline.one(
            &threshold.name.text,
            "threshold",
            SymbolKind::EVENT,
            threshold.span,
        ));
    }
    for data in &declarations.data {
        let kind = &data.kind_name.text;
        all.extend(outline.one(&data.name.text, kind, SymbolKind::ARRAY, data.span));
    }
    for id in declarations.body_ids() {
        let inner = outline.body(id);
        let body = declarations.body(id);
        if id == BodyId::MAIN {
            all.extend(inner);
            continue;
        }
        let (word, kind) = match body.kind {
            // What a step of the kind `mix` runs stands in that step.
            BodyKind::Flow if body.mix.is_some() => continue,
            BodyKind::Flow => ("flow", SymbolKind::FUNCTION),
            BodyKind::Phase(_) => ("phase", SymbolKind::NAMESPACE),
            BodyKind::Main | BodyKind::Scenario => ("scenario", SymbolKind::NAMESPACE),
        };
        let Some(mut symbol) = outline.one(&body.name.text, word, kind, body.span) else {
            continue;
        };
        // A symbol holds those within it.
        if let Some(last) = inner.iter().map(|one| one.range.end).max() {
            symbol.range.end = symbol.range.end.max(last);
        }
        symbol.children = Some(inner);
        all.push(symbol);
    }
    all.sort_by_key(|symbol| symbol.range.start);
    all
}

struct Outline<'a> {
    analysis: &'a Analysis,
    file: FileId,
}

impl Outline<'_> {
    fn body(&self, id: BodyId) -> Vec<DocumentSymbol> {
        let body = self.analysis.resolved.declarations.body(id);
        let mut all = Vec::new();
        if let Some(flow) = &body.flow {
            for input in &flow.inputs {
                all.extend(self.one(&input.name.text, "input", SymbolKind::PROPERTY, input.span));
            }
            for output in &flow.outputs {
                all.extend(self.one(
                    &output.name.text,
                    "output",
                    SymbolKind::PROPERTY,
                    output.span,
                ));
            }
        }
        for resource in &body.resources {
            all.extend(self.one(
                &resource.name.text,
                &resource.asset.text,
                SymbolKind::OBJECT,
                resource.span,
            ));
        }
        for step in &body.steps {
            all.extend(self.one(
                &step.name.text,
                &step.runner.text,
                SymbolKind::METHOD,
                step.span,
            ));
        }
        all.sort_by_key(|symbol| symbol.range.start);
        all
    }

    #[expect(deprecated, reason = "the protocol's type has no other way to be made")]
    fn one(
        &self,
        name: &str,
        detail: &str,
        kind: SymbolKind,
        span: Span,
    ) -> Option<DocumentSymbol> {
        let range = self.analysis.range(span);
        (span.file == self.file).then(|| DocumentSymbol {
            // The protocol knows no symbol without a name.
            name: if name.is_empty() { "?" } else { name }.to_owned(),
            detail: Some(detail.to_owned()),
            kind,
            tags: None,
            deprecated: None,
            range,
            selection_range: range,
            children: None,
        })
    }
}
