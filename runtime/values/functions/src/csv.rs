//! CSV (RFC 4180) to values, as strict as Terraform: a quote within a plain field and rows of unlike lengths are faults.

use super::args::args;
use super::string::made;
use bggo_values::{Fault, Text, Value};

/// The rows below the first line as objects; that line has their names.
///
/// # Errors
/// When the text is no CSV, has no first line or a name twice, or rows have more or fewer fields than names.
pub fn csvdecode(values: &[Value]) -> Result<Value, Fault> {
    let args = args("csvdecode", values, 1, 1)?;
    let text = args.text(0)?.replace("\r\n", "\n");
    let mut reader = Reader {
        rest: text.strip_suffix('\r').unwrap_or(&text),
        line: 1,
    };
    let fault = |line: usize, why: &str| args.fault(0, &format!("line {line}: {why}"));
    let row = |reader: &mut Reader<'_>| {
        let row = reader.row();
        row.map_err(|why| fault(reader.line, why))
    };
    let Some((_, names)) = row(&mut reader)? else {
        return Err(args.fault(0, "the line with the names is missing"));
    };
    let names: Vec<Text> = names
        .into_iter()
        .map(|name| Text::from(name).normalized())
        .collect();
    for (place, name) in names.iter().enumerate() {
        if names.iter().take(place).any(|other| other == name) {
            return Err(args.fault(0, "a name of a column is there twice"));
        }
    }
    let mut rows = Vec::new();
    while let Some((line, fields)) = row(&mut reader)? {
        if fields.len() != names.len() {
            let why = format!(
                "{} fields are required, found {}",
                names.len(),
                fields.len()
            );
            return Err(fault(line, &why));
        }
        let pairs = names.iter().cloned().zip(fields.into_iter().map(made));
        rows.push(Value::from(pairs.collect::<Vec<_>>()));
    }
    Ok(Value::from(rows))
}

/// What was not read yet, with `\n` at the ends of all lines.
struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl Reader<'_> {
    /// The next row and the line on which it begins; lines without anything are none.
    fn row(&mut self) -> Result<Option<(usize, Vec<String>)>, &'static str> {
        while self.take('\n') {
            self.line += 1;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let begin = self.line;
        let mut fields = Vec::new();
        loop {
            fields.push(match self.take('"') {
                true => self.quoted()?,
                false => self.plain()?,
            });
            if !self.take(',') {
                break;
            }
        }
        if self.take('\n') {
            self.line += 1;
        } else if !self.rest.is_empty() {
            return Err("something follows the closing quote of a field");
        }
        Ok(Some((begin, fields)))
    }

    fn take(&mut self, letter: char) -> bool {
        match self.rest.strip_prefix(letter) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn plain(&mut self) -> Result<String, &'static str> {
        let end = self.rest.find([',', '\n', '"']).unwrap_or(self.rest.len());
        let (field, after) = self.rest.split_at(end);
        if after.starts_with('"') {
            return Err("a quote stands within a field that does not begin with one");
        }
        self.rest = after;
        Ok(field.to_owned())
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
        let mut field = String::new();
        loop {
            let (part, after) = self
                .rest
                .split_once('"')
                .ok_or("the quote of a field is not closed")?;
            field.push_str(part);
            self.line += part.matches('\n').count();
            self.rest = after;
            if !self.take('"') {
                return Ok(field);
            }
            field.push('"');
        }
    }
}
