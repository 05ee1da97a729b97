//! Thresholds: their rows in the table of the grid, and the functions that make them when the program starts.

use super::tokens::{EvaluatedIn, or_unused};
use super::writer::Writer;
use crate::check::typed::{TExpr, TTerm, TThreshold, constant_duration};
use bggo_metrics::{Address, OnFail, Quantity, Statistic, Subject, Term};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

impl Writer<'_> {
    /// `.thresholds(&[..])` of the grid, and the functions of all thresholds.
    pub fn thresholds(&mut self) -> (Option<TokenStream>, TokenStream) {
        let plan = self.plan;
        let (mut rows, mut functions) = (Vec::new(), TokenStream::new());
        for threshold in &plan.thresholds {
            let words = threshold
                .name
                .split(|letter: char| !letter.is_alphanumeric());
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let name = self.names.snake(&format!("threshold_{}", words.join("_")));
            let (label, place) = (&threshold.name, self.place_value(threshold.span));
            rows.push(quote!(DeclaredThreshold::new(#label, #place, #name)));
            self.write_for(&name);
            let made = self.threshold(threshold);
            let start = or_unused("start", &made);
            let doc = format!(" threshold {label:?}, {}", plan.places.line(threshold.span));
            let parts = self.take_parts();
            functions.extend(quote! {
                #[doc = #doc]
                fn #name(#start: &Start) -> Result<Threshold, Fault> {
                    Ok(#made)
                }

                #parts
            });
        }
        let table = (!rows.is_empty()).then(|| quote!(.thresholds(&[#(#rows),*])));
        (table, functions)
    }

    fn threshold(&mut self, threshold: &TThreshold) -> TokenStream {
        let (name, written) = (&threshold.name, &threshold.text);
        let addresses: Vec<TokenStream> = threshold.addresses.iter().map(address).collect();
        self.enter_part("condition");
        let terms: Vec<TokenStream> = threshold
            .terms
            .iter()
            .map(|term| match term {
                TTerm::Plain(term) => plain_term(*term),
                TTerm::Bound(quantity, value) => {
                    let bound = self.threshold_bound(*quantity, value);
                    quote!(Term::Bound(#bound))
                }
            })
            .collect();
        self.leave_part();
        let over = match &threshold.over {
            Some(over) => {
                let over = self.seconds(over, "over", 1);
                quote!(Some(#over))
            }
            None => quote!(None),
        };
        let hold = self.seconds_or_none(threshold.hold.as_ref(), "for", 1);
        let after = self.seconds_or_none(threshold.after.as_ref(), "after", 0);
        let on_fail = match threshold.on_fail {
            OnFail::Abort => quote!(Abort),
            OnFail::Fail => quote!(Fail),
            OnFail::Warn => quote!(Warn),
        };
        quote! {
            Threshold {
                name: Text::Static(#name),
                condition: Condition {
                    addresses: Vec::from([#(#addresses),*]),
                    terms: Vec::from([#(#terms),*]),
                    text: Text::Static(#written),
                },
                over: #over,
                hold: #hold,
                after: #after,
                on_fail: OnFail::#on_fail,
            }
        }
    }

    /// A bound that is known when the program starts.
    fn threshold_bound(&mut self, quantity: Quantity, value: &TExpr) -> TokenStream {
        let function = match quantity {
            Quantity::Time => quote!(time),
            Quantity::Bytes => quote!(bytes),
            Quantity::Number => quote!(number),
            Quantity::Ratio => quote!(ratio),
        };
        let reference = self.reference(value, EvaluatedIn::Start);
        let bound = self.placed(quote!(threshold::#function(#reference)), value.span);
        quote!(#bound?)
    }

    fn seconds_or_none(&mut self, value: Option<&TExpr>, name: &str, at_least: u32) -> TokenStream {
        match value {
            Some(value) => self.seconds(value, name, at_least),
            None => quote!(0),
        }
    }

    /// Whole seconds.
    fn seconds(&mut self, value: &TExpr, name: &str, at_least: u32) -> TokenStream {
        if let Some(length) = constant_duration(value) {
            let seconds = Literal::u64_unsuffixed(length.as_secs());
            return quote!(#seconds);
        }
        self.enter_part(name);
        let reference = self.reference(value, EvaluatedIn::Start);
        let at_least = Literal::u32_unsuffixed(at_least);
        let call = quote!(threshold::seconds(#reference, #name, #at_least));
        let seconds = self.placed(call, value.span);
        self.leave_part();
        quote!(#seconds?)
    }
}

fn address(address: &Address) -> TokenStream {
    let subject = match &address.subject {
        Subject::Run => quote!(Subject::Run),
        Subject::Scenario(name) => {
            let name = text(name);
            quote!(Subject::Scenario(#name))
        }
        Subject::Step {
            scenario,
            runner,
            name,
        } => {
            let scenario = optional_text(scenario.as_deref());
            let (runner, name) = (text(runner), text(name));
            quote!(Subject::Step { scenario: #scenario, runner: #runner, name: #name })
        }
        Subject::Flow { flow, step } => {
            let flow = text(flow);
            let step = match step {
                Some([runner, name]) => {
                    let (runner, name) = (text(runner), text(name));
                    quote!(Some([#runner, #name]))
                }
                None => quote!(None),
            };
            quote!(Subject::Flow { flow: #flow, step: #step })
        }
        Subject::Custom(name) => {
            let name = text(name);
            quote!(Subject::Custom(#name))
        }
    };
    let metric = text(&address.metric);
    let key = optional_text(address.key.as_deref());
    let tags = if address.tags.is_empty() {
        quote!(Vec::new())
    } else {
        let tags = address.tags.iter();
        let tags = tags.map(|(key, value)| {
            let (key, value) = (text(key), text(value));
            quote!((#key, #value))
        });
        quote!(Vec::from([#(#tags),*]))
    };
    let statistic = statistic(address.statistic);
    quote! {
        Address { subject: #subject, metric: #metric, key: #key, tags: #tags, statistic: Statistic::#statistic }
    }
}

fn text(text: &str) -> TokenStream {
    quote!(Text::Static(#text))
}

fn optional_text(optional: Option<&str>) -> TokenStream {
    match optional {
        Some(known) => {
            let known = text(known);
            quote!(Some(#known))
        }
        None => quote!(None),
    }
}

fn statistic(statistic: Statistic) -> TokenStream {
    match statistic {
        Statistic::Minimum => quote!(Minimum),
        Statistic::Mean => quote!(Mean),
        Statistic::Median => quote!(Median),
        Statistic::Maximum => quote!(Maximum),
        Statistic::StandardDeviation => quote!(StandardDeviation),
        Statistic::Percentile(millionths) => {
            let millionths = Literal::u32_unsuffixed(millionths);
            quote!(Percentile(#millionths))
        }
        Statistic::Count => quote!(Count),
        Statistic::Rate => quote!(Rate),
        Statistic::Ratio => quote!(Ratio),
        Statistic::Sum => quote!(Sum),
        Statistic::Last => quote!(Last),
        Statistic::Value => quote!(Value),
    }
}

fn plain_term(term: Term) -> TokenStream {
    let name = match term {
        Term::Figure(place) => {
            let place = Literal::u16_unsuffixed(place);
            quote!(Figure(#place))
        }
        Term::Bound(bound) => {
            let bound = Literal::f64_unsuffixed(bound);
            quote!(Bound(#bound))
        }
        Term::Less => quote!(Less),
        Term::LessOrEqual => quote!(LessOrEqual),
        Term::Greater => quote!(Greater),
        Term::GreaterOrEqual => quote!(GreaterOrEqual),
        Term::Equal => quote!(Equal),
        Term::NotEqual => quote!(NotEqual),
        Term::And => quote!(And),
        Term::Or => quote!(Or),
        Term::Not => quote!(Not),
    };
    quote!(Term::#name)
}
