//! A statement of a step, and its parameters to the message that runs it: all of its bytes are made once where everything is known,
//! else the known ones with holes between them.

use crate::described::{Column, Described};
use crate::encode;
use crate::expected::Expected;
use crate::message::{
    BIND_TAIL, DESCRIBE_BOUND, EXECUTE, put, put_bind_head, put_describe_statement, put_parameter,
    put_parse,
};
use crate::postgres_query::Error as Kind;
use crate::sql::Sql;
use crate::types::{self, Form};
use bggo_runtime::contract::{Fault, FaultText, Shape, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    /// The number of the next statement of this thread: connections of its users know statements by it.
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A statement.
#[derive(Debug)]
pub(crate) struct Statement {
    /// `None` of one that is used once.
    pub(crate) number: Option<u32>,
    name: String,
    sql: String,
    types: Vec<u32>,
    /// Whether it may write.
    pub(crate) writes: bool,
    /// The columns that the grid was built for, if it knows them.
    expected: Option<Expected>,
    /// What a server said of it last.
    described: RefCell<Option<Rc<Described>>>,
}

impl Statement {
    /// A statement that connections keep.
    ///
    /// # Errors
    /// It cannot be run so.
    pub(crate) fn kept(
        sql: &str,
        types: Vec<u32>,
        parameters: Option<usize>,
    ) -> Result<Self, Fault> {
        let mut statement = Self::once(sql, types, parameters)?;
        let number = NEXT.get();
        NEXT.set(number.wrapping_add(1));
        statement.number = Some(number);
        statement.name = format!("bggo_{number}");
        Ok(statement)
    }

    /// A statement that is used once.
    ///
    /// # Errors
    /// It cannot be run so.
    pub(crate) fn once(
        sql: &str,
        types: Vec<u32>,
        parameters: Option<usize>,
    ) -> Result<Self, Fault> {
        if sql.contains('\0') {
            return Err(Kind::Statement.fault("a statement holds no zero byte"));
        }
        let seen = Sql::read(sql);
        seen.check(parameters)?;
        Ok(Self {
            number: None,
            name: String::new(),
            sql: sql.to_owned(),
            types,
            writes: seen.writes(),
            expected: None,
            described: RefCell::default(),
        })
    }

    /// The same for a grid that was built for these columns.
    pub(crate) fn expects(mut self, columns: Option<&Value>) -> Self {
        self.expected = columns.map(Expected::of);
        self
    }

    /// Whether the server gives the columns that the grid was built for.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn check_columns(&self, given: &[Column]) -> Result<(), Fault> {
        let expected = self.expected.as_ref();
        expected.map_or(Ok(()), |expected| expected.check(given))
    }

    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// Gives it to the server and asks what it takes and gives. Where others failed beside it, the server may have it already.
    pub(crate) fn put_prepare(&self, out: &mut Vec<u8>) {
        self.put_close(out);
        self.put_parse(out);
        put_describe_statement(out, &self.name);
    }

    pub(crate) fn put_parse(&self, out: &mut Vec<u8>) {
        put_parse(out, &self.name, &self.sql, &self.types);
    }

    /// What a server says of it: nearly always the same as before, which connections then share.
    pub(crate) fn described(&self, described: Described) -> Rc<Described> {
        let mut last = self.described.borrow_mut();
        match &*last {
            Some(last) if **last == described => Rc::clone(last),
            _ => Rc::clone(last.insert(Rc::new(described))),
        }
    }

    /// Takes it away from the server.
    pub(crate) fn put_close(&self, out: &mut Vec<u8>) {
        crate::message::put_close(out, &self.name);
    }

    /// Binds it to whole parameters.
    ///
    /// # Errors
    /// They are none of its types, or another number.
    pub(crate) fn put_bind(
        &self,
        out: &mut Vec<u8>,
        types: &[u32],
        values: &[Value],
    ) -> Result<(), Fault> {
        let count = self.count(types, values.len())?;
        let mut bound = Ok(());
        put(out, b'B', |out| {
            put_bind_head(out, &self.name, count);
            for (index, value) in values.iter().enumerate() {
                let oid = types.get(index).copied().unwrap_or(0);
                match encode::parameter(value, oid, index + 1) {
                    Ok(text) => put_parameter(out, text.as_deref()),
                    Err(fault) => {
                        bound = Err(fault);
                        return;
                    }
                }
            }
            out.extend_from_slice(&BIND_TAIL);
        });
        bound
    }

    /// Binds and runs it without having asked what it takes: the server chooses the types that the grid does not name.
    ///
    /// # Errors
    /// The parameters are none of these types.
    pub(crate) fn put_once(&self, out: &mut Vec<u8>, values: &[Value]) -> Result<(), Fault> {
        self.put_parse(out);
        self.put_bind(out, &self.types, values)?;
        out.extend_from_slice(&DESCRIBE_BOUND);
        out.extend_from_slice(&EXECUTE);
        Ok(())
    }

    fn count(&self, types: &[u32], given: usize) -> Result<u16, Fault> {
        // What is used once takes as many as the server finds in it.
        if self.number.is_some() && types.len() != given {
            let has = types.len();
            let text = format_args!("it has {has} parameters, and {given} are given");
            return Err(Kind::Statement.fault(FaultText::plain(text)));
        }
        u16::try_from(given)
            .map_err(|_| Kind::Statement.fault("a statement has at most 65535 parameters"))
    }
}

/// The types that a grid names.
///
/// # Errors
/// One is not known.
pub(crate) fn types_of(names: Option<&Value>) -> Result<Vec<u32>, Fault> {
    let Some(items) = names.and_then(Value::items) else {
        return Ok(Vec::new());
    };
    let number = |name: &Value| {
        let name = name.to_string();
        types::number(&name).ok_or_else(|| {
            let text = FaultText::plain("there is no type ").and_value(&name);
            Kind::Statement.fault(
                text.and(" known here: leave `types` out, and write $1::TYPE in the statement"),
            )
        })
    };
    items.iter().map(number).collect()
}

/// A parameter as far as it is known before the step runs.
#[derive(Debug, Clone)]
pub(crate) enum Parameter {
    Known(Value),
    /// The number of a value that comes with the step.
    Hole(usize),
}

/// The parameters of a shape; `None` if one is known in a part alone.
pub(crate) fn parameters(shape: &Shape) -> Option<Vec<Parameter>> {
    let items = match shape {
        Shape::Known(list) => {
            let values = list.items()?;
            return Some(values.iter().cloned().map(Parameter::Known).collect());
        }
        Shape::List(items) => items,
        Shape::Hole(_) | Shape::Object(_) => return None,
    };
    let parameter = |item: &Shape| match item {
        Shape::Known(value) => Some(Parameter::Known(value.clone())),
        Shape::Hole(number) => Some(Parameter::Hole(*number)),
        Shape::List(_) | Shape::Object(_) => None,
    };
    items.iter().map(parameter).collect()
}

/// A statement that is bound and run, up to what varies.
#[derive(Debug)]
pub(crate) struct Template {
    /// What it was made for.
    pub(crate) described: Rc<Described>,
    /// Bytes, and what stands behind them.
    pieces: Vec<(Vec<u8>, Hole)>,
    last: Vec<u8>,
    /// What stands behind all.
    pub(crate) end: &'static [u8],
}

/// A parameter that varies.
#[derive(Debug, Clone, Copy)]
struct Hole {
    number: usize,
    oid: u32,
    form: Form,
    /// The number of the parameter, from 1.
    parameter: usize,
}

impl Template {
    /// Binds what is known. `end` stands behind all.
    ///
    /// # Errors
    /// A parameter is none of its type, or their number is another.
    pub(crate) fn new(
        statement: &Statement,
        described: &Rc<Described>,
        known: &[Parameter],
        end: &'static [u8],
    ) -> Result<Self, Fault> {
        let types = &described.parameters;
        let count = statement.count(types, known.len())?;
        let mut pieces = Vec::new();
        // The length follows once it is known.
        let mut bytes = vec![b'B', 0, 0, 0, 0];
        put_bind_head(&mut bytes, &statement.name, count);
        for (index, (parameter, oid)) in known.iter().zip(types).enumerate() {
            match parameter {
                Parameter::Known(value) => {
                    let text = encode::parameter(value, *oid, index + 1)?;
                    put_parameter(&mut bytes, text.as_deref());
                }
                Parameter::Hole(number) => {
                    let hole = Hole {
                        number: *number,
                        oid: *oid,
                        form: types::of_number(*oid),
                        parameter: index + 1,
                    };
                    pieces.push((std::mem::take(&mut bytes), hole));
                }
            }
        }
        bytes.extend_from_slice(&BIND_TAIL);
        bytes.extend_from_slice(&EXECUTE);
        bytes.extend_from_slice(end);
        if pieces.is_empty() {
            set_length(&mut bytes, end);
        }
        Ok(Self {
            described: Rc::clone(described),
            pieces,
            last: bytes,
            end,
        })
    }

    /// All of its bytes, where nothing varies.
    pub(crate) fn known(&self) -> Option<&[u8]> {
        self.pieces.is_empty().then_some(&self.last)
    }

    /// The same with what varies.
    ///
    /// # Errors
    /// A value is none of its type.
    pub(crate) fn put(&self, out: &mut Vec<u8>, holes: &[Value]) -> Result<(), Fault> {
        let begins = out.len();
        for (bytes, hole) in &self.pieces {
            out.extend_from_slice(bytes);
            let value = holes.get(hole.number).unwrap_or(&Value::Null);
            encode::put(out, value, (hole.form, hole.oid), hole.parameter)?;
        }
        out.extend_from_slice(&self.last);
        if let Some(own) = out.get_mut(begins..) {
            set_length(own, self.end);
        }
        Ok(())
    }
}

/// Writes the length of a message that binds, behind which the one that runs it and the end stand.
fn set_length(bytes: &mut [u8], end: &[u8]) {
    // The tag does not count.
    let length = bytes.len().saturating_sub(EXECUTE.len() + end.len() + 1);
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    if let Some(place) = bytes.get_mut(1..5) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::SYNC;
    use bggo_runtime::contract::Number;

    fn number(whole: i64) -> Value {
        Number::new(whole).into()
    }

    #[test]
    fn a_template_has_the_bytes_of_a_whole_statement() {
        let statement =
            Statement::kept("SELECT $1::int, $2::text, $3::int", Vec::new(), Some(3)).unwrap();
        let described = Rc::new(Described {
            parameters: vec![23, 25, 23],
            columns: Vec::new(),
        });
        let values = [number(1), Value::text("two"), Value::Null];
        let mut whole = Vec::new();
        statement
            .put_bind(&mut whole, &described.parameters, &values)
            .unwrap();
        whole.extend_from_slice(&EXECUTE);
        whole.extend_from_slice(&SYNC);

        let known: Vec<_> = values.iter().cloned().map(Parameter::Known).collect();
        let template = Template::new(&statement, &described, &known, &SYNC).unwrap();
        assert_eq!(template.known(), Some(&*whole));

        let late = [
            Parameter::Hole(1),
            Parameter::Known(Value::text("two")),
            Parameter::Hole(0),
        ];
        let template = Template::new(&statement, &described, &late, &SYNC).unwrap();
        assert_eq!(template.known(), None);
        let mut made = Vec::new();
        template.put(&mut made, &[Value::Null, number(1)]).unwrap();
        assert_eq!(made, whole);
        let fault = template
            .put(&mut made, &[Value::Null, Value::Bool(true)])
            .unwrap_err();
        assert_eq!(fault.kind(), "conversion");

        let fault = Template::new(&statement, &described, &late[1..], &SYNC).unwrap_err();
        assert_eq!(fault.text(), "it has 3 parameters, and 2 are given");
    }

    #[test]
    fn a_shape_becomes_parameters_unless_one_is_known_in_part() {
        let shape = Shape::from(vec![Shape::Known(number(1)), Shape::Hole(0)]);
        let made = parameters(&shape).unwrap();
        assert!(matches!(
            made[..],
            [Parameter::Known(_), Parameter::Hole(0)]
        ));
        let inner = Shape::from(vec![Shape::Known(number(1)), Shape::Hole(0)]);
        assert!(parameters(&Shape::from(vec![inner])).is_none());
        assert!(parameters(&Shape::Hole(0)).is_none());
    }

    #[test]
    fn types_are_named() {
        let names = |names: &[&'static str]| {
            Value::from(
                names
                    .iter()
                    .map(|name| Value::text(name))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            types_of(Some(&names(&["int4", "text[]"]))).unwrap(),
            [23, 1009]
        );
        assert_eq!(types_of(None).unwrap(), [0_u32; 0]);
        assert_eq!(
            types_of(Some(&names(&["mood"]))).unwrap_err().kind(),
            "statement"
        );
    }
}
