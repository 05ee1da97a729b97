//! Where expressions are cut into functions: a literal of more than 16 nodes and an expression of more than 8 levels
//! would be one Rust expression that grows with the grid.

use super::expr::{At, Made};
use super::late;
use super::tree::WIDTH;
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::check::walk::{children, walk};
use crate::plan::model::Plan;
use crate::resolve::model::BoundId;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use std::collections::BTreeSet;

/// Most levels of one Rust expression.
const LEVELS: usize = 8;

/// Expressions that become functions, known by where the plan holds them.
#[derive(Debug, Default)]
pub struct Cuts(BTreeSet<usize>);

impl Cuts {
    /// Cuts of all expressions of a plan.
    pub fn of(plan: &Plan) -> Self {
        let mut cuts = Self::default();
        for argument in plan.bodies[0].steps.iter().flat_map(|step| &step.arguments) {
            if late::has_holes(argument) {
                cuts.weigh_holes(&argument.value);
            } else {
                cuts.weigh(&argument.value);
            }
        }
        for expr in other_expressions(plan) {
            cuts.weigh(expr);
        }
        cuts
    }

    /// Whether an expression is a function of its own.
    pub fn contains(&self, expr: &TExpr) -> bool {
        self.0.contains(&address(expr))
    }

    /// Nodes and levels of what stands in place of an expression.
    fn weigh(&mut self, expr: &TExpr) -> (usize, usize) {
        let mut parts: Vec<((usize, usize), &TExpr)> = children(expr)
            .into_iter()
            .map(|child| (self.weigh(child), child))
            .collect();
        for (weight, child) in &mut parts {
            if weight.1 >= LEVELS {
                *weight = self.cut(child);
            }
        }
        let literal = matches!(
            expr.kind,
            TKind::List(_) | TKind::Object(_) | TKind::Template(_)
        );
        let nodes = |parts: &[((usize, usize), &TExpr)]| -> usize {
            parts.iter().map(|((nodes, _), _)| nodes).sum()
        };
        while literal && nodes(&parts) > WIDTH {
            let heaviest = parts
                .iter_mut()
                .rev()
                .max_by_key(|((nodes, _), _)| *nodes)
                .filter(|((nodes, _), _)| *nodes > 3);
            match heaviest {
                Some((weight, child)) => *weight = self.cut(child),
                None => break,
            }
        }
        let levels = parts.iter().map(|((_, levels), _)| *levels).max();
        // A long literal becomes parts of its own: see `long`.
        let nodes = (1 + nodes(&parts)).min(1 + WIDTH);
        (nodes, 1 + levels.unwrap_or(0))
    }

    /// A text with holes: each hole is an expression by itself.
    fn weigh_holes(&mut self, expr: &TExpr) {
        for child in children(expr) {
            match child.kind {
                TKind::Object(_) | TKind::List(_) => self.weigh_holes(child),
                _ => {
                    self.weigh(child);
                }
            }
        }
    }

    fn cut(&mut self, expr: &TExpr) -> (usize, usize) {
        self.0.insert(address(expr));
        (1, 1)
    }
}

fn address(expr: &TExpr) -> usize {
    std::ptr::from_ref(expr).addr()
}

/// All expressions that the program computes.
pub fn expressions(plan: &Plan) -> impl Iterator<Item = &TExpr> {
    let arguments = plan.bodies[0].steps.iter().flat_map(|step| &step.arguments);
    arguments
        .map(|argument| &argument.value)
        .chain(other_expressions(plan))
}

/// All but the arguments of steps.
fn other_expressions(plan: &Plan) -> impl Iterator<Item = &TExpr> {
    let steps = plan.bodies[0].steps.iter();
    let steps = steps.flat_map(|step| step.enabled.iter().chain(&step.execution));
    let resources = plan
        .resources
        .iter()
        .flat_map(|resource| resource.arguments.iter().map(|argument| &argument.value));
    let validations = plan.variables.iter().flat_map(|variable| {
        let parts = variable.validations.iter();
        parts.flat_map(|(condition, message, _)| [condition, message])
    });
    let locals = all_locals(plan).map(|local| &local.value);
    steps.chain(resources).chain(validations).chain(locals)
}

impl Writer<'_> {
    /// An expression as a function, and the call of it.
    pub fn as_function(&mut self, expr: &TExpr, at: At<'_>) -> Made {
        let body = self.uncut_result(expr, at);
        let call = self.function(&[expr], quote!(Value), body, at);
        Made::Fallible(call)
    }

    /// A function with this body, and the call of it. It takes what its body names.
    pub fn function(
        &mut self,
        of: &[&TExpr],
        result: TokenStream,
        body: TokenStream,
        at: At<'_>,
    ) -> TokenStream {
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        for (name, ty, given) in self.surroundings(at) {
            if names(&body, &name) {
                parameters.push(quote!(#name: #ty));
                arguments.push(given);
            }
        }
        for id in free(of) {
            let name = self.read_bound(id);
            parameters.push(quote!(#name: &Value));
            arguments.push(quote!(#name));
        }
        let place = of.first().map(|expr| self.plan.places.of(expr.span));
        let doc = place.map_or_else(String::new, |(file, line, column)| {
            format!(" A part of what is computed at {file}:{line}:{column}.")
        });
        let name = self.part_name();
        self.parts.extend(quote! {
            #[doc = #doc]
            fn #name(#(#parameters),*) -> Result<#result, Fault> {
                #body
            }
        });
        quote!(#name(#(#arguments),*))
    }

    /// Names that an expression may use: with their types, and as an argument.
    fn surroundings(&self, at: At<'_>) -> Vec<(Ident, TokenStream, TokenStream)> {
        let name = |text: &str| Ident::new(text, proc_macro2::Span::call_site());
        match at {
            At::Start => vec![(name("s"), quote!(&Start), quote!(s))],
            At::Run => {
                let mut all = vec![(name("start"), quote!(&Start), quote!(&start))];
                for resource in self.of_scope(bggo_manifest::Lifetime::Run) {
                    let name = self.resources[resource].name.clone();
                    all.push((name.clone(), quote!(&Shared), quote!(&#name)));
                }
                all
            }
            At::Iteration(_) => vec![
                (name("m"), quote!(&Main<'_>), quote!(m)),
                (name("index"), quote!(u32), quote!(index)),
            ],
        }
    }

    /// A long list of items as few: each 16 of them are a function that gives a `Vec`, joined by `join`.
    pub fn long(
        &mut self,
        items: Vec<(TokenStream, Vec<&TExpr>)>,
        item: &TokenStream,
        join: &Ident,
        at: At<'_>,
    ) -> TokenStream {
        if items.len() <= WIDTH {
            let items = items.iter().map(|(item, _)| item);
            return quote!(Vec::from([#(#items),*]));
        }
        let mut size = WIDTH;
        while items.len() > size * WIDTH {
            size *= WIDTH;
        }
        let mut parts = Vec::new();
        let mut rest = items.into_iter().peekable();
        while rest.peek().is_some() {
            let part: Vec<_> = rest.by_ref().take(size).collect();
            let of: Vec<&TExpr> = part.iter().flat_map(|(_, of)| of.iter().copied()).collect();
            let body = self.long(part, item, join, at);
            let call = self.function(&of, quote!(Vec<#item>), quote!(Ok(#body)), at);
            parts.push(quote!(#call?));
        }
        quote!(take::#join(Vec::from([#(#parts),*])))
    }
}

/// Variables of `for` that expressions read from around them.
fn free(of: &[&TExpr]) -> BTreeSet<BoundId> {
    let (mut read, mut made) = (BTreeSet::new(), BTreeSet::new());
    for expr in of {
        walk(expr, &mut |node| match &node.kind {
            TKind::Bound(id) => {
                read.insert(*id);
            }
            TKind::Splat { item, .. } => {
                made.insert(*item);
            }
            TKind::For(form) => {
                made.insert(form.value);
                made.extend(form.key);
            }
            TKind::Template(parts) => made_by(parts, &mut made),
            _ => {}
        });
    }
    read.difference(&made).copied().collect()
}

fn made_by(parts: &[crate::check::typed::TPart], made: &mut BTreeSet<BoundId>) {
    use crate::check::typed::TPart;
    for part in parts {
        match part {
            TPart::Text(_) | TPart::Hole(_) => {}
            TPart::If { yes, no, .. } => {
                made_by(yes, made);
                made_by(no, made);
            }
            TPart::For {
                key, value, body, ..
            } => {
                made.insert(*value);
                made.extend(*key);
                made_by(body, made);
            }
        }
    }
}

/// Whether tokens name a thing: `index`, but neither `.index` nor `ops::index`.
pub fn names(tokens: &TokenStream, name: &Ident) -> bool {
    let mut before = ['\0'; 2];
    for token in tokens.clone() {
        let part = before[1] == '.' || before == [':', ':'];
        let found = match &token {
            TokenTree::Ident(ident) => !part && ident == name,
            TokenTree::Group(group) => names(&group.stream(), name),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
        let letter = match token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => '\0',
        };
        before = [before[1], letter];
    }
    false
}

/// `name`, or `_` where the body has no use for it.
pub fn or_unused(name: &str, body: &TokenStream) -> TokenStream {
    let name = Ident::new(name, proc_macro2::Span::call_site());
    if names(body, &name) {
        quote!(#name)
    } else {
        quote!(_)
    }
}

/// All locals.
pub fn all_locals(plan: &Plan) -> impl Iterator<Item = &crate::plan::model::Local> {
    plan.locals
        .iter()
        .chain(plan.bodies.iter().flat_map(|body| &body.locals))
}
