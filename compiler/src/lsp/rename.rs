//! Another name for what a grid declares, at each place at which it stands.

use unicode_ident::{is_xid_continue, is_xid_start};

use super::analysis::{Analysis, At};
use super::names::{Named, Place, place_at};
use crate::diagnostics::Severity;
use crate::modules::Modules;
use crate::resolve::model::{DataId, MetricSubject};

/// The places to change, or why there is no such name.
pub fn renamed(
    analysis: &Analysis,
    modules: &Modules,
    places: &[Place],
    at: At,
    name: &str,
) -> Result<Vec<Place>, String> {
    let Some(place) = place_at(places, at) else {
        return Err("here stands no name that the grid gives".to_owned());
    };
    let mut characters = name.chars();
    let first = characters.next();
    let begins = first.is_some_and(|one| one == '_' || is_xid_start(one));
    if !begins || !characters.all(|one| one == '-' || is_xid_continue(one)) {
        return Err(format!(
            "`{name}` is no name: one is made of letters, digits, `_` and `-`, and begins with a letter"
        ));
    }
    let text = |place: &Place| analysis.sources.text(place.span);
    let taken = places.iter().any(|other| {
        other.declares
            && other.named != place.named
            && text(other) == name
            && meet(analysis, other.named, place.named)
    });
    if taken {
        return Err(format!("`{name}` is declared already"));
    }
    if let Some(figures) = shared_figures(analysis, place.named) {
        return Err(format!(
            "`{figures}` stands for all steps of this name, so none of them is renamed alone"
        ));
    }
    let same = places.iter().filter(|other| other.named == place.named);
    let same: Vec<Place> = same.copied().collect();
    match fault_after(analysis, modules, &same, name) {
        Some(fault) => Err(format!("with that name the grid would be wrong: {fault}")),
        None => Ok(same),
    }
}

/// What a threshold reads of several steps by their common name, if this is one of them: with another name it would be left out.
fn shared_figures(analysis: &Analysis, named: Named) -> Option<&str> {
    let Named::Step(id) = named else {
        return None;
    };
    let names_it = |subject: &MetricSubject| match subject {
        MetricSubject::Step { steps, .. }
        | MetricSubject::Flow {
            step: Some(_),
            steps,
            ..
        } => steps.len() > 1 && steps.contains(&id),
        _ => false,
    };
    let mut all = analysis.resolved.metrics.iter();
    let read = all.find(|read| names_it(&read.subject))?;
    Some(analysis.sources.text(read.span))
}

/// What would be wrong with a grid that is right now. A name may be read where nobody can tell, such as within a value that
/// is handed on.
fn fault_after(
    analysis: &Analysis,
    modules: &Modules,
    places: &[Place],
    name: &str,
) -> Option<String> {
    if analysis.problems.has_errors() {
        return None;
    }
    let changed = analysis.sources.ids().zip(&analysis.sources.files);
    let changed = changed.map(|(id, file)| {
        let mut text = file.text.clone();
        // Later places first, so that the earlier ones stay where they are.
        for place in places.iter().rev().filter(|place| place.span.file == id) {
            text.replace_range(place.span.start as usize..place.span.end as usize, name);
        }
        (id, text)
    });
    let changed: Vec<_> = changed.collect();
    let (_, problems) = crate::check(&analysis.sources.with(&changed), modules);
    let errors = problems.list.into_iter();
    let mut errors = errors.filter(|problem| problem.severity == Severity::Error);
    errors.next().map(|problem| problem.text)
}

/// Whether two declarations must have names of their own.
fn meet(analysis: &Analysis, one: Named, other: Named) -> bool {
    let all = &analysis.resolved.declarations;
    match (one, other) {
        (Named::Step(one), Named::Step(other)) => {
            one.body == other.body && all.step(one).runner.text == all.step(other).runner.text
        }
        (Named::Resource(one), Named::Resource(other)) => {
            all.resource(one).asset.text == all.resource(other).asset.text
        }
        (Named::Input(one), Named::Input(other)) => one.flow == other.flow,
        (Named::Output(one, _), Named::Output(other, _)) => one == other,
        (Named::Data(one), Named::Data(other)) => {
            let kind = |id: DataId| all.data.get(id.0).map(|data| data.kind);
            kind(one) == kind(other)
        }
        (Named::Variable(_), Named::Variable(_))
        | (Named::Local(_), Named::Local(_))
        | (Named::Flow(_), Named::Flow(_)) => true,
        _ => false,
    }
}
