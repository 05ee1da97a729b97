//! Declarations and expressions as they are read, and how much of a broken file is still seen.

use super::*;
use crate::diagnostics::render::{self, Colour};

mod cut;
mod differential;
mod evaluate;
mod oracle;
mod show;
mod specsuite;

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

#[test]
fn what_is_missing_is_said_in_a_long_expression_too() {
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
fn attribute_with_a_fault_stays_with_what_could_be_read_in_a_whole_block() {
    let (declarations, _, _) = parsed("step \"noop\" \"a\" {\n  count = 1 +\n}\n");
    assert!(!declarations.bodies[0].steps[0].broken && !declarations.incomplete);
    let count = declarations.bodies[0].steps[0].count.as_ref().unwrap();
    assert_eq!(show::expr(count), "1 + <error>");
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

/// What is within brackets, in one reading: each is another part of a tree that stays.
#[test]
fn what_was_read_before_a_fault_stays_in_the_tree() {
    let cases = [
        ("a +", "a <more> + <error>"),
        ("a.b +", "a.b + <error>"),
        ("a ? b", "a ? b : <error>"),
        ("a ? b :", "a ? b : <error>"),
        ("[a, , b]", "[a, <error>, b]"),
        ("[a b, c]", "[a <more>, <error>, c]"),
        ("[a\n    b, c]", "[a, b, c]"),
        ("f(a, 1 2, b)", "f(a, 1 <more>, <error>, b)"),
        ("f(, a)", "f(<error>, a)"),
        ("f(a..., b)", "f(a...)"),
        ("step.r.", "step.r.<name>"),
        ("[step.r., b]", "[step.r.<name>, b]"),
        ("f(a[b.].c)", "f(a[b.<name>].c)"),
        ("\"x ${a.} y ${b}\"", "`x ${a.<name>} y ${b}`"),
        ("{ a = , b = 1 }", "{\"a\" = <error>, \"b\" = 1}"),
        ("{ a 1, b = 2 }", "{\"a\" = <error>, \"b\" = 2}"),
        ("{ a => 1, b = 2 }", "{\"a\" = 1, \"b\" = 2}"),
        ("{ a = 1 b = 2, c = 3 }", "{\"a\" = 1 <more>, \"c\" = 3}"),
        (
            "{\n    a = 1 +\n    b = 2\n  }",
            "{\"a\" = 1 + <error>, \"b\" = 2}",
        ),
        ("[for x in : x]", "[for x in <error> : x]"),
        ("[for x : x]", "[for x in <error> : x]"),
        ("[for x y : f(x)]", "[for x in <error> : f(x)]"),
        ("[for x in y z : f(x)]", "[for x in y : f(x)]"),
        ("[for x in y]", "[for x in y : <error>]"),
        ("{ for x in y : x }", "{for x in y : x => <error>}"),
        ("[for x in y : ]", "[for x in y : <error>]"),
        ("[for in y : 1]", "<error>"),
        ("a[1 2].b", "a[1].b"),
        ("(a b) + c", "a + c"),
        ("a[]", "a[<error>]"),
        ("!", "!<error>"),
        ("1 2", "1 <more>"),
        ("if 1", "if <more>"),
        ("a::b + c", "<error> + c"),
        ("\"\\q ${a} \\w\"", "`${<error>} ${a} ${<error>}`"),
    ];
    for (expression, expected) in cases {
        let (declarations, problems, _) = parsed(&format!("locals {{\n  a = {expression}\n}}\n"));
        assert_eq!(
            show::expr(&declarations.locals[0].value),
            expected,
            "{expression}"
        );
        let one = if expression.contains("\\w") { 2 } else { 1 };
        assert_eq!(
            problems.list.len(),
            one,
            "{expression}\n{:?}",
            problems.list
        );
    }
}

/// A fault costs the item that it stands in: each is told, and no item is told twice.
#[test]
fn every_fault_of_an_expression_is_told() {
    let cases = [
        ("[foo(, 2), step.http_request., x y, 1 +]", 4),
        ("[1 2, 3 4, f(5 6), { a 7 }, (8 9), a[0 1]]", 6),
        ("{ a = , b = , c = [,], d = { e = } }", 4),
        ("[a b c d, ? ! : =]", 2),
        ("f(1 ++ * / 2, 3)", 1),
        ("[\n    1\n    2\n    3\n  ]", 2),
        ("a ? [1 2] : [3 4]", 2),
        ("\"${a.} ${b +} ${[1 2]}\"", 3),
        ("[\"\\q\", 1 2, x.]", 3),
        ("[for x y : (x z)]", 2),
        ("{ = 1, : 2, c 3 }", 3),
        ("if 1 then 2 else [3 4]", 1),
    ];
    for (expression, expected) in cases {
        let (_, problems, sources) = parsed(&format!("locals {{\n  a = {expression}\n}}\n"));
        let picture = render::problems(&problems, &sources, Colour::Never);
        assert_eq!(problems.list.len(), expected, "{expression}\n{picture}");
    }
}

/// A line that no expression goes on with is a fault of its own.
#[test]
fn a_line_behind_a_whole_expression_is_told() {
    for (line, expected) in [
        ("a.*\n  e", 1),
        ("a\n  e", 1),
        ("a *\n  e", 1),
        ("a[*]\n  + e", 1),
    ] {
        let (_, problems, sources) = parsed(&format!("locals {{\n  a = {line}\n}}\n"));
        let picture = render::problems(&problems, &sources, Colour::Never);
        assert_eq!(problems.list.len(), expected, "{line}\n{picture}");
    }
}
