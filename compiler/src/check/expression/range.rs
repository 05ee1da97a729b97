//! What the names of a `for` over a known collection stand for.

use bggo_values::Value;

use crate::check::typed::TExpr;
use crate::resolve::model::BoundId;

/// The most items of a collection that are gone through one by one when the grid is built.
pub(super) const MOST_ITEMS: usize = 10_000;

/// What the names of a `for` over a known collection stand for.
#[derive(Debug, Clone)]
pub(in crate::check) struct Range {
    pub(super) key: Option<BoundId>,
    pub(super) value: BoundId,
    pub(super) items: Vec<(Value, Value)>,
    /// Only those items count of which this is true.
    pub(super) condition: Option<TExpr>,
}

impl Range {
    /// The items of a collection that is known, unless they are too many.
    pub(super) fn of(over: &Value, (key, value): (Option<BoundId>, BoundId)) -> Option<Self> {
        let mut items = Vec::new();
        let added = bggo_values::ops::iterate(over, &mut |key, item| {
            if items.len() <= MOST_ITEMS {
                items.push((key.clone(), item.clone()));
            }
            Ok(())
        });
        (added.is_ok() && items.len() <= MOST_ITEMS).then_some(Self {
            key,
            value,
            items,
            condition: None,
        })
    }
}
