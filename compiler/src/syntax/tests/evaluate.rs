//! Just enough evaluation to compare templates with what Terraform makes of them: literals, lists and the variables of a `for`.

use crate::syntax::decl::{Expr, ExprKind, Part};

type Names<'a> = Vec<(&'a str, String)>;

pub(super) fn text(expr: &Expr) -> String {
    value(expr, &Vec::new())
}

fn value(expr: &Expr, names: &Names<'_>) -> String {
    match &expr.kind {
        ExprKind::Text(text) => text.clone(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Root(name) => names
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .clone(),
        ExprKind::Binary(_, left, right) => (value(left, names) == value(right, names)).to_string(),
        ExprKind::Conditional(condition, yes, no) => value(
            if value(condition, names) == "true" {
                yes
            } else {
                no
            },
            names,
        ),
        ExprKind::Template(parts) => joined(parts, names),
        other => panic!("no literal: {other:?}"),
    }
}

fn joined(parts: &[Part], names: &Names<'_>) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Hole(expr) => value(expr, names),
        Part::If { condition, yes, no } => joined(
            if value(condition, names) == "true" {
                yes
            } else {
                no
            },
            names,
        ),
        Part::For {
            key,
            value: item,
            over,
            body,
        } => {
            let ExprKind::List(items) = &over.kind else {
                panic!("no list")
            };
            let turn = |(index, expr): (usize, &Expr)| {
                let mut inner = names.clone();
                inner.extend(
                    key.as_ref()
                        .map(|key| (key.text.as_str(), index.to_string())),
                );
                inner.push((&item.text, value(expr, names)));
                joined(body, &inner)
            };
            items.iter().enumerate().map(turn).collect()
        }
    };
    parts.iter().map(part).collect()
}
