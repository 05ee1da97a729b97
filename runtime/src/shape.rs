//! An input that is known in part: its skeleton in `prepare`, with numbered holes, and what comes with `run`.

use crate::fault::{Fault, FaultText};
use bggo_values::{Seq, Text, Value};
use std::borrow::Cow;

/// What is known of an input with `shape = true` before its step runs.
///
/// Holes are numbered from 0 in the order in which they are written. A part without holes is `Known` as a whole, so that
/// a list or an object in this tree always has a hole somewhere below it.
///
/// ```
/// use bggo_runtime::contract::{Shape, Value, encode_json};
///
/// /// Pieces of a line that are fixed, and the numbers of the holes between them.
/// fn pieces(shape: &Shape) -> Vec<Result<String, usize>> {
///     let leaves = shape.leaves().into_iter();
///     leaves
///         .filter_map(|leaf| match leaf {
///             Shape::Known(value) => Some(Ok(encode_json(value))),
///             Shape::Hole(number) => Some(Err(*number)),
///             // A leaf is neither.
///             Shape::List(_) | Shape::Object(_) => None,
///         })
///         .collect()
/// }
///
/// let command = Shape::from(vec![Shape::Known(Value::text("GET")), Shape::Hole(0)]);
/// assert_eq!(pieces(&command), [Ok("\"GET\"".to_owned()), Err(0)]);
/// ```
#[derive(Debug, Clone)]
pub enum Shape {
    /// A part that is known; lists and objects, too.
    Known(Value),
    /// The number of a part that differs between users, iterations or instances. A template that varies is one hole.
    Hole(usize),
    /// A list of which some items hold holes.
    List(Seq<Shape>),
    /// An object of which some values hold holes: pairs in written order, keys unique.
    Object(Seq<(Text, Shape)>),
}

/// What comes with `run` of an input with `shape = true`.
#[derive(Debug, Clone, Copy)]
pub enum Parts<'a> {
    /// The whole value: the input stood at `Later` in `prepare`.
    Whole(&'a Value),
    /// A value for each hole of its shape, in the order of their numbers. Each may be null.
    Holes(&'a [Value]),
}

impl Shape {
    /// A list of the program.
    pub const fn list(items: &'static [Self]) -> Self {
        Self::List(Seq::Static(items))
    }

    /// An object of the program; its keys must be unique.
    pub const fn object(pairs: &'static [(Text, Self)]) -> Self {
        Self::Object(Seq::Static(pairs))
    }

    /// The whole value, if there is no hole in it.
    pub fn known(&self) -> Option<&Value> {
        match self {
            Self::Known(value) => Some(value),
            Self::Hole(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Its known parts and its holes, in the order in which they are written.
    pub fn leaves(&self) -> Vec<&Self> {
        let mut leaves = Vec::new();
        self.add_leaves(&mut leaves);
        leaves
    }

    fn add_leaves<'a>(&'a self, leaves: &mut Vec<&'a Self>) {
        match self {
            Self::Known(_) | Self::Hole(_) => leaves.push(self),
            Self::List(items) => items.iter().for_each(|item| item.add_leaves(leaves)),
            Self::Object(pairs) => pairs.iter().for_each(|(_, part)| part.add_leaves(leaves)),
        }
    }

    /// How many holes it has.
    pub fn holes(&self) -> usize {
        match self {
            Self::Known(_) => 0,
            Self::Hole(_) => 1,
            Self::List(items) => items.iter().map(Self::holes).sum(),
            Self::Object(pairs) => pairs.iter().map(|(_, part)| part.holes()).sum(),
        }
    }

    /// Characters of a text, bytes, items of a list, keys of an object; `None` for a hole and for what has no length.
    pub fn length(&self) -> Option<usize> {
        match self {
            Self::Known(value) => value.length(),
            Self::Hole(_) => None,
            Self::List(items) => Some(items.len()),
            Self::Object(pairs) => Some(pairs.len()),
        }
    }

    /// The whole value, with these in its holes.
    ///
    /// # Errors
    /// There are fewer of them than holes.
    pub fn fill(&self, holes: &[Value]) -> Result<Value, Fault> {
        match self {
            Self::Known(value) => Ok(value.clone()),
            Self::Hole(number) => holes.get(*number).cloned().ok_or_else(|| {
                let text = format_args!("hole {number} of an input has no value");
                Fault::new("value", FaultText::plain(text))
            }),
            Self::List(items) => {
                let items = items.iter().map(|part| part.fill(holes));
                items.collect::<Result<Vec<_>, _>>().map(Value::from)
            }
            Self::Object(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, part)| Ok((key.clone(), part.fill(holes)?)));
                pairs.collect::<Result<Vec<_>, _>>().map(Value::from)
            }
        }
    }
}

impl<'a> Parts<'a> {
    /// The whole value. `shape` is what was known of it, if it was not `Later`.
    ///
    /// # Errors
    /// There are fewer values than holes, or no shape that they belong to.
    pub fn value(self, shape: Option<&Shape>) -> Result<Cow<'a, Value>, Fault> {
        match (self, shape) {
            (Self::Whole(value), _) => Ok(Cow::Borrowed(value)),
            (Self::Holes(holes), Some(shape)) => shape.fill(holes).map(Cow::Owned),
            (Self::Holes(_), None) => Err(Fault::new(
                "value",
                "values came for the holes of an input without a shape",
            )),
        }
    }

    /// The length of the whole value, as far as these parts tell it: that of a shape was known before.
    pub fn length(&self) -> Option<usize> {
        match self {
            Self::Whole(value) => value.length(),
            Self::Holes(_) => None,
        }
    }
}

impl From<Value> for Shape {
    fn from(value: Value) -> Self {
        Self::Known(value)
    }
}

impl From<Vec<Shape>> for Shape {
    fn from(items: Vec<Shape>) -> Self {
        Self::List(items.into())
    }
}

impl From<Vec<(Text, Shape)>> for Shape {
    fn from(pairs: Vec<(Text, Shape)>) -> Self {
        Self::Object(pairs.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FIELDS: [(Text, Shape); 2] = [
        (Text::Static("id"), Shape::Hole(1)),
        (Text::Static("kind"), Shape::Known(Value::text("user"))),
    ];
    static COMMAND: [Shape; 4] = [
        Shape::Known(Value::text("SET")),
        Shape::Hole(0),
        Shape::object(&FIELDS),
        Shape::Hole(2),
    ];

    fn command() -> Shape {
        Shape::list(&COMMAND)
    }

    /// Leaves as text: known parts as JSON, holes by their numbers.
    fn written(shape: &Shape) -> Vec<String> {
        let leaves = shape.leaves().into_iter();
        leaves
            .map(|leaf| match leaf {
                Shape::Known(value) => bggo_values::json::encode_plain(value),
                Shape::Hole(number) => format!("#{number}"),
                Shape::List(_) | Shape::Object(_) => "no leaf".to_owned(),
            })
            .collect()
    }

    #[test]
    fn leaves_and_holes_come_in_written_order() {
        assert_eq!(
            written(&command()),
            ["\"SET\"", "#0", "#1", "\"user\"", "#2"]
        );
        assert_eq!(command().holes(), 3);
        assert_eq!(command().length(), Some(4));
        assert_eq!(Shape::object(&FIELDS).length(), Some(2));
        assert_eq!(Shape::Hole(0).length(), None);
    }

    #[test]
    fn holes_are_filled_by_their_numbers_and_null_is_a_value() {
        let holes = [Value::text("key"), Value::number(7), Value::Null];
        let filled = command().fill(&holes).unwrap();
        assert_eq!(
            bggo_values::json::encode_plain(&filled),
            r#"["SET","key",{"id":7,"kind":"user"},null]"#
        );
        let whole = Parts::Holes(&holes).value(Some(&command())).unwrap();
        assert_eq!(*whole, filled);
    }

    #[test]
    fn a_hole_without_a_value_is_a_fault_that_names_it() {
        let fault = command().fill(&[Value::Null]).unwrap_err();
        assert_eq!(fault.text(), "hole 1 of an input has no value");
        assert!(Parts::Holes(&[]).value(None).is_err());
    }

    #[test]
    fn a_known_value_is_itself_and_a_whole_one_is_borrowed() {
        let known = Shape::from(Value::text("x"));
        assert_eq!(known.known(), Some(&Value::text("x")));
        assert_eq!((known.holes(), known.length()), (0, Some(1)));
        assert!(command().known().is_none());
        let value = Value::list(const { &[Value::Null] });
        let whole = Parts::Whole(&value).value(None).unwrap();
        assert!(matches!(whole, Cow::Borrowed(_)));
        assert_eq!(Parts::Whole(&value).length(), Some(1));
        assert_eq!(Parts::Holes(&[]).length(), None);
    }

    #[test]
    fn a_shape_made_when_the_program_starts_is_as_one_of_the_program() {
        let made = Shape::from(Vec::from([
            Shape::Hole(0),
            Shape::from(Vec::from([(Text::Static("a"), Shape::Known(Value::Null))])),
        ]));
        assert_eq!(written(&made), ["#0", "null"]);
    }
}
