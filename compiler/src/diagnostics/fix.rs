//! Grids with the fixes of their problems made.

use std::collections::BTreeSet;

use super::{Fix, Problem, Problems, Severity};
use crate::source::{FileId, Sources};

/// A grid with some problems cured.
#[derive(Debug, Default)]
pub struct Fixed<'p> {
    /// Whose fixes were made, in order of place.
    pub made: Vec<&'p Problem>,
    /// The grid as it is then.
    pub sources: Sources,
    /// What is left, and what came to light.
    pub left: Problems,
}

impl Fixed<'_> {
    /// The files that have another text.
    pub fn files(&self) -> BTreeSet<FileId> {
        let fixes = self.made.iter().flat_map(|problem| &problem.fixes);
        fixes.map(|fix| fix.span.file).collect()
    }
}

/// Makes the fixes of all problems that have some, but none that leads to more errors than there were: a name that is right
/// may show what else is wrong, and which of them was meant is for people to say. `check` finds the problems of a grid.
pub fn make<'p>(
    sources: &Sources,
    problems: &'p Problems,
    check: impl Fn(&Sources) -> Problems,
) -> Fixed<'p> {
    let fixable = apart(&problems.list);
    let attempt = |made: Vec<&'p Problem>| {
        let sources = apply(sources, &made);
        let left = check(&sources);
        Fixed {
            made,
            sources,
            left,
        }
    };
    let mut best = Fixed {
        made: Vec::new(),
        sources: sources.clone(),
        left: problems.clone(),
    };
    if fixable.is_empty() {
        return best;
    }
    let all = attempt(fixable.clone());
    if errors(&all.left) <= errors(problems) {
        return all;
    }
    for problem in fixable {
        let mut made = best.made.clone();
        made.push(problem);
        let next = attempt(made);
        if errors(&next.left) <= errors(&best.left) {
            best = next;
        }
    }
    best
}

fn errors(problems: &Problems) -> usize {
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    problems.list.iter().filter(is_error).count()
}

/// The problems that have fixes. Of two whose fixes meet only the first: what the other is to be may depend on it.
fn apart(problems: &[Problem]) -> Vec<&Problem> {
    let mut made: Vec<&Fix> = Vec::new();
    let mut kept = Vec::new();
    for problem in problems {
        let fixes = &problem.fixes;
        let meets = |fix: &Fix| made.iter().any(|other| meet(fix, other));
        if !fixes.is_empty() && !fixes.iter().any(meets) {
            made.extend(fixes);
            kept.push(problem);
        }
    }
    kept
}

/// A grid with the fixes of some problems, none of which meets another.
fn apply(sources: &Sources, problems: &[&Problem]) -> Sources {
    let mut fixes: Vec<&Fix> = problems.iter().flat_map(|problem| &problem.fixes).collect();
    fixes.sort_by_key(|fix| fix.span);
    let mut texts = Vec::new();
    for of_file in fixes.chunk_by(|one, next| one.span.file == next.span.file) {
        let Some(first) = of_file.first() else {
            continue;
        };
        let file = first.span.file;
        let old = sources.file(file).map_or("", |source| source.text.as_str());
        let mut new = String::with_capacity(old.len());
        let mut at = 0;
        for fix in of_file {
            let (start, end) = (fix.span.start as usize, fix.span.end as usize);
            new.push_str(old.get(at..start).unwrap_or_default());
            new.push_str(&fix.text(sources));
            at = end;
        }
        new.push_str(old.get(at..).unwrap_or_default());
        texts.push((file, new));
    }
    sources.with(&texts)
}

/// Whether two replacements share a byte or stand side by side.
fn meet(one: &Fix, other: &Fix) -> bool {
    one.span.file == other.span.file
        && one.span.start <= other.span.end
        && other.span.start <= one.span.end
}

#[cfg(test)]
mod tests {
    use super::super::{Hint, codes};
    use super::*;
    use crate::source::Span;

    #[test]
    fn fixes_that_meet_are_not_made_together_and_quotes_stay() {
        let text = "step \"nop\" \"a\" {}\nb = vr.x\n".to_owned();
        let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text)]);
        let span = |start, end| Span {
            file: FileId(0),
            start,
            end,
        };
        let mut problems = Problems::default();
        let mut add = |start, end, hint: Hint| {
            problems
                .error(codes::UNKNOWN_RUNNER, span(start, end), "wrong")
                .advise(hint);
        };
        add(5, 10, Hint::meant("noop"));
        add(22, 26, Hint::meant("var.y"));
        add(22, 24, Hint::meant("var"));
        add(18, 19, Hint::write("c"));
        add(15, 17, Hint::from("not one replacement"));
        let fixed = make(&sources, &problems, |_| Problems::default());
        let text = sources_text(&fixed.sources);
        assert_eq!(text, "step \"noop\" \"a\" {}\nc = var.y\n");
        assert_eq!(fixed.made.len(), 3);
        assert_eq!(fixed.files().len(), 1);
    }

    fn sources_text(sources: &Sources) -> &str {
        &sources.file(FileId(0)).unwrap().text
    }

    #[test]
    fn a_fix_that_shows_more_errors_is_not_made_and_the_others_are() {
        let sources = Sources::from_texts(vec![("a.hcl".to_owned(), "a b c\n".to_owned())]);
        let check = |sources: &Sources| {
            let mut problems = Problems::default();
            for (at, word) in ["a", "b", "c", "w", "w", "w", "w"].into_iter().enumerate() {
                let at = u32::try_from(at).unwrap();
                let span = Span {
                    file: FileId(0),
                    start: 2 * at,
                    end: 2 * at + 1,
                };
                if sources_text(sources).contains(word) {
                    let better = if word == "b" { "w" } else { "x" };
                    problems
                        .error(codes::UNKNOWN_REFERENCE, span, word)
                        .advise(Hint::meant(better));
                }
            }
            problems
        };
        let problems = check(&sources);
        let fixed = make(&sources, &problems, check);
        assert_eq!(sources_text(&fixed.sources), "x b x\n");
        assert_eq!((fixed.made.len(), fixed.left.list.len()), (2, 1));
    }
}
