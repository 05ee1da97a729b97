//! The content of data to rows: what each cell is, and what is wrong with which line.

use std::collections::{BTreeMap, BTreeSet};

use bggo_csv::{Csv, Next};
use bggo_values::{Field, Text, Type, Value, convert, json};

use crate::source::HEAD;

use super::typed::{Rows, RowsForm, TColumn, TRowsFile};

/// How quotes of a CSV file are written.
const QUOTES: &str = "a cell in double quotes ends with one; a quote within it is written twice";

/// The most faults of rows that are told of one file.
const MOST_FAULTS: usize = 10;

/// Columns and cells, or what is wrong with them.
pub(super) struct ReadRows {
    pub(super) columns: Vec<TColumn>,
    pub(super) rows: Rows,
    /// The rows stay in this file.
    pub(super) file: Option<TRowsFile>,
    pub(super) faults: Vec<RowFault>,
}

/// What is wrong with a row, or with a whole file.
pub(super) struct RowFault {
    /// With the file and the line.
    pub(super) text: String,
    pub(super) hint: Option<&'static str>,
}

impl From<String> for RowFault {
    fn from(text: String) -> Self {
        Self { text, hint: None }
    }
}

/// What a grid says of a CSV file.
pub(super) struct CsvFile<'a> {
    /// Its path, for messages.
    pub(super) path: &'a str,
    pub(super) delimiter: u8,
    /// Whether its first line names them.
    pub(super) has_header: bool,
    /// Names of its columns, where its first line holds none.
    pub(super) names: Option<Vec<String>>,
    /// Types of columns that are no texts.
    pub(super) types: &'a BTreeMap<String, Type>,
}

impl ReadRows {
    fn new() -> Self {
        Self {
            columns: Vec::new(),
            rows: Rows::default(),
            file: None,
            faults: Vec::new(),
        }
    }

    /// Notes a fault; `false` when these are enough.
    fn fault(&mut self, fault: impl Into<RowFault>) -> bool {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault.into());
        }
        self.faults.len() < MOST_FAULTS
    }

    fn ends(mut self, path: &str) -> Self {
        if self.rows.count == 0 && self.faults.is_empty() {
            self.faults.push(format!("{path} has no row").into());
        }
        self
    }
}

/// Cuts a CSV file.
pub(super) fn of_csv(bytes: &[u8], file: &CsvFile<'_>) -> ReadRows {
    let mut read = ReadRows::new();
    let (mut csv, mut at, mut cells) = (Csv::new(file.delimiter), 0, Vec::new());
    let mut header = file.names.clone();
    if let Some(names) = &header {
        read.columns = columns(names, file.types);
    }
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let row = match csv.next(rest, true, &mut cells) {
            Ok(Next::Row(row)) => row,
            Ok(Next::Part | Next::End) => return read.ends(&format!("`{}`", file.path)),
            Err(fault) => {
                read.fault(RowFault {
                    text: format!("{}:{}: {}", file.path, fault.line, fault.what),
                    hint: Some(QUOTES),
                });
                return read;
            }
        };
        at += row.length;
        let place = format!("{}:{}", file.path, row.line);
        let Some(names) = &header else {
            let faults = faults_of_header(&cells);
            for fault in faults {
                read.fault(format!("{place}: {fault}"));
            }
            read.columns = columns(&cells, file.types);
            header = Some(cells.clone());
            continue;
        };
        if cells.len() != names.len() {
            let count = |count: usize| match count {
                1 => "1 cell".to_owned(),
                count => format!("{count} cells"),
            };
            let text = format!(
                "{place}: the row has {}, and there are {} columns",
                count(cells.len()),
                names.len()
            );
            let hint = match cells.len() > names.len() {
                true => "a cell with a delimiter in it stands in double quotes",
                false => "a cell may be empty; the delimiter before it stands there all the same",
            };
            let hint = Some(hint);
            if !read.fault(RowFault { text, hint }) {
                return read;
            }
            continue;
        }
        let mut wrong = Vec::new();
        for (column, cell) in read.columns.iter().zip(&cells) {
            if column.ty != Type::String
                && convert::convert(&Value::from(cell.clone()), &column.ty).is_err()
            {
                wrong.push(format!(
                    "{place}: the cell of the column `{}` is not {}",
                    column.name,
                    column.ty.named()
                ));
            }
        }
        for cell in &cells {
            read.rows.push(cell);
        }
        read.rows.count += 1;
        for text in wrong {
            if !read.fault(text) {
                return read;
            }
        }
    }
}

/// The columns of a CSV file whose rows stay where they are; `head` is what it begins with, where that names them.
pub(super) fn of_head(head: Option<&[u8]>, file: &CsvFile<'_>) -> ReadRows {
    let mut read = ReadRows::new();
    let mut names = file.names.clone().unwrap_or_default();
    if let Some(head) = head {
        match Csv::new(file.delimiter).next(head, true, &mut names) {
            Ok(Next::Row(_)) => {}
            Ok(Next::Part | Next::End) => return read.ends(&format!("`{}`", file.path)),
            Err(fault) => {
                read.fault(RowFault {
                    text: format!("{}:{}: {}", file.path, fault.line, fault.what),
                    hint: Some(QUOTES),
                });
                return read;
            }
        }
        for fault in faults_of_header(&names) {
            read.fault(format!("{}:1: {fault}", file.path));
        }
    }
    read.columns = columns(&names, file.types);
    read.file = Some(TRowsFile {
        path: file.path.to_owned(),
        form: RowsForm::Csv {
            has_header: head.is_some() || file.has_header,
            delimiter: file.delimiter,
        },
    });
    read
}

/// The columns of a file of objects that stays where it is: those of the lines that `head`, its first bytes, holds whole, and
/// those that the grid names. Of what stands in others nothing is known, so a column without a type may be anything.
pub(super) fn of_first_lines(
    head: Option<&[u8]>,
    (path, named): (&str, &[String]),
    types: &BTreeMap<String, Type>,
) -> ReadRows {
    let mut read = ReadRows::new();
    let head = head.unwrap_or_default();
    let whole = match head.iter().rposition(|byte| *byte == b'\n') {
        _ if (head.len() as u64) < HEAD => head,
        // The last line may be cut.
        Some(end) => head.get(..end).unwrap_or(head),
        None => &[],
    };
    let mut names: Vec<String> = Vec::new();
    match str::from_utf8(whole) {
        Ok(text) => {
            let (objects, faults) = lines(text.strip_prefix('\u{feff}').unwrap_or(text), path);
            read.faults = faults.into_iter().map(RowFault::from).collect();
            let keys = objects.iter().flat_map(|(_, pairs)| pairs);
            names.extend(keys.map(|(name, _)| name.as_str().to_owned()));
        }
        Err(_) => {
            read.fault(format!("`{path}` is not UTF-8 text"));
        }
    }
    names.extend_from_slice(named);
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    if names.is_empty() && read.faults.is_empty() {
        read.fault(format!(
            "`{path}` does not begin with a line that names columns"
        ));
    }
    let column = |name: String| TColumn {
        ty: types.get(&name).cloned().unwrap_or(Type::Any),
        name,
        is_json: true,
        sensitive: false,
    };
    read.columns = names.into_iter().map(column).collect();
    read.file = Some(TRowsFile {
        path: path.to_owned(),
        form: RowsForm::JsonLines,
    });
    read
}

fn faults_of_header(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for (place, name) in (1..).zip(names) {
        if name.is_empty() {
            faults.push(format!("column {place} has no name"));
        } else if !seen.insert(name) {
            faults.push(format!("the column `{name}` stands twice"));
        }
    }
    faults
}

fn columns(names: &[String], types: &BTreeMap<String, Type>) -> Vec<TColumn> {
    let column = |name: &String| TColumn {
        name: name.clone(),
        ty: types.get(name).cloned().unwrap_or(Type::String),
        is_json: false,
        sensitive: false,
    };
    names.iter().map(column).collect()
}

/// A row as an object, with its place for messages.
pub(super) type ObjectRow = (String, Vec<(Text, Value)>);

/// Reads a file with a JSON object in each line; what is wrong with it comes second.
pub(super) fn lines(text: &str, path: &str) -> (Vec<ObjectRow>, Vec<String>) {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let place = format!("{path}:{number}");
        let object = json::decode(line).map(|value| value.pairs());
        match object {
            Ok(Some(pairs)) => rows.push((place, pairs.to_vec())),
            Ok(None) => faults.push(format!("{place}: the line is JSON, but no object")),
            Err(_) => faults.push(format!("{place}: the line is not JSON")),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    (rows, faults)
}

/// Rows of objects: each has the columns that any of them has, and null where it lacks one.
pub(super) fn of_objects(
    objects: &[ObjectRow],
    types: &BTreeMap<String, Type>,
    what: &str,
) -> ReadRows {
    let mut read = ReadRows::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    let mut found: Vec<Option<Type>> = Vec::new();
    let mut plain: Vec<bool> = Vec::new();
    for (_, pairs) in objects {
        for (name, value) in pairs {
            let place = *places.entry(name.as_str()).or_insert_with(|| {
                names.push(name.as_str());
                found.push(None);
                plain.push(true);
                names.len() - 1
            });
            plain[place] &= matches!(value, Value::Text(_));
            if value.is_null() {
                continue;
            }
            let ty = Type::of(value);
            found[place] = Some(match found[place].take() {
                None => ty,
                Some(known) if known == ty => known,
                Some(known) => known.unify(&ty).unwrap_or(Type::Any),
            });
        }
    }
    for (_, pairs) in objects {
        if pairs.len() < names.len() {
            for (place, name) in names.iter().enumerate() {
                plain[place] &= pairs.iter().any(|(other, _)| other.as_str() == *name);
            }
        }
    }
    for ((name, ty), plain) in names.iter().zip(found).zip(&plain) {
        let declared = types.get(*name).cloned();
        read.columns.push(TColumn {
            name: (*name).to_owned(),
            ty: declared.or(ty).unwrap_or(Type::Any),
            is_json: !plain,
            sensitive: false,
        });
    }
    for (place, pairs) in objects {
        let of_row: BTreeMap<&str, &Value> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let mut wrong = Vec::new();
        for column in &read.columns {
            let value = of_row.get(column.name.as_str()).copied();
            let value = value.unwrap_or(&Value::Null);
            if column.ty != Type::Any && convert::convert(value, &column.ty).is_err() {
                wrong.push(format!(
                    "{place}: the value of the column `{}` is not {}",
                    column.name,
                    column.ty.named()
                ));
            }
            match (column.is_json, value.as_text()) {
                (false, Some(text)) => read.rows.push(text),
                _ => read.rows.push(&json::encode(value)),
            }
        }
        read.rows.count += 1;
        for text in wrong {
            if !read.fault(text) {
                return read;
            }
        }
    }
    read.ends(what)
}

/// The value of a cell, as an iteration reads it.
pub(super) fn cell(column: &TColumn, text: &str) -> Option<Value> {
    let value = match column.is_json {
        true => json::decode(text).ok()?,
        false => Value::from(text.to_owned()),
    };
    match &column.ty {
        Type::Any | Type::String if !column.is_json => Some(value),
        Type::Any => Some(value),
        ty => convert::convert(&value, ty).ok(),
    }
}

/// The type of a whole row.
pub(super) fn row_type(columns: &[TColumn]) -> Type {
    let fields = columns.iter().map(|column| Field {
        name: Text::from(column.name.as_str()),
        ty: column.ty.clone(),
        optional: None,
    });
    Type::Object(fields.collect())
}
