//! Skeletons of arguments, written as JSON with holes: `#` and what is read there.

use super::super::model::Skeleton;
use crate::check::typed::{TExpr, TKind};
use crate::modules::Modules;
use crate::source::Sources;
use bggo_values::json;

const STORE: &str = r#"
runner "store" {
  input "any" {
    type  = any
    shape = true
  }
  input "mixed" {
    type  = list(any)
    shape = true
  }
  input "texts" {
    type  = list(string)
    shape = true
  }
  input "map" {
    type  = map(number)
    shape = true
  }
  input "pair" {
    type  = tuple([string, number])
    shape = true
  }
  input "record" {
    type = object({
      id    = number
      name  = optional(string, "nobody")
      note  = optional(string)
      place = optional(object({ x = number, y = optional(number, 7) }), { x = 1 })
    })
    shape = true
  }
  input "sets" {
    type  = object({ tags = set(string), id = number })
    shape = true
  }
  input "plain" { type = any }
  output "value" { type = any }
}
"#;

/// What is known of an input of a step beside these locals and variables.
fn skeleton(input: &str, value: &str) -> Option<String> {
    let grid = format!(
        r#"
variable "start" {{ default = "s" }}
locals {{
  constant = [1, 2]
  late     = {{ id = vu.id, fixed = "f", list = [vu.iteration, var.start, {{ deep = uuid() }}] }}
  twice    = [local.late, local.constant]
  chosen   = vu.id > 1 ? [vu.id] : [1, 2]
}}
step "store" "read" {{}}
step "store" "it" {{
  count = 2
  arguments {{ {input} = {value} }}
}}
"#
    );
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), grid)]);
    let modules = Modules::built_in().clone().with(&[("store", STORE)]);
    assert!(modules.faults.is_empty(), "{:?}", modules.faults);
    assert_eq!(modules.contradictions(), Vec::<String>::new());
    let (declarations, _) = crate::syntax::parse(&sources);
    let (resolved, _) = crate::resolve::resolve(declarations, &modules);
    let (typed, problems) = crate::check::check(&resolved, &modules, &sources);
    let typed = typed.unwrap_or_else(|| panic!("{problems:?}"));
    let plan = crate::plan::plan(&typed, &sources, &modules);
    let argument = &plan.bodies[0].steps[1].arguments[0];
    argument.skeleton.as_ref().map(written)
}

fn written(skeleton: &Skeleton) -> String {
    match skeleton {
        Skeleton::Known(expr) => match expr.constant() {
            Some(value) => json::encode_plain(value),
            None => format!("start {}", read(expr)),
        },
        Skeleton::Hole(expr) => format!("#{}", read(expr)),
        Skeleton::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Skeleton::Object(pairs) => {
            let pairs = pairs.iter();
            let pairs: Vec<String> = pairs
                .map(|(key, part)| format!("{key}: {}", written(part)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// An expression in short.
fn read(expr: &TExpr) -> String {
    match &expr.kind {
        TKind::Constant(value) => json::encode_plain(value),
        TKind::Variable(_) => "var".to_owned(),
        TKind::Local(_) => "local".to_owned(),
        TKind::VuId => "vu".to_owned(),
        TKind::CountIndex => "index".to_owned(),
        TKind::Template(_) => "template".to_owned(),
        TKind::Output { .. } => "output".to_owned(),
        TKind::Field(of, name) => format!("{}.{name}", read(of)),
        TKind::Index(of, by) => format!("{}[{}]", read(of), read(by)),
        TKind::Convert(of) => format!("({} as {})", read(of), expr.ty),
        TKind::List(items) => format!("[{} items]", items.len()),
        TKind::Object(pairs) => format!("{{{} keys}}", pairs.len()),
        TKind::For(_) => "for".to_owned(),
        TKind::Call { function, .. } => format!("{}()", function.name),
        _ => "other".to_owned(),
    }
}

#[test]
fn what_is_late_is_a_hole_and_all_else_is_known() {
    for (value, expected) in [
        (r#"["SET", vu.id, 60, null]"#, r##"["SET", #vu, 60, null]"##),
        (
            r#"["a-${vu.id}", count.index, step.store.read.output.value, [1, 2]]"#,
            "[#template, #index, #output, [1,2]]",
        ),
        (
            "{ a = { b = [{ c = vu.id, d = true }], e = {} } }",
            "{a: {b: [{c: #vu, d: true}], e: {}}}",
        ),
        ("[var.start, vu.id]", "[start var, #vu]"),
        ("{ (vu.id) = 1 }", ""),
        ("[{ (vu.id) = 1, a = 2 }, 3]", "[#{2 keys}, 3]"),
        ("[for n in [1, 2] : n + vu.id]", ""),
        ("[1, [for n in [1, 2] : n + vu.id]]", "[1, #for]"),
        ("vu.id > 1 ? [vu.id] : [1, 2]", ""),
        ("merge({ a = 1 }, { b = vu.id })", ""),
        ("vu.id", ""),
        ("[1, 2]", ""),
        ("[var.start]", ""),
    ] {
        let found = skeleton("any", value).unwrap_or_default();
        assert_eq!(found, expected, "{value}");
    }
    assert_eq!(skeleton("plain", "[vu.id]"), None);
}

#[test]
fn holes_within_a_local_are_read_from_it() {
    for (value, expected) in [
        (
            "local.late",
            r##"{id: #local.id, fixed: "f", list: [#local.list[0], start var, {deep: #local.list[2].deep}]}"##,
        ),
        (
            "[local.twice]",
            r##"[[{id: #local[0].id, fixed: "f", list: [#local[0].list[0], start var, {deep: #local[0].list[2].deep}]}, [1,2]]]"##,
        ),
        ("[local.chosen, local.constant]", "[#local, [1,2]]"),
        ("local.chosen", ""),
        ("[local.late.id, 1]", "[#local.id, 1]"),
    ] {
        let found = skeleton("any", value).unwrap_or_default();
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn conversions_are_those_of_the_parts() {
    for (input, value, expected) in [
        ("mixed", "[1, vu.id, \"a\"]", "[1, #vu, \"a\"]"),
        ("texts", "[1, vu.id]", r##"["1", #(vu as string)]"##),
        ("texts", "[null, \"${vu.id}!\"]", "[null, #template]"),
        ("map", r#"{ a = "1", b = vu.id }"#, "{a: 1, b: #vu}"),
        ("pair", "[vu.id, \"1\"]", "[#(vu as string), 1]"),
        (
            "record",
            r#"{ id = vu.id, place = { x = 2 } }"#,
            r##"{id: #vu, place: {"x":2,"y":7}, name: "nobody", note: null}"##,
        ),
        (
            "record",
            r#"{ note = step.store.read.output.value, id = "5", name = null, place = { x = vu.id } }"#,
            r##"{note: #(output as string), id: 5, name: "nobody", place: {x: #vu, y: 7}}"##,
        ),
        (
            "sets",
            r#"{ id = 1, tags = ["b", vu.id] }"#,
            "{id: 1, tags: #([2 items] as set(string))}",
        ),
    ] {
        let found = skeleton(input, value).unwrap_or_default();
        assert_eq!(found, expected, "{value}");
    }
    // A default that counts for a late null is that of the object type.
    let found = skeleton("record", "{ id = 1, name = step.store.read.output.value }").unwrap();
    assert!(found.contains("name: #({1 keys} as object("), "{found}");
    assert!(found.contains(").name"), "{found}");
}

#[test]
fn too_many_holes_become_fewer_and_too_many_started_parts_none() {
    let many = |part: &str, count: usize| vec![part; count].join(", ");
    assert!(skeleton("any", &format!("[{}]", many("vu.id", 64))).is_some());
    assert_eq!(skeleton("any", &format!("[{}]", many("vu.id", 65))), None);
    assert_eq!(
        skeleton("any", &format!("[1, vu.id, [{}]]", many("vu.id", 64))).as_deref(),
        Some("[1, #vu, #[64 items]]")
    );
    let started = |count: usize| format!("[vu.id, {}]", many("var.start", count));
    assert!(skeleton("any", &started(63)).is_some());
    assert_eq!(skeleton("any", &started(64)), None);
    // What is constant beside a hole is a static, however long.
    let long = skeleton("any", &format!("[vu.id, {}]", many("1", 1000))).unwrap();
    assert_eq!(long.split(", ").count(), 1001);
}
