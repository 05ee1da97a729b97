//! Instances that are known late: what they are made of, how they run, and what is kept of them.

use super::*;
use bggo_runtime::parts::Stop;
use bggo_runtime::test_support::{TestWorker, ms, on_stopped_clock, pass};
use bggo_values::json::RawJson;
use bggo_values::{Number, Seq};
use std::cell::Cell;

static ITEM: Info = Info::new("noop", "item", "grid.hcl:3");

const PLAIN: Policy = Policy::new();
const ANYWAY: Policy = Policy::new().continue_on_failure();

fn number(value: i64) -> Value {
    Value::Number(Number::from(value))
}

fn object(keys: &[&'static str]) -> Value {
    let pairs = keys.iter().zip(1..);
    let pairs = pairs.map(|(key, value)| (Text::Static(key), number(value)));
    Value::from(pairs.collect::<Vec<_>>())
}

fn texts(items: &[&'static str]) -> Value {
    Value::from(
        items
            .iter()
            .map(|text| Value::text(text))
            .collect::<Vec<_>>(),
    )
}

fn keys(late: &LateInstances) -> Vec<Value> {
    let count = late.elements().unwrap().count();
    (0..count).map(|index| late.key_of(index)).collect()
}

fn refused(found: Result<Ran, Fault>) -> String {
    let fault = found.unwrap_err();
    assert_eq!(fault.kind(), "value");
    fault.text().to_owned()
}

/// The slots for outputs that there are.
fn kept(late: &LateInstances) -> usize {
    late.outputs().map_or(0, |outputs| outputs.iter().count())
}

#[test]
fn a_count_is_a_whole_number_from_0_to_a_million() {
    for (count, expected) in [(0, 0), (1, 1), (250, 250), (1_000_000, 1_000_000)] {
        let late = LateInstances::new();
        assert_eq!(late.count(&number(count)).unwrap(), Ran::Done);
        assert_eq!(late.elements().unwrap().count(), expected);
    }
    let half = Value::Number(Number::parse("2.5").unwrap());
    for (wrong, text) in [
        (number(-1), "`count` must not be negative, found -1"),
        (half, "`count` must be a whole number, found 2.5"),
        (
            number(1_000_001),
            "`count` is at most 1000000, found 1000001",
        ),
        (
            number(i64::MAX),
            "`count` is at most 1000000, found 9223372036854775807",
        ),
        (Value::Null, "`count` must be a number, found null"),
        (
            Value::Raw(RawJson::null_because("step a failed".to_owned())),
            "`count` must be a number, found null: step a failed",
        ),
    ] {
        let late = LateInstances::new();
        assert_eq!(refused(late.count(&wrong)), text);
        assert!(late.elements().is_none());
    }
}

#[test]
fn elements_of_maps_go_by_their_keys_and_those_of_sets_by_their_values() {
    let late = LateInstances::new();
    late.map(&object(&["us", "eu", "ap"])).unwrap();
    assert_eq!(keys(&late), ["ap", "eu", "us"].map(Value::text));
    let values = [0, 1, 2, 3].map(|index| late.value_of(index));
    assert_eq!(values, [number(3), number(2), number(1), Value::Null]);
    assert_eq!(late.at(&ITEM, 1).instance().to_string(), "[\"eu\"]");

    let late = LateInstances::new();
    late.set(&texts(&["b", "a"])).unwrap();
    assert_eq!(keys(&late), ["a", "b"].map(Value::text));
    assert_eq!(late.value_of(1), Value::text("b"));

    let late = LateInstances::new();
    late.map(&Value::from(Vec::<(Text, Value)>::new())).unwrap();
    assert_eq!(late.elements().unwrap().count(), 0);
}

#[test]
fn what_is_no_map_and_no_set_of_strings_is_refused_with_what_to_write() {
    let text =
        |found: &str| format!("`for_each` runs over a map or a set of strings, found {found}");
    let late = LateInstances::new();
    let list = text("a list: write `toset(..)` around it");
    assert_eq!(refused(late.map(&texts(&["a"]))), list);
    assert_eq!(refused(late.map(&Value::Null)), text("null"));
    assert_eq!(refused(late.set(&Value::Null)), text("null"));
    assert_eq!(refused(late.map(&number(3))), text("a number"));
    let mixed = Value::from(vec![Value::text("a"), number(1)]);
    assert_eq!(
        refused(late.set(&mixed)),
        "`for_each` runs over strings, found a number in the set"
    );
    let pairs = (0..=u64::from(MOST)).map(|at| (Text::from(at.to_string()), Value::Null));
    let pairs: Vec<(Text, Value)> = pairs.collect();
    assert_eq!(
        refused(late.map(&Value::Object(Seq::from(pairs)))),
        "`for_each` has at most 1000000 keys, found 1000001"
    );
    assert!(late.elements().is_none());
}

#[test]
fn outputs_are_kept_only_where_something_reads_them() {
    for (late, slots) in [
        (LateInstances::new(), 0),
        (LateInstances::with_outputs(), 100_000),
    ] {
        late.count(&number(100_000)).unwrap();
        assert_eq!(kept(&late), slots);
        assert_eq!(late.nth(0).is_some(), slots > 0);
    }
}

#[test]
fn outputs_are_read_by_index_by_key_and_all_together() {
    let late = LateInstances::with_outputs();
    late.map(&object(&["us", "eu"])).unwrap();
    pass(late.nth(0).unwrap(), number(10));
    pass(late.nth(1).unwrap(), number(20));
    let read = |key: &'static str| late.key(&Value::text(key), &ITEM)?.field(0, &ITEM);
    assert_eq!(read("us").unwrap(), number(20));
    assert_eq!(
        read("ap").unwrap_err().text(),
        "step noop.item has no instance [\"ap\"]"
    );
    let one = |value| Value::from(vec![(Text::Static("n"), number(value))]);
    let instance = |value| Value::from(vec![(Text::Static("output"), one(value))]);
    let all = vec![
        (Text::Static("eu"), instance(10)),
        (Text::Static("us"), instance(20)),
    ];
    assert_eq!(late.by_key(&["n"], &ITEM).unwrap(), Value::from(all));

    let late = LateInstances::with_outputs();
    late.count(&number(2)).unwrap();
    pass(late.nth(1).unwrap(), number(7));
    assert_eq!(
        late.index(&number(1), &ITEM)
            .unwrap()
            .field(0, &ITEM)
            .unwrap(),
        number(7)
    );
    assert_eq!(
        late.index(&number(2), &ITEM).unwrap_err().text(),
        "step noop.item has 2 instances, there is no [2]"
    );
    assert_eq!(late.list(&["n"], &ITEM).unwrap().at(1), Some(instance(7)));
}

/// Runs a step whose instances are what `find` says; each takes 10 ms and is a step of its own.
async fn run(
    worker: &TestWorker,
    (late, policy): (&LateInstances, &'static Policy),
    find: Result<Ran, Fault>,
) -> Flow {
    let iteration = worker.iteration(0);
    let instance = |index: u32| -> Running<'_, Flow> {
        let run = iteration.run_step(late.at(&ITEM, index), policy, late.nth(index), {
            async |_| {
                tokio::time::sleep(ms(10)).await;
                Ok(Ran::Done)
            }
        });
        Box::pin(run)
    };
    let find = Box::pin(async move { find });
    let step = (policy, At::step(&ITEM));
    each_late(iteration, step, (late, find), Box::new(instance)).await
}

#[test]
fn instances_run_side_by_side_as_many_at_once_as_allowed() {
    for (count, at_once, millis) in [
        (0, None, 0),
        (1, None, 10),
        (5, Some(2), 30),
        (250, None, 30),
        (250, Some(150), 20),
    ] {
        on_stopped_clock(async move {
            let worker = TestWorker::functional();
            let late = LateInstances::new();
            if let Some(most) = at_once {
                late.at_once(most);
            }
            let find = late.count(&number(count));
            let begun = tokio::time::Instant::now();
            assert_eq!(run(&worker, (&late, &PLAIN), find).await, Ok(()));
            assert_eq!(begun.elapsed(), ms(millis));
            assert_eq!(worker.steps().len() as i64, count);
        });
    }
}

#[test]
fn lines_name_the_instances() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let late = LateInstances::new();
        let find = late.set(&texts(&["eu", "us"]));
        late.at_once(1);
        assert_eq!(run(&worker, (&late, &PLAIN), find).await, Ok(()));
        assert_eq!(
            worker.steps(),
            ["noop.item[\"eu\"] passed", "noop.item[\"us\"] passed"]
        );
    });
}

#[test]
fn a_step_whose_instances_cannot_be_found_fails_once() {
    for (policy, flow) in [(&PLAIN, Err(Stop)), (&ANYWAY, Ok(()))] {
        on_stopped_clock(async move {
            let worker = TestWorker::functional();
            let late = LateInstances::with_outputs();
            let find = late.count(&Value::Null);
            assert_eq!(run(&worker, (&late, policy), find).await, flow);
            assert_eq!(
                worker.steps(),
                ["noop.item failed value: `count` must be a number, found null"]
            );
            let why = "step noop.item has no instances: it failed";
            assert_eq!(late.index(&number(0), &ITEM).unwrap_err().text(), why);
            assert_eq!(late.list(&[], &ITEM).unwrap_err().text(), why);
            assert_eq!(late.by_key(&[], &ITEM).unwrap_err().text(), why);
        });
    }
}

#[test]
fn a_step_that_is_not_enabled_is_skipped_once_and_has_no_instances() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let late = LateInstances::with_outputs();
        let find = Ok(Ran::Skipped);
        assert_eq!(run(&worker, (&late, &PLAIN), find).await, Ok(()));
        assert_eq!(worker.steps(), ["noop.item skipped"]);
        assert_eq!(late.list(&[], &ITEM).unwrap(), Value::list(&[]));
        let none = Value::from(Vec::<(Text, Value)>::new());
        assert_eq!(late.by_key(&[], &ITEM).unwrap(), none);
        assert_eq!(
            late.key(&Value::text("a"), &ITEM).unwrap_err().text(),
            "step noop.item has no instances: it was not enabled"
        );
    });
}

#[test]
fn the_first_instance_that_fails_ends_the_iteration_and_cancels_the_others() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let iteration = worker.iteration(0);
        let late = LateInstances::new();
        let begun = Cell::new(0);
        let (late, begun) = (&late, &begun);
        let instance = |index: u32| -> Running<'_, Flow> {
            begun.set(begun.get() + 1);
            Box::pin(
                iteration.run_step(late.at(&ITEM, index), &PLAIN, None, async move |_| {
                    tokio::time::sleep(ms(10 * u64::from(index + 1))).await;
                    Err(Fault::new("connect", "refused"))
                }),
            )
        };
        late.at_once(3);
        let find = late.count(&number(100_000));
        let find = Box::pin(async move { find });
        let step = (&PLAIN, At::step(&ITEM));
        let flow = each_late(iteration, step, (late, find), Box::new(instance));
        assert_eq!(flow.await, Err(Stop));
        assert_eq!(begun.get(), 3);
        let mut steps = worker.steps();
        steps.sort();
        assert_eq!(
            steps,
            [
                "noop.item[0] failed connect: refused",
                "noop.item[1] cancelled",
                "noop.item[2] cancelled"
            ]
        );
    });
}
