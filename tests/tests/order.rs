//! When steps start: each as soon as its own dependencies are done, and never before.

use bggo_tests::Grid;
use bggo_tests::server::Gate;

const GATE: &str = "variable \"gate\" {\n  type = string\n}\n\n";

fn step(name: &str, after: &[&str]) -> String {
    let after: Vec<String> = after
        .iter()
        .map(|name| format!("step.http_request.{name}"))
        .collect();
    format!(
        "step \"http_request\" \"{name}\" {{\n  arguments {{\n    url = \"${{var.gate}}/{name}\"\n  }}\n  depends_on = [{}]\n}}\n",
        after.join(", ")
    )
}

#[test]
fn a_step_of_an_n_shaped_graph_does_not_wait_for_the_slow_half() {
    let text = [
        GATE.to_owned(),
        step("a", &[]),
        step("b", &[]),
        step("c", &["a", "b"]),
        step("d", &["b"]),
    ]
    .concat();
    let grid = Grid::new(&text).build();
    let gate = Gate::start();
    let run = grid.start(&["--gate", &gate.url()]);
    gate.wait_for("/a", 1);
    gate.wait_for("/b", 1);
    gate.open("/b");
    // `a` is still held: `d` needs only `b`.
    gate.wait_for("/d", 1);
    assert_eq!(gate.arrived("/c"), 0, "c needs a, which is not done");
    gate.open("/d");
    gate.open("/a");
    gate.wait_for("/c", 1);
    gate.open("/c");
    run.finish().expect_code(0);
}

#[test]
fn independent_steps_are_under_way_together_and_a_join_waits_for_all() {
    let text = [
        GATE.to_owned(),
        step("first", &[]),
        step("second", &["first"]),
        step("third", &["first"]),
        step("last", &["second", "third"]),
    ]
    .concat();
    let grid = Grid::new(&text).build();
    let gate = Gate::start();
    let run = grid.start(&["--gate", &gate.url()]);
    gate.wait_for("/first", 1);
    assert_eq!(gate.order(), ["/first"]);
    gate.open("/first");
    gate.wait_for("/second", 1);
    gate.wait_for("/third", 1);
    gate.open("/second");
    assert_eq!(gate.arrived("/last"), 0);
    gate.open("/third");
    gate.wait_for("/last", 1);
    gate.open("/last");
    run.finish().expect_code(0);
}

#[test]
fn a_fan_of_200_is_under_way_all_at_once() {
    let fan: String = (0..200)
        .map(|number| step(&format!("s{number}"), &["start"]))
        .collect();
    let text = [GATE.to_owned(), step("start", &[]), fan].concat();
    let grid = Grid::new(&text).build();
    let gate = Gate::start();
    let run = grid.start(&["--gate", &gate.url()]);
    gate.open("/start");
    // Every answer is held, so all 200 must have been sent without waiting for any other.
    for number in 0..200 {
        gate.wait_for(&format!("/s{number}"), 1);
    }
    gate.open_all();
    run.finish().expect_code(0);
}

#[test]
fn instances_are_under_way_all_at_once_and_a_dependent_of_one_waits_for_that_one_only() {
    let text = format!(
        "{GATE}step \"http_request\" \"many\" {{\n  count = 3\n  arguments {{\n    url = \"${{var.gate}}/many/${{count.index}}\"\n  }}\n}}\n{}",
        "step \"http_request\" \"one\" {\n  arguments {\n    url = \"${var.gate}/one\"\n  }\n  depends_on = [step.http_request.many[1]]\n}\n\
         step \"http_request\" \"all\" {\n  arguments {\n    url = \"${var.gate}/all\"\n  }\n  depends_on = [step.http_request.many]\n}\n"
    );
    let grid = Grid::new(&text).build();
    let gate = Gate::start();
    let run = grid.start(&["--gate", &gate.url()]);
    for number in 0..3 {
        gate.wait_for(&format!("/many/{number}"), 1);
    }
    gate.open("/many/1");
    gate.wait_for("/one", 1);
    assert_eq!(gate.arrived("/all"), 0);
    gate.open_all();
    run.finish().expect_code(0);
    assert_eq!(gate.arrived("/all"), 1);
}

#[test]
fn the_first_failure_cancels_what_is_running_and_what_depended_on_it_is_never_sent() {
    let text = [
        GATE.to_owned(),
        step("slow", &[]),
        step("after", &["broken"]),
        "step \"http_request\" \"broken\" {\n  arguments {\n    url = \"${var.gate}/broken\"\n    expect_status = 204\n  }\n}\n".to_owned(),
    ]
    .concat();
    let grid = Grid::new(&text).build();
    let gate = Gate::start();
    let run = grid.start(&["--gate", &gate.url()]);
    gate.wait_for("/slow", 1);
    gate.wait_for("/broken", 1);
    gate.open("/broken");
    // `/slow` is never answered: the run ends only because it is cancelled.
    let ended = run.finish().expect_code(1);
    assert!(
        ended.stderr.contains("http_request.broken"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("grid.hcl:"),
        "the failure names its place: {}",
        ended.stderr
    );
    assert_eq!(gate.arrived("/after"), 0);
}

#[test]
fn one_and_a_thousand_instances_emit_the_same_number_of_lines() {
    let lines = |count: usize| {
        let grid = Grid::new(&format!(
            "step \"noop\" \"many\" {{\n  count = {count}\n  arguments {{\n    delay = \"${{count.index}}ms\"\n  }}\n}}\nstep \"noop\" \"after\" {{\n  depends_on = [step.noop.many]\n}}\n"
        ));
        grid.rust().lines().count()
    };
    assert_eq!(lines(1), lines(1000));
}
