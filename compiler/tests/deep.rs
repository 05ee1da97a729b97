//! Expressions up to the bounds of the language are checked and emitted, whatever stack the caller has.

use bggo::modules::Modules;
use bggo::source::Sources;

fn grid(expression: &str) -> Sources {
    let text = format!(
        "variable \"x\" {{\n  default = 1\n}}\nstep \"print\" \"a\" {{\n  arguments {{\n    input = {expression}\n  }}\n}}\n"
    );
    Sources::from_texts(vec![("grid.hcl".to_owned(), text)])
}

/// What is wrong with the expression. A test's own stack would not do for freeing the deepest trees.
fn problems(expression: &str) -> Vec<String> {
    bggo::on_a_large_stack(|| {
        let (_, problems) = bggo::check(&grid(expression), Modules::built_in());
        let problems = problems.list.into_iter();
        problems.map(|problem| problem.text).collect()
    })
}

fn conditionals(count: usize) -> String {
    let arms = (0..count).map(|number| format!("var.x == {number} ? \"v{number}\" : "));
    format!("{}\"none\"", arms.collect::<String>())
}

const TOO_DEEP: &str =
    "this expression nests deeper than 500 levels or chains more than 10000 operators";

#[test]
fn a_chain_of_10_000_operators_is_the_longest() {
    let sum = |operators: usize| vec!["var.x"; operators + 1].join(" + ");
    assert_eq!(problems(&sum(10_000)), Vec::<String>::new());
    assert_eq!(problems(&sum(10_001)), [TOO_DEEP]);
    // Each has a `==` and a `?`.
    assert_eq!(problems(&conditionals(43)), Vec::<String>::new());
    assert_eq!(problems(&conditionals(5_000)), Vec::<String>::new());
    assert_eq!(problems(&conditionals(5_001)), [TOO_DEEP]);
    let inside = format!("{{ a = [jsonencode({})] }}", conditionals(300));
    assert_eq!(problems(&inside), Vec::<String>::new());
}

#[test]
fn first_arms_are_as_deep_as_a_tree() {
    let arms = |inside: &str| {
        let (open, close) = ("var.x == 1 ? ".repeat(4_900), " : 2".repeat(4_900));
        format!("{open}{inside}{close}")
    };
    assert_eq!(problems(&arms("1")), Vec::<String>::new());
    let twice = arms(&format!("({})", arms("1")));
    assert_eq!(problems(&twice), Vec::<String>::new());
    let often = arms(&format!("\"${{{}}}\"", arms(&format!("({})", arms("1")))));
    assert_eq!(problems(&often), [TOO_DEEP]);
}

#[test]
fn five_hundred_levels_are_the_deepest() {
    let pairs = [
        ("(", ")"),
        ("[", "]"),
        ("{ a = ", " }"),
        ("abs(", ")"),
        ("\"${", "}\""),
        ("!", ""),
        ("var.x == 1 ? [", "] : null"),
        ("[for n in [", "] : n]"),
        ("{ (\"${", "}\") = 1 }.a"),
    ];
    for (open, close) in pairs {
        let nested =
            |levels: usize| format!("{}var.x{}", open.repeat(levels), close.repeat(levels));
        let found = problems(&nested(120));
        assert!(!found.contains(&TOO_DEEP.to_owned()), "{open}: {found:?}");
        let found = problems(&nested(501));
        assert!(found.contains(&TOO_DEEP.to_owned()), "{open}: {found:?}");
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("abs(", ")"), ("{ a = ", " }")] {
        let nested = format!("{}var.x{}", open.repeat(500), close.repeat(500));
        assert_eq!(problems(&nested), Vec::<String>::new(), "{open}");
    }
}

#[test]
fn a_long_chain_is_emitted_as_functions_of_few_levels() {
    for expression in [conditionals(2_000), vec!["var.x"; 3_000].join(" * ")] {
        let deepest = bggo::on_a_large_stack(|| {
            let (compiled, problems) = bggo::compile(&grid(&expression), Modules::built_in());
            assert!(problems.list.is_empty(), "{:?}", problems.list);
            let emitted = compiled.map(|compiled| compiled.package.files["src/main.rs"].clone());
            let emitted = emitted.unwrap_or_default();
            let indented = emitted.lines().map(|line| {
                let spaces = line.len() - line.trim_start().len();
                spaces / 4
            });
            indented.max().unwrap_or_default()
        });
        assert!(
            (4..24).contains(&deepest),
            "{deepest} levels of indentation"
        );
    }
}

#[test]
fn locals_that_read_each_other_twice_are_each_looked_at_once() {
    // To follow each read by itself would take 2^60 steps.
    let count = 60;
    let mut locals = format!("  l{count} = var.x == 1 || vu.id > 3\n");
    for number in 0..count {
        let next = number + 1;
        locals.push_str(&format!("  l{number} = local.l{next} && local.l{next}\n"));
    }
    let text = format!(
        r#"
variable "x" {{
  default = 1
}}

locals {{
{locals}}}

data "inline" "rows" {{
  rows   = [{{ name = "ann" }}]
  at_end = "stop"
}}

flow "show" {{
  input "name" {{
    type = string
  }}
  step "print" "a" {{
    arguments {{
      input = [input.name, local.l0]
    }}
  }}
}}

scenario "one" {{
  load "constant_vus" {{
    duration = "1s"
  }}

  vu_setup {{
    step "print" "a" {{
      arguments {{
        input = local.l0
      }}
    }}
  }}

  step "http_request" "a" {{
    enabled = local.l0
    arguments {{
      url = "http://127.0.0.1/${{local.l0}}"
    }}
    check "holds" {{
      condition = local.l0
    }}
  }}
  step "show" "a" {{
    arguments {{
      name = data.inline.rows.name
    }}
  }}
}}
"#
    );
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), text)]);
    bggo::on_a_large_stack(|| {
        let (compiled, problems) = bggo::compile(&sources, Modules::built_in());
        assert!(problems.list.is_empty(), "{:?}", problems.list);
        let compiled = compiled.expect("a grid without errors");
        let known = bggo::known::text(&compiled.plan, &compiled.package.crates);
        assert!(known.contains("url"), "{known}");
    });
}
