//! Arguments and uses of steps and resources against the manifests of their modules.

use std::collections::BTreeSet;

use bggo_manifest::{
    Bound, Demand, DocumentKind, Form, Given, Input, Lifetime, Pattern, Rule, Use,
};
use bggo_values::{Type, Value};

use crate::diagnostics::{Hint, codes, nearest};
use crate::resolve::model::{Reference, ResourceId, StepId};
use crate::source::Span;
use crate::syntax::decl::{Attribute, AttributeBlock, Expr, ExprKind};
use crate::syntax::elsewhere;

use super::article::with_article;
use super::expression::MOST_WRONG_PARTS;
use super::expression::context::{Arguments, Checker};
use super::expression::methods::Selecting;
use super::typed::{Binding, TExpr, TKind, TLocal, TPart};

/// A step or resource, as far as its contract is concerned.
pub(super) struct ArgumentOwner<'d> {
    /// Name of its runner or asset.
    pub(super) kind: &'d str,
    /// Its header.
    pub(super) span: Span,
    pub(super) inputs: &'d [Input],
    pub(super) rules: &'d [Rule],
    pub(super) takes: &'d [Use],
    /// The scope of a resource, once it is known; a step has none.
    pub(super) scope: Option<Lifetime>,
    pub(super) arguments: Option<&'d AttributeBlock>,
    pub(super) uses: Option<&'d AttributeBlock>,
    /// A part of it could not be read: nothing is said to be missing.
    pub(super) broken: bool,
    /// A part of the flow that it calls could not be read: no argument is said to be unknown.
    pub(super) inputs_broken: bool,
}

impl<'d> ArgumentOwner<'d> {
    /// As who selects methods: a step, or a resource.
    pub(super) fn selecting(&self, step: Option<StepId>) -> Selecting<'d> {
        Selecting {
            step,
            inputs: self.inputs,
            arguments: self.arguments,
            takes: self.takes,
            uses: self.uses,
        }
    }
}

/// What became of an argument.
enum Argument {
    /// It has a value of its input's type.
    Value(TExpr),
    /// It is null, which counts as absent.
    Null,
    /// It has a reported problem.
    Wrong,
}

/// The input that an unknown argument most likely means by its name.
fn meant_input(owner: &ArgumentOwner<'_>, name: &str) -> Option<usize> {
    let names = || owner.inputs.iter().map(|input| input.name.as_str());
    let near = nearest::nearest(name, names()).or_else(|| nearest::with_part(name, names()))?;
    owner.inputs.iter().position(|input| input.name == near)
}

/// Whether nothing is known of what an unknown argument means.
fn is_unlike_all(owner: &ArgumentOwner<'_>, name: &str) -> bool {
    let is_use = owner.takes.iter().any(|taken| taken.name == name);
    !is_use && meant_input(owner, name).is_none() && elsewhere::argument(name).is_none()
}

/// The input that is missing, if the only argument that resembles none of the inputs may be meant for it: it is the only
/// required one that is missing, or else the first one of those of which a rule asks for one.
fn lacked(owner: &ArgumentOwner<'_>) -> Option<usize> {
    let all = || attributes(owner.arguments).iter();
    let given = |name: &str| all().any(|one| one.name.text == name);
    let is_other = |attribute: &&Attribute| {
        let name = attribute.name.text.as_str();
        let is_input = owner.inputs.iter().any(|input| input.name == name);
        !is_input && is_unlike_all(owner, name)
    };
    if all().filter(is_other).count() != 1 {
        return None;
    }
    let is_missing = |input: &&Input| input.required && !given(&input.name);
    let missing: Vec<&Input> = owner.inputs.iter().filter(is_missing).collect();
    let is_given_now = |name: &str| match given(name) {
        true => Given::Yes,
        false => Given::No,
    };
    let name = match missing.as_slice() {
        [only] => &only.name,
        [] => {
            let mut asked = owner.rules.iter().filter_map(|rule| match &rule.demand {
                Demand::AtLeastOne(names) if rule.is_broken(is_given_now) => names.first(),
                _ => None,
            });
            asked.next()?
        }
        _ => return None,
    };
    owner.inputs.iter().position(|input| input.name == *name)
}

impl Checker<'_> {
    /// The arguments, as the types of their inputs.
    pub(super) fn arguments(&mut self, owner: &ArgumentOwner<'_>) -> Arguments {
        let mut found: Vec<(usize, TExpr)> = Vec::new();
        let mut given = vec![false; owner.inputs.len()];
        let mut meant = given.clone();
        let mut there = vec![(Given::No, owner.span); owner.inputs.len()];
        let mut wrong = BTreeSet::new();
        for attribute in attributes(owner.arguments) {
            let name = attribute.name.text.as_str();
            let Some(place) = owner.inputs.iter().position(|input| input.name == name) else {
                let near = meant_input(owner, name);
                let lacked = lacked(owner).filter(|_| is_unlike_all(owner, name));
                if !owner.inputs_broken {
                    self.unknown_argument(owner, attribute, lacked);
                }
                // One that is meant is not missing.
                if let Some(place) = near.or(lacked) {
                    meant[place] = true;
                    if there[place].0 == Given::No {
                        there[place].0 = Given::Perhaps;
                    }
                }
                if !owner.takes.iter().any(|taken| taken.name == name) {
                    self.infer(&attribute.value);
                }
                continue;
            };
            if std::mem::replace(&mut given[place], true) {
                continue;
            }
            match self.argument_value(owner, &owner.inputs[place], attribute) {
                Argument::Value(value) => {
                    there[place] = (is_given(&value), attribute.name.span);
                    found.push((place, value));
                }
                Argument::Null => {}
                Argument::Wrong => {
                    there[place].0 = Given::Perhaps;
                    wrong.insert(place);
                }
            }
        }
        // Of those there is no value for a rule.
        let places = 0..owner.inputs.len();
        wrong.extend(places.filter(|place| {
            let missing = owner.inputs[*place].required && there[*place].0 == Given::No;
            missing || meant[*place]
        }));
        if !owner.broken {
            let meant = given
                .into_iter()
                .zip(meant)
                .map(|(given, meant)| given || meant);
            let inputs = owner.inputs.iter().zip(meant);
            for (input, _) in inputs.filter(|(input, meant)| input.required && !meant) {
                let text = format!("`{}` needs the argument `{}`", owner.kind, input.name);
                let mut hint = format!("add `{} = ..` ({})", input.name, input.ty);
                if !input.description.is_empty() {
                    hint = format!("{hint}: {}", input.description);
                }
                self.error(codes::MISSING_ARGUMENT, owner.span, text)
                    .hint(hint);
            }
        }
        if !owner.broken {
            self.has_its_message(owner.selecting(self.step), owner.span, &there);
        }
        found.sort_by_key(|(place, _)| *place);
        Arguments {
            list: found,
            given: there,
            wrong,
        }
    }

    /// `lacked` is the input that may be meant because it is missing.
    fn unknown_argument(
        &mut self,
        owner: &ArgumentOwner<'_>,
        attribute: &Attribute,
        lacked: Option<usize>,
    ) {
        let name = attribute.name.text.as_str();
        let lacked = lacked.and_then(|place| owner.inputs.get(place));
        let hint = match owner.takes.iter().any(|taken| taken.name == name) {
            true => Some(format!("it belongs in the block `uses {{ {name} = .. }}`").into()),
            false => {
                let inputs = || owner.inputs.iter().map(|input| input.name.as_str());
                match elsewhere::argument(name) {
                    Some(instead) if nearest::nearest(name, inputs()).is_none() => {
                        Some(instead.into())
                    }
                    _ if let Some(lacked) = lacked => {
                        let lacked = &lacked.name;
                        Some(format!("did you mean `{lacked}`, which is missing?").into())
                    }
                    _ => nearest::advice(name, inputs()),
                }
            }
        };
        let text = match owner.inputs.is_empty() {
            true => format!("`{}` has no arguments, found `{name}`", owner.kind),
            false => format!("`{}` has no argument `{name}`", owner.kind),
        };
        self.error(codes::UNKNOWN_ARGUMENT, attribute.name.span, text)
            .advise(hint);
    }

    /// The value as the input's type.
    fn argument_value(
        &mut self,
        owner: &ArgumentOwner<'_>,
        input: &Input,
        attribute: &Attribute,
    ) -> Argument {
        let selecting = owner.selecting(self.step);
        let selected = input.type_from.as_ref();
        let selected =
            selected.and_then(|of| Some((self.selected_by(selecting, of).ok()?, of.side)));
        let message = selected
            .as_ref()
            .and_then(|(selected, side)| self.message_type(selected, *side, &input.ty));
        let what = format!("`{}`", input.name);
        let known = self.unknown_attributes(&input.ty, &attribute.value, &what);
        let judges = input.form == Form::Predicate;
        self.while_repeated = judges;
        let value = self.infer_wanted(&attribute.value, message.as_ref().unwrap_or(&input.ty));
        self.while_repeated = false;
        if !known {
            return Argument::Wrong;
        }
        let mut value = match takes_mixed(&input.ty, &value.ty) {
            true => value,
            false => self.convert(value, &input.ty, &what),
        };
        if judges {
            // Whatever it reads, it is judged while the step runs.
            value.binding = value.binding.max(Binding::Iteration);
        }
        if value.is_error() {
            return Argument::Wrong;
        }
        if value.is_null() {
            if input.nullable {
                return Argument::Value(value);
            }
            if input.required {
                let text = format!("the argument `{}` is required, found null", input.name);
                self.error(codes::NULL_ARGUMENT, value.span, text);
            }
            return Argument::Null;
        }
        if input.is_document() {
            let is_known = match input.reads_only(DocumentKind::Columns) {
                true => self.names_columns(&value, &what),
                false => self.document_is_known(&value, &what),
            };
            if !is_known {
                return Argument::Wrong;
            }
        }
        if input.is_switch && !self.switch_is_known(&value, &what) {
            return Argument::Wrong;
        }
        if input.selects.is_some() && !self.names_a_method(selecting, input, &value) {
            return Argument::Wrong;
        }
        if let Some((selected, side)) = &selected
            && !self.fits_message((selected, *side), input, (&value, attribute.name.span))
        {
            return Argument::Wrong;
        }
        if !input.one_of.is_empty() && !self.is_one_of(input, &value, &what) {
            return Argument::Wrong;
        }
        if self.refused(input, &value) || self.links_late(input, &value) {
            return Argument::Wrong;
        }
        if input.form == Form::Json
            && let ExprKind::Call { name, .. } = &attribute.value.kind
            && name.text == "jsonencode"
        {
            let text = format!("{what} is made JSON anyway: this sends a string that holds JSON");
            self.problems
                .warning(codes::ENCODED_TWICE, attribute.value.span, text)
                .hint(format!("write `{} = ..` without `jsonencode`", input.name));
        }
        Argument::Value(value)
    }

    /// Whether a value that is known breaks a bound or the pattern of its input, which is said here. Of a condition
    /// both arms are judged.
    fn refused(&mut self, input: &Input, value: &TExpr) -> bool {
        if let TKind::Conditional(_, yes, no) = &value.kind {
            let yes = self.refused(input, yes);
            return self.refused(input, no) || yes;
        }
        let name = &input.name;
        if let Some(known) = value.constant() {
            if let Some(bound) = input.bounds.iter().find(|bound| !bound.allows(known)) {
                let text = format!("`{name}` {bound}");
                self.error(codes::VALUE_REFUSED, value.span, text);
                return true;
            }
        } else if self.wrong_length(input, value) {
            return true;
        }
        self.wrong_text(input, value)
    }

    /// Whether a text that is known does not look as its input says, which is said here. Of a list or a map that is written
    /// out the parts that are known are judged, of each kind the first ones.
    fn wrong_text(&mut self, input: &Input, value: &TExpr) -> bool {
        let of_map = matches!(input.ty, Type::Map(_));
        let secret = input.sensitive || value.sensitivity.any();
        match &value.kind {
            TKind::Constant(known) => {
                let wrong = self.unmatched_parts(input, known, value);
                let found = !wrong.is_empty();
                for (wrong, at) in wrong.into_iter().take(MOST_WRONG_PARTS) {
                    self.refuse(input, (at, secret), wrong);
                }
                found
            }
            TKind::List(items) => {
                let wrong = items.iter().filter(|item| self.wrong_text(input, item));
                wrong.take(MOST_WRONG_PARTS).count() > 0
            }
            TKind::Object(pairs) if of_map => {
                let wrong = pairs.iter().filter(|(key, part)| {
                    let wrong = match key.constant().and_then(Value::as_text) {
                        Some(name) => unmatched_key(input, name),
                        None => {
                            let wrong = self.wrong_pieces(input.key_pattern.as_ref(), key);
                            wrong.map(|wrong| wrong.of("a key of "))
                        }
                    };
                    let Some(wrong) = wrong else {
                        return self.wrong_text(input, part);
                    };
                    let secret = input.sensitive || key.sensitivity.any();
                    self.refuse(input, (key.span, secret), wrong);
                    true
                });
                wrong.take(MOST_WRONG_PARTS).count() > 0
            }
            TKind::Template(_) | TKind::Local(_) => {
                let Some(clause) = self.wrong_pieces(input.pattern.as_ref(), value) else {
                    return false;
                };
                let of = match &input.ty {
                    Type::Map(_) => "a value of ",
                    Type::List(_) | Type::Set(_) => "an item of ",
                    _ => "",
                };
                self.refuse(input, (value.span, secret), clause.of(of));
                true
            }
            _ => false,
        }
    }

    /// What is wrong with a text that is not known as a whole.
    fn wrong_pieces<'p>(
        &self,
        pattern: Option<&'p Pattern>,
        value: &TExpr,
    ) -> Option<WrongPieces<'p>> {
        let pattern = pattern?;
        let mut pieces = Pieces::default();
        pieces.add_value(value, &self.locals);
        let clause = wrong_pieces(pattern, &pieces.list)?;
        Some(WrongPieces { pattern, clause })
    }

    /// The texts of a value that is known which do not look as its input says, each with its place.
    fn unmatched_parts<'p>(
        &self,
        input: &'p Input,
        known: &Value,
        value: &TExpr,
    ) -> Vec<(Unmatched<'p>, Span)> {
        let (at, of_map) = (value.span, matches!(input.ty, Type::Map(_)));
        let mut found: Vec<(Unmatched<'p>, Span)> = match known {
            // The items of a set have lost their order.
            Value::List(items) if !matches!(value.ty, Type::Set(_)) => items
                .iter()
                .enumerate()
                .filter_map(|(place, item)| {
                    let wrong = unmatched(input, item, of_map)?;
                    Some((wrong, self.place_of_item(at, place)))
                })
                .collect(),
            Value::Object(pairs) if of_map => pairs
                .iter()
                .filter_map(|(key, part)| {
                    let (of_key, of_value) = self.places_of_attribute(at, key.as_str());
                    match unmatched_key(input, key.as_str()) {
                        Some(wrong) => Some((wrong, of_key)),
                        None => Some((unmatched(input, part, of_map)?, of_value)),
                    }
                })
                .collect(),
            other => unmatched(input, other, of_map)
                .map(|wrong| (wrong, at))
                .into_iter()
                .collect(),
        };
        found.dedup_by_key(|(_, at)| *at);
        found
    }

    fn refuse(
        &mut self,
        input: &Input,
        (at, secret): (Span, bool),
        (pattern, wrong): Unmatched<'_>,
    ) {
        let name = &input.name;
        let text = match (secret, wrong) {
            (true, _) => format!("`{name}` cannot have this value"),
            (false, Wrong::Text(wrong)) => format!("`{name}` cannot be {wrong:?}"),
            (false, Wrong::Value(wrong)) => format!("`{name}` cannot hold {wrong:?}"),
            (false, Wrong::Key(wrong)) => format!("`{name}` cannot have the key {wrong:?}"),
            (false, Wrong::Pieces { of, clause }) => format!("{of}`{name}` {clause}"),
        };
        let hint = match pattern.message.is_empty() {
            true => format!("it matches `{}`", pattern.regex),
            false => pattern.message.clone(),
        };
        self.error(codes::VALUE_REFUSED, at, text).hint(hint);
    }

    /// Whether a list or an object that is written out, with parts that are not known yet, breaks a bound of its input,
    /// which is said here.
    fn wrong_length(&mut self, input: &Input, value: &TExpr) -> bool {
        let Some(length) = written_length(value) else {
            return false;
        };
        let broken = input.bounds.iter().find(|bound| match bound {
            Bound::MinLength(least) => length < *least,
            Bound::MaxLength(most) => length > *most,
            Bound::Min(_) | Bound::Max(_) | Bound::MoreThan(_) => false,
        });
        let Some(bound) = broken else {
            return false;
        };
        let text = format!("`{}` {bound}", input.name);
        self.error(codes::VALUE_REFUSED, value.span, text);
        true
    }

    /// Whether a value is one of those that its input takes, or is not known yet. Of a condition both arms are judged.
    fn is_one_of(&mut self, input: &Input, value: &TExpr, what: &str) -> bool {
        if let TKind::Conditional(_, yes, no) = &value.kind {
            let yes = self.is_one_of(input, yes, what);
            return self.is_one_of(input, no, what) && yes;
        }
        let Some(text) = value.constant().and_then(Value::as_text) else {
            return true;
        };
        if input.one_of.iter().any(|allowed| allowed == text) {
            return true;
        }
        let hint = nearest::advice(text, input.one_of.iter().map(String::as_str));
        let text = format!("{what}: \"{text}\" is none of the values allowed");
        self.error(codes::NOT_ONE_OF, value.span, text).advise(hint);
        false
    }

    /// Whether a value that is not known when the grid is built may link a crate, which is said here. Of a condition both
    /// arms are judged: known ones that link nothing may differ between runs.
    fn links_late(&mut self, input: &Input, value: &TExpr) -> bool {
        if input.links.is_empty() || value.constant().is_some() {
            return false;
        }
        let links = match &value.kind {
            TKind::Conditional(_, yes, no) => [yes, no].into_iter().any(|arm| may_link(input, arm)),
            _ => true,
        };
        if !links {
            return false;
        }
        let name = &input.name;
        let text = format!(
            "`{name}` must be known when the grid is built: its value decides which crates the program links"
        );
        let values: Vec<String> = input
            .one_of
            .iter()
            .map(|value| format!("\"{value}\""))
            .collect();
        self.error(codes::NOT_CONSTANT, value.span, text)
            .hint(format!("write one of {}", values.join(", ")));
        true
    }

    /// A literal object for an object type holds only attributes of that type: others would be dropped without a word.
    /// Says whether it does.
    fn unknown_attributes(&mut self, want: &Type, value: &Expr, what: &str) -> bool {
        let mut all = true;
        match (want, &value.kind) {
            (Type::Object(fields), ExprKind::Object(pairs)) => {
                for (key, value) in pairs {
                    let ExprKind::Text(name) = &key.kind else {
                        continue;
                    };
                    match fields.iter().find(|field| field.name.as_str() == name) {
                        Some(field) => {
                            all &= self.unknown_attributes(
                                &field.ty,
                                value,
                                &format!("`{name}` of {what}"),
                            );
                        }
                        None => {
                            all = false;
                            let hint = nearest::advice(
                                name,
                                fields.iter().map(|field| field.name.as_str()),
                            );
                            let text = format!("{what} has no attribute `{name}`");
                            self.error(codes::NO_ATTRIBUTE, key.span, text).advise(hint);
                        }
                    }
                }
            }
            (Type::List(item) | Type::Set(item), ExprKind::List(items)) => {
                for value in items {
                    all &= self.unknown_attributes(item, value, &format!("an item of {what}"));
                }
            }
            _ => {}
        }
        all
    }

    /// The assets by position in the manifest's uses.
    pub(super) fn uses(&mut self, owner: &ArgumentOwner<'_>) -> Vec<(usize, ResourceId, Span)> {
        let mut found: Vec<(usize, ResourceId, Span)> = Vec::new();
        let mut given = vec![false; owner.takes.len()];
        for attribute in attributes(owner.uses) {
            let name = attribute.name.text.as_str();
            let Some(place) = owner.takes.iter().position(|taken| taken.name == name) else {
                self.unknown_use(owner, attribute);
                // One that is meant is not missing.
                let names = owner.takes.iter().map(|taken| taken.name.as_str());
                let near = nearest::nearest(&attribute.name.text, names);
                let near = owner
                    .takes
                    .iter()
                    .position(|taken| Some(taken.name.as_str()) == near);
                if let Some(place) = near {
                    given[place] = true;
                    // What it names is used all the same.
                    found.extend(
                        self.used(&owner.takes[place], &attribute.value)
                            .map(|resource| (place, resource, attribute.value.span)),
                    );
                }
                continue;
            };
            let null = matches!(attribute.value.kind, ExprKind::Null);
            if std::mem::replace(&mut given[place], !null) {
                continue;
            }
            if let Some(resource) = self.used(&owner.takes[place], &attribute.value) {
                found.push((place, resource, attribute.value.span));
            }
        }
        if !owner.broken {
            let takes = owner.takes.iter().zip(given);
            for (taken, _) in takes.filter(|(taken, given)| !taken.optional && !given) {
                let hint = self.use_hint(taken);
                let text = format!(
                    "`{}` needs `{}` in `uses`: {}",
                    owner.kind,
                    taken.name,
                    kinds_of(taken)
                );
                self.error(codes::MISSING_USE, owner.span, text).hint(hint);
            }
        }
        found.sort_by_key(|(place, ..)| *place);
        found
    }

    fn unknown_use(&mut self, owner: &ArgumentOwner<'_>, attribute: &Attribute) {
        let name = attribute.name.text.as_str();
        let hint = match owner.inputs.iter().any(|input| input.name == name) {
            true => Some(format!("it belongs in the block `arguments {{ {name} = .. }}`").into()),
            false => nearest::advice(name, owner.takes.iter().map(|taken| taken.name.as_str())),
        };
        let text = match owner.takes.is_empty() {
            true => format!("`{}` uses no assets, found `{name}`", owner.kind),
            false => format!("`{}` has no use `{name}`", owner.kind),
        };
        self.error(codes::UNKNOWN_USE, attribute.name.span, text)
            .advise(hint);
    }

    /// The resource that a use names.
    fn used(&mut self, taken: &Use, value: &Expr) -> Option<ResourceId> {
        match (&value.kind, self.reference(value.id)) {
            (ExprKind::Null, _) => None,
            _ if !value.is_whole() => None,
            (_, Some(Reference::Resource(id))) => {
                let resource = self.declarations.resource(id);
                if !taken.takes(&resource.asset.text) {
                    let hint = self.use_value(taken);
                    let text = format!(
                        "`{}` takes {}, found {}",
                        taken.name,
                        kinds_of(taken),
                        with_article(&resource.asset.text)
                    );
                    self.error(codes::WRONG_ASSET, value.span, text)
                        .advise(hint);
                    return None;
                }
                Some(id)
            }
            _ => {
                if self.broken_reference(value) {
                    return None;
                }
                let hint = self.use_value(taken);
                let text = format!("`{}` takes a resource, found another value", taken.name);
                self.error(codes::NOT_A_RESOURCE, value.span, text)
                    .advise(hint);
                None
            }
        }
    }

    /// Whether a traversal has a reported problem.
    fn broken_reference(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Field(base, _) | ExprKind::Index(base, _) => self.broken_reference(base),
            _ => self.reference(expr.id) == Some(Reference::Error),
        }
    }

    /// What to write for a use that is missing.
    fn use_hint(&self, taken: &Use) -> String {
        match self.fitting(taken) {
            Some(address) => format!("add `uses {{ {} = {address} }}`", taken.name),
            None => format!(
                "declare `resource \"{0}\" \"NAME\" {{}}` and write `uses {{ {1} = resource.{0}.NAME }}`",
                taken.default_asset(),
                taken.name
            ),
        }
    }

    /// What to write in place of the value of a use.
    fn use_value(&self, taken: &Use) -> Hint {
        match self.fitting(taken) {
            Some(address) => Hint::write(address),
            None => format!(
                "declare `resource \"{0}\" \"NAME\" {{}}` and write `resource.{0}.NAME`",
                taken.default_asset()
            )
            .into(),
        }
    }

    /// A resource that fits a use.
    fn fitting(&self, taken: &Use) -> Option<String> {
        let mut resources = self.declarations.resources();
        let found = resources.find(|resource| taken.takes(&resource.asset.text))?;
        Some(found.address())
    }
}

/// The kinds of asset that fit a use, as a message names them.
fn kinds_of(taken: &Use) -> String {
    let mut names: Vec<_> = taken.assets.iter().map(|name| with_article(name)).collect();
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} or {last}", names.join(", ")),
    }
}

/// Whether an input leaves the type of each part to its module, so that they need none in common: `map(any)` of a
/// manifest takes `{ page = 1, tags = ["a", "b"], debug = true }` as it is.
fn takes_mixed(input: &Type, given: &Type) -> bool {
    match input {
        Type::Map(item) if **item == Type::Any => {
            matches!(
                given,
                Type::Object(_) | Type::Map(_) | Type::Any | Type::Named(_)
            )
        }
        Type::List(item) if **item == Type::Any => {
            matches!(
                given,
                Type::Tuple(_) | Type::List(_) | Type::Any | Type::Named(_)
            )
        }
        _ => false,
    }
}

/// Whether an argument is there for certain: what is computed when the program runs may be null.
pub(super) fn is_given(value: &TExpr) -> Given {
    match &value.kind {
        TKind::Constant(_) if !value.is_null() => Given::Yes,
        TKind::List(_) | TKind::Object(_) | TKind::Template(_) => Given::Yes,
        TKind::Convert(inner) => is_given(inner),
        TKind::Constant(_) => Given::No,
        _ => Given::Perhaps,
    }
}

/// Whether a value that is chosen when the program runs may link a crate.
fn may_link(input: &Input, value: &TExpr) -> bool {
    match (&value.kind, value.constant()) {
        (_, Some(known)) if known.is_null() => input.default_link().is_some(),
        (_, Some(known)) => input.link(known).is_some(),
        (TKind::Conditional(_, yes, no), None) => may_link(input, yes) || may_link(input, no),
        _ => true,
    }
}

/// How many items or keys a list or an object has that is written out.
fn written_length(value: &TExpr) -> Option<usize> {
    match &value.kind {
        TKind::List(items) => Some(items.len()),
        TKind::Object(pairs) if pairs.iter().all(|(key, _)| key.constant().is_some()) => {
            Some(pairs.len())
        }
        // An object type may leave attributes out and add others; of a set, equal items are one.
        TKind::Convert(of) if matches!(value.ty, Type::List(_) | Type::Tuple(_) | Type::Map(_)) => {
            written_length(of)
        }
        _ => None,
    }
}

/// A text that does not match, as part of what.
enum Wrong {
    /// A text or an item of a list.
    Text(String),
    /// A value of a map.
    Value(String),
    /// A key of a map.
    Key(String),
    /// What is known of a text.
    Pieces {
        /// Of what it is a part, if it is.
        of: &'static str,
        /// What is wrong with it.
        clause: String,
    },
}

/// A text that does not match this pattern.
type Unmatched<'p> = (&'p Pattern, Wrong);

/// The first text of a value that does not match the patterns of its input. The values of an object count where the input
/// is a map.
fn unmatched<'p>(input: &'p Input, value: &Value, of_map: bool) -> Option<Unmatched<'p>> {
    let text = match value {
        Value::Text(text) => text.as_str().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(items) => return items.iter().find_map(|item| unmatched(input, item, of_map)),
        Value::Object(pairs) if of_map => {
            return pairs.iter().find_map(|(key, value)| {
                unmatched_key(input, key.as_str()).or_else(|| unmatched(input, value, of_map))
            });
        }
        _ => return None,
    };
    let pattern = input
        .pattern
        .as_ref()
        .filter(|pattern| differs(pattern, &text))?;
    Some((
        pattern,
        match of_map {
            true => Wrong::Value(text),
            false => Wrong::Text(text),
        },
    ))
}

fn unmatched_key<'p>(input: &'p Input, key: &str) -> Option<Unmatched<'p>> {
    let pattern = input.key_pattern.as_ref();
    let pattern = pattern.filter(|pattern| differs(pattern, key))?;
    Some((pattern, Wrong::Key(key.to_owned())))
}

/// Why no text matches that has the pieces which are known.
struct WrongPieces<'p> {
    pattern: &'p Pattern,
    clause: String,
}

impl<'p> WrongPieces<'p> {
    fn of(self, of: &'static str) -> Unmatched<'p> {
        let clause = self.clause;
        (self.pattern, Wrong::Pieces { of, clause })
    }
}

/// What is wrong with a text that is known in part, if none with these pieces matches.
fn wrong_pieces(pattern: &Pattern, pieces: &[Option<String>]) -> Option<String> {
    let refuses = |pieces: &[Option<&str>]| {
        matches!(bggo_regex::may_be_found(&pattern.regex, pieces), Ok(false))
    };
    let pieces: Vec<Option<&str>> = pieces.iter().map(Option::as_deref).collect();
    let mut texts = pieces.iter().flatten();
    if texts.clone().next().is_none() || !refuses(&pieces) {
        return None;
    }
    Some(match pieces.as_slice() {
        [Some(first), ..] if refuses(&[Some(first), None]) => {
            format!("cannot begin with {first:?}")
        }
        [.., Some(last)] if refuses(&[None, Some(last)]) => format!("cannot end with {last:?}"),
        _ => match texts.find(|text| refuses(&[None, Some(text), None])) {
            Some(text) => format!("cannot hold {text:?}"),
            None => "cannot have this form, whatever is computed later".to_owned(),
        },
    })
}

/// The pieces of a text in their order; `None` stands for what is computed later.
#[derive(Default)]
struct Pieces {
    list: Vec<Option<String>>,
    /// Expressions that were looked into. A local may stand in many.
    seen: usize,
}

impl Pieces {
    /// More than that say nothing that a reader needs.
    const MOST_SEEN: usize = 1_000;

    fn add(&mut self, text: Option<&str>) {
        match (self.list.last_mut(), text) {
            (Some(Some(last)), Some(text)) => last.push_str(text),
            (Some(None), None) => {}
            (_, text) => self.list.push(text.map(str::to_owned)),
        }
    }

    fn add_value(&mut self, value: &TExpr, locals: &[Option<TLocal>]) {
        self.seen += 1;
        match &value.kind {
            _ if self.seen > Self::MOST_SEEN => self.add(None),
            TKind::Template(parts) => {
                for part in parts {
                    match part {
                        TPart::Text(text) => self.add(Some(text)),
                        TPart::Hole(hole) => self.add_value(hole, locals),
                        TPart::If { .. } | TPart::For { .. } => self.add(None),
                    }
                }
            }
            TKind::Local(id) => match locals.get(id.0) {
                Some(Some(local)) => self.add_value(&local.value, locals),
                _ => self.add(None),
            },
            _ => self.add(value.constant().and_then(Value::as_text)),
        }
    }
}

fn differs(pattern: &Pattern, text: &str) -> bool {
    // A pattern that is not valid is a fault of the module, which was said when the modules were read.
    matches!(bggo_regex::is_found(&pattern.regex, text), Ok(false))
}

fn attributes(block: Option<&AttributeBlock>) -> &[Attribute] {
    block.map_or(&[], |block| &block.attributes)
}
