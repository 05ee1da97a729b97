//! Where a part of a value may become null: an item of a list, an attribute of an object, a cell of rows.
//!
//! A value is not computed for that. The way into it is followed back through what makes it: literals, locals, names of
//! `for`s, functions that hand items on, rows of data, and the types of variables and inputs.

use bggo_values::{Type, Value};

use crate::check::expression::context::LiteralParts;
use crate::check::typed::{TExpr, TFor, TInstances, TKind};
use crate::resolve::model::{BoundId, Callee, DataId, InputId, LocalId, StepId, VariableId};
use crate::source::Span;
use crate::syntax::decl::{DataDecl, DataKind, EVERY, ExprKind, TypeExpr};

use super::guards;
use super::{HAND_ON, Null, Reader};

/// One level into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Level {
    /// An attribute, or the item of a map.
    Attribute(String),
    /// An item of a list.
    Item(usize),
    /// Any of them: which one is not known.
    Any,
}

/// The most expressions that are looked at for one answer. What lies further away is not warned of.
const MOST_LOOKS: u32 = 300;

/// The most items of a constant that are looked at.
const MOST_ITEMS: usize = 10_000;

/// Functions of which each item is one of the first argument.
const SAME_ITEMS: [&str; 6] = [
    "distinct",
    "reverse",
    "setsubtract",
    "slice",
    "tolist",
    "toset",
];

/// Functions of which each item is one of any argument.
const ALL_ITEMS: [&str; 3] = ["concat", "setintersection", "setunion"];

impl<'a> Reader<'a> {
    /// Where a part of a value may become null.
    pub(super) fn null_within(&mut self, of: &'a TExpr, way: &[Level]) -> Option<Null> {
        let is_first = self.looks == 0;
        let found = self.look(of, way);
        if is_first {
            self.looks = 0;
        }
        found
    }

    /// Where an item of a value may become null.
    pub(super) fn null_item(&mut self, of: &'a TExpr) -> Option<Null> {
        self.null_within(of, &[Level::Any])
    }

    fn look(&mut self, of: &'a TExpr, way: &[Level]) -> Option<Null> {
        if self.looks >= MOST_LOOKS {
            return None;
        }
        self.looks += 1;
        let Some((first, rest)) = way.split_first() else {
            return self.null(of);
        };
        let found = match &of.kind {
            TKind::Constant(value) => self.within_constant((value, of.span), way),
            TKind::Convert(inner) => match has_default(&of.ty, way) {
                true => None,
                false => self.look(inner, way),
            },
            TKind::Local(id) => self.within_local(*id, way),
            TKind::Variable(id) => self.within_variable(*id, way),
            TKind::Input(id) => self.within_input(*id, way),
            TKind::List(items) => match first {
                Level::Item(place) => self.look(items.get(*place)?, rest),
                Level::Any => items.iter().find_map(|item| self.look(item, rest)),
                Level::Attribute(_) => None,
            },
            TKind::Object(pairs) => match first {
                Level::Attribute(name) => {
                    let is_meant = |key: &TExpr| {
                        key.constant().and_then(Value::as_text) == Some(name.as_str())
                    };
                    let (_, value) = pairs.iter().rfind(|(key, _)| is_meant(key))?;
                    self.look(value, rest)
                }
                Level::Any => pairs.iter().find_map(|(_, value)| self.look(value, rest)),
                Level::Item(_) => None,
            },
            TKind::For(form) => self.within_for(form, rest),
            TKind::Splat { over, item, each } => {
                self.overs.insert(*item, over);
                self.look(each, rest)
            }
            TKind::Bound(name) => {
                let over = *self.overs.get(name)?;
                self.look(over, &before(Level::Any, way))
            }
            TKind::EachValue => self.within_each(way),
            TKind::Field(inner, name) | TKind::FieldOrNull(inner, name) => {
                self.look(inner, &before(Level::Attribute(name.clone()), way))
            }
            TKind::Index(inner, by) => self.look(inner, &before(level(by), way)),
            TKind::Conditional(condition, yes, no) => {
                let facts = |truth| guards::facts(condition, truth, self.known());
                let (if_true, if_false) = (facts(true), facts(false));
                let mut found = None;
                self.under(if_true, |reader| found = reader.look(yes, way));
                if found.is_none() {
                    self.under(if_false, |reader| found = reader.look(no, way));
                }
                found
            }
            TKind::Try(items) => items.iter().find_map(|item| self.look(item, way)),
            TKind::Output {
                step,
                field: Some(output),
                ..
            } => self.within_output(*step, *output, way),
            TKind::Call {
                function,
                arguments,
                expand: false,
            } => self.within_call(function.name, arguments, way),
            _ => None,
        };
        match &of.kind {
            // What else makes values may leave out those that are null.
            TKind::Output { .. }
            | TKind::Field(..)
            | TKind::FieldOrNull(..)
            | TKind::Index(..)
            | TKind::Bound(_)
            | TKind::EachValue => found.or_else(|| self.within_described(&of.ty, of.span, way)),
            _ => found,
        }
    }

    /// What the schema of an answer says.
    fn within_described(&mut self, ty: &Type, span: Span, way: &[Level]) -> Option<Null> {
        let opened = match ty {
            Type::Named(named) => Some(self.documents.open(named)),
            _ => None,
        };
        let Some((first, rest)) = way.split_first() else {
            let null = opened.as_ref()?.null.as_ref()?;
            return Some(Null {
                span: null.at.unwrap_or(span),
                why: null.why.to_owned(),
            });
        };
        let ty = opened.as_ref().map_or(ty, |opened| &opened.ty);
        let inner = match (ty, first) {
            (Type::List(item) | Type::Set(item) | Type::Map(item), _) => item,
            (Type::Tuple(items), Level::Item(place)) => items.get(*place)?,
            (Type::Object(fields), Level::Attribute(name)) => {
                let mut fields = fields.iter();
                &fields.find(|field| field.name.as_str() == name)?.ty
            }
            _ => return None,
        };
        self.within_described(inner, span, rest)
    }

    fn within_constant(&self, (value, whole): (&Value, Span), way: &[Level]) -> Option<Null> {
        let span = self.constant_null((value, whole), way)?;
        let why = match span == whole {
            true => "null in it",
            false => "null here",
        };
        Some(Null {
            span,
            why: why.to_owned(),
        })
    }

    /// The place of a null in a constant, as near as the grid writes it.
    fn constant_null(&self, (value, span): (&Value, Span), way: &[Level]) -> Option<Span> {
        let Some((first, rest)) = way.split_first() else {
            return value.is_null().then_some(span);
        };
        match first {
            Level::Attribute(name) => {
                let pairs = value.pairs()?;
                let (_, inner) = pairs.iter().find(|(key, _)| key.as_str() == name)?;
                let at = self.place_of_attribute(span, name);
                self.constant_null((inner, at), rest)
            }
            Level::Item(place) => {
                let items = value.items()?;
                let at = self.place_of_item(span, *place);
                self.constant_null((items.get(*place)?, at), rest)
            }
            Level::Any => match value.items() {
                Some(items) => {
                    let mut items = items.iter().enumerate().take(MOST_ITEMS);
                    items.find_map(|(place, inner)| {
                        let at = self.place_of_item(span, place);
                        self.constant_null((inner, at), rest)
                    })
                }
                None => value
                    .pairs()?
                    .iter()
                    .take(MOST_ITEMS)
                    .find_map(|(key, inner)| {
                        let at = self.place_of_attribute(span, key.as_str());
                        self.constant_null((inner, at), rest)
                    }),
            },
        }
    }

    fn within_local(&mut self, id: LocalId, way: &[Level]) -> Option<Null> {
        let typed = self.typed;
        self.look(&typed.locals.get(id.0)?.value, way)
    }

    /// What the type of a variable says, and what its default holds.
    fn within_variable(&self, id: VariableId, way: &[Level]) -> Option<Null> {
        let variable = self.typed.variables.get(id.0)?;
        let declared = self.declarations.variables.get(id.0)?;
        if let Some(null) = within_type(&variable.ty, declared.ty.as_ref(), way) {
            return Some(null);
        }
        let (value, written) = (variable.default.as_ref()?, declared.default.as_ref()?);
        self.within_constant((value, written.span), way)
    }

    fn within_input(&self, id: InputId, way: &[Level]) -> Option<Null> {
        let flow = self.typed.body(id.flow).flow.as_ref()?;
        let input = flow.runner.inputs.get(id.index)?;
        let declared = self.declarations.flow(id.flow)?.inputs.get(id.index)?;
        if let Some(null) = within_type(&input.ty, declared.ty.as_ref(), way) {
            return Some(null);
        }
        let (value, written) = (input.default.as_ref()?, declared.default.as_ref()?);
        self.within_constant((value, written.span), way)
    }

    fn within_for(&mut self, form: &'a TFor, rest: &[Level]) -> Option<Null> {
        self.overs.insert(form.value, &form.over);
        let rest = match (form.grouped, rest.split_first()) {
            (false, _) => rest,
            // What is grouped is a list.
            (true, Some((_, rest))) => rest,
            (true, None) => return None,
        };
        let condition = form.condition.as_ref();
        let facts = condition.map(|condition| guards::facts(condition, true, self.known()));
        let mut found = None;
        self.under(facts.unwrap_or_default(), |reader| {
            found = reader.look(&form.result, rest);
        });
        found
    }

    fn within_each(&mut self, way: &[Level]) -> Option<Null> {
        let instances = self.instances?;
        match instances {
            TInstances::ForEach(values) => {
                let written = self.for_each?;
                values.iter().find_map(|(key, value)| {
                    let at = self.place_of_attribute(written, key);
                    self.within_constant((value, at), way)
                })
            }
            TInstances::Late(late) => self.look(&late.over, &before(Level::Any, way)),
            TInstances::Single | TInstances::Count(_) => None,
        }
    }

    /// What a flow gives.
    fn within_output(&mut self, step: StepId, output: usize, way: &[Level]) -> Option<Null> {
        let typed = self.typed;
        let Callee::Flow(body) = typed.step(step).callee else {
            return None;
        };
        let value = typed.body(body).flow.as_ref()?.outputs.get(output)?;
        let facts = std::mem::take(&mut self.facts);
        let null = self.look(value, way);
        self.facts = facts;
        null
    }

    fn within_call(
        &mut self,
        function: &str,
        arguments: &'a [TExpr],
        way: &[Level],
    ) -> Option<Null> {
        let (first, rest) = way.split_first()?;
        match function {
            "coalesce" => arguments.iter().find_map(|one| self.look(one, way)),
            // The last that has an attribute counts.
            "merge" => {
                for one in arguments.iter().rev() {
                    let found = self.look(one, way);
                    if found.is_some() || surely_has(&one.ty, first) {
                        return found;
                    }
                }
                None
            }
            "element" | "lookup" | "one" => {
                let (of, by) = (arguments.first()?, picked(function, arguments));
                self.look(of, &before(by, way))
            }
            "values" if *first == Level::Any => {
                self.look(arguments.first()?, &before(Level::Any, rest))
            }
            _ if HAND_ON.contains(&function) => self.look(arguments.first()?, way),
            _ if SAME_ITEMS.contains(&function) && *first == Level::Any => {
                self.look(arguments.first()?, way)
            }
            _ if ALL_ITEMS.contains(&function) && *first == Level::Any => {
                arguments.iter().find_map(|one| self.look(one, way))
            }
            _ => None,
        }
    }

    /// Where what a call picks out of its first argument may become null.
    pub(super) fn null_picked(&mut self, function: &str, arguments: &'a [TExpr]) -> Option<Null> {
        if !["element", "lookup", "one"].contains(&function) {
            return None;
        }
        let of = arguments.first()?;
        self.null_within(of, &[picked(function, arguments)])
    }

    /// Where an item of what a name runs over may become null.
    pub(super) fn null_bound(&mut self, name: BoundId) -> Option<Null> {
        let over = *self.overs.get(&name)?;
        self.null_item(over)
    }

    /// Where the value of an instance may become null.
    pub(super) fn null_each(&mut self) -> Option<Null> {
        let is_first = self.looks == 0;
        let found = self.within_each(&[]);
        if is_first {
            self.looks = 0;
        }
        found
    }

    /// Where an attribute or item of a value may become null.
    pub(super) fn null_part(&mut self, expr: &'a TExpr) -> Option<Null> {
        match &expr.kind {
            TKind::Field(of, name) => self.null_within(of, &[Level::Attribute(name.clone())]),
            TKind::Index(of, by) => self.null_within(of, &[level(by)]),
            _ => None,
        }
    }

    /// Which row has null in a column of rows that the compiler has read.
    pub(super) fn null_cell(&mut self, data: DataId, column: usize) -> Option<Null> {
        if let Some(known) = self.of_columns.get(&(data, column)) {
            return known.clone();
        }
        let found = self.find_cell(data, column);
        self.of_columns.insert((data, column), found.clone());
        found
    }

    fn find_cell(&self, id: DataId, column: usize) -> Option<Null> {
        let data = self.typed.data.get(id.0)?;
        let declared = self.declarations.data.get(id.0)?;
        let about = data.columns.get(column)?;
        if !about.is_json {
            return None;
        }
        let mut rows = 0..data.rows.count as usize;
        let row = rows.find(|row| data.rows.cell(row * data.columns.len() + column) == "null")?;
        let (span, is_there) = place_of_cell(declared, row, &about.name);
        let name = &about.name;
        let why = match (declared.kind, is_there) {
            (DataKind::Inline, Some(true)) => "null here".to_owned(),
            (DataKind::Inline, Some(false)) => {
                format!("this row has no `{name}`, so there it is null")
            }
            _ => format!("`{name}` is null in row {}, or missing there", row + 1),
        };
        Some(Null { span, why })
    }

    fn place_of_item(&self, whole: Span, place: usize) -> Span {
        match self.literals.get(&whole) {
            Some(LiteralParts::Items(spans)) => spans.get(place).copied().unwrap_or(whole),
            _ => whole,
        }
    }

    fn place_of_attribute(&self, whole: Span, name: &str) -> Span {
        match self.literals.get(&whole) {
            Some(LiteralParts::Attributes(all)) => {
                let found = all.iter().rfind(|one| one.name == name);
                found.map_or(whole, |one| one.value)
            }
            _ => whole,
        }
    }
}

/// A way with one level more in front.
fn before(first: Level, way: &[Level]) -> Vec<Level> {
    std::iter::once(first).chain(way.iter().cloned()).collect()
}

/// The level that an index is.
fn level(by: &TExpr) -> Level {
    match by.constant() {
        Some(Value::Text(key)) => Level::Attribute(key.as_str().to_owned()),
        Some(Value::Number(number)) => number.as_usize().map_or(Level::Any, Level::Item),
        _ => Level::Any,
    }
}

/// What a call picks out of its first argument.
fn picked(function: &str, arguments: &[TExpr]) -> Level {
    match (function, arguments.get(1)) {
        ("one", _) | (_, None) => Level::Any,
        (_, Some(by)) => level(by),
    }
}

/// Whether a value of this type has this attribute, null or not.
fn surely_has(ty: &Type, first: &Level) -> bool {
    match (ty, first) {
        (Type::Object(fields), Level::Attribute(name)) => {
            fields.iter().any(|field| field.name.as_str() == name)
        }
        _ => false,
    }
}

/// Whether a conversion to this type puts a default where null would be.
fn has_default(ty: &Type, way: &[Level]) -> bool {
    optional_at(ty, way).is_some_and(|(has_default, _)| has_default)
}

/// Whether the last level of a way is an optional attribute: whether it has a default, and the way in words.
fn optional_at(ty: &Type, way: &[Level]) -> Option<(bool, Vec<String>)> {
    let (mut ty, mut words, mut last) = (ty, Vec::new(), None);
    for level in way {
        last = None;
        ty = match (ty, level) {
            (Type::Object(fields), Level::Attribute(name)) => {
                let field = fields.iter().find(|field| field.name.as_str() == name)?;
                last = field.optional.as_ref().map(|default| default.0.is_some());
                words.push(name.clone());
                &field.ty
            }
            (Type::Tuple(items), Level::Item(place)) => {
                words.push(place.to_string());
                items.get(*place)?
            }
            (Type::List(item) | Type::Set(item) | Type::Map(item), _) => {
                words.push(EVERY.to_owned());
                item
            }
            _ => return None,
        };
    }
    Some((last?, words))
}

/// An attribute that its type declares `optional` without a default.
fn within_type(ty: &Type, written: Option<&TypeExpr>, way: &[Level]) -> Option<Null> {
    let (has_default, words) = optional_at(ty, way)?;
    if has_default {
        return None;
    }
    let written = written?;
    let mut places = written.optionals.iter();
    let (_, span) = places.find(|(way, _)| *way == words)?;
    Some(Null {
        span: *span,
        why: "null where it is left out".to_owned(),
    })
}

/// The place of a cell that a grid writes itself, and whether it stands there; else that of all rows.
fn place_of_cell(data: &DataDecl, row: usize, column: &str) -> (Span, Option<bool>) {
    let Some(rows) = &data.rows else {
        return (data.span, None);
    };
    let ExprKind::List(items) = &rows.kind else {
        return (rows.span, None);
    };
    let Some(item) = items.get(row) else {
        return (rows.span, None);
    };
    let ExprKind::Object(pairs) = &item.kind else {
        return (item.span, None);
    };
    let is_meant = |key: &ExprKind| matches!(key, ExprKind::Text(name) | ExprKind::Root(name) if name == column);
    match pairs.iter().rfind(|(key, _)| is_meant(&key.kind)) {
        Some((_, value)) => (value.span, Some(true)),
        None => (item.span, Some(false)),
    }
}
