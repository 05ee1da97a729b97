//! Which fields of an answer are read.

use std::sync::Arc;

use bggo_values::{Fault, Text, Value};

use crate::schema::{Form, Kind};
use crate::table::Table;

/// The fields of a message that are made values of; the others are gone past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// These, and of each these. Of a list or a map it is what is wanted of each item.
    Fields(Vec<(Text, Wanted)>),
}

/// A message of which not all fields are wanted.
#[derive(Debug)]
pub(crate) struct Part {
    /// An object of the wanted fields of which nothing was sent.
    pub(crate) blank: Arc<[(Text, Value)]>,
    /// The place in `blank` of each field of the message, if it is wanted.
    pub(crate) slots: Vec<Option<u32>>,
    /// The part of each field's own message; without one all of it is wanted.
    pub(crate) inner: Vec<Option<u32>>,
}

/// Puts what is wanted of this message into `parts`, and gives its place there; `None` if it is all.
pub(crate) fn part(
    table: &Table,
    message: u32,
    wanted: &Wanted,
    parts: &mut Vec<Part>,
) -> Result<Option<u32>, Fault> {
    let found = table.message(message)?;
    let names = match wanted {
        Wanted::Fields(names) if found.form == Form::Object => names,
        // What is no object is read as a whole.
        _ => return Ok(None),
    };
    let count = found.fields.len();
    let mut asked: Vec<Option<&Wanted>> = vec![None; count];
    for (name, inner) in names {
        let place = found.by_name(name);
        let slot = place.and_then(|place| asked.get_mut(place as usize));
        let slot = slot.ok_or_else(|| {
            let text = format!("the message `{}` has no field `{name}`", found.name);
            Fault::new(text)
        })?;
        *slot = Some(inner);
    }
    let mut made = Part {
        blank: Arc::default(),
        slots: vec![None; count],
        inner: vec![None; count],
    };
    let mut blank = Vec::new();
    let fields = found.fields.iter().zip(found.blank.iter());
    for (place, (asked, (field, empty))) in asked.into_iter().zip(fields).enumerate() {
        let Some(asked) = asked else { continue };
        made.slots[place] = u32::try_from(blank.len()).ok();
        blank.push(empty.clone());
        if let Kind::Message(message) = field.kind {
            made.inner[place] = part(table, message, asked, parts)?;
        }
    }
    made.blank = blank.into();
    parts.push(made);
    Ok(u32::try_from(parts.len() - 1).ok())
}
