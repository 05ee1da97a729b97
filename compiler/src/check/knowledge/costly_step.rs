//! Warns of steps under load whose manifests say that they are meant for `setup` and `teardown`.

use std::collections::BTreeSet;

use crate::check::typed::Typed;
use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{BodyId, Callee, Resolved};

pub(super) fn warn(typed: &Typed, resolved: &Resolved, modules: &Modules, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    let mut open: Vec<(BodyId, &str)> = Vec::new();
    for id in typed.body_ids() {
        let body = typed.body(id);
        let loads = body.scenario.iter().map(|scenario| &scenario.load);
        let mut loads = loads.filter(|load| !(load.fields.is_empty() && load.stages.is_empty()));
        if loads.next().is_some() {
            open.push((id, &body.name));
        }
    }
    while let Some((body, scenario)) = open.pop() {
        if !seen.insert(body) {
            continue;
        }
        for id in typed.step_ids(body) {
            let step = typed.step(id);
            let at = match step.callee {
                Callee::Flow(flow) => {
                    open.push((flow, scenario));
                    continue;
                }
                Callee::Runner(at) => at,
            };
            if let Some(why) = &modules.runner(at).meant_for_setup {
                let address = resolved.declarations.step(id).address();
                let text = format!("`{address}` stands under the load of `{scenario}`: {why}");
                problems
                    .warning(codes::COSTLY_STEP, step.span, text)
                    .hint("put it into `setup`, `teardown` or `vu_setup`");
            }
        }
    }
}
