//! Another name for what a grid declares, at each place at which it stands.

use unicode_ident::{is_xid_continue, is_xid_start};

use super::analysis::{Analysis, At};
use super::names::{Named, Place, place_at};
use crate::resolve::model::DataId;

/// The places to change, or why there is no such name.
pub fn renamed(
    analysis: &Analysis,
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
    let same = places.iter().filter(|other| other.named == place.named);
    Ok(same.copied().collect())
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
