//! Words of Terraform, k6 and Gatling that grids do not have, and what is written here in their place.

/// What to write in place of a block at the top of a grid.
pub(super) fn top_block(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "module" => {
            "write its blocks in this grid: all `.hcl` files of a folder are one grid, and `count` or `for_each` repeats a step"
        }
        "provider" => {
            "a grid needs no providers: what steps share is a resource, such as `resource \"http_client\" \"NAME\" {}`"
        }
        "terraform" => {
            "a grid says which bggo it wants by `grid { required_version = \">= 0.1\" }`, and needs no providers"
        }
        "output" => {
            "a value is shown by a step: `step \"print\" \"NAME\" { .. }` with `input = ..` in its `arguments`"
        }
        "import" | "moved" | "removed" => "leave it out: a grid keeps no state",
        "options" | "stages" | "vus" | "load" | "inject" | "injection" => LOAD,
        "feeder" | "feed" | "dataset" => {
            "rows are data: `data \"csv\" \"NAME\" { file = \"users.csv\" }`, read as `data.csv.NAME.COLUMN`"
        }
        "group" | "transaction" | "exec" | "function" => {
            "steps that belong together are a flow: `flow \"NAME\" { .. }`, which a step runs as `step \"NAME\" \"..\"`"
        }
        "assertion" | "assertions" | "check" | "checks" | "assert" => {
            "figures of the run are judged by `threshold \"NAME\" { condition = .. }`, one answer by a `check` in its step"
        }
        "http" | "client" => {
            "settings that requests share are a resource: `resource \"http_client\" \"NAME\" { arguments { .. } }`"
        }
        "http_request" | "request" | "get" | "post" => {
            "a request is a step: `step \"http_request\" \"NAME\" { arguments { url = .. } }`"
        }
        "var" | "env" => "a value from outside is `variable \"NAME\" { .. }`, or `env(\"NAME\")`",
        _ => return None,
    })
}

/// How much load there is.
const LOAD: &str = "the load stands in a scenario, as in `load \"constant_vus\" { .. }`, or is a flag of the program: `--vus 10 --duration 30s`";

/// What to write in place of an attribute at the top of a grid.
pub(super) fn top_attribute(name: &str) -> Option<&'static str> {
    match name {
        "vus" | "duration" | "iterations" | "stages" | "rate" | "executor" | "scenarios" => {
            Some(LOAD)
        }
        "thresholds" => Some(THRESHOLDS),
        _ => None,
    }
}

const THRESHOLDS: &str =
    "write a block `threshold \"NAME\" { condition = .. }` at the top of the grid";

/// What to write in place of an argument that no module has.
pub fn argument(name: &str) -> Option<&'static str> {
    match name {
        "vus" | "iterations" | "stages" | "executor" | "duration" => Some(LOAD),
        "base_url" | "baseUrl" | "baseURL" => Some(
            "what urls have in common is a local: `locals { base = \"http://..\" }` and `url = \"${local.base}/path\"`",
        ),
        "args" => Some("a program and its arguments are one list: `command = [\"ls\", \"-l\"]`"),
        "params" => {
            Some("each is an argument of its own, such as `headers = { .. }` and `timeout = ..`")
        }
        _ => None,
    }
}

/// What to write in place of a runner that no module has.
pub fn runner(name: &str) -> Option<&'static str> {
    Some(match name {
        "sleep" | "pause" | "wait" | "think" | "think_time" | "delay" => PAUSE,
        "flow" | "call" | "run" => {
            "a flow is called by its name: `step \"FLOW\" \"NAME\" { arguments { .. } }`"
        }
        "request" | "get" | "post" | "curl" | "rest" => {
            "a request is `step \"http_request\" \"NAME\" { arguments { url = .. } }`"
        }
        "shell" | "exec" | "bash" | "command" | "script" | "local_exec" => {
            "a program is run by `step \"cmd\" \"NAME\" { arguments { command = [..] } }`"
        }
        "log" | "echo" | "output" => {
            "a value is shown by `step \"print\" \"NAME\" { arguments { input = .. } }`"
        }
        "check" | "assert" | "assertion" => {
            "an answer is judged by a block `check \"NAME\" { condition = .. }` in its step"
        }
        _ => return None,
    })
}

const PAUSE: &str = "a pause is `delay_before = \"1s\"` or `delay_after = \"1s\"` of a step";

/// What to write in place of an attribute or block of a step.
pub(super) fn in_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "vus" | "users" | "duration" | "iterations" | "rate" | "stages" | "executor"
        | "options" | "ramp_up" | "load" => LOAD,
        "thresholds" => THRESHOLDS,
        "retries" => "a step is tried again by a block: `retry { attempts = .. }`",
        "pause" | "sleep" | "wait" | "think" | "think_time" | "delay" => PAUSE,
        "loop" | "times" => "a step is repeated by `count = ..` or `for_each = ..`",
        "needs" | "requires" | "dependencies" => {
            "what a step waits for stands in `depends_on = [..]`"
        }
        "provider" => "a step's connection is a resource that it names in `uses { .. }`",
        "name" => "a step's name is its second label: `step \"RUNNER\" \"NAME\"`",
        "type" | "runner" => "a step's runner is its first label: `step \"RUNNER\" \"NAME\"`",
        "if" | "when" | "condition" => "a condition of a step is `enabled = ..`",
        "assert" | "expect" => "an answer is judged by a block `check \"NAME\" { condition = .. }`",
        _ => return None,
    })
}

/// What to write in place of an attribute or block of a scenario that is one of its load, or of its steps.
pub(super) fn in_scenario(name: &str) -> Option<&'static str> {
    Some(match name {
        "vus" | "users" | "virtual_users" | "threads" | "duration" => {
            "it belongs to the load: `load \"constant_vus\" { vus = .. duration = .. }`"
        }
        "iterations" | "max_duration" => {
            "it belongs to the load: `load \"shared_iterations\" { vus = .. iterations = .. }`"
        }
        "rate" | "rps" | "per" | "time_unit" | "max_vus" => {
            "it belongs to the load: `load \"constant_arrival_rate\" { rate = .. duration = .. }`"
        }
        "stages" | "start_vus" => {
            "it belongs to the load: `load \"ramping_vus\" { stage { .. } }`, a block `stage` for each"
        }
        "executor" | "profile" => {
            "the profile of a load is its label: `load \"constant_vus\" { .. }`"
        }
        "warm_up" | "hold" => "it belongs to the load: `load \"PROFILE\" { .. }`",
        "inject" | "injection" | "options" => {
            "how much load there is says `load \"constant_vus\" { .. }`, or another profile"
        }
        "think_time" | "pause" | "sleep" | "think" => {
            "a pause is `delay_after = \"1s\"` of a step; `pace = \"1s\"` is the least time from one iteration to the next"
        }
        "exec" | "request" | "http_request" => {
            "what a scenario does is its steps: `step \"RUNNER\" \"NAME\" { .. }`"
        }
        "group" | "flow" | "flows" => {
            "a flow stands at the top of the grid; a scenario runs it by `step \"FLOW\" \"NAME\"`, or one of several by `mix = { FLOW = 1 }`"
        }
        "threshold" | "thresholds" => THRESHOLDS,
        "data" | "variable" | "locals" | "metric" => "it stands at the top of the grid",
        "depends_on" | "needs" => {
            "a scenario that begins when another has ended says `after = scenario.NAME`"
        }
        _ => return None,
    })
}

/// What to write in place of a block of a flow.
pub(super) fn in_flow(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "variable" | "param" | "parameter" | "argument" | "arguments" => {
            "what a flow takes is `input \"NAME\" { type = .. }`, read as `input.NAME`"
        }
        "return" | "result" => "what a flow gives is `output \"NAME\" { value = .. }`",
        "locals" | "data" | "metric" => "it stands at the top of the grid",
        _ => return None,
    })
}

/// What to write in place of an attribute of another block. `owner` is what messages call it.
pub(super) fn within(owner: &str, name: &str) -> Option<&'static str> {
    Some(match (owner, name) {
        (
            "`retry`",
            "delay" | "wait" | "interval" | "pause" | "sleep" | "initial" | "factor" | "jitter"
            | "strategy",
        ) => "how long it waits says `backoff { initial = \"1s\" }`",
        ("`repeat`", "times" | "count" | "iterations") => {
            "a number of runs is `count = ..` of the step; a repetition ends by `until = ..` or `while = ..`"
        }
        ("a threshold", "abort_on_fail" | "abort") => {
            "with `on_fail = \"abort\"` the run ends where it is broken"
        }
        ("a variable", "required") => "a variable without `default` has to be given",
        _ => return None,
    })
}

/// The attribute of a block that another word most often means.
pub(super) fn meant(owner: &str, name: &str) -> Option<&'static str> {
    Some(match (owner, name) {
        ("`retry`", "count" | "times" | "tries" | "max" | "limit" | "retries") => "attempts",
        ("`retry`", "on" | "when" | "errors") => "retry_on",
        ("`backoff`", "type" | "kind" | "mode") => "strategy",
        ("`backoff`", "delay" | "base" | "start" | "interval" | "min") => "initial",
        ("`backoff`", "multiplier") => "factor",
        ("`backoff`", "cap" | "limit") => "max",
        ("`repeat`", "interval" | "delay" | "wait" | "pause" | "sleep") => "every",
        ("`repeat`", "max" | "limit" | "attempts" | "retries") => "max_attempts",
        ("`repeat`", "condition") => "until",
        ("`rate_limit`", "rate" | "requests" | "count" | "max") => "limit",
        ("`rate_limit`", "interval" | "period" | "duration" | "time_unit" | "window") => "per",
        ("`concurrency`", "max" | "count" | "size") => "limit",
        ("`timeouts`", "timeout" | "request" | "total" | "run" | "read") => "execution",
        ("a threshold", "delay_abort_eval" | "start_after") => "after",
        ("a threshold", "window" | "period") => "over",
        ("a metric", "type") => "kind",
        ("a check", "message") | ("`validation`", "message") => "error_message",
        ("data of a CSV file", "separator") => "delimiter",
        (
            "data of a CSV file" | "data of a file of JSON lines" | "inline data",
            "mode" | "strategy",
        ) => "order",
        ("a variable", "value") => "default",
        ("a variable", "secret") => "sensitive",
        ("a scenario", "delay" | "start_time" | "start_delay") => "start_after",
        _ => return None,
    })
}

/// The type that another word for it means.
pub(super) fn type_meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "str" | "text" | "varchar" | "char" => "string",
        "int" | "integer" | "float" | "double" | "decimal" | "num" | "long" => "number",
        "boolean" => "bool",
        "array" | "slice" | "vec" => "list",
        "dict" | "dictionary" | "hash" | "hashmap" => "map",
        "struct" | "record" => "object",
        "dynamic" | "unknown" | "mixed" => "any",
        "time" | "timespan" | "interval" => "duration",
        _ => return None,
    })
}

/// The attribute of a block of a step that one value alone in its place most often means.
pub(super) fn of_one_value(block: &str) -> Option<&'static str> {
    Some(match block {
        "timeouts" => "execution",
        "retry" => "attempts",
        "backoff" => "strategy",
        "on_error" => "action",
        "concurrency" | "rate_limit" => "limit",
        "repeat" => "until",
        _ => return None,
    })
}

/// What runs before or after the iterations declares no resources.
pub(super) const RESOURCE_OF_PHASE: &str = "a resource stands at the top of the grid or in a scenario, and a step takes it by `uses { .. }`";

/// Terraform's `dynamic` writes blocks by a loop.
pub(super) const DYNAMIC: &str =
    "a list is made with `[for item in LIST : ..]`; a step is repeated with `count` or `for_each`";
