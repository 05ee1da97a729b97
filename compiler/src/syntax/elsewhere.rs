//! Words of Terraform and k6 that grids do not have, and what is written here in their place.

/// What to write in place of a block at the top of a grid.
pub(super) fn top_block(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "module" => {
            "write its blocks in this grid: all `.hcl` files of a folder are one grid, and `count` or `for_each` repeats a step"
        }
        "provider" | "terraform" => {
            "a grid needs no providers: what steps share is a resource, such as `resource \"http_client\" \"NAME\" {}`"
        }
        "output" => {
            "a value is shown by a step: `step \"print\" \"NAME\" { .. }` with `input = ..` in its `arguments`"
        }
        "import" | "moved" | "removed" => "leave it out: a grid keeps no state",
        "options" | "stages" | "vus" | "load" => LOAD,
        _ => return None,
    })
}

/// How much load there is.
const LOAD: &str = "the load stands in a scenario, as in `load \"constant_vus\" { .. }`, or is a flag of the program: `--vus 10 --duration 30s`";

/// What to write in place of an argument that no module has.
pub fn argument(name: &str) -> Option<&'static str> {
    match name {
        "vus" | "iterations" | "stages" | "executor" | "duration" => Some(LOAD),
        _ => None,
    }
}

/// What to write in place of an attribute or block of a step.
pub(super) fn in_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "vus" | "duration" | "iterations" | "rate" | "stages" | "executor" | "options"
        | "ramp_up" | "load" => LOAD,
        "thresholds" => {
            "write a block `threshold \"NAME\" { condition = .. }` at the top of the grid"
        }
        "retries" => "a step is tried again by a block: `retry { attempts = .. }`",
        "provider" => "a step's connection is a resource that it names in `uses { .. }`",
        "name" => "a step's name is its second label: `step \"RUNNER\" \"NAME\"`",
        "type" | "runner" => "a step's runner is its first label: `step \"RUNNER\" \"NAME\"`",
        "if" | "when" | "condition" => "a condition of a step is `enabled = ..`",
        _ => return None,
    })
}

/// What to write in place of an attribute of a scenario that is one of its load.
pub(super) fn in_scenario(name: &str) -> Option<&'static str> {
    Some(match name {
        "vus" | "duration" => {
            "it belongs to the load: `load \"constant_vus\" { vus = .. duration = .. }`"
        }
        "iterations" | "max_duration" => {
            "it belongs to the load: `load \"shared_iterations\" { vus = .. iterations = .. }`"
        }
        "rate" | "per" | "time_unit" | "max_vus" => {
            "it belongs to the load: `load \"constant_arrival_rate\" { rate = .. duration = .. }`"
        }
        "stages" | "start_vus" => {
            "it belongs to the load: `load \"ramping_vus\" { stage { .. } }`, a block `stage` for each"
        }
        "executor" | "profile" => {
            "the profile of a load is its label: `load \"constant_vus\" { .. }`"
        }
        "warm_up" | "hold" => "it belongs to the load: `load \"PROFILE\" { .. }`",
        _ => return None,
    })
}

/// What runs before or after the iterations declares no resources.
pub(super) const RESOURCE_OF_PHASE: &str = "a resource stands at the top of the grid or in a scenario, and a step takes it by `uses { .. }`";

/// Terraform's `dynamic` writes blocks by a loop.
pub(super) const DYNAMIC: &str =
    "a list is made with `[for item in LIST : ..]`; a step is repeated with `count` or `for_each`";
