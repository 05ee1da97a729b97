//! Texts to types and back: `list(string)`, `object({ a = number, b = optional(string, "x") })`.

use super::{Field, OptionalDefault, Type};
use crate::json::{encode_plain, quoted_hcl};
use crate::literal::{Cursor, LiteralFault};
use crate::{Fault, Text};
use std::fmt;

/// Reads a type as a grid or a manifest writes it.
///
/// # Errors
/// When the text is no type.
pub fn parse(text: &str) -> Result<Type, Fault> {
    let read = || {
        let mut cursor = Cursor::new(text);
        cursor.space_and_lines()?;
        let ty = cursor.type_expression(0)?;
        cursor.space_and_lines()?;
        cursor.end("the end of the type")?;
        Ok(ty)
    };
    read().map_err(|fault: LiteralFault| Fault::new(fault.text))
}

const NAMES: &str = "string, number, bool, duration, size, bytes, any, list(..), set(..), map(..), object({..}) or tuple([..])";

impl Cursor<'_> {
    /// A type that starts here.
    pub(crate) fn type_expression(&mut self, depth: usize) -> Result<Type, LiteralFault> {
        let start = self.offset();
        let Some(word) = self.identifier() else {
            return self.expected("a type");
        };
        if let Some(alone) = Type::of_word(word) {
            return Ok(alone);
        }
        let text = match word {
            "list" => return self.one_type(depth, word).map(Type::list),
            "set" => return self.one_type(depth, word).map(Type::set),
            "map" => return self.one_type(depth, word).map(Type::map),
            "object" => return self.object_type(depth),
            "tuple" => return self.tuple_type(depth),
            "optional" => {
                "`optional` stands only around the type of an object's attribute".to_owned()
            }
            _ => format!("there is no type `{word}`: a type is {NAMES}"),
        };
        Err(LiteralFault {
            offset: start,
            text,
        })
    }

    fn open(&mut self, depth: usize, word: &str, content: &str) -> Result<usize, LiteralFault> {
        let depth = self.deeper(depth)?;
        self.space()?;
        if !self.take("(") {
            return self.fault(format!("`{word}` needs {content} in parentheses"));
        }
        self.space_and_lines()?;
        Ok(depth)
    }

    fn close(&mut self) -> Result<(), LiteralFault> {
        self.space_and_lines()?;
        if self.take(")") {
            Ok(())
        } else {
            self.expected("`)`")
        }
    }

    fn one_type(&mut self, depth: usize, word: &str) -> Result<Type, LiteralFault> {
        let depth = self.open(depth, word, "the type of its items")?;
        let item = self.type_expression(depth)?;
        self.close()?;
        Ok(item)
    }

    fn tuple_type(&mut self, depth: usize) -> Result<Type, LiteralFault> {
        let depth = self.open(depth, "tuple", "a list of types")?;
        if !self.take("[") {
            return self.expected("`[`");
        }
        let mut items = Vec::new();
        loop {
            self.space_and_lines()?;
            if self.take("]") {
                break;
            }
            items.push(self.type_expression(depth)?);
            self.space_and_lines()?;
            if !self.take(",") && self.peek() != Some(']') {
                return self.expected("`,` or `]`");
            }
        }
        self.close()?;
        Ok(Type::Tuple(items))
    }

    fn object_type(&mut self, depth: usize) -> Result<Type, LiteralFault> {
        let depth = self.open(depth, "object", "its attributes")?;
        if !self.take("{") {
            return self.expected("`{`");
        }
        let mut fields: Vec<Field> = Vec::new();
        loop {
            self.space_and_lines()?;
            if self.take("}") {
                break;
            }
            let start = self.offset();
            let name = if self.take("\"") {
                self.quoted()?
            } else {
                self.name("the name of an attribute or `}`")?
            };
            if fields.iter().any(|field| field.name.as_str() == name) {
                return Err(LiteralFault {
                    offset: start,
                    text: format!("the attribute `{name}` is written twice"),
                });
            }
            self.space()?;
            if !(self.take("=") || self.take(":")) {
                return self.expected(&format!("`=` after `{name}`"));
            }
            self.space()?;
            let (ty, optional) = self.attribute_type(depth)?;
            fields.push(Field {
                name: Text::from(name),
                ty,
                optional,
            });
            self.space()?;
            if !self.take(",") && self.peek() != Some('}') && !self.newline()? {
                return self.expected("`,`, `}` or a new line");
            }
        }
        self.close()?;
        Ok(Type::Object(fields))
    }

    fn attribute_type(
        &mut self,
        depth: usize,
    ) -> Result<(Type, Option<OptionalDefault>), LiteralFault> {
        let rest = self.rest();
        if !(rest.starts_with("optional(") || rest.starts_with("optional ")) {
            return Ok((self.type_expression(depth)?, None));
        }
        self.skip("optional".len());
        let depth = self.open(depth, "optional", "a type")?;
        let ty = self.type_expression(depth)?;
        self.space_and_lines()?;
        let default = if self.take(",") {
            self.space_and_lines()?;
            let start = self.offset();
            let value = self.value(depth)?;
            let value = crate::convert::convert(&value, &ty).map_err(|fault| LiteralFault {
                offset: start,
                text: format!("the default does not fit its type: {fault}"),
            })?;
            Some(value).filter(|value| !value.is_null())
        } else {
            None
        };
        self.close()?;
        Ok((
            ty,
            Some(OptionalDefault(
                default.map(|value| Text::from(encode_plain(&value))),
            )),
        ))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::Duration => f.write_str("duration"),
            Self::Size => f.write_str("size"),
            Self::Bytes => f.write_str("bytes"),
            // What has a reported error can be anything.
            Self::Any | Self::Error => f.write_str("any"),
            Self::Named(named) => f.write_str(&named.name),
            Self::Null => f.write_str("null"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Set(item) => write!(f, "set({item})"),
            Self::Map(item) => write!(f, "map({item})"),
            Self::Tuple(items) => {
                f.write_str("tuple([")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place > 0 { ", " } else { "" })?;
                }
                f.write_str("])")
            }
            Self::Object(fields) => {
                f.write_str("object({")?;
                for (place, field) in fields.iter().enumerate() {
                    write!(f, "{}{field}", if place > 0 { ", " } else { "" })?;
                }
                f.write_str("})")
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let starts = self
            .name
            .starts_with(|c: char| c.is_alphabetic() || c == '_');
        if starts
            && self
                .name
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        {
            f.write_str(&self.name)?;
        } else {
            f.write_str(&quoted_hcl(&self.name))?;
        }
        match &self.optional {
            None => write!(f, " = {}", self.ty),
            Some(OptionalDefault(None)) => write!(f, " = optional({})", self.ty),
            // JSON is HCL but for the openings of templates.
            Some(OptionalDefault(Some(json))) => {
                write!(
                    f,
                    " = optional({}, {})",
                    self.ty,
                    json.replace("${", "$${").replace("%{", "%%{")
                )
            }
        }
    }
}
