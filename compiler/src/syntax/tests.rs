//! Declarations and expressions as they are read, and how much of a broken file is still seen.

use super::*;
use crate::diagnostics::render::{self, Colour};

mod evaluate;
mod show;

fn parsed(text: &str) -> (Declarations, Problems, Sources) {
    let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]);
    let (declarations, problems) = parse(&sources);
    (declarations, problems, sources)
}

/// The expression of the first local, in a form that shows its tree.
fn tree(expression: &str) -> String {
    let (declarations, problems, sources) = parsed(&format!("locals {{\n  a = {expression}\n}}\n"));
    assert!(
        problems.list.is_empty(),
        "{}",
        render::problems(&problems, &sources, Colour::Never)
    );
    show::expr(&declarations.locals[0].value)
}

#[test]
fn operators_bind_as_in_hcl() {
    assert_eq!(
        tree("1 + 2 * 3 == 7 && !a || b"),
        "(((1 + (2 * 3)) == 7) && !a) || b"
    );
    assert_eq!(tree("1 - 2 - 3"), "(1 - 2) - 3");
    assert_eq!(tree("-a.b + -1"), "-a.b + -1");
    assert_eq!(tree("a ? b : c ? d : e"), "a ? b : (c ? d : e)");
}

/// Pairs of an expression and what `terraform console` (1.11) makes of it.
#[test]
fn templates_give_what_terraform_gives() {
    let cases: Vec<(String, String)> =
        serde_json::from_str(include_str!("tests/templates.json")).unwrap();
    for (source, expected) in cases {
        let (declarations, problems, sources) = parsed(&format!("locals {{\n  a = {source}\n}}\n"));
        assert!(
            problems.list.is_empty(),
            "{source}\n{}",
            render::problems(&problems, &sources, Colour::Never)
        );
        assert_eq!(
            evaluate::text(&declarations.locals[0].value),
            expected,
            "{source}"
        );
    }
}

/// What hcl-edit reads as a whole, read in the smallest parts, is the same to the last span.
#[test]
fn an_expression_in_parts_is_the_expression() {
    let expressions = [
        "1 + 2 * 3 == 7 && !a || b",
        "1 - 2 - 3 * -4 / 5 % 6 + 7",
        "a == b != c < d <= e > f >= g",
        "a ? b : c ? d : e",
        "a ? b ? 1 : 2 : c ? d ? 3 : 4 : 5",
        "(a ? b : c) ? (d) : -(e + 1) * (2)",
        "!a.b && !!c || - -1 == --d",
        "[1, a + 1, [b, [c, d == 1]], \"x${a + 1}y\", ]",
        "[\n  1 +\n  2,\n\n  (a\n  ),\n]",
        "{ a = 1 + 2, \"b c\" = [a, b], (d) = { e : -f }, 5 = [] }",
        "{\n  a = 1 + 2\n\n  b = f(1 +\n 2)\n  c : { d = [] } , e = 1\n}",
        "f(a, g(b + 1, [c])[0].d, h()...)",
        "f(x ? y : z, {}...)",
        "a[b[c + 1]].d[*].e[\"f\"].*.g[0]",
        "[for x in xs : x + 1 if x > (2)]",
        "[for k, v in a ? b : c : d ? e : f]",
        "{for k, v in {a = 1} : \"${k}\" => [v, 1]... if !(v == 1)}",
        "{ for x in [1, 2] : x => x ? 1 : 2 }",
        "[for x in [for y in ys : [y, -y]] : { for z in x : z => z }]",
        "f(<<EOT\n  ${a + 1}\nEOT\n, 1)",
        "\"%{ if a == b && (c) }${[1, 2][0]}%{ endif }\"",
        "{ if = a, for_ = 1, in = [b], null = 2 }",
    ];
    let tight = Bounds {
        levels: 2,
        chain: 0,
    };
    for expression in expressions {
        let text = format!("locals {{\n  a = {expression}\n}}\n");
        let sources = Sources::from_texts(vec![("a.hcl".to_owned(), text)]);
        let [whole, parts] = [Bounds::HCL_EDIT, tight].map(|bounds| {
            let (declarations, problems) = parse_within(&sources, bounds);
            let found = render::problems(&problems, &sources, Colour::Never);
            assert!(problems.list.is_empty(), "{expression} {bounds:?}\n{found}");
            without_ids(&format!("{:?}", declarations.locals[0].value))
        });
        assert_eq!(whole, parts, "{expression}");
    }
}

/// Names and lists of names by themselves, which are read from their tokens, are what hcl-edit makes of them within another
/// expression, to the last span.
#[test]
fn a_plain_name_is_what_it_is_within_an_expression() {
    let plain = [
        "a",
        "a.b",
        "a.b-c.d_e.e\u{301}",
        "[]",
        "[a]",
        "[a.b, c.d,e]",
        "[ a.b , c ,]",
        "a.null.for.true",
        "[a.true]",
    ];
    // These are left to hcl-edit.
    let others = [
        "a . b",
        "a. b",
        "a.0",
        "a.*.b",
        "a[0]",
        "null",
        "[null]",
        "[a, 1]",
        "[a b.c][0]",
        "[[a]]",
        "[a.b[0]]",
        "[a...]",
        "[for a in b : a]",
        "(a.b)",
    ];
    for text in plain.into_iter().chain(others) {
        // Both stand at the same byte.
        let [alone, within] = ["  a = @\n", "  a=x?@:y\n"].map(|line| {
            let line = line.replace('@', text);
            let (declarations, problems, _) = parsed(&format!("locals {{\n{line}}}\n"));
            let value = declarations
                .locals
                .into_iter()
                .next()
                .map(|local| local.value);
            let value = match value.map(|value| value.kind) {
                Some(decl::ExprKind::Conditional(_, yes, _)) => Some(yes.kind),
                other => other,
            };
            let count = problems.list.len();
            (without_ids(&format!("{value:?}")), count)
        });
        if alone.1 == 0 {
            assert_eq!(alone, within, "{text}");
        }
        assert_eq!(alone.1 == 0, within.1 == 0, "{text}");
        assert!(alone.1 == 0 || others.contains(&text), "{text}");
    }
}

/// Expressions are numbered in the order in which they are read.
fn without_ids(shown: &str) -> String {
    let mut kept = String::new();
    for piece in shown.split("ExprId(") {
        kept.push_str(piece.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    kept
}

#[test]
fn what_is_missing_is_said_in_a_part_too() {
    let long = "a + ".repeat(200);
    let cases = [
        (format!("[{long}]"), "expected an expression"),
        (format!("x ? {long} b"), "expected `:`"),
        (format!("{long}(b c)"), "found `c`"),
        (format!("x ? : {long} b"), "expected an expression"),
        (format!("{long}[1, 2"), "expected"),
    ];
    for (expression, expected) in cases {
        let (_, problems, sources) = parsed(&format!("locals {{\n  a = {expression}\n}}\n"));
        let found = render::problems(&problems, &sources, Colour::Never);
        assert!(found.contains(expected), "{expression}\n{found}");
    }
}

#[test]
fn texts_and_names_are_normalised() {
    assert_eq!(tree(r#""e\u0301""#), "\"\u{e9}\"");
    assert_eq!(tree("\"e\u{301}\""), "\"\u{e9}\"");
    // In heredocs there are no escapes, so a backslash stays.
    assert_eq!(
        tree("<<EOT\ne\u{301}\\u0301\nEOT"),
        "\"\u{e9}\\\\u0301\\n\""
    );
    assert_eq!(
        tree("{ e\u{301} = a.e\u{301} }"),
        tree("{ \u{e9} = a.\u{e9} }")
    );
    let part = tree("\"%{if a}e\u{301}${b}e\u{301}%{endif}\"");
    assert_eq!(part, tree("\"%{if a}\u{e9}${b}\u{e9}%{endif}\""));
}

#[test]
fn splats_take_what_follows_them() {
    assert_eq!(tree("a.b[*].c[0].d"), "a.b[* each.c[0].d]");
    assert_eq!(tree("a.*.b.c[0]"), "a[* each.b.c][0]");
    assert_eq!(tree("a[*].b[*].c"), "a[* each.b[* each.c]]");
    assert_eq!(tree("a.0.b[*]"), "a[0].b[* each]");
    assert_eq!(tree("f(x)[*]"), "f(x)[* each]");
}

#[test]
fn keys_of_objects_are_words_texts_or_expressions() {
    assert_eq!(
        tree("{ a = 1, true = 2, 1.50 = 3, \"x y\" : 4, (b) = 5, \"k${c}\" = 6 }"),
        "{\"a\" = 1, \"true\" = 2, \"1.5\" = 3, \"x y\" = 4, b = 5, `k${c}` = 6}"
    );
}

#[test]
fn for_expressions_keep_their_parts() {
    assert_eq!(
        tree("[for i, x in xs : x if i > 1]"),
        "[for i, x in xs : x if i > 1]"
    );
    assert_eq!(
        tree("{for k, v in m : k => v... if v}"),
        "{for k, v in m : k => v... if v}"
    );
    assert_eq!(tree("f([for x in a : x]...)"), "f([for x in a : x]...)");
}

#[test]
fn numbers_keep_what_was_written() {
    assert_eq!(
        tree("12345678901234567890.12345678"),
        "12345678901234567890.12345678"
    );
    assert_eq!(tree("1.5e3"), "1500");
    assert_eq!(tree("-0.10"), "-0.1");
    assert_eq!(tree("18446744073709551617"), "18446744073709551617");
}

#[test]
fn spans_cover_what_was_written() {
    let text = "locals {\n  a = upper( \"é${ var.x [ 0 ] }\" ) + 1\n}\n";
    let (declarations, _, sources) = parsed(text);
    let decl::ExprKind::Binary(_, left, right) = &declarations.locals[0].value.kind else {
        panic!()
    };
    assert_eq!(
        sources.text(declarations.locals[0].value.span),
        "upper( \"é${ var.x [ 0 ] }\" ) + 1"
    );
    assert_eq!(sources.text(right.span), "1");
    let decl::ExprKind::Call {
        name, arguments, ..
    } = &left.kind
    else {
        panic!()
    };
    assert_eq!(sources.text(name.span), "upper");
    assert_eq!(sources.text(arguments[0].span), "\"é${ var.x [ 0 ] }\"");
    let decl::ExprKind::Template(parts) = &arguments[0].kind else {
        panic!()
    };
    let decl::Part::Hole(hole) = &parts[1] else {
        panic!()
    };
    assert_eq!(sources.text(hole.span), "var.x [ 0 ]");
}

#[test]
fn broken_block_still_declares_its_header_and_what_can_be_read() {
    let (declarations, problems, _) = parsed(
        "step \"noop\" \"a\" {\n  count = 2\n  what is this\n  depends_on = [\"b\", \"c\"]\n}\nstep \"noop\" \"b\" {\n",
    );
    assert_eq!(problems.list.len(), 2);
    assert!(declarations.incomplete);
    let names: Vec<_> = declarations.bodies[0]
        .steps
        .iter()
        .map(|step| step.name.text.as_str())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert!(declarations.bodies[0].steps.iter().all(|step| step.broken));
    assert!(declarations.bodies[0].steps[0].count.is_some());
    assert_eq!(declarations.bodies[0].steps[0].depends_on.len(), 2);
}

#[test]
fn attribute_that_cannot_be_read_stays_as_an_error_in_a_whole_block() {
    let (declarations, _, _) = parsed("step \"noop\" \"a\" {\n  count = 1 +\n}\n");
    assert!(!declarations.bodies[0].steps[0].broken && !declarations.incomplete);
    let count = declarations.bodies[0].steps[0].count.as_ref().unwrap();
    assert!(matches!(count.kind, decl::ExprKind::Error));
}

#[test]
fn blocks_after_a_broken_one_are_checked_wherever_it_stands() {
    let broken = [
        "step \"noop\" \"x\" {\n  description = \"open\n}\n",
        "step \"noop\" \"x\" {\n  arguments {\n    delay = \"1s\"\n}\n",
        "step \"noop\" \"x\" {\n  tags = { a = [1, (2 }\n}\n",
        "step \"noop\" \"x\" {\n  description = <<EOT\n  text\n}\n",
        "step \"noop\" \"x\" {\n  description = \"${jsonencode({\n}\n",
        "step \"noop\" \"x\" /* {\n}\n",
        "step \"noop\" \"x\"\n  count = 1\n}\n",
        "step \"noop\" \"x {\n  count = 1\n}\n",
        "}\n",
        "step \"noop\" \"x\" {\n  count = )\n}\n",
    ];
    let good = |name: &str| format!("step \"noop\" \"{name}\" {{\n  unknown_{name} = 1\n}}\n");
    for one in broken {
        for text in [
            format!("{one}\n{}{}", good("a"), good("b")),
            format!("{}\n{one}\n{}", good("a"), good("b")),
            format!("{}{}\n{one}", good("a"), good("b")),
        ] {
            let (_, problems, sources) = parsed(&text);
            let unknown = problems
                .list
                .iter()
                .filter(|problem| problem.code.0 == "unknown_attribute")
                .count();
            let picture = render::problems(&problems, &sources, Colour::Never);
            assert_eq!(unknown, 2, "{text}\n{picture}");
            assert_eq!(problems.list.len(), 3, "{text}\n{picture}");
        }
    }
}

#[test]
fn types_are_read_with_their_optional_attributes() {
    let (declarations, problems, _) = parsed(
        "variable \"a\" {\n  type = map(object({ n = string, m = optional(list(number), [1, -2]) }))\n}\n",
    );
    assert!(problems.list.is_empty());
    let ty = declarations.variables[0].ty.as_ref().unwrap();
    assert_eq!(
        ty.ty.to_string(),
        "map(object({n = string, m = optional(list(number), [1,-2])}))"
    );
}

/// Pairs of a text and whether `terraform fmt` (1.11) finds its syntax right; with line ends of both kinds.
#[test]
fn texts_are_right_or_wrong_as_terraform_has_it() {
    const NO_SYNTAX: &[&str] = &["unknown_block", "unknown_attribute", "wrong_labels"];
    let cases: Vec<(String, bool)> =
        serde_json::from_str(include_str!("tests/accepted.json")).unwrap();
    for (text, right) in cases {
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let (_, problems, sources) = parsed(&text);
            let wrong = problems
                .list
                .iter()
                .any(|problem| !NO_SYNTAX.contains(&problem.code.0));
            let picture = render::problems(&problems, &sources, Colour::Never);
            assert_eq!(wrong, !right, "{text}\n{picture}");
        }
    }
}
