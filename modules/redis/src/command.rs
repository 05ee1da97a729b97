//! Commands as the server reads them: written once as far as they are known, with holes for what comes with a run.

use crate::redis_command::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Parts, Shape, Value, format_duration};

/// Commands that would change the connection for other steps, or whose replies are none.
const REFUSED: &[&str] = &[
    "AUTH",
    "DISCARD",
    "EXEC",
    "HELLO",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PSYNC",
    "PUNSUBSCRIBE",
    "QUIT",
    "RESET",
    "SELECT",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "SYNC",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WATCH",
];

/// A command, or several, as far as they are known before a run.
#[derive(Debug)]
pub(crate) enum Template {
    /// All of it.
    Known(Box<[u8]>),
    /// Pieces in order.
    Pieces(Box<[Piece]>),
    /// Nothing.
    Whole,
}

/// A piece of a template.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Bytes as they are sent.
    Fixed(Box<[u8]>),
    /// An argument, by the number of its hole.
    Argument(usize),
    /// The first argument of a command.
    Name(usize),
    /// A whole command.
    Command(usize),
}

/// Writes pieces.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
}

impl Pieces {
    fn hole(&mut self, piece: Piece) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            self.pieces.push(Piece::Fixed(bytes.into()));
        }
        self.pieces.push(piece);
    }

    fn end(mut self) -> Template {
        if self.pieces.is_empty() {
            return Template::Known(self.bytes.into());
        }
        if !self.bytes.is_empty() {
            self.pieces.push(Piece::Fixed(self.bytes.into()));
        }
        Template::Pieces(self.pieces.into())
    }

    /// A command as far as it is known.
    fn command(&mut self, shape: &Shape) -> Result<(), Fault> {
        match shape {
            Shape::Known(value) => put_command(&mut self.bytes, value),
            Shape::Hole(number) => {
                self.hole(Piece::Command(*number));
                Ok(())
            }
            Shape::List(items) => {
                put_head(&mut self.bytes, items.len());
                for (at, item) in items.iter().enumerate() {
                    match item {
                        Shape::Known(value) => {
                            if at == 0 {
                                named(value)?;
                            }
                            put_argument(&mut self.bytes, value)?;
                        }
                        Shape::Hole(number) if at == 0 => self.hole(Piece::Name(*number)),
                        Shape::Hole(number) => self.hole(Piece::Argument(*number)),
                        Shape::List(_) | Shape::Object(_) => {
                            return Err(no_argument("a list or an object"));
                        }
                    }
                }
                Ok(())
            }
            Shape::Object(_) => Err(no_argument("an object")),
        }
    }
}

impl Template {
    /// Of one command.
    pub(crate) fn command(shape: Option<&Shape>) -> Result<Self, Fault> {
        let Some(shape) = shape else {
            return Ok(Self::Whole);
        };
        if let Shape::Hole(_) = shape {
            return Ok(Self::Whole);
        }
        let mut pieces = Pieces::default();
        pieces.command(shape)?;
        Ok(pieces.end())
    }

    /// Of several commands.
    pub(crate) fn commands(shape: Option<&Shape>) -> Result<Self, Fault> {
        let mut pieces = Pieces::default();
        match shape {
            Some(Shape::Known(list)) => {
                for command in items(list)?.iter() {
                    put_command(&mut pieces.bytes, command)?;
                }
            }
            Some(Shape::List(commands)) => {
                for command in commands.iter() {
                    pieces.command(command)?;
                }
            }
            Some(Shape::Hole(_) | Shape::Object(_)) | None => return Ok(Self::Whole),
        }
        Ok(pieces.end())
    }

    /// The bytes of one command with what comes with a run: those that are known, or `room` with them.
    pub(crate) fn fill<'a>(
        &'a self,
        late: Option<Parts<'_>>,
        room: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        match (self, late) {
            (Self::Known(bytes), _) => return Ok(bytes),
            (Self::Pieces(pieces), Some(Parts::Holes(holes))) => put_pieces(room, pieces, holes)?,
            (_, Some(Parts::Whole(value))) => put_command(room, value)?,
            _ => return Err(Fault::missing("command")),
        }
        Ok(room)
    }

    /// The same of several commands.
    pub(crate) fn fill_all<'a>(
        &'a self,
        late: Option<Parts<'_>>,
        room: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        match (self, late) {
            (Self::Known(bytes), _) => return Ok(bytes),
            (Self::Pieces(pieces), Some(Parts::Holes(holes))) => put_pieces(room, pieces, holes)?,
            (_, Some(Parts::Whole(value))) => {
                for command in items(value)?.iter() {
                    put_command(room, command)?;
                }
            }
            _ => return Err(Fault::missing("commands")),
        }
        Ok(room)
    }
}

fn put_pieces(room: &mut Vec<u8>, pieces: &[Piece], holes: &[Value]) -> Result<(), Fault> {
    let hole = |number: usize| holes.get(number).ok_or_else(|| Fault::missing("command"));
    for piece in pieces {
        match piece {
            Piece::Fixed(bytes) => room.extend_from_slice(bytes),
            Piece::Argument(number) => put_argument(room, hole(*number)?)?,
            Piece::Name(number) => {
                let value = hole(*number)?;
                named(value)?;
                put_argument(room, value)?;
            }
            Piece::Command(number) => put_command(room, hole(*number)?)?,
        }
    }
    Ok(())
}

/// A command and its arguments, all known.
pub(crate) fn put_command(out: &mut Vec<u8>, value: &Value) -> Result<(), Fault> {
    let arguments = items(value)?;
    let Some(name) = arguments.first() else {
        return Err(Kind::Argument.fault("a command is empty"));
    };
    named(name)?;
    put_head(out, arguments.len());
    for argument in arguments.iter() {
        put_argument(out, argument)?;
    }
    Ok(())
}

/// Refuses a command that would change the connection.
fn named(value: &Value) -> Result<(), Fault> {
    let Some(name) = value.as_text() else {
        return Err(Kind::Argument.fault("a command begins with its name, a string"));
    };
    let refused = REFUSED
        .iter()
        .find(|refused| refused.eq_ignore_ascii_case(name));
    let Some(refused) = refused else {
        return Ok(());
    };
    let instead = match *refused {
        "MULTI" | "EXEC" | "DISCARD" => "write a redis_pipeline with transaction = true",
        "SELECT" => "name the database in the redis_connection",
        "AUTH" | "HELLO" => "give user and password to the redis_connection",
        _ => "it would change the connection for the other steps",
    };
    Err(Kind::Argument.fault(format!("{refused} is no command of a step: {instead}")))
}

/// How many arguments follow.
pub(crate) fn put_head(out: &mut Vec<u8>, count: usize) {
    put_number(out, b'*', count);
}

/// One argument.
pub(crate) fn put_argument(out: &mut Vec<u8>, value: &Value) -> Result<(), Fault> {
    match value {
        Value::Text(text) => put_bytes(out, text.as_bytes()),
        Value::Bytes(bytes) => put_bytes(out, bytes),
        Value::Number(number) => put_bytes(out, number.to_string().as_bytes()),
        Value::Bool(true) => put_bytes(out, b"true"),
        Value::Bool(false) => put_bytes(out, b"false"),
        Value::Duration(duration) => put_bytes(out, format_duration(*duration).as_bytes()),
        Value::Null => return Err(no_argument("null")),
        Value::List(_) => return Err(no_argument("a list")),
        Value::Object(_) => return Err(no_argument("an object")),
        Value::Raw(_) => {
            return match value.clone().normalized() {
                Value::Raw(_) => Err(no_argument("an object")),
                other => put_argument(out, &other),
            };
        }
    }
    Ok(())
}

/// A string.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, b'$', bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

fn put_number(out: &mut Vec<u8>, kind: u8, number: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut left = number;
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            // A digit.
            *digit = b'0' + (left % 10) as u8;
        }
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.push(kind);
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
    out.extend_from_slice(b"\r\n");
}

fn no_argument(what: &str) -> Fault {
    let text = format_args!(
        "an argument of a command is {what}: it takes strings, numbers, bools and bytes"
    );
    Kind::Argument.fault(FaultText::plain(text))
}

fn items(list: &Value) -> Result<bggo_runtime::contract::Seq<Value>, Fault> {
    list.items()
        .ok_or_else(|| Kind::Argument.fault("a command is a list: its name and its arguments"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::from(items.into_iter().collect::<Vec<_>>())
    }

    fn sent(template: &Template, late: Option<Parts<'_>>) -> String {
        let mut room = Vec::new();
        String::from_utf8(template.fill(late, &mut room).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_command_that_is_known_is_bytes() {
        let command = list([
            Value::text("SET"),
            Value::text("é"),
            Value::number(-12),
            Value::Bool(true),
        ]);
        let template = Template::command(Some(&Shape::Known(command))).unwrap();
        assert!(matches!(template, Template::Known(_)));
        assert_eq!(
            sent(&template, None),
            "*4\r\n$3\r\nSET\r\n$2\r\né\r\n$3\r\n-12\r\n$4\r\ntrue\r\n"
        );
    }

    #[test]
    fn what_varies_is_put_between_what_is_known() {
        let shape = Shape::from(vec![
            Shape::Known(Value::text("SET")),
            Shape::Hole(0),
            Shape::Known(Value::text("EX")),
            Shape::Hole(1),
        ]);
        let template = Template::command(Some(&shape)).unwrap();
        let holes = [Value::text("k"), Value::number(1_234_567)];
        let expected = "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nEX\r\n$7\r\n1234567\r\n";
        assert_eq!(sent(&template, Some(Parts::Holes(&holes))), expected);
        let whole = list([Value::text("GET"), Value::text("")]);
        assert_eq!(
            sent(&Template::Whole, Some(Parts::Whole(&whole))),
            "*2\r\n$3\r\nGET\r\n$0\r\n\r\n"
        );
    }

    #[test]
    fn what_no_server_takes_is_refused() {
        for (command, words) in [
            (list([]), "is empty"),
            (list([Value::number(1)]), "its name"),
            (list([Value::text("SET"), Value::Null]), "is null"),
            (list([Value::text("SET"), list([])]), "is a list"),
            (
                list([Value::text("select"), Value::number(1)]),
                "name the database",
            ),
            (list([Value::text("MULTI")]), "transaction = true"),
        ] {
            let fault = Template::command(Some(&Shape::Known(command))).unwrap_err();
            assert_eq!(fault.kind(), "argument");
            assert!(fault.text().contains(words), "{}", fault.text());
        }
    }
}
