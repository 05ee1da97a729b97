//! Takes out the warnings that the grid allows, and says which comments allow nothing.

use crate::diagnostics::{Problem, Problems, Severity, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::Allow;

/// Takes the allowed warnings out. An error is never allowed.
pub(crate) fn take_out(problems: &mut Problems, allows: &[Allow]) {
    if allows.is_empty() {
        return;
    }
    let mut used = vec![false; allows.len()];
    problems.list.retain(|problem| {
        let allowed = allows
            .iter()
            .zip(&mut used)
            .filter(|(allow, _)| problem.severity == Severity::Warning && is_about(allow, problem));
        let mut is_allowed = false;
        for (_, used) in allowed {
            *used = true;
            is_allowed = true;
        }
        !is_allowed
    });
    let has_errors = problems.has_errors();
    for (allow, used) in allows.iter().zip(used) {
        if !used {
            say_unused(problems, allow, has_errors);
        }
    }
    problems.sort();
}

fn say_unused(problems: &mut Problems, allow: &Allow, has_errors: bool) {
    let code = &allow.code;
    if !codes::ALL.iter().any(|entry| entry.code.0 == code) {
        let names = codes::ALL.iter().map(|entry| entry.code.0);
        let hint = nearest::advice(code, names);
        let text = format!("`{code}` is no code of a warning");
        let hint = hint.unwrap_or_else(|| "`bggo explain` lists all codes".into());
        problems
            .warning(codes::UNUSED_ALLOW, allow.place, text)
            .advise(hint);
        return;
    }
    let is_error = problems
        .list
        .iter()
        .any(|problem| problem.severity == Severity::Error && is_about(allow, problem));
    if is_error {
        let text = format!("`{code}` is an error, and only warnings can be allowed");
        problems.warning(codes::UNUSED_ALLOW, allow.place, text);
    } else if !has_errors {
        // With an error, not all that is worth a warning is looked for.
        let text = format!("there is no warning `{code}` to allow");
        let hint = match allow.covers {
            Some(_) => {
                "delete the comment, or write it before the attribute or block that it is about"
            }
            None => "write it before the attribute or block that it is about",
        };
        problems
            .warning(codes::UNUSED_ALLOW, allow.place, text)
            .hint(hint);
    }
}

/// Whether the comment names the code of a problem that stands in what the comment covers.
fn is_about(allow: &Allow, problem: &Problem) -> bool {
    let is_within = |outer: Span, inner: Span| {
        outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
    };
    allow.code == problem.code.0
        && allow
            .covers
            .zip(problem.span)
            .is_some_and(|(covers, span)| is_within(covers, span))
}
