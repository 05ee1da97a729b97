//! `type = ..`: an expression read as a type.

use bggo_values::types::OptionalDefault;
use bggo_values::{Field, Type};

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::source::Span;

use super::decl::{EVERY, Expr, ExprKind, TypeExpr, UnaryOp};
use super::elsewhere;

pub(super) const NAMES: &[&str] = &[
    "string", "number", "bool", "duration", "bytes", "any", "list", "set", "map", "object", "tuple",
];

/// The type that an expression writes; `Type::Error` with a reported problem when it writes none.
pub(super) fn read(expr: &Expr, problems: &mut Problems) -> TypeExpr {
    // A type with a fault in it may be any.
    let ty = match expr.is_whole() {
        true => of(expr, problems),
        false => Type::Error,
    };
    let mut optionals = Vec::new();
    if ty != Type::Error {
        find_optionals(expr, &mut Vec::new(), &mut optionals);
    }
    TypeExpr {
        ty,
        span: expr.span,
        optionals,
    }
}

/// Looks for attributes that are optional without a default, in a type without faults.
fn find_optionals(expr: &Expr, way: &mut Vec<String>, found: &mut Vec<(Vec<String>, Span)>) {
    let ExprKind::Call {
        name, arguments, ..
    } = &expr.kind
    else {
        return;
    };
    match (
        name.text.as_str(),
        arguments.first().map(|first| &first.kind),
    ) {
        ("object", Some(ExprKind::Object(items))) => {
            for (key, value) in items {
                let ExprKind::Text(key) = &key.kind else {
                    continue;
                };
                way.push(key.clone());
                find_optionals(value, way, found);
                way.pop();
            }
        }
        ("tuple", Some(ExprKind::List(items))) => {
            for (place, item) in items.iter().enumerate() {
                way.push(place.to_string());
                find_optionals(item, way, found);
                way.pop();
            }
        }
        ("optional", Some(_)) => {
            if arguments.len() == 1 {
                found.push((way.clone(), expr.span));
            }
            find_optionals(&arguments[0], way, found);
        }
        ("list" | "set" | "map", Some(_)) => {
            way.push(EVERY.to_owned());
            find_optionals(&arguments[0], way, found);
            way.pop();
        }
        _ => {}
    }
}

fn fault(problems: &mut Problems, span: Span, text: impl Into<String>, hint: Option<Hint>) -> Type {
    let problem = problems.error(codes::INVALID_TYPE, span, text);
    problem.advise(hint);
    Type::Error
}

fn of(expr: &Expr, problems: &mut Problems) -> Type {
    match &expr.kind {
        ExprKind::Error => Type::Error,
        ExprKind::Root(name) => match name.as_str() {
            // Terraform's older forms.
            "list" => Type::List(Box::new(Type::Any)),
            "map" => Type::Map(Box::new(Type::Any)),
            "set" => fault(
                problems,
                expr.span,
                "expected the items' type of `set`",
                Some("write `set(string)`".into()),
            ),
            "object" => fault(
                problems,
                expr.span,
                "expected the attributes of `object`",
                Some("write `object({ name = string })`".into()),
            ),
            "tuple" => fault(
                problems,
                expr.span,
                "expected the items' types of `tuple`",
                Some("write `tuple([string, number])`".into()),
            ),
            word => Type::of_word(word).unwrap_or_else(|| {
                fault(
                    problems,
                    expr.span,
                    format!("there is no type `{name}`"),
                    hint_of_type(name),
                )
            }),
        },
        ExprKind::Call {
            name,
            arguments,
            expand: false,
        } => call(
            name.text.as_str(),
            name.span,
            arguments,
            expr.span,
            problems,
        ),
        ExprKind::Text(text) if NAMES.contains(&text.as_str()) => fault(
            problems,
            expr.span,
            "write a type without quotes",
            Some(Hint::write(text)),
        ),
        _ => fault(
            problems,
            expr.span,
            "expected a type",
            Some("types are written as `string` or `list(number)`".into()),
        ),
    }
}

fn call(
    name: &str,
    name_span: Span,
    arguments: &[Expr],
    span: Span,
    problems: &mut Problems,
) -> Type {
    match (name, arguments) {
        ("list", [item]) => Type::List(Box::new(of(item, problems))),
        ("set", [item]) => Type::Set(Box::new(of(item, problems))),
        ("map", [item]) => Type::Map(Box::new(of(item, problems))),
        (
            "tuple",
            [
                Expr {
                    kind: ExprKind::List(items),
                    ..
                },
            ],
        ) => Type::Tuple(items.iter().map(|item| of(item, problems)).collect()),
        (
            "object",
            [
                Expr {
                    kind: ExprKind::Object(items),
                    ..
                },
            ],
        ) => object(items, problems),
        ("optional", _) => fault(
            problems,
            span,
            "`optional` is allowed only around the type of an object's attribute",
            Some(
                "a variable that may be left out has a `default`, such as `default = null`".into(),
            ),
        ),
        ("list" | "set" | "map", _) => fault(
            problems,
            span,
            format!("`{name}` takes one type"),
            Some(format!("write `{name}(string)`").into()),
        ),
        ("tuple", _) => fault(
            problems,
            span,
            "`tuple` takes a list of types",
            Some("write `tuple([string, number])`".into()),
        ),
        ("object", _) => fault(
            problems,
            span,
            "`object` takes attributes with their types",
            Some("write `object({ name = string })`".into()),
        ),
        _ if NAMES.contains(&name) => fault(
            problems,
            span,
            format!("`{name}` takes nothing in brackets"),
            None,
        ),
        _ => fault(
            problems,
            name_span,
            format!("there is no type `{name}`"),
            hint_of_type(name),
        ),
    }
}

/// The type that an unknown word most likely means.
fn hint_of_type(name: &str) -> Option<Hint> {
    let meant = elsewhere::type_meant(name).map(Hint::meant);
    meant.or_else(|| nearest::advice(name, NAMES.iter().copied()))
}

fn object(items: &[(Expr, Expr)], problems: &mut Problems) -> Type {
    let mut fields: Vec<Field> = Vec::with_capacity(items.len());
    for (key, value) in items {
        let ExprKind::Text(name) = &key.kind else {
            if !matches!(key.kind, ExprKind::Error) {
                fault(
                    problems,
                    key.span,
                    "expected the name of an attribute",
                    None,
                );
            }
            return Type::Error;
        };
        let (ty, optional) = match &value.kind {
            ExprKind::Call { name, .. } if is_nearly_optional(&name.text) => (
                fault(
                    problems,
                    name.span,
                    format!("there is no type `{}`", name.text),
                    Some(Hint::meant("optional")),
                ),
                None,
            ),
            ExprKind::Call {
                name,
                arguments,
                expand: false,
            } if name.text == "optional" => match arguments.as_slice() {
                [ty] => (of(ty, problems), Some(OptionalDefault(None))),
                [ty, default] => {
                    let ty = of(ty, problems);
                    let text = default_text(default, problems);
                    (ty.clone(), Some(fitting(text, &ty, default, problems)))
                }
                _ => (
                    fault(
                        problems,
                        value.span,
                        "`optional` takes a type and, if wanted, a default",
                        None,
                    ),
                    None,
                ),
            },
            _ => (of(value, problems), None),
        };
        fields.push(Field {
            name: name.clone().into(),
            ty,
            optional,
        });
    }
    if fields.iter().any(|field| field.ty == Type::Error) {
        Type::Error
    } else {
        Type::Object(fields)
    }
}

fn is_nearly_optional(name: &str) -> bool {
    !NAMES.contains(&name) && {
        let known = NAMES.iter().copied().chain(["optional"]);
        nearest::nearest(name, known) == Some("optional")
    }
}

/// A default that fits its type; one that does not is reported.
fn fitting(
    text: Option<bggo_values::Text>,
    ty: &Type,
    default: &Expr,
    problems: &mut Problems,
) -> OptionalDefault {
    let default_of = OptionalDefault(text);
    let value = default_of.value();
    if let Err(why) = value.and_then(|value| bggo_values::convert::convert(&value, ty)) {
        fault(
            problems,
            default.span,
            format!("the default of an optional attribute: {why}"),
            None,
        );
    }
    default_of
}

/// A default as JSON text.
fn default_text(default: &Expr, problems: &mut Problems) -> Option<bggo_values::Text> {
    let mut json = String::new();
    if let Err(span) = literal(default, &mut json) {
        if let Some(span) = span {
            fault(
                problems,
                span,
                "the default of an optional attribute is a literal",
                Some("references and functions are not known here".into()),
            );
        }
        return None;
    }
    Some(json.into())
}

/// Appends a literal as JSON; the place of what is none, or nothing when that is reported already.
fn literal(expr: &Expr, json: &mut String) -> Result<(), Option<Span>> {
    match &expr.kind {
        ExprKind::Null => json.push_str("null"),
        ExprKind::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        ExprKind::Number(number) => json.push_str(&number.to_string()),
        ExprKind::Unary(UnaryOp::Neg, inner) if matches!(inner.kind, ExprKind::Number(_)) => {
            json.push('-');
            literal(inner, json)?;
        }
        ExprKind::Text(text) => json.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        ExprKind::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                json.push_str(if index > 0 { "," } else { "" });
                literal(item, json)?;
            }
            json.push(']');
        }
        ExprKind::Object(items) => {
            json.push('{');
            for (index, (key, value)) in items.iter().enumerate() {
                json.push_str(if index > 0 { "," } else { "" });
                literal(key, json)?;
                json.push(':');
                literal(value, json)?;
            }
            json.push('}');
        }
        ExprKind::Error => return Err(None),
        _ => return Err(Some(expr.span)),
    }
    Ok(())
}
