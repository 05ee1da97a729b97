//! Data that iterations read: a static with the rules, the scenarios that read it, and the file of its rows.

use super::constant;
use super::data_reads::Reads;
use super::tokens::ExprTokens;
use super::writer::Writer;
use crate::check::typed::{Rows, RowsForm, TColumn, TData};
use crate::plan::model::{BodyPlan, Schedule, Step};
use crate::resolve::model::DataId;
use crate::source::Span;
use bggo_schedule::{RowAdvance, RowOrder, RowShare, RowsEnd};
use bggo_values::Type;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::BTreeMap;

/// What the program holds of data.
pub struct DataItems {
    /// `.data(&[&DATA_CSV_USERS])`, where there are some.
    pub of_grid: Option<TokenStream>,
    /// The statics.
    pub statics: TokenStream,
    /// Path within the package to bytes of each file of rows.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Some are read from files when the program runs.
    pub has_files: bool,
}

impl Writer<'_> {
    /// `this.iteration.cell(&DATA_CSV_USERS, 2)`
    pub fn cell(&self, data: DataId, column: usize, span: Span) -> ExprTokens {
        let name = &self.data_names[&data];
        let column = Literal::usize_unsuffixed(column);
        ExprTokens::Placed(quote!(this.iteration.cell(&#name, #column)), span)
    }

    /// The statics of all data.
    pub fn data_items(&self) -> DataItems {
        let reads = Reads::of(self.plan);
        let (mut statics, mut files) = (TokenStream::new(), BTreeMap::new());
        for (place, (id, name)) in self.data_names.iter().enumerate() {
            let data = &self.plan.data[id.0];
            let file = match &data.file {
                Some(_) => String::new(),
                None => format!("rows/{}.bin", name.to_string().to_lowercase()),
            };
            if data.file.is_none() {
                let rows = block(&data.rows, data.columns.len());
                files.insert(format!("src/{file}"), rows);
            }
            statics.extend(self.one(data, name, (place, &file), &self.readers_of(*id, &reads)));
        }
        let names = self.data_names.values();
        DataItems {
            of_grid: (!self.data_names.is_empty()).then(|| quote!(.data(&[#(&#names),*]))),
            statics,
            files,
            has_files: self
                .data_names
                .keys()
                .any(|id| self.plan.data[id.0].file.is_some()),
        }
    }

    fn one(
        &self,
        data: &TData,
        name: &Ident,
        (place, file): (usize, &str),
        readers: &[TokenStream],
    ) -> TokenStream {
        let address = &data.name;
        let place = Literal::usize_unsuffixed(place);
        let columns = data.columns.iter().map(column);
        let rules = data.rules;
        let order = match rules.order {
            RowOrder::Sequential => quote!(Sequential),
            RowOrder::Shuffle => quote!(Shuffle),
            RowOrder::Random => quote!(Random),
        };
        let share = match rules.share {
            RowShare::Run => quote!(Run),
            RowShare::Scenario => quote!(Scenario),
            RowShare::User => quote!(User),
        };
        let advance = match rules.advance {
            RowAdvance::Iteration => quote!(Iteration),
            RowAdvance::User => quote!(User),
        };
        let at_end = match rules.at_end {
            RowsEnd::Repeat => quote!(Repeat),
            RowsEnd::Stop => quote!(Stop),
        };
        let names: Vec<&str> = data.columns.iter().map(|one| one.name.as_str()).collect();
        let place_of = self.plan.places.line(data.span);
        let (rows, source) = match &data.file {
            None => (
                format!("{} rows", data.rows.count),
                quote!(embedded(#address, #place, include_bytes!(#file))),
            ),
            Some(file) => {
                let path = &file.path;
                let (has_header, delimiter, open) = match file.form {
                    RowsForm::Csv {
                        has_header,
                        delimiter,
                    } => (has_header, delimiter, quote!(open)),
                    RowsForm::JsonLines => (false, b'\n', quote!(open_lines)),
                };
                let delimiter = Literal::byte_character(delimiter);
                let source = quote! {
                    of_file(#address, #place, &FileRows {
                        path: #path,
                        header: &[#(#names),*],
                        has_header: #has_header,
                        delimiter: #delimiter,
                        open: ::bggo_data::#open,
                    })
                };
                (format!("rows of `{path}`"), source)
            }
        };
        let doc = format!(" data.{address}, {place_of}: {rows}, {}", names.join(", "));
        quote! {
            #[doc = #doc]
            static #name: Data = Data::#source
                .columns(&[#(#columns),*])
                .rules(RowRules {
                    order: RowOrder::#order,
                    share: RowShare::#share,
                    advance: RowAdvance::#advance,
                    at_end: RowsEnd::#at_end,
                })
                .readers(&[#(#readers),*]);
        }
    }

    /// The scenarios that read some data, and which of their choices do.
    fn readers_of(&self, id: DataId, reads: &Reads<'_>) -> Vec<TokenStream> {
        let mut readers = Vec::new();
        for (number, row) in (0..).zip(&self.plan.scenarios) {
            let is_of_user = reads.of_phases(row.body).contains(&id);
            if !is_of_user && !reads.of_body(row.body).contains(&id) {
                continue;
            }
            let number = Literal::u32_unsuffixed(number);
            let body = self.plan.body(row.body);
            let chosen = chosen(body, |step| reads.of_step(step).contains(&id));
            // What a user reads around its iterations it has whatever these choose.
            let chosen = chosen.filter(|_| !is_of_user);
            let chosen = match chosen {
                Some(chosen) => {
                    let mix = &self.names_of_body(row.body).mix;
                    quote!(Some((&#mix, &[#(#chosen),*])))
                }
                None => quote!(None),
            };
            readers.push(quote!(RowReader { scenario: #number, chosen: #chosen }));
        }
        readers
    }
}

/// Which choices of a mix read data, by position; `None` where each iteration does.
fn chosen(body: &BodyPlan, reads: impl Fn(&Step) -> bool) -> Option<Vec<bool>> {
    let Schedule::Choice(_) = &body.schedule else {
        return None;
    };
    let chosen: Vec<bool> = body.steps.iter().map(reads).collect();
    chosen.contains(&false).then_some(chosen)
}

fn column(column: &TColumn) -> TokenStream {
    let kind = match column.is_json {
        true => quote!(Column::JSON),
        false => quote!(Column::TEXT),
    };
    match &column.ty {
        Type::Any => kind,
        Type::String if !column.is_json => kind,
        ty => {
            let ty = constant::ty(ty);
            quote!(#kind.of(|| #ty))
        }
    }
}

/// The form in which a program holds rows: see `data` of the runtime.
fn block(rows: &Rows, columns: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + 4 * rows.ends.len() + rows.texts.len());
    let columns = u32::try_from(columns).unwrap_or(u32::MAX);
    for word in [rows.count, columns].iter().chain(&rows.ends) {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(rows.texts.as_bytes());
    bytes
}
