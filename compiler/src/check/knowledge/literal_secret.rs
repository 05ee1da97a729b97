//! Warns of secrets that are written in the grid: what a sensitive input is given as a literal, and texts that look like the
//! tokens of well-known services. The lines are not shown, since reports of problems are kept and passed on.

use std::collections::{BTreeMap, BTreeSet};

use bggo_manifest::Input;
use bggo_values::Value;

use crate::check::typed::{TExpr, Typed};
use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{Callee, LocalId, Reference, Resolved};
use crate::source::Span;
use crate::syntax::all_expressions::{expressions, within};
use crate::syntax::decl::{AttributeBlock, Expr, ExprKind, Part};

const HINT: &str = "declare `variable \"NAME\" { sensitive = true }` without a default, and write `var.NAME` here: the program asks for it";

/// How a token of a well-known service begins, how many letters follow at least, and what it is.
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an access key of AWS"),
    ("ASIA", 16, "an access key of AWS"),
    ("ghp_", 30, "a token of GitHub"),
    ("gho_", 30, "a token of GitHub"),
    ("ghu_", 30, "a token of GitHub"),
    ("ghs_", 30, "a token of GitHub"),
    ("ghr_", 30, "a token of GitHub"),
    ("github_pat_", 30, "a token of GitHub"),
    ("glpat-", 20, "a token of GitLab"),
    ("sk_live_", 16, "a key of Stripe"),
    ("rk_live_", 16, "a key of Stripe"),
    ("xoxb-", 20, "a token of Slack"),
    ("xoxp-", 20, "a token of Slack"),
    ("xoxa-", 20, "a token of Slack"),
    ("xoxr-", 20, "a token of Slack"),
    ("xoxs-", 20, "a token of Slack"),
    ("AIza", 35, "a key of Google"),
    ("npm_", 36, "a token of npm"),
    ("pypi-", 60, "a token of PyPI"),
    ("SG.", 40, "a key of SendGrid"),
    ("sk-ant-", 30, "a key of Anthropic"),
    ("sk-proj-", 30, "a key of OpenAI"),
    ("hf_", 30, "a token of Hugging Face"),
    ("dop_v1_", 64, "a token of DigitalOcean"),
    ("shpat_", 32, "a token of Shopify"),
];

/// Headers that say who asks.
const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
];

/// No word of fewer letters is a token.
const SHORTEST: usize = 20;

pub(super) fn warn(typed: &Typed, resolved: &Resolved, modules: &Modules, problems: &mut Problems) {
    let mut found = BTreeMap::new();
    let mut defaults = BTreeMap::new();
    for Secret {
        value,
        name,
        is_known,
    } in arguments(typed, resolved, modules)
    {
        let mut seen = BTreeSet::new();
        if is_known && is_literal(value, resolved, &mut seen) {
            let text = format!("the secret `{name}` is written in the grid");
            found.insert(value.span, text);
        } else {
            defaults_in(value, resolved, &mut defaults);
        }
    }
    let is_said = |found: &BTreeMap<Span, String>, span: Span| {
        let mut known = found.keys();
        known.any(|one| one.file == span.file && one.start <= span.start && span.end <= one.end)
    };
    for expr in expressions(&resolved.declarations) {
        if let Some(what) = token_in(expr)
            && !is_said(&found, expr.span)
        {
            found.insert(expr.span, format!("this looks like {what}"));
        }
        if let ExprKind::Object(pairs) = &expr.kind {
            for (name, value) in pairs.iter().filter_map(credential) {
                if !is_said(&found, value.span) {
                    found.insert(
                        value.span,
                        format!("the secret of the header `{name}` is written in the grid"),
                    );
                }
            }
        }
    }
    for (span, name) in defaults {
        problems
            .warning(
                codes::LITERAL_SECRET,
                span,
                format!("the default of `{name}` is a secret that is written in the grid"),
            )
            .hide_lines()
            .hint(
                "write `sensitive = true` and leave `default` out: the program asks for the value",
            );
    }
    for (span, text) in found {
        problems
            .warning(codes::LITERAL_SECRET, span, text)
            .hide_lines()
            .hint(HINT);
    }
}

/// An argument of a sensitive input, as it is written.
struct Secret<'a> {
    value: &'a Expr,
    /// The input.
    name: String,
    /// It is known when the grid is built, and says something.
    is_known: bool,
}

/// The defaults of variables that a secret is made of, by their places, with the names of the variables. An empty text is
/// none, and who says that a variable is sensitive gives it a default on purpose.
fn defaults_in(value: &Expr, resolved: &Resolved, found: &mut BTreeMap<Span, String>) {
    if let Some(Reference::Variable(id)) = resolved.references.get(&value.id)
        && let Some(variable) = resolved.declarations.variables.get(id.0)
        && let Some(default) = &variable.default
        && matches!(&default.kind, ExprKind::Text(text) if !text.is_empty())
        && variable.sensitive.is_none()
    {
        found.insert(default.span, variable.name.text.clone());
    }
    let mut parts = Vec::new();
    within(value, &mut parts);
    for part in parts {
        defaults_in(part, resolved, found);
    }
}

/// Arguments of sensitive inputs.
fn arguments<'a>(typed: &Typed, resolved: &'a Resolved, modules: &Modules) -> Vec<Secret<'a>> {
    let declarations = &resolved.declarations;
    let mut found = Vec::new();
    let mut add =
        |block: Option<&'a AttributeBlock>, given: &[(usize, TExpr)], inputs: &[Input]| {
            for (at, value) in given {
                let Some(input) = inputs.get(*at).filter(|input| input.sensitive) else {
                    continue;
                };
                let attributes = block.map_or(&[][..], |block| &block.attributes);
                let written = attributes.iter().find(|one| one.name.text == input.name);
                found.extend(written.map(|written| Secret {
                    value: &written.value,
                    name: input.name.clone(),
                    is_known: is_filled(value),
                }));
            }
        };
    for body in typed.body_ids() {
        for id in typed.step_ids(body) {
            let (step, block) = (typed.step(id), declarations.step(id).arguments.as_ref());
            match step.callee {
                Callee::Runner(at) => add(block, &step.arguments, &modules.runner(at).inputs),
                Callee::Flow(flow) => {
                    if let Some(flow) = &typed.body(flow).flow {
                        add(block, &step.arguments, &flow.runner.inputs);
                    }
                }
            }
        }
        for id in typed.resource_ids(body) {
            let resource = typed.resource(id);
            let block = declarations.resource(id).arguments.as_ref();
            add(
                block,
                &resource.arguments,
                &modules.asset(resource.asset).inputs,
            );
        }
    }
    found
}

/// Whether a value is known, and says something.
fn is_filled(value: &TExpr) -> bool {
    match value.constant() {
        None | Some(Value::Null) => false,
        Some(Value::Text(text)) => !text.as_str().is_empty(),
        Some(_) => true,
    }
}

/// Whether all of a known value is written in the grid, also in locals: a file that is read when the grid is built is not.
fn is_literal(expr: &Expr, resolved: &Resolved, seen: &mut BTreeSet<LocalId>) -> bool {
    if let ExprKind::Call { name, .. } = &expr.kind
        && (name.text.starts_with("file") || name.text == "templatefile")
    {
        return false;
    }
    if let Some(Reference::Local(id)) = resolved.references.get(&expr.id)
        && seen.insert(*id)
        && let Some(local) = resolved.declarations.locals.get(id.0)
        && !is_literal(&local.value, resolved, seen)
    {
        return false;
    }
    let mut parts = Vec::new();
    within(expr, &mut parts);
    parts
        .into_iter()
        .all(|part| is_literal(part, resolved, seen))
}

/// A header that says who asks, with its value, if that is a literal.
fn credential((key, value): &(Expr, Expr)) -> Option<(&str, &Expr)> {
    let (ExprKind::Text(name), ExprKind::Text(text)) = (&key.kind, &value.kind) else {
        return None;
    };
    let is_known = HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
    (is_known && !text.is_empty()).then_some((name.as_str(), value))
}

/// What a text of an expression looks like.
fn token_in(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Text(text) => token(text),
        ExprKind::Template(parts) => parts.iter().find_map(|part| match part {
            Part::Text(text) => token(text),
            Part::Hole(_) | Part::If { .. } | Part::For { .. } => None,
        }),
        _ => None,
    }
}

/// Whether a text may hold a secret, so that it is not shown: a token of a well-known service, a private key, or a header that
/// says who asks.
pub fn looks_like_a_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    token(text).is_some() || HEADERS.iter().any(|name| lower.contains(name))
}

/// What a secret in a text looks like.
fn token(text: &str) -> Option<&'static str> {
    // Most texts are short.
    if text.len() < SHORTEST && !text.contains('@') {
        return None;
    }
    let is_key = |rest: &str| {
        let line = rest.lines().next().unwrap_or_default();
        line.contains("PRIVATE KEY-----")
    };
    let mut begins = text.match_indices("-----BEGIN ");
    if begins.any(|(at, _)| text.get(at..).is_some_and(is_key)) {
        return Some("a private key");
    }
    let words = text.split(|one| !is_of_token(one));
    let known = words
        .filter(|word| word.len() >= SHORTEST)
        .find_map(of_word);
    known.or_else(|| has_password(text).then_some("a url with a password"))
}

/// What a word looks like.
fn of_word(word: &str) -> Option<&'static str> {
    let mut tokens = TOKENS.iter();
    let known = tokens.find(|(begin, least, _)| {
        let rest = word.strip_prefix(begin);
        rest.is_some_and(|rest| rest.len() >= *least)
    });
    let known = known.map(|(_, _, what)| *what);
    known.or_else(|| is_web_token(word).then_some("a web token (JWT)"))
}

/// A signed web token: three parts between dots, the first of which is a JSON object in base64.
fn is_web_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    word.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(|part| part.len() >= 10)
}

/// `://NAME:PASSWORD@`
fn has_password(text: &str) -> bool {
    let mut urls = text.split("://").skip(1);
    urls.any(|rest| {
        let end = rest.find(|one: char| matches!(one, '/' | '?' | '#') || one.is_whitespace());
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.and_then(|user| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

fn is_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn tokens_are_known_by_how_they_begin_and_how_long_they_are() {
        let x = |count| "x".repeat(count);
        let secrets = [
            format!("AKIA{}", x(16)),
            format!("token ghp_{}", x(36)),
            format!("key=sk_live_{}&more", x(24)),
            format!("Bearer eyJ{0}.eyJ{0}.{0}", x(12)),
            format!("text\n-----BEGIN RSA PRIVATE KEY-----\n{}", x(64)),
            format!("xoxb-short and xoxb-{}", x(30)),
            "see http://a.example and https://ann:x@b.example/c".to_owned(),
        ];
        for secret in secrets {
            assert!(token(&secret).is_some(), "{secret}");
        }
        let others = [
            "AKIA".to_owned(),
            "http://ann@a.example:80/b:c@d, http://[::1]:80/@, http://ann:@a.example".to_owned(),
            format!("ghp_{}", x(5)),
            // In the middle of a word.
            format!("lghp_{}", x(36)),
            format!("eyJ{}", x(40)),
            "eyJ.a.b".to_owned(),
            "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY".to_owned(),
            "sk_live_ ghp_ xoxb- \u{e4}AKIA".to_owned(),
        ];
        for other in others {
            assert_eq!(token(&other), None, "{other}");
        }
    }
}
