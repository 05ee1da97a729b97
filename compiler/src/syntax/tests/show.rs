//! Expressions as text that shows their tree: every operand that is itself an operation stands in brackets.

use crate::syntax::decl::{BinaryOp, Expr, ExprKind, Part, UnaryOp};

pub(super) fn expr(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Template(parts) => format!("`{}`", self::parts(parts)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Object(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|(key, value)| format!("{} = {}", self::expr(key), self::expr(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        ExprKind::Root(name) => name.clone(),
        ExprKind::Field(base, name) => format!("{}.{}", operand(base), name.text),
        ExprKind::Index(base, index) => format!("{}[{}]", operand(base), self::expr(index)),
        ExprKind::Splat { over, each } => format!("{}[* {}]", operand(over), self::expr(each)),
        ExprKind::Each => "each".to_owned(),
        ExprKind::Call {
            name,
            arguments,
            expand,
        } => {
            format!(
                "{}({}{})",
                name.text,
                list(arguments),
                if *expand { "..." } else { "" }
            )
        }
        ExprKind::Unary(UnaryOp::Not, inner) => format!("!{}", operand(inner)),
        ExprKind::Unary(UnaryOp::Neg, inner) => format!("-{}", operand(inner)),
        ExprKind::Binary(operator, left, right) => {
            format!("{} {} {}", operand(left), symbol(*operator), operand(right))
        }
        ExprKind::Conditional(condition, yes, no) => format!(
            "{} ? {} : {}",
            operand(condition),
            operand(yes),
            operand(no)
        ),
        ExprKind::For(parts) => {
            let key = parts
                .key
                .as_ref()
                .map(|key| format!("{}, ", key.text))
                .unwrap_or_default();
            let head = format!(
                "for {key}{} in {} :",
                parts.value.text,
                self::expr(&parts.over)
            );
            let condition = parts
                .condition
                .as_ref()
                .map(|condition| format!(" if {}", self::expr(condition)))
                .unwrap_or_default();
            let grouped = if parts.grouped { "..." } else { "" };
            match &parts.key_result {
                Some(key) => format!(
                    "{{{head} {} => {}{grouped}{condition}}}",
                    self::expr(key),
                    self::expr(&parts.result)
                ),
                None => format!("[{head} {}{condition}]", self::expr(&parts.result)),
            }
        }
        ExprKind::Unfinished(base) if base.span.end == expr.span.end => {
            format!("{} <more>", operand(base))
        }
        ExprKind::Unfinished(base) => format!("{}.<name>", operand(base)),
        ExprKind::Error => "<error>".to_owned(),
    }
}

fn operand(expr: &Expr) -> String {
    let text = self::expr(expr);
    match expr.kind {
        ExprKind::Binary(..) | ExprKind::Conditional(..) => format!("({text})"),
        _ => text,
    }
}

fn list(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn parts(parts: &[Part]) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => text.escape_debug().to_string(),
        Part::Hole(inner) => format!("${{{}}}", expr(inner)),
        Part::If { condition, yes, no } => format!(
            "%{{if {}}}{}%{{else}}{}%{{endif}}",
            expr(condition),
            self::parts(yes),
            self::parts(no)
        ),
        Part::For {
            key,
            value,
            over,
            body,
        } => {
            let key = key
                .as_ref()
                .map(|key| format!("{}, ", key.text))
                .unwrap_or_default();
            format!(
                "%{{for {key}{} in {}}}{}%{{endfor}}",
                value.text,
                expr(over),
                self::parts(body)
            )
        }
    };
    parts.iter().map(text).collect()
}

fn symbol(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEq => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEq => ">=",
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
    }
}
