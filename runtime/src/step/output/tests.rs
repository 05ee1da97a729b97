//! What steps leave behind for others of their iteration.

use super::*;
use bggo_values::Number;
use std::cell::Cell;

static INFO: Info = Info::new("http_request", "login", "grid.hcl:1");

fn number(value: i64) -> Value {
    Value::Number(Number::from(value))
}

fn text(result: Result<Value, Fault>) -> String {
    result.unwrap_err().text().to_owned()
}

/// A step passes whose outputs these are.
fn pass<const N: usize>(slot: &OutputSlot, values: [Value; N]) {
    slot.offer(values);
    slot.passed();
}

#[test]
fn a_field_is_there_when_the_step_ran_and_else_the_fault_says_why_not() {
    let ran = OutputSlot::default();
    pass(&ran, [number(200), Value::from("body")]);
    assert_eq!(ran.field(1, &INFO).unwrap(), Value::from("body"));
    let skipped = OutputSlot::default();
    skipped.skipped(&At::step(&INFO));
    assert_eq!(
        text(skipped.field(0, &INFO)),
        "step http_request.login did not run, so it has no output: it was not enabled"
    );
    assert_eq!(
        text(OutputSlot::default().field(0, &INFO)),
        "step http_request.login has no output: it did not run"
    );
    ran.failed(&At::step(&INFO));
    assert_eq!(
        text(ran.field(0, &INFO)),
        "step http_request.login has no output: it failed"
    );
}

#[test]
fn a_fault_names_the_instance_that_failed_or_was_not_enabled() {
    let slots = OutputSlots::new(2);
    let slot = slots.instance(1, &INFO).unwrap();
    slot.failed(&At::index(&INFO, 1));
    assert_eq!(
        text(slot.field(0, &INFO)),
        "step http_request.login[1] has no output: it failed"
    );
    slot.skipped(&At::key(&INFO, Text::Static("eu"), 1));
    assert_eq!(
        text(slot.field(0, &INFO)),
        "step http_request.login[\"eu\"] did not run, so it has no output: it was not enabled"
    );
    let whole = slot.whole(&["body"]);
    assert!(whole.is_null());
    assert_eq!(
        whole.why_null(),
        Some("step http_request.login[\"eu\"] was not enabled")
    );
    slot.failed(&At::index(&INFO, 1));
    let read = bggo_values::ops::field(&slot.whole(&["body"]), "body");
    assert_eq!(
        read.unwrap_err().to_string(),
        "the attribute `body` of a null value is read: step http_request.login[1] failed"
    );
}

#[test]
fn what_is_set_last_is_read() {
    let slot = OutputSlot::default();
    pass(&slot, [number(500)]);
    pass(&slot, [number(200)]);
    assert_eq!(slot.field(0, &INFO).unwrap(), number(200));
    slot.skipped(&At::step(&INFO));
    assert_eq!(slot.whole(&["status_code"]), Value::Null);
}

#[test]
fn a_whole_output_is_an_object_or_null_and_never_a_fault() {
    let names = ["status_code", "body"];
    let slot = OutputSlot::default();
    assert_eq!(slot.whole(&names), Value::Null);
    pass(&slot, [number(200), Value::Null]);
    assert_eq!(
        slot.whole(&names),
        Value::from(vec![
            (Text::from("status_code"), number(200)),
            (Text::from("body"), Value::Null)
        ])
    );
}

#[test]
fn instances_are_found_by_whole_numbers_in_their_range() {
    let slots = OutputSlots::new(2);
    pass(slots.instance(1, &INFO).unwrap(), [number(7)]);
    assert_eq!(
        slots
            .index(&number(1), &INFO)
            .unwrap()
            .field(0, &INFO)
            .unwrap(),
        number(7)
    );
    for (index, says) in [
        (number(2), "has 2 instances, there is no [2]"),
        (number(-1), "is a whole number from 0, not -1"),
        (
            Value::Number(Number::parse("0.5").unwrap()),
            "is a whole number from 0, not 0.5",
        ),
        (Value::from("0"), "is a number"),
    ] {
        let fault = slots.index(&index, &INFO).map(drop).unwrap_err();
        assert!(fault.text().contains(says), "{fault}");
    }
}

#[test]
fn instances_are_found_by_their_keys() {
    let slots = OutputSlots::new(2);
    let keys = [Text::Static("eu"), Text::from("us".to_owned())];
    pass(slots.instance(1, &INFO).unwrap(), [number(7)]);
    let found = slots.key(&Value::from("us"), &keys, &INFO).unwrap();
    assert_eq!(found.field(0, &INFO).unwrap(), number(7));
    let fault = slots
        .key(&Value::from("asia"), &keys, &INFO)
        .map(drop)
        .unwrap_err();
    assert!(
        fault.text().contains("has no instance [\"asia\"]"),
        "{fault}"
    );
}

#[test]
fn all_instances_stand_in_order_or_by_key() {
    let slots = OutputSlots::new(2);
    pass(slots.instance(0, &INFO).unwrap(), [number(1)]);
    let output = |whole: Value| Value::from(vec![(Text::from("output"), whole)]);
    let first = output(Value::from(vec![(Text::from("n"), number(1))]));
    let second = output(Value::Null);
    assert_eq!(
        slots.list(&["n"]),
        Value::from(vec![first.clone(), second.clone()])
    );
    assert_eq!(
        slots.by_key(&["eu", "us"].map(Text::Static), &["n"]),
        Value::from(vec![(Text::from("eu"), first), (Text::from("us"), second)])
    );
}

#[test]
fn a_local_is_computed_once_even_when_it_faults() {
    let memo = Memo::new(2);
    let computed = Cell::new(0);
    for _ in 0..3 {
        let value = memo.get(0, &mut || {
            computed.set(computed.get() + 1);
            Ok(number(5))
        });
        assert_eq!(value.unwrap(), number(5));
        let fault = memo.get(1, &mut || {
            computed.set(computed.get() + 1);
            Err(Fault::new("value", "no"))
        });
        assert_eq!(fault.unwrap_err().text(), "no");
    }
    assert_eq!(computed.get(), 2);
}
