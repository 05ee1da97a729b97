//! A message as far as it is known before a run: bytes, with holes for what comes with it.

use crate::bson::{self, Bad};
use crate::message;
use bggo_runtime::contract::{Early, FaultText, Parts, Shape, Text, Value};

/// What a run gives for an argument.
#[derive(Debug, Clone)]
pub(crate) enum Slot<'a> {
    /// Nothing: it was known before, or it is null.
    Absent,
    /// What comes with the run of an argument that is known in part.
    Parts(Parts<'a>),
    /// A whole value.
    Value(Value),
    /// A text.
    Text(&'a str),
}

/// A message as far as it is known.
#[derive(Debug)]
pub(crate) struct Template {
    operations: Box<[Operation]>,
}

#[derive(Debug)]
enum Operation {
    /// As it is sent.
    Bytes(Box<[u8]>),
    /// A document begins: its length follows when it ends.
    Open,
    /// The innermost document ends.
    Close,
    /// An element whose value is a hole of an argument.
    Hole {
        key: Box<str>,
        slot: usize,
        hole: usize,
    },
    /// An element whose value is an object of extended JSON with holes.
    Extended {
        key: Box<str>,
        slot: usize,
        shape: Shape,
    },
    /// An element whose value is a whole argument; none if that is null.
    Argument { key: Box<str>, slot: usize },
    /// The elements of an argument that is an object.
    Spread { slot: usize },
    /// The other section ends, which is measured as a document is and has no zero at its end.
    CloseSection,
    /// An `_id` that is made.
    Id,
    /// A whole document, a hole of an argument.
    Document { slot: usize, hole: usize },
    /// All documents of a list, an argument.
    Documents { slot: usize },
}

/// Writes a template.
#[derive(Debug)]
pub(crate) struct Builder {
    operations: Vec<Operation>,
    bytes: Vec<u8>,
}

impl Builder {
    /// A message with one document, which is open.
    pub(crate) fn new() -> Self {
        let mut builder = Self {
            operations: Vec::new(),
            bytes: Vec::new(),
        };
        message::begin(&mut builder.bytes);
        builder.operation(Operation::Open);
        builder
    }

    fn operation(&mut self, operation: Operation) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            self.operations.push(Operation::Bytes(bytes.into()));
        }
        self.operations.push(operation);
    }

    /// The template. Its document was closed.
    pub(crate) fn end(mut self) -> Template {
        if !self.bytes.is_empty() {
            self.operations.push(Operation::Bytes(self.bytes.into()));
        }
        Template {
            operations: self.operations.into(),
        }
    }

    /// An element that is known.
    pub(crate) fn known(&mut self, key: &str, value: &Value) -> Result<(), Bad> {
        bson::element(&mut self.bytes, key, value)
    }

    /// A list of one document, which is open.
    pub(crate) fn open_only_item(&mut self, key: &str) {
        self.nested(key, ARRAY);
        self.nested("0", DOCUMENT);
    }

    fn nested(&mut self, key: &str, kind: u8) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.push(0);
        self.operation(Operation::Open);
    }

    /// The innermost document or list ends.
    pub(crate) fn close(&mut self) {
        self.operation(Operation::Close);
    }

    /// An argument: known, or to come; left out if it is null.
    pub(crate) fn argument(
        &mut self,
        key: &str,
        slot: usize,
        early: &Early<Option<Value>>,
    ) -> Result<(), Bad> {
        match early {
            Early::Known(Some(Value::Null) | None) => Ok(()),
            Early::Known(Some(value)) => self.known(key, value),
            Early::Later => {
                self.late(key, slot);
                Ok(())
            }
        }
    }

    /// An argument that comes with each run.
    pub(crate) fn late(&mut self, key: &str, slot: usize) {
        self.operation(Operation::Argument {
            key: key.into(),
            slot,
        });
    }

    /// The database: that of the step, or of the connection.
    pub(crate) fn database(&mut self, slot: usize, early: &Early<Option<Text>>) -> Result<(), Bad> {
        match early {
            Early::Known(Some(name)) => self.known("$db", &Value::Text(name.clone())),
            Early::Known(None) | Early::Later => {
                self.late("$db", slot);
                Ok(())
            }
        }
    }

    /// An argument that may be known in part.
    pub(crate) fn shaped(
        &mut self,
        key: &str,
        slot: usize,
        early: &Early<Option<Shape>>,
    ) -> Result<(), Bad> {
        match early {
            Early::Known(None) => Ok(()),
            Early::Known(Some(shape)) => self.shape(key, slot, shape),
            Early::Later => {
                self.late(key, slot);
                Ok(())
            }
        }
    }

    /// The same of one that is always there.
    pub(crate) fn required(
        &mut self,
        key: &str,
        slot: usize,
        early: &Early<Shape>,
    ) -> Result<(), Bad> {
        match early {
            Early::Known(shape) => self.shape(key, slot, shape),
            Early::Later => {
                self.late(key, slot);
                Ok(())
            }
        }
    }

    fn shape(&mut self, key: &str, slot: usize, shape: &Shape) -> Result<(), Bad> {
        if key.contains('\0') {
            // It is told by what writes elements.
            return self.known(key, &Value::Null);
        }
        match shape {
            Shape::Known(value) => return self.known(key, value),
            Shape::Hole(hole) => self.operation(Operation::Hole {
                key: key.into(),
                slot,
                hole: *hole,
            }),
            Shape::List(items) => {
                self.nested(key, ARRAY);
                for (number, item) in items.iter().enumerate() {
                    self.shape(&number.to_string(), slot, item)?;
                }
                self.close();
            }
            Shape::Object(pairs) => {
                if let [(only, _)] = &**pairs
                    && bson::is_extended(only)
                {
                    self.operation(Operation::Extended {
                        key: key.into(),
                        slot,
                        shape: shape.clone(),
                    });
                    return Ok(());
                }
                self.nested(key, DOCUMENT);
                self.pairs(slot, pairs)?;
                self.close();
            }
        }
        Ok(())
    }

    fn pairs(&mut self, slot: usize, pairs: &[(Text, Shape)]) -> Result<(), Bad> {
        pairs
            .iter()
            .try_for_each(|(key, shape)| self.shape(key, slot, shape))
    }

    /// The elements of an argument that is an object, into the document that is open.
    pub(crate) fn spread(&mut self, slot: usize, early: &Early<Shape>) -> Result<(), Bad> {
        match early {
            Early::Known(Shape::Known(value)) => {
                let pairs = value.pairs().ok_or_else(no_object)?;
                for (key, value) in pairs.iter() {
                    self.known(key, value)?;
                }
                Ok(())
            }
            Early::Known(Shape::Object(pairs)) => self.pairs(slot, pairs),
            Early::Known(Shape::List(_)) => Err(no_object()),
            Early::Known(Shape::Hole(_)) | Early::Later => {
                self.operation(Operation::Spread { slot });
                Ok(())
            }
        }
    }

    /// The other section of the message: documents, each with an `_id`. The document of the message was closed.
    pub(crate) fn documents(&mut self, slot: usize, early: &Early<Shape>) -> Result<(), Bad> {
        self.bytes.push(1);
        self.operation(Operation::Open);
        self.bytes.extend_from_slice(b"documents\0");
        match early {
            Early::Known(Shape::Known(list)) => {
                for document in list.items().ok_or_else(no_list)?.iter() {
                    self.document(slot, &Shape::Known(document.clone()))?;
                }
            }
            Early::Known(Shape::List(items)) => {
                for item in items.iter() {
                    self.document(slot, item)?;
                }
            }
            Early::Known(Shape::Object(_)) => return Err(no_list()),
            Early::Known(Shape::Hole(_)) | Early::Later => {
                self.operation(Operation::Documents { slot });
            }
        }
        self.operation(Operation::CloseSection);
        Ok(())
    }

    fn document(&mut self, slot: usize, shape: &Shape) -> Result<(), Bad> {
        match shape {
            Shape::Hole(hole) => self.operation(Operation::Document { slot, hole: *hole }),
            Shape::Known(value) => {
                let pairs = value.pairs().ok_or_else(no_object)?;
                self.operation(Operation::Open);
                if !has_id(pairs.iter().map(|(key, _)| key)) {
                    self.operation(Operation::Id);
                }
                for (key, value) in pairs.iter() {
                    self.known(key, value)?;
                }
                self.close();
            }
            Shape::Object(pairs) => {
                self.operation(Operation::Open);
                if !has_id(pairs.iter().map(|(key, _)| key)) {
                    self.operation(Operation::Id);
                }
                self.pairs(slot, pairs)?;
                self.close();
            }
            Shape::List(_) => return Err(no_object()),
        }
        Ok(())
    }
}

const DOCUMENT: u8 = 3;
const ARRAY: u8 = 4;

fn has_id<'a>(mut keys: impl Iterator<Item = &'a Text>) -> bool {
    keys.any(|key| &**key == "_id")
}

fn no_object() -> Bad {
    Bad(FaultText::from("a document is an object"))
}

fn no_list() -> Bad {
    Bad(FaultText::from("documents are a list of objects"))
}

impl Template {
    /// The whole message, with what a run gives: appended to `out`, which is empty.
    ///
    /// # Errors
    /// There is no such value in BSON.
    pub(crate) fn fill(
        &self,
        slots: &[Slot<'_>],
        out: &mut Vec<u8>,
        make_id: &dyn Fn() -> [u8; 12],
    ) -> Result<(), Bad> {
        // Most are not deeper than that, so no memory is asked for.
        let mut open = Nested::default();
        for operation in &self.operations {
            match operation {
                Operation::Bytes(bytes) => out.extend_from_slice(bytes),
                Operation::Open => open.push(bson::open(out)),
                Operation::Close => {
                    out.push(0);
                    bson::close(out, open.pop())?;
                }
                Operation::CloseSection => bson::close(out, open.pop())?,
                Operation::Hole { key, slot, hole } => {
                    put(out, key, hole_of(slots, *slot, *hole)?)?;
                }
                Operation::Extended { key, slot, shape } => {
                    let value = shape.fill(holes_of(slots, *slot))?;
                    put(out, key, &value)?;
                }
                Operation::Argument { key, slot } => match slots.get(*slot) {
                    Some(Slot::Parts(Parts::Whole(value))) => put_present(out, key, value)?,
                    Some(Slot::Value(value)) => put_present(out, key, value)?,
                    Some(Slot::Text(text)) => bson::text(out, key, text)?,
                    Some(Slot::Absent | Slot::Parts(Parts::Holes(_))) | None => {}
                },
                Operation::Spread { slot } => {
                    let pairs = whole(slots, *slot)?.pairs().ok_or_else(no_object)?;
                    for (key, value) in pairs.iter() {
                        bson::element(out, key, value)?;
                    }
                }
                Operation::Id => put_id(out, make_id()),
                Operation::Document { slot, hole } => {
                    put_document(out, hole_of(slots, *slot, *hole)?, make_id)?;
                }
                Operation::Documents { slot } => {
                    let documents = whole(slots, *slot)?.items().ok_or_else(no_list)?;
                    for document in documents.iter() {
                        put_document(out, document, make_id)?;
                    }
                }
            }
        }
        message::end(out)
    }
}

/// Where documents begin that are not closed yet.
#[derive(Debug, Default)]
struct Nested {
    first: [usize; 8],
    count: usize,
    more: Vec<usize>,
}

impl Nested {
    fn push(&mut self, at: usize) {
        match self.first.get_mut(self.count) {
            Some(place) => *place = at,
            None => self.more.push(at),
        }
        self.count += 1;
    }

    fn pop(&mut self) -> usize {
        self.count = self.count.saturating_sub(1);
        match self.first.get(self.count) {
            Some(at) => *at,
            None => self.more.pop().unwrap_or(0),
        }
    }
}

fn put(out: &mut Vec<u8>, key: &str, value: &Value) -> Result<(), Bad> {
    bson::element(out, key, value)
}

fn put_present(out: &mut Vec<u8>, key: &str, value: &Value) -> Result<(), Bad> {
    match value.is_null() {
        true => Ok(()),
        false => bson::element(out, key, value),
    }
}

fn put_id(out: &mut Vec<u8>, id: [u8; 12]) {
    out.push(OBJECT_ID);
    out.extend_from_slice(b"_id\0");
    out.extend_from_slice(&id);
}

const OBJECT_ID: u8 = 7;

fn put_document(
    out: &mut Vec<u8>,
    value: &Value,
    make_id: &dyn Fn() -> [u8; 12],
) -> Result<(), Bad> {
    let pairs = value.pairs().ok_or_else(no_object)?;
    let at = bson::open(out);
    if !has_id(pairs.iter().map(|(key, _)| key)) {
        put_id(out, make_id());
    }
    for (key, value) in pairs.iter() {
        bson::element(out, key, value)?;
    }
    out.push(0);
    bson::close(out, at)
}

fn missing() -> Bad {
    Bad(FaultText::from("an argument has no value"))
}

fn holes_of<'a>(slots: &'a [Slot<'a>], slot: usize) -> &'a [Value] {
    match slots.get(slot) {
        Some(Slot::Parts(Parts::Holes(holes))) => holes,
        _ => &[],
    }
}

fn hole_of<'a>(slots: &'a [Slot<'a>], slot: usize, hole: usize) -> Result<&'a Value, Bad> {
    holes_of(slots, slot).get(hole).ok_or_else(missing)
}

fn whole<'a>(slots: &'a [Slot<'a>], slot: usize) -> Result<&'a Value, Bad> {
    match slots.get(slot) {
        Some(Slot::Parts(Parts::Whole(value))) => Ok(value),
        Some(Slot::Parts(Parts::Holes([value]))) => Ok(value),
        Some(Slot::Value(value)) => Ok(value),
        _ => Err(missing()),
    }
}
