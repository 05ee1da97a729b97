//! Which outputs of steps are kept, and of which steps none is.

use crate::plan::model::BodyPlan;

/// Writes a line for each step whose outputs are kept, and one for all others.
pub(super) fn lines(body: &BodyPlan, write: &mut dyn FnMut(&str, &str)) {
    let mut title = "keeps";
    for step in body.steps.iter().filter(|step| step.read) {
        let outputs = match step.outputs.as_slice() {
            [] => "only whether it ran".to_owned(),
            outputs => outputs.join(", "),
        };
        write(title, &format!("{}.{}: {outputs}", step.runner, step.name));
        title = "";
    }
    let unread = body.steps.iter().filter(|step| !step.read);
    let unread: Vec<String> = unread
        .map(|step| format!("{}.{}", step.runner, step.name))
        .collect();
    if !unread.is_empty() {
        write("unread", &unread.join(", "));
    }
}
