//! What each attribute and each block of the language is for, in a sentence or two.

use bggo_schedule::declared::{Field, Profile};

/// What a name means in the innermost of these kinds of block. `None` for a name that is not of the language.
pub fn words(kinds: &[&str], name: &str) -> Option<&'static str> {
    let words = match kinds {
        [] => top(name),
        [.., "scenario" | "step", "mix"] => mix(name),
        [
            ..,
            "setup" | "teardown" | "vu_setup" | "vu_teardown",
            "timeouts",
        ] => match name {
            "execution" => {
                Some("How long the phase may take: its steps are cut then, and it has failed.")
            }
            _ => None,
        },
        [.., "step", part] => part_of_step(part, name),
        [.., "retry", "backoff"] => backoff(name),
        [.., "variable" | "input" | "output" | "validation" | "grid"] => value(kinds, name),
        [.., "step"] => step(name),
        [.., "resource"] => resource(name),
        [.., "scenario"] => scenario(name),
        [.., "flow"] => flow(name),
        [.., "setup" | "teardown" | "vu_setup" | "vu_teardown"] => phase(name),
        [.., "data"] => data(name),
        [.., "metric"] => metric(name),
        [.., "threshold"] => threshold(name),
        [.., "load"] => match name {
            "stage" => Some(
                "A part of the load: within its `duration` the load goes in a straight line to its number.",
            ),
            _ => Field::of_name(name).map(of_field),
        },
        [.., "load", "stage"] => Field::of_name(name).map(of_field),
        _ => None,
    };
    words.or(match name {
        "description" => Some("A text for people."),
        _ => None,
    })
}

fn top(name: &str) -> Option<&'static str> {
    Some(match name {
        "step" => {
            "One thing that an iteration does: `step \"RUNNER\" \"NAME\"`, or a call of a flow."
        }
        "resource" => {
            "Something that steps share, such as a client with its connections: `resource \"ASSET\" \"NAME\"`."
        }
        "data" => {
            "Rows that feed iterations: `data \"csv\" \"NAME\"`, `\"jsonl\"` or `\"inline\"`."
        }
        "scenario" => {
            "Steps of one kind of user, with their load. Scenarios run beside each other."
        }
        "flow" => "Steps with inputs and outputs, which other steps call by its name.",
        "setup" => "Steps that run once, before all scenarios.",
        "teardown" => "Steps that run once, after all scenarios, also after a failure.",
        "vu_setup" => "Steps that each virtual user runs once, before its first iteration.",
        "vu_teardown" => "Steps that each virtual user runs once, after its last iteration.",
        "metric" => "A metric of the grid, for which steps `record` values.",
        "threshold" => {
            "What the figures of a run must be; a run that breaks one ends with exit code 99."
        }
        "variable" => {
            "A value that is given when the program runs, by a flag, a file or the environment."
        }
        "locals" => "Names for values that are computed from others.",
        "grid" => "What is said of the whole. Its folder is one grid in an editor.",
        _ => return None,
    })
}

fn step(name: &str) -> Option<&'static str> {
    Some(match name {
        "arguments" => "The inputs of the runner, or of the flow.",
        "uses" => "The resources that the step works with.",
        "timeouts" => "How long an attempt, its waits and all of it may take.",
        "record" => "Values for the metrics of the grid.",
        "retry" => "After a failure the step is tried again.",
        "repeat" => "The step runs again until its outputs say that it is done.",
        "on_error" => "What happens when the step fails.",
        "concurrency" => "How many attempts of the step run at once.",
        "rate_limit" => "How many attempts of the step begin in a time.",
        "check" => "A condition on the outputs, which is counted.",
        "mix" => "The flows of which the step runs one, with their weights.",
        "depends_on" => {
            "More steps and resources to wait for. The step always waits for those that its expressions read."
        }
        "count" => "So many instances of the step; `count.index` is 0, 1, and so on.",
        "for_each" => {
            "An instance of the step for each element of a map or a set of strings: `each.key`, `each.value`."
        }
        "enabled" => "Where it is false, the step does not run, and its output is null.",
        "continue_on_failure" => {
            "The iteration goes on when the step fails. The failure counts all the same."
        }
        "delay_before" => {
            "How long the step waits before it begins: a duration, `{ min, max }`, or `{ mean, distribution = \"exponential\" }`."
        }
        "delay_after" => {
            "How long the steps behind it wait once it has ended: a duration, `{ min, max }`, or `{ mean, distribution = \"exponential\" }`."
        }
        "always" => "It runs once all other steps have ended, however they ended.",
        "sensitive" => "Its outputs are shown nowhere, and the texts of its faults show no values.",
        "tags" => "Labels of the step in results.",
        "description" => "A text for people.",
        _ => return None,
    })
}

fn part_of_step(part: &str, name: &str) -> Option<&'static str> {
    Some(match (part, name) {
        ("timeouts", "execution") => {
            "How long one attempt may take; beyond it the attempt fails with the kind `timeout`."
        }
        ("timeouts", "start") => {
            "How long it may take from when the step is due to the begin of its first attempt."
        }
        ("timeouts", "queue") => "How long an attempt may wait for `concurrency` and `rate_limit`.",
        ("timeouts", "deadline") => {
            "How long it may take from when the step is due to its end, with all that comes between."
        }
        ("retry", "attempts") => {
            "How many attempts there are in all, the first one included; 3 if nothing is said."
        }
        ("retry", "max_duration") => "No attempt begins later than this after the first one.",
        ("retry", "retry_on") => {
            "Kinds of failure that are tried again; all but `value` if nothing is said."
        }
        ("retry", "abort_on") => "Kinds of failure that are not tried again.",
        ("retry", "backoff") => "How long to wait between attempts. Without it there is no wait.",
        ("repeat", "until") => "The step is done when this is true. It reads `output`.",
        ("repeat", "while") => "The step goes on as long as this is true. It reads `output`.",
        ("repeat", "every") => "An attempt begins at most this often.",
        ("repeat", "max_attempts") => {
            "How often it runs at most; 100 if nothing is said. Then it fails with the kind `repeat`."
        }
        ("repeat", "timeout") => {
            "How long all attempts together may take; beyond it the step fails with the kind `repeat`."
        }
        ("repeat", "collect") => "Its values of all attempts are the output `collected`, a list.",
        ("on_error", "action") => {
            "`\"fail\"`: the iteration ends; `\"continue\"`: it goes on; `\"fallback\"`: `fallback` stands in for the outputs; `\"stop_user\"`: the user begins no other iteration; `\"stop_run\"`: nobody does."
        }
        ("on_error", "fallback") => "Stands in for the outputs of the step where it has failed.",
        ("concurrency", "limit") => "How many attempts run at once; others wait.",
        ("concurrency", "per_key") => "Attempts with different keys do not wait for each other.",
        ("concurrency", "order") => {
            "Who of those that wait is next: `\"fifo\"`, who came first, or `\"lifo\"`, who came last."
        }
        ("concurrency", "scope") => {
            "Among what they are counted: `\"iteration\"`, `\"vu\"` or `\"run\"`."
        }
        ("rate_limit", "limit") => {
            "How many attempts begin within `per`, evenly spaced, over all users and threads of the run."
        }
        ("rate_limit", "per") => {
            "The time within which `limit` attempts begin; a second if nothing is said."
        }
        ("rate_limit", "burst") => "How many may begin at once after a time in which none did.",
        ("rate_limit", "key") => "Attempts with different keys have rates of their own.",
        ("check", "condition") => "What must be true. It reads `output`.",
        ("check", "error_message") => {
            "A text that is shown where it is not true; computed only then."
        }
        ("check", "required") => "Where it is true, the step fails where the check fails.",
        _ => return None,
    })
}

fn backoff(name: &str) -> Option<&'static str> {
    Some(match name {
        "strategy" => {
            "How waits grow: `\"constant\"`, `\"linear\"` by `initial`, or `\"exponential\"` by `factor`, which is the default."
        }
        "initial" => "The first wait; 100 ms if nothing is said.",
        "factor" => "By what an exponential wait is multiplied; 2 if nothing is said.",
        "max" => "The longest wait.",
        "jitter" => {
            "`\"none\"`, `\"full\"`: each wait is drawn between nothing and its length, or `\"equal\"`: between half of it and all."
        }
        _ => return None,
    })
}

fn mix(name: &str) -> Option<&'static str> {
    Some(match name {
        "weight" => "How often this flow is run, in proportion to the weights of the others.",
        "arguments" => "The inputs of the flow.",
        _ => return None,
    })
}

fn resource(name: &str) -> Option<&'static str> {
    Some(match name {
        "arguments" => "The inputs of the asset.",
        "uses" => "Resources that it needs: they are made before it and taken apart after it.",
        "depends_on" => "More steps and resources to wait for.",
        "scope" => {
            "One for the whole `\"run\"`, one a `\"worker\"` thread, one a `\"vu\"` or one an `\"iteration\"`; each asset allows some of these."
        }
        _ => return None,
    })
}

fn scenario(name: &str) -> Option<&'static str> {
    Some(match name {
        "load" => "How much load: `load \"PROFILE\"`. Without it the steps run once.",
        "step" => "A step of the scenario.",
        "resource" => "A resource of the scenario.",
        "mix" => {
            "Each iteration runs one of these flows, in place of steps, as often as their weights say."
        }
        "setup" => "Steps that run once, before the scenario.",
        "teardown" => "Steps that run once, after the scenario, also after a failure.",
        "vu_setup" => "Steps that each of its users runs once, before its first iteration.",
        "vu_teardown" => "Steps that each of its users runs once, after its last iteration.",
        "start_after" => "The scenario begins this long after the clock of the run.",
        "after" => "It begins when another scenario surely has ended: `after = scenario.NAME`.",
        "graceful_stop" => {
            "How long iterations may go on at its end before they are cut; 30 s if nothing is said."
        }
        "pace" => "A user begins an iteration at most this often.",
        "tags" => "Labels of the scenario in results.",
        _ => return None,
    })
}

fn flow(name: &str) -> Option<&'static str> {
    Some(match name {
        "input" => "A value that each call gives: `input.NAME`.",
        "output" => "A value that each call gets: `step.FLOW.NAME.output.OUTPUT`.",
        "step" => "A step of the flow.",
        "resource" => "A resource of the flow.",
        _ => return None,
    })
}

fn phase(name: &str) -> Option<&'static str> {
    Some(match name {
        "step" => "A step of this phase.",
        "timeouts" => "How long the phase may take.",
        _ => return None,
    })
}

/// Of variables, of inputs and outputs of flows, and of the whole grid.
fn value(kinds: &[&str], name: &str) -> Option<&'static str> {
    Some(match (kinds, name) {
        ([.., "grid"], "name") => {
            "The name of the grid; that of its file or folder if nothing is said."
        }
        ([.., "grid"], "required_version") => {
            "Which versions of bggo may build it, such as `\">= 0.1, < 2.0\"`."
        }
        ([.., "grid"], "tags") => "Labels of all scenarios in results.",
        (_, "type") => "The type of the value; any if nothing is said.",
        (_, "default") => "The value where none is given. Without it one must be given.",
        (_, "sensitive") => "The value is shown nowhere, nor is what is computed from it.",
        (_, "nullable") => "`false`: null is refused.",
        (_, "value") => "What it is for the steps that call the flow.",
        ([.., "variable"], "validation") => "A condition that the value must meet.",
        ([.., "validation"], "condition") => "What must be true of the variable.",
        ([.., "validation"], "error_message") => "What is said where it is not true.",
        _ => return None,
    })
}

fn data(name: &str) -> Option<&'static str> {
    Some(match name {
        "file" => "The file of the rows, relative to the folder of the grid.",
        "rows" => "The rows: a list of objects.",
        "header" => {
            "`false`: the first line is a row as well, and `columns` names the columns in order."
        }
        "delimiter" => "The character between cells; a comma if nothing is said.",
        "columns" => "Types of columns, or the names of all of them in order.",
        "embed" => "`false`: the rows stay in their file, which the program reads when it runs.",
        "order" => {
            "`\"sequential\"`: in turn; `\"shuffle\"`: each once, in an order by chance; `\"random\"`: any, by chance."
        }
        "advance" => {
            "`\"iteration\"`: each iteration has a row; `\"vu\"`: each user has one for all its iterations."
        }
        "share" => {
            "Who takes from the same rows: all of the run (`\"per_run\"`), each scenario or each user for itself."
        }
        "at_end" => {
            "`\"repeat\"`: from the first row again; `\"stop\"`: who gets no row begins no iteration."
        }
        "sensitive" => "Columns that are shown nowhere.",
        _ => return None,
    })
}

fn metric(name: &str) -> Option<&'static str> {
    Some(match name {
        "kind" => {
            "`\"counter\"` adds, `\"gauge\"` keeps the last value, `\"rate\"` is a share of `true`, `\"trend\"` a distribution."
        }
        "unit" => "`\"time\"`, `\"bytes\"` or another word; of a trend or a gauge.",
        "scale" => "How many parts of one are counted: with 100 a value is rounded to hundredths.",
        _ => return None,
    })
}

fn threshold(name: &str) -> Option<&'static str> {
    Some(match name {
        "condition" => {
            "What must be true of figures: `metrics.http_request.home.response_time.p95 < \"300ms\"`."
        }
        "over" => {
            "The figures of the last so many seconds are judged, and not those of the whole run."
        }
        "for" => "It is broken only where the condition fails for this long without a break.",
        "after" => "It is not judged within this time behind the warm-up.",
        "on_fail" => {
            "`\"fail\"`: the run fails at its end; `\"abort\"`: the run ends now; `\"warn\"`: it is only said."
        }
        _ => return None,
    })
}

/// What a field of a load means.
pub const fn of_field(field: Field) -> &'static str {
    match field {
        Field::Vus => {
            "How many users there are; of an open profile, how many are made before it begins."
        }
        Field::Iterations => "How many iterations there are: together, or of each user.",
        Field::Duration => "How long it lasts.",
        Field::Rate => "How many iterations begin within `per`.",
        Field::Per => "The time that a rate is about; a second if nothing is said.",
        Field::MaxVus => "How many users there may be at once.",
        Field::WhenFull => {
            "What becomes of an iteration for which no user is free: it waits (`\"wait\"`), or it is left out (`\"drop\"`)."
        }
        Field::Arrivals => {
            "Iterations begin evenly spaced (`\"even\"`) or by chance (`\"poisson\"`)."
        }
        Field::WarmUp => "A time at the begin that is not measured.",
        Field::StartRate => "The rate before the first stage.",
        Field::StartVus => "How many users there are before the first stage.",
        Field::GracefulRampDown => {
            "How long the iteration of a user who is not needed any more may go on."
        }
        Field::MaxDuration => "Iterations begin no later than this.",
        Field::StartAfter => "The scenario begins this long after the clock of the run.",
        Field::GracefulStop => "How long iterations may go on at its end before they are cut.",
        Field::Pace => "A user begins an iteration at most this often.",
        Field::Start => "The first rate.",
        Field::Factor => "Each rate is so many times the one before.",
        Field::Increment => "Each rate is by so much higher than the one before.",
        Field::Max => "The last rate.",
        Field::Precision => {
            "The search ends when the rate that held and the one that did not are as near as this."
        }
        Field::Hold => "How long each rate is put on.",
        Field::Until => "The threshold that ends a rate: `threshold.NAME`.",
    }
}

/// What a profile does.
pub const fn of_profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Once => "One user runs one iteration.",
        Profile::SharedIterations => "Users share a number of iterations.",
        Profile::PerVuIterations => "Each user runs a number of iterations.",
        Profile::ConstantVus => "Users iterate for a time.",
        Profile::RampingVus => "A number of users that changes in stages.",
        Profile::ConstantArrivalRate => {
            "Iterations begin at a rate, whether or not the ones before have ended."
        }
        Profile::RampingArrivalRate => "Iterations begin at a rate that changes in stages.",
        Profile::Search => {
            "The rate rises until a threshold breaks, and the highest one that holds is found."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::places::{Holds, inside, kinds_of_data};

    /// Goes through all blocks that may stand within these.
    fn all_within(kinds: &mut Vec<&'static str>, label: &str, found: &mut usize) {
        for holds in inside(kinds, label) {
            let (name, is_block) = match holds {
                Holds::Attribute(name) => (name, false),
                Holds::Block(name) => (name, true),
            };
            *found += 1;
            assert!(words(kinds, name).is_some(), "{kinds:?} {name}");
            if is_block {
                kinds.push(name);
                all_within(kinds, "", found);
                kinds.pop();
            }
        }
    }

    #[test]
    fn every_attribute_and_block_of_the_language_is_described() {
        let mut found = 0;
        all_within(&mut Vec::new(), "", &mut found);
        all_within(&mut vec!["step"], crate::syntax::places::MIX, &mut found);
        for kind in kinds_of_data() {
            all_within(&mut vec!["data"], kind, &mut found);
        }
        assert!(found > 300, "{found}");
    }

    #[test]
    fn a_name_that_is_not_of_the_language_is_not_described() {
        assert_eq!(words(&["step", "arguments"], "url"), None);
        assert_eq!(words(&["scenario"], "count"), None);
    }
}
