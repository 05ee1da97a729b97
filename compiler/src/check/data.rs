//! `data` blocks to rows with types, and what expressions read of them.

use std::collections::BTreeMap;
use std::rc::Rc;

use bggo_schedule::{RowAdvance, RowOrder, RowRules, RowShare, RowsEnd};
use bggo_values::{Text, Type, Value};

use crate::diagnostics::{Hint, codes, nearest};
use crate::resolve::model::DataId;
use crate::source::{Answer, Question, Span};
use crate::syntax::decl::{DataDecl, DataKind, Expr, Name};

use super::data_rows::{self, CsvFile, ObjectRow, ReadRows};
use super::expression::context::{Checker, KNOWN_WHEN_BUILT, constant, error};
use super::known_data::KnownData;
use super::typed::{Binding, Sensitivity, TData, TExpr, TKind};

/// The most bytes of rows that a program holds.
const MOST_EMBEDDED: usize = 16 << 20;

/// The most cells that `[*]` makes values of.
const MOST_CELLS: usize = 100_000;

impl Checker<'_> {
    /// Data with their rows, read when something asks for them first.
    pub(super) fn data(&mut self, id: DataId) -> Option<Rc<TData>> {
        if let Some(KnownData::Read(known)) = self.data.get(id.0) {
            return known.clone();
        }
        self.note_data(id, None);
        let outside = self.leave_surroundings();
        let read = self.read_data(&self.declarations.data[id.0]).map(Rc::new);
        self.restore_surroundings(outside);
        self.note_data(id, read.clone());
        read
    }

    fn note_data(&mut self, id: DataId, read: Option<Rc<TData>>) {
        if let Some(place) = self.data.get_mut(id.0) {
            *place = KnownData::Read(read);
        }
    }

    /// `data.K.N` with nothing behind it.
    pub(super) fn whole_data(&mut self, id: DataId, span: Span) -> TExpr {
        let data = &self.declarations.data[id.0];
        let address = data.address();
        self.read_data_blocks.insert(id);
        self.error(
            codes::INVALID_REFERENCE,
            span,
            format!("`data.{address}` is read by columns"),
        )
        .hint(format!(
            "a cell of the iteration's row is `data.{address}.COLUMN`, a list of all rows `data.{address}[*]`"
        ));
        error(span)
    }

    /// `data.K.N.COLUMN`
    pub(super) fn column(&mut self, id: DataId, name: &Name, span: Span) -> TExpr {
        self.read_data_blocks.insert(id);
        let Some(data) = self.data(id) else {
            return error(span);
        };
        let mut columns = data.columns.iter();
        let Some(place) = columns.position(|column| column.name == name.text) else {
            let known = || data.columns.iter().map(|column| column.name.as_str());
            let delimiter = other_delimiter(known()).map(Hint::from);
            let hint = delimiter.or_else(|| nearest::advice(&name.text, known()));
            let text = format!("`data.{}` has no column `{}`", data.name, name.text);
            self.error(codes::UNKNOWN_COLUMN, name.span, text)
                .advise(hint);
            return error(span);
        };
        let column = &data.columns[place];
        TExpr {
            ty: column.ty.clone(),
            binding: match data.rules.advance {
                RowAdvance::Iteration => Binding::Iteration,
                RowAdvance::User => Binding::Vu,
            },
            sensitivity: Sensitivity::whole_if(column.sensitive),
            span,
            kind: TKind::Column {
                data: id,
                column: place,
            },
        }
    }

    /// What `[*]` of data runs over: all rows.
    pub(super) fn all_rows(&mut self, id: DataId, span: Span) -> TExpr {
        self.read_data_blocks.insert(id);
        let Some(data) = self.data(id) else {
            return error(span);
        };
        if data.file.is_some() {
            let text = format!(
                "the rows of `data.{}` are not known when the grid is built: they stay in their file",
                data.name
            );
            self.error(codes::NOT_CONSTANT, span, text)
                .hint("without `embed = false` the program holds them, and `[*]` lists them");
            return error(span);
        }
        if data.rows.ends.len() > MOST_CELLS {
            let text = format!(
                "`data.{}` has {} cells, and a list of all rows is made of at most {MOST_CELLS}",
                data.name,
                data.rows.ends.len()
            );
            self.error(codes::TOO_LARGE, span, text)
                .hint("an iteration reads a row of its own by `data.KIND.NAME.COLUMN`");
            return error(span);
        }
        let mut rows = Vec::with_capacity(data.rows.count as usize);
        for row in 0..data.rows.count as usize {
            let mut pairs: Vec<(Text, Value)> = Vec::with_capacity(data.columns.len());
            for (place, column) in data.columns.iter().enumerate() {
                let text = data.rows.cell(row * data.columns.len() + place);
                // Cells that have no value were reported.
                let value = data_rows::cell(column, text).unwrap_or(Value::Null);
                pairs.push((Text::from(column.name.as_str()), value));
            }
            rows.push(Value::from(pairs));
        }
        let mut sensitivity = Sensitivity::NONE;
        for column in data.columns.iter().filter(|column| column.sensitive) {
            let of_column = Sensitivity::whole().under(&column.name);
            sensitivity = sensitivity.and(&of_column.under(super::sensitivity::EVERY));
        }
        TExpr {
            sensitivity,
            ..constant(
                Value::from(rows),
                Type::list(data_rows::row_type(&data.columns)),
                span,
            )
        }
    }

    /// Reads what nothing asked for, and warns of it.
    pub(super) fn unused_data(&mut self, sound: bool) {
        let declarations = self.declarations;
        for (place, data) in declarations.data.iter().enumerate() {
            let id = DataId(place);
            let read = self.data(id);
            let unread = !self.read_data_blocks.contains(&id);
            if read.is_some() && unread && sound && !declarations.incomplete {
                let address = data.address();
                self.problems
                    .warning(
                        codes::UNUSED_DATA,
                        data.span,
                        format!("nothing reads `data.{address}`"),
                    )
                    .hint(format!("an iteration reads `data.{address}.COLUMN`"));
            }
        }
    }

    fn read_data(&mut self, data: &DataDecl) -> Option<TData> {
        let rules = self.row_rules(data);
        let read = self.read_rows(data);
        let rules = rules?;
        let mut read = read?;
        if !read.faults.is_empty() {
            let at = data.rows.as_ref().map_or(data.span, |rows| rows.span);
            for fault in std::mem::take(&mut read.faults) {
                self.error(codes::INVALID_DATA, at, fault.text)
                    .advise(fault.hint.map(Hint::from));
            }
            return None;
        }
        let mut fine = !data.broken;
        for column in data.columns.iter().flatten() {
            if !read
                .columns
                .iter()
                .any(|known| known.name == column.name.text)
            {
                self.no_column(&read, &column.name.text, column.name.span);
                fine = false;
            }
        }
        if let Some(sensitive) = &data.sensitive {
            let names = self.known(sensitive, &Type::list(Type::String), "`sensitive`");
            let names = names.as_ref().and_then(Value::items);
            for (place, name) in names.iter().flat_map(|names| names.iter()).enumerate() {
                let name = name.as_text().unwrap_or_default();
                let at = self.place_of_item(sensitive.span, place);
                match read.columns.iter_mut().find(|column| column.name == name) {
                    Some(column) => column.sensitive = true,
                    None => {
                        self.no_column(&read, name, at);
                        fine = false;
                    }
                }
            }
            fine &= names.is_some();
        }
        if let Some(description) = &data.description {
            self.description(Some(description));
        }
        fine.then(|| TData {
            name: data.address(),
            columns: read.columns,
            rows: read.rows,
            file: read.file,
            rules,
            span: data.span,
        })
    }

    fn no_column(&mut self, read: &ReadRows, name: &str, at: Span) {
        let known = read.columns.iter().map(|column| column.name.as_str());
        let hint = nearest::advice(name, known);
        self.error(
            codes::UNKNOWN_COLUMN,
            at,
            format!("the rows have no column `{name}`"),
        )
        .advise(hint);
    }

    fn read_rows(&mut self, data: &DataDecl) -> Option<ReadRows> {
        let source = data.rows.as_ref()?;
        let columns = data.columns.iter().flatten();
        let types: BTreeMap<String, Type> = columns
            .clone()
            .filter_map(|column| Some((column.name.text.clone(), column.ty.as_ref()?.ty.clone())))
            .collect();
        if types.values().any(|ty| *ty == Type::Error) {
            return None;
        }
        if data.kind == DataKind::Inline {
            let objects = self.inline_rows(source)?;
            return Some(data_rows::of_objects(&objects, &types, "`rows`"));
        }
        let path = self.known(source, &Type::String, "`file`")?;
        let path = path.as_text()?;
        let embed = match &data.embed {
            Some(embed) => self.known(embed, &Type::Bool, "`embed`")?.is_true(),
            None => true,
        };
        match (embed, data.kind) {
            (false, DataKind::Jsonl) => return self.lines_of_file(data, path, &types),
            (false, _) => return self.rows_of_file(data, path, &types),
            (true, _) => {}
        }
        let bytes = match self.answer(Question::Content(path.to_owned()))? {
            Answer::Content(bytes) => bytes,
            other => {
                self.unreadable_file(other, source.span);
                return None;
            }
        };
        if bytes.len() > MOST_EMBEDDED {
            let text = format!(
                "`{path}` has {} bytes, and a program holds at most {} MiB of rows",
                bytes.len(),
                MOST_EMBEDDED >> 20
            );
            self.error(codes::INVALID_DATA, source.span, text)
                .hint("write `embed = false`: then the program reads the file when it runs");
            return None;
        }
        if data.kind == DataKind::Jsonl {
            let Ok(text) = str::from_utf8(&bytes) else {
                let text = format!("`{path}` is not UTF-8 text");
                self.error(codes::INVALID_DATA, source.span, text);
                return None;
            };
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let (objects, faults) = data_rows::lines(text, path);
            if !faults.is_empty() {
                for fault in faults {
                    self.error(codes::INVALID_DATA, source.span, fault);
                }
                return None;
            }
            return Some(data_rows::of_objects(
                &objects,
                &types,
                &format!("`{path}`"),
            ));
        }
        let mut file = self.csv_file(data, path, &types)?;
        file.names = file.names.filter(|_| !file.has_header);
        Some(data_rows::of_csv(&bytes, &file))
    }

    /// The columns of a file whose rows are read when the program runs. If it is not there when the grid is built, the grid
    /// names all of them.
    fn rows_of_file(
        &mut self,
        data: &DataDecl,
        path: &str,
        types: &BTreeMap<String, Type>,
    ) -> Option<ReadRows> {
        let file = self.csv_file(data, path, types)?;
        if !file.has_header {
            return Some(data_rows::of_head(None, &file));
        }
        match self.answer(Question::Head(path.to_owned()))? {
            Answer::Content(head) => Some(data_rows::of_head(Some(&head), &file)),
            Answer::Refused(_) if file.names.is_some() => Some(data_rows::of_head(None, &file)),
            other => {
                let at = data.rows.as_ref().map_or(data.span, |rows| rows.span);
                self.unreadable_file(other, at);
                None
            }
        }
    }

    /// The same of a file with an object in each line.
    fn lines_of_file(
        &mut self,
        data: &DataDecl,
        path: &str,
        types: &BTreeMap<String, Type>,
    ) -> Option<ReadRows> {
        let columns = data.columns.iter().flatten();
        let named: Vec<String> = columns.map(|column| column.name.text.clone()).collect();
        match self.answer(Question::Head(path.to_owned()))? {
            Answer::Content(head) => {
                let head: &[u8] = &head;
                Some(data_rows::of_first_lines(Some(head), (path, &named), types))
            }
            Answer::Refused(_) if !named.is_empty() => {
                Some(data_rows::of_first_lines(None, (path, &named), types))
            }
            other => {
                let at = data.rows.as_ref().map_or(data.span, |rows| rows.span);
                self.unreadable_file(other, at);
                None
            }
        }
    }

    fn csv_file<'t>(
        &mut self,
        data: &DataDecl,
        path: &'t str,
        types: &'t BTreeMap<String, Type>,
    ) -> Option<CsvFile<'t>> {
        let has_header = match &data.header {
            Some(header) => self.known(header, &Type::Bool, "`header`")?.is_true(),
            None => true,
        };
        let delimiter = self.delimiter(data)?;
        let columns = data.columns.iter().flatten();
        let names: Vec<String> = columns.map(|column| column.name.text.clone()).collect();
        if !has_header && names.is_empty() {
            let text = "a file without a header needs the names of its columns";
            self.error(codes::MISSING_ATTRIBUTE, data.span, text)
                .hint("write `columns = [\"name\", \"age\"]`, in the order of the cells");
            return None;
        }
        Some(CsvFile {
            path,
            delimiter,
            has_header,
            names: (!names.is_empty()).then_some(names),
            types,
        })
    }

    fn delimiter(&mut self, data: &DataDecl) -> Option<u8> {
        let Some(written) = &data.delimiter else {
            return Some(b',');
        };
        let value = self.known(written, &Type::String, "`delimiter`")?;
        match value.as_text().map(str::as_bytes) {
            Some([byte]) if byte.is_ascii() && !b"\"\r\n".contains(byte) => Some(*byte),
            _ => {
                self.error(
                    codes::INVALID_DATA,
                    written.span,
                    "`delimiter` is one ASCII character, and neither a quote nor the end of a line",
                )
                .hint("write `delimiter = \";\"`, or `\"\\t\"` for a tab");
                None
            }
        }
    }

    /// The rows that a grid writes itself.
    fn inline_rows(&mut self, source: &Expr) -> Option<Vec<ObjectRow>> {
        let typed = self.infer(source);
        if typed.is_error() || !source.is_whole() {
            return None;
        }
        let items = match typed.constant() {
            Some(value) => value.items(),
            None => {
                let text = "`rows` must be known when the grid is built";
                self.error(codes::NOT_CONSTANT, source.span, text)
                    .hint(KNOWN_WHEN_BUILT);
                return None;
            }
        };
        let wrong = "`rows` is a list of objects: `[{ name = \"ann\" }, { name = \"bob\" }]`";
        let Some(items) = items else {
            self.error(codes::INVALID_DATA, source.span, wrong);
            return None;
        };
        if typed.sensitivity.any() {
            let text = "`rows` are sensitive: say which columns are";
            self.error(codes::INVALID_DATA, source.span, text)
                .hint("write `rows = nonsensitive(..)` and `sensitive = [\"password\"]`");
            return None;
        }
        let mut rows = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let Some(pairs) = item.pairs() else {
                let at = self.place_of_item(source.span, place);
                self.error(codes::INVALID_DATA, at, wrong);
                return None;
            };
            rows.push((format!("row {}", place + 1), pairs.to_vec()));
        }
        Some(rows)
    }

    fn row_rules(&mut self, data: &DataDecl) -> Option<RowRules> {
        let order = self.setting_of(
            (&data.order, "order"),
            RowOrder::Sequential,
            &[
                ("sequential", RowOrder::Sequential),
                ("shuffle", RowOrder::Shuffle),
                ("random", RowOrder::Random),
            ],
        );
        let advance = self.setting_of(
            (&data.advance, "advance"),
            RowAdvance::Iteration,
            &[
                ("iteration", RowAdvance::Iteration),
                ("vu", RowAdvance::User),
            ],
        );
        let share = self.setting_of(
            (&data.share, "share"),
            RowShare::Run,
            &[
                ("per_run", RowShare::Run),
                ("per_scenario", RowShare::Scenario),
                ("per_vu", RowShare::User),
            ],
        );
        let at_end = self.setting_of(
            (&data.at_end, "at_end"),
            RowsEnd::Repeat,
            &[("repeat", RowsEnd::Repeat), ("stop", RowsEnd::Stop)],
        );
        let rules = RowRules {
            order: order?,
            share: share?,
            advance: advance?,
            at_end: at_end?,
        };
        let contradiction = match (rules.order, rules.share, rules.advance, rules.at_end) {
            (RowOrder::Random, _, _, RowsEnd::Stop) => Some((
                &data.at_end,
                "rows in random order have no end",
                "`order = \"shuffle\"` reads each row once, in an order by chance",
            )),
            (_, RowShare::User, RowAdvance::User, _) => Some((
                &data.advance,
                "a user that has one row, of rows that are its own, would always have the first",
                "with `share = \"per_run\"` users have different rows",
            )),
            _ => None,
        };
        if let Some((at, text, hint)) = contradiction {
            let at = at.as_ref().map_or(data.span, |at| at.span);
            self.error(codes::INVALID_DATA, at, text).hint(hint);
            return None;
        }
        Some(rules)
    }

    /// One of several words.
    fn setting_of<T: Copy>(
        &mut self,
        (written, name): (&Option<Expr>, &str),
        default: T,
        known: &[(&str, T)],
    ) -> Option<T> {
        let Some(written) = written else {
            return Some(default);
        };
        let value = self.known(written, &Type::String, &format!("`{name}`"))?;
        let word = value.as_text().unwrap_or_default();
        if let Some((_, found)) = known.iter().find(|(one, _)| *one == word) {
            return Some(*found);
        }
        let hint = nearest::advice(word, known.iter().map(|(one, _)| *one));
        self.error(
            codes::INVALID_DATA,
            written.span,
            format!("there is no `{name} = \"{word}\"`"),
        )
        .advise(hint);
        None
    }
}

/// What to write where the only column of a CSV file shows that its cells are parted by another character.
fn other_delimiter<'a>(mut columns: impl Iterator<Item = &'a str>) -> Option<String> {
    let (Some(only), None) = (columns.next(), columns.next()) else {
        return None;
    };
    let written = [(';', ";"), ('\t', "\\t"), ('|', "|"), (',', ",")];
    let (_, delimiter) = written.into_iter().find(|(one, _)| only.contains(*one))?;
    Some(format!(
        "the first line has one column, `{}`: write `delimiter = \"{delimiter}\"`",
        only.escape_debug()
    ))
}
