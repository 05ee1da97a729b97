//! `data "KIND" "NAME"` blocks: where rows come from and how they are given out, as written.

use crate::diagnostics::{codes, nearest};

use super::decl::{ColumnDecl, DataDecl, DataKind, Expr, ExprKind, Name};
use super::expr::FileParser;
use super::fields::Shape;
use super::structure::RawBlock;
use super::types;

pub(super) const KINDS: [(&str, DataKind); 3] = [
    ("csv", DataKind::Csv),
    ("jsonl", DataKind::Jsonl),
    ("inline", DataKind::Inline),
];

pub(super) const CSV: Shape = Shape {
    owner: "data of a CSV file",
    attributes: &[
        "file",
        "header",
        "delimiter",
        "columns",
        "embed",
        "order",
        "advance",
        "share",
        "at_end",
        "sensitive",
        "description",
    ],
    blocks: &[],
    repeated: &[],
    labelled: &[],
    required: &["file"],
};

pub(super) const JSONL: Shape = Shape {
    owner: "data of a file of JSON lines",
    attributes: &[
        "file",
        "columns",
        "embed",
        "order",
        "advance",
        "share",
        "at_end",
        "sensitive",
        "description",
    ],
    required: &["file"],
    ..CSV
};

pub(super) const INLINE: Shape = Shape {
    owner: "inline data",
    attributes: &[
        "rows",
        "columns",
        "order",
        "advance",
        "share",
        "at_end",
        "sensitive",
        "description",
    ],
    required: &["rows"],
    ..CSV
};

impl FileParser<'_, '_> {
    pub(super) fn data(&mut self, block: RawBlock) -> Option<DataDecl> {
        let fine = self.labels(&block, &["KIND", "NAME"]);
        let (Some(kind), Some(name), true) = (block.labels.first(), block.labels.get(1), fine)
        else {
            self.discard(block.body);
            return None;
        };
        let (word, name) = (kind.name.clone(), name.name.clone());
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == word.text) else {
            let known = KINDS.map(|(known, _)| known);
            let hint = nearest::advice(&word.text, known);
            let text = format!("there is no kind of data `{}`", word.text);
            self.problems
                .error(codes::INVALID_DATA, word.span, text)
                .advise(hint);
            self.discard(block.body);
            return None;
        };
        let (span, unread) = (block.header, block.body.broken);
        let shape = match kind {
            DataKind::Csv => &CSV,
            DataKind::Jsonl => &JSONL,
            DataKind::Inline => &INLINE,
        };
        let mut found = self.sort(block.body, shape);
        let broken = unread || found.misplaced;
        let columns = self.optional(&mut found, "columns");
        let source = match kind {
            DataKind::Inline => "rows",
            DataKind::Csv | DataKind::Jsonl => "file",
        };
        let rows = self.optional(&mut found, source);
        if rows.is_none() && !broken {
            let text = format!("{} needs the attribute `{source}`", shape.owner);
            let hint = match kind {
                DataKind::Inline => "write `rows = [{ name = \"ann\" }, { name = \"bob\" }]`",
                DataKind::Csv => {
                    "write `file = \"users.csv\"`: a path relative to the folder of the grid"
                }
                DataKind::Jsonl => {
                    "write `file = \"users.jsonl\"`: a path relative to the folder of the grid"
                }
            };
            self.problems
                .error(codes::MISSING_ATTRIBUTE, span, text)
                .hint(hint);
        }
        Some(DataDecl {
            span,
            kind: *kind,
            kind_name: word,
            name,
            rows,
            columns: columns.map(|columns| self.columns(&columns)),
            header: self.optional(&mut found, "header"),
            delimiter: self.optional(&mut found, "delimiter"),
            embed: self.optional(&mut found, "embed"),
            order: self.optional(&mut found, "order"),
            advance: self.optional(&mut found, "advance"),
            share: self.optional(&mut found, "share"),
            at_end: self.optional(&mut found, "at_end"),
            sensitive: self.optional(&mut found, "sensitive"),
            description: self.optional(&mut found, "description"),
            broken,
        })
    }

    /// `{ age = number }`, or `["name", "age"]` where all are texts.
    fn columns(&mut self, columns: &Expr) -> Vec<ColumnDecl> {
        let wrong = |parser: &mut Self, at: &Expr| {
            if at.is_whole() {
                let text = "`columns` names columns and their types";
                parser
                    .problems
                    .error(codes::INVALID_DATA, at.span, text)
                    .hint("write `columns = { name = string, age = number }`");
            }
        };
        let mut found: Vec<ColumnDecl> = Vec::new();
        match &columns.kind {
            ExprKind::Object(pairs) => {
                for (key, value) in pairs {
                    let ExprKind::Text(text) = &key.kind else {
                        wrong(self, key);
                        continue;
                    };
                    // An object with a key twice is reported as such.
                    if found.iter().any(|other| other.name.text == *text) {
                        continue;
                    }
                    found.push(ColumnDecl {
                        name: Name {
                            text: text.clone(),
                            span: key.span,
                        },
                        ty: Some(types::read(value, self.problems)),
                    });
                }
            }
            ExprKind::List(items) => {
                for item in items {
                    let ExprKind::Text(text) = &item.kind else {
                        wrong(self, item);
                        continue;
                    };
                    let name = Name {
                        text: text.clone(),
                        span: item.span,
                    };
                    if let Some(first) = found.iter().find(|other| other.name.text == name.text) {
                        let text = format!("`columns` names `{}` twice", name.text);
                        self.problems
                            .error(codes::DUPLICATE_NAME, name.span, text)
                            .label(first.name.span, "first here");
                        continue;
                    }
                    found.push(ColumnDecl { name, ty: None });
                }
            }
            _ => wrong(self, columns),
        }
        found
    }
}
