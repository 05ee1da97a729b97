//! The page of the output says all that is written.

use super::*;

/// Names of fields, all levels down, but for objects whose keys are names of the grid.
fn fields(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                found.insert(key.clone());
                match key.as_str() {
                    "failures" | "tags" | "labels" => {}
                    "steps" if value.is_object() => {}
                    "metrics" => value
                        .as_object()
                        .unwrap()
                        .values()
                        .for_each(|metric| fields(metric, found)),
                    _ => fields(value, found),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        _ => {}
    }
}

#[test]
fn the_page_of_the_output_names_every_field_that_is_written() {
    let page = page();
    static RESOURCE: ResourceInfo = ResourceInfo::new("http_client", "shared", "grid.hcl:1");
    let fault = Fault::new("connect", "refused");
    let took = Duration::from_millis(1);
    let (mut collector, recorder, kinds) = bench();
    iteration(&recorder, None, took);
    iteration(&recorder, Some(kinds.kind("connect")), took);
    recorder.time(time_slot::RESPONSE, took);
    recorder.time(time_slot::FAILED_RESPONSE, took);
    record_metrics(&recorder, &kinds);
    let mut so_far = LinesSoFar::default();
    let line = next_line(&mut so_far, &mut collector, Duration::from_secs(1));
    let run = run_of(Schedule::iterations(2, 9).at_most(Duration::from_secs(1)));
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_secs(1),
        verdicts: &[verdict_with_all()],
        fell_behind: Some(&late()),
        exit: Exit::Passed,
        left: false,
    };
    let failed = ended(
        &STEPS[0],
        Instance::Index(1),
        StepOutcome::FailedAndContinued,
        Some(&fault),
    );
    let events = [
        Event::Step(failed.clone()),
        Event::FirstFailure(failed),
        Event::Check(failed_check()),
        Event::Resource(&RESOURCE, ResourceEvent::Created { took }),
        Event::Resource(&RESOURCE, ResourceEvent::DestroyFailed { fault }),
        Event::Message(LogLevel::Debug, "text".to_owned()),
        Event::Panic("text".to_owned()),
    ];
    let objects = events
        .iter()
        .map(|event| json::told(event, &StepNames::default()))
        .chain([
            json::begins(&run),
            json::live(&line, SystemTime::now()),
            conclusion.asked(&collector, json::summary),
        ]);
    let mut found = std::collections::BTreeSet::new();
    for object in objects {
        fields(&parsed(object), &mut found);
    }
    assert!(found.len() > 40, "{found:?}");
    let unnamed: Vec<&String> = found
        .iter()
        .filter(|field| !page.contains(&format!("`{field}`")))
        .collect();
    assert!(
        unnamed.is_empty(),
        "docs/output.md does not name {unnamed:?}"
    );
}

#[test]
fn the_page_of_the_output_lists_every_exit_code() {
    let page = page();
    for (exit, _) in Exit::MEANINGS {
        assert!(
            page.contains(&format!("\n| {} | ", exit.code())),
            "{exit:?}"
        );
    }
}

#[test]
fn the_page_of_the_output_lists_every_verdict() {
    let (mut collector, recorder, _) = bench();
    let nothing = figures_of(&mut collector);
    iteration(&recorder, None, Duration::from_millis(1));
    let something = figures_of(&mut collector);
    for (exit, _) in Exit::MEANINGS {
        for figures in [&nothing, &something] {
            let verdict = json::verdict(exit, figures);
            assert!(page().contains(&format!("`{verdict}`")), "{verdict}");
        }
    }
}
