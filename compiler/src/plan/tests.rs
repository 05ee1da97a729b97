//! Slots, users and locals of plans, also of grids with several scenarios.

use super::model::{Plan, Scenario, Schedule};
use crate::modules::Modules;
use crate::resolve::model::BodyId;
use crate::source::Sources;

/// The plan of a grid without errors.
fn plan(grid: &str) -> Plan {
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), grid.to_owned())]);
    let (typed, problems) = crate::check(&sources, Modules::built_in());
    let typed = typed.unwrap_or_else(|| panic!("{problems:?}"));
    super::plan(&typed, &sources, Modules::built_in())
}

#[test]
fn every_step_begins_at_an_even_slot_so_its_two_times_are_neighbours() {
    let plan = plan(
        r#"
step "noop" "checked" {
  check "c" { condition = true }
}
step "noop" "after" {}
"#,
    );
    let slots = |body: &super::model::BodyPlan| {
        let steps: Vec<_> = body.steps.iter().map(|step| step.slots).collect();
        (steps, body.slots)
    };
    assert_eq!(slots(&plan.bodies[0]), (vec![(0, 5), (6, 4)], 10));
}

#[test]
fn slots_nodes_and_locals_of_a_body_are_its_own() {
    let plan = plan(
        r#"
locals {
  start  = run.id
  late   = uuid()
  nobody = uuid()
}
resource "http_client" "shared" {}
step "http_request" "a" {
  arguments { url = "http://localhost/${local.late}" }
  uses { client = resource.http_client.shared }
}
step "noop" "b" {
  depends_on = ["a"]
}
scenario "second" {
  step "http_request" "a" {
    count = 3
    arguments { url = "http://localhost/${local.start}" }
    uses { client = resource.http_client.shared }
  }
  step "print" "b" {
    arguments { input = [local.late, step.http_request.a[1].output.status_code] }
  }
}
"#,
    );
    let [main, second] = plan.bodies.as_slice() else {
        panic!("{} bodies", plan.bodies.len());
    };
    let slots = |body: &super::model::BodyPlan| -> Vec<(u32, u32)> {
        body.steps.iter().map(|step| step.slots).collect()
    };
    assert_eq!((slots(main), main.slots), (vec![(0, 18), (18, 4)], 22));
    assert_eq!((slots(second), second.slots), (vec![(0, 18), (18, 4)], 22));
    // Those of resources come behind the bodies of all scenarios.
    let firsts: Vec<_> = plan.scenarios.iter().map(|row| row.first_slot).collect();
    assert_eq!(firsts, [0, 22]);
    let client = &plan.resources[0];
    assert_eq!((client.first_slot, client.metrics), (44, 7));
    assert_eq!(
        main.schedule,
        Schedule::Sequence(vec![Schedule::Node(0), Schedule::Node(1)])
    );
    assert_eq!(second.nodes.len(), 4);
    assert!(!main.steps[0].read && second.steps[0].read);
    let names = |locals: &[super::model::Local]| -> Vec<String> {
        locals.iter().map(|local| local.name.clone()).collect()
    };
    assert_eq!(names(&plan.locals), ["start"]);
    assert_eq!(names(&main.locals), ["late"]);
    assert_eq!(names(&second.locals), ["late"]);
    // Each user runs one of them: one step of `main`, or three instances of the other.
    let users = [0, 1].map(|body| client.users_in(BodyId(body)));
    assert_eq!(users, [1, 3]);
}

#[test]
fn a_resource_counts_those_of_each_scenario_that_are_made_there() {
    let plan = plan(
        r#"
resource "http_target" "site" {}
resource "http_client" "below" {}
resource "http_client" "above" {
  depends_on = [resource.http_client.below]
}
scenario "one" {
  step "http_request" "a" {
    arguments { url = resource.http_target.site.url }
    uses { client = resource.http_client.above }
  }
}
scenario "two" {
  step "http_request" "a" {
    arguments { url = resource.http_target.site.url }
    uses { client = resource.http_client.below }
  }
  step "http_request" "b" {
    arguments { url = "http://localhost" }
    uses { client = resource.http_client.below }
  }
}
"#,
    );
    let main = plan.body(BodyId::MAIN);
    assert!(main.resources.is_empty());
    assert!(plan.run_bodies().eq([BodyId(1), BodyId(2)]));
    let users = |name: &str| {
        let found = plan.resources.iter().find(|resource| resource.name == name);
        let resource = found.expect("the resource");
        (
            resource.users(),
            [1, 2].map(|body| resource.users_in(BodyId(body))),
        )
    };
    // `one` makes both clients, and the upper one uses the lower one.
    assert_eq!(users("above"), (1, [1, 0]));
    assert_eq!(users("below"), (3, [1, 2]));
    // The target is made once for all.
    assert_eq!(users("site"), (2, [1, 1]));
}

#[test]
fn slots_of_scenarios_follow_each_other_and_those_of_resources_come_last() {
    let mut plan = plan(
        "resource \"http_client\" \"one\" {}\nresource \"http_client\" \"two\" {}\n\
         step \"http_request\" \"a\" {\n  arguments { url = \"http://localhost\" }\n  uses { client = resource.http_client.one }\n}\n\
         scenario \"s\" {\n  step \"noop\" \"b\" {\n    depends_on = [resource.http_client.two]\n  }\n}\n",
    );
    let row = |body| Scenario {
        name: "row".to_owned(),
        body: BodyId(body),
        first_slot: 0,
        load: None,
        after: None,
        tags: Vec::new(),
    };
    let mut scenarios = [row(1), row(0), row(1)];
    let order: Vec<BodyId> = plan.body_ids().collect();
    super::slots::number(
        (&order, &mut plan.bodies),
        (&mut scenarios, &mut []),
        &mut plan.resources,
    );
    let firsts = scenarios.map(|scenario| scenario.first_slot);
    assert_eq!(firsts, [0, 4, 22]);
    let resources: Vec<_> = plan.resources.iter().map(|of| of.first_slot).collect();
    assert_eq!(resources, [26, 33]);
}

#[test]
fn a_warning_is_settled_by_an_argument_that_is_not_null_for_certain() {
    let unwarned = |argument: &str| {
        let step = format!(
            "variable \"strict\" {{\n  type = bool\n  default = true\n}}\n\
             step \"http_request\" \"a\" {{\n  arguments {{\n    url = \"http://localhost\"\n    {argument}\n  }}\n}}\n"
        );
        plan(&step).bodies[0].steps[0].unwarned.clone()
    };
    assert_eq!(unwarned("expect_status = 200"), ["answers"]);
    assert_eq!(
        unwarned("expect_status = var.strict ? 200 : null"),
        ["answers"]
    );
    assert!(unwarned("expect_status = null").is_empty());
    assert!(unwarned("timeout = \"1s\"").is_empty());
}

#[test]
fn a_step_needs_all_that_a_long_chain_of_resources_is_built_on() {
    use std::fmt::Write as _;

    const LENGTH: usize = 64;
    let mut grid = String::from("resource \"http_client\" \"c0\" {}\n");
    for number in 1..LENGTH {
        let below = number - 1;
        let _ = writeln!(
            grid,
            "resource \"http_client\" \"c{number}\" {{\n  depends_on = [resource.http_client.c{below}]\n}}"
        );
    }
    let last = LENGTH - 1;
    let _ = writeln!(
        grid,
        "step \"http_request\" \"a\" {{\n  arguments {{ url = \"http://localhost\" }}\n  uses {{ client = resource.http_client.c{last} }}\n}}"
    );
    let plan = plan(&grid);
    let step = &plan.bodies[0].steps[0];
    assert_eq!(step.needs, (0..last).collect::<Vec<_>>());
    assert_eq!(step.users_of, [last]);
}

#[test]
fn a_client_counts_as_a_connection_of_each_user_unless_they_share_theirs_or_a_crate_has_one_socket_for_all()
 {
    let connections = |arguments: &str| {
        let plan = plan(&format!(
            r#"
resource "http_client" "c" {{
  arguments {{ {arguments} }}
}}
step "http_request" "a" {{
  arguments {{ url = "https://localhost" }}
  uses {{ client = resource.http_client.c }}
}}
"#
        ));
        plan.bodies[0].connections
    };
    assert_eq!(connections(""), 1);
    assert_eq!(connections("http_version = \"2\""), 1);
    assert_eq!(connections("transport = \"reqwest\""), 1);
    assert_eq!(connections("connections = \"shared\""), 0);
    assert_eq!(connections("http_version = \"3\""), 0);
}
