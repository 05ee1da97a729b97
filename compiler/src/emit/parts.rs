//! The parts of a step around its attempts: one function for each, which its drive is given.

use super::constant;
use super::late::enabled_of_attempt;
use super::names::call_path;
use super::tokens::{EvaluatedIn, or_unused, takes_index};
use super::writer::Writer;
use crate::check::typed::{TExpr, constant_duration};
use crate::check::typed_parts::{
    COLLECTED, TAmong, TBackoff, TConcurrency, TEnds, TGrowth, TJitter, TRateLimit, TRepeat, TRetry,
};
use crate::plan::model::Step;
use bggo_values::Value;
use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use quote::quote;

/// The crate that runs steps with parts, delays, and instances that are found late.
pub const CRATE: &str = "bggo-parts";

/// Whether the emitted step names types of [`CRATE`].
pub fn has_types_of_parts(step: &Step) -> bool {
    step.has_parts() || step.instances.late().is_some()
}

/// Whether it names something of it.
pub fn is_in_parts(step: &Step) -> bool {
    has_types_of_parts(step) || step.delay_before.is_some()
}

/// Functions of parts, and the calls that hand them to the step.
#[derive(Default)]
pub struct EmittedParts {
    /// `.retry(order_retry)`
    pub calls: TokenStream,
    /// The functions.
    pub functions: TokenStream,
}

impl Writer<'_> {
    /// All parts of a step but its attempt, its resources and its checks.
    pub fn parts_of_step(&mut self, at: usize) -> EmittedParts {
        let step = &self.body().steps[at];
        let keys = self.step_keys(at);
        let here = EvaluatedIn::Body(Some(&keys));
        let mut all = EmittedParts::default();
        if let Some(enabled) = enabled_of_attempt(step) {
            self.enter_part("enabled");
            let body = self.truth(enabled, here);
            self.leave_part();
            let body = result(body);
            self.add_part(&mut all, at, ("enabled", quote!(bool)), body);
        }
        if let Some(delay) = &step.delay_before {
            let body = self.delay_result("delay_before", delay, here);
            self.add_part(&mut all, at, ("delay_before", quote!(Duration)), body);
        }
        if let Some(delay) = &step.delay_after {
            let body = self.delay_result("delay_after", delay, here);
            self.add_part(&mut all, at, ("delay_after", quote!(Duration)), body);
        }
        let parts = &step.parts;
        let limits = [
            ("start", &parts.start),
            ("queue", &parts.queue),
            ("deadline", &parts.deadline),
        ];
        if limits.iter().any(|(_, limit)| limit.is_some()) {
            let mut body = quote!(Timeouts::new());
            for (name, limit) in limits {
                if let Some(limit) = limit {
                    let limit = self.time_of_part(name, limit, here);
                    let name = Ident::new(name, proc_macro2::Span::call_site());
                    body.extend(quote!(.#name(#limit)));
                }
            }
            let body = quote!(Ok(#body));
            self.add_part(&mut all, at, ("timeouts", quote!(Timeouts)), body);
        }
        if let Some(rate) = &parts.rate_limit {
            let body = self.rate(rate, here);
            self.add_part(&mut all, at, ("rate", quote!((StepRate, Text))), body);
        }
        if let Some(concurrency) = &parts.concurrency {
            let body = self.concurrency(concurrency, here);
            self.add_part(&mut all, at, ("concurrency", quote!(Concurrency)), body);
        }
        if let Some(retry) = &parts.retry {
            let body = self.retry(retry, here);
            self.add_part(&mut all, at, ("retry", quote!(Retry)), body);
        }
        if let Some(repeat) = &parts.repeat {
            self.repeat(&mut all, at, repeat, here);
        }
        if let Some(fallback) = &parts.fallback {
            let body = self.fallback(at, fallback, here);
            self.add_part(&mut all, at, ("fallback", quote!(Vec<Value>)), body);
        }
        match parts.ends {
            Some(TEnds::User) => all.calls.extend(quote!(.ends(Ends::User))),
            Some(TEnds::Run) => all.calls.extend(quote!(.ends(Ends::Run))),
            None => {}
        }
        all
    }

    /// A function of a part, which the step is handed by the method of this name.
    fn add_part(
        &mut self,
        all: &mut EmittedParts,
        at: usize,
        (part, ty): (&str, TokenStream),
        body: TokenStream,
    ) {
        let name = self.part_function(all, at, (part, ty), &body);
        let method = Ident::new(part, proc_macro2::Span::call_site());
        all.calls.extend(quote!(.#method(#name)));
    }

    /// A function of a part that is of this type.
    fn part_function(
        &mut self,
        all: &mut EmittedParts,
        at: usize,
        (part, ty): (&str, TokenStream),
        body: &TokenStream,
    ) -> Ident {
        let name = format!("{}_{part}", self.step(at).name);
        let name = self.names.snake(&name);
        let index = takes_index(&self.body().steps[at], body);
        let this = or_unused("this", body);
        let step = or_unused("step", &quote!(#index #body));
        let body_type = self.body_type();
        let doc = format!("{}: `{part}`", self.step_doc(at));
        all.functions.extend(quote! {
            #[doc = #doc]
            fn #name(#this: &#body_type<'_>, #step: &Step<'_>) -> Result<#ty, Fault> {
                #index
                #body
            }
        });
        name
    }

    /// The time of a part, of type `Duration`; faults leave by `?`.
    fn time_of_part(&mut self, name: &str, time: &TExpr, here: EvaluatedIn<'_>) -> TokenStream {
        if let Some(known) = constant_duration(time) {
            return constant::duration(known);
        }
        self.enter_part(name);
        let value = self.reference(time, here);
        let call = self.placed(quote!(input_conversion::duration(#value, #name)), time.span);
        self.leave_part();
        quote!(#call?)
    }

    /// A whole number of a part, of type `u32`; faults leave by `?`.
    pub fn whole_of_part(
        &mut self,
        name: &str,
        whole: &TExpr,
        here: EvaluatedIn<'_>,
    ) -> TokenStream {
        if let Some(Value::Number(number)) = whole.constant()
            && let Some(known) = number.as_u64()
        {
            let known = Literal::u64_unsuffixed(known);
            return quote!(#known);
        }
        self.enter_part(name);
        let value = self.reference(whole, here);
        let call = self.placed(quote!(input_conversion::whole(#value, #name)), whole.span);
        self.leave_part();
        quote!(#call?)
    }

    /// A text of a part, of type `Text`; faults leave by `?`.
    fn key_of_part(&mut self, name: &str, key: &TExpr, here: EvaluatedIn<'_>) -> TokenStream {
        self.enter_part(name);
        let value = self.reference(key, here);
        let call = self.placed(quote!(input_conversion::text(#value, #name)), key.span);
        self.leave_part();
        quote!(#call?)
    }

    fn rate(&mut self, rate: &TRateLimit, here: EvaluatedIn<'_>) -> TokenStream {
        let limit = self.whole_of_part("limit", &rate.limit, here);
        let per = match &rate.per {
            Some(per) => self.time_of_part("per", per, here),
            None => constant::duration(std::time::Duration::from_secs(1)),
        };
        let burst = match &rate.burst {
            Some(burst) => self.whole_of_part("burst", burst, here),
            None => quote!(1),
        };
        let key = match &rate.key {
            Some(key) => self.key_of_part("key", key, here),
            None => quote!(Text::Static("")),
        };
        quote!(Ok((StepRate::new(#limit, #per, #burst), #key)))
    }

    fn concurrency(&mut self, concurrency: &TConcurrency, here: EvaluatedIn<'_>) -> TokenStream {
        let limit = self.whole_of_part("limit", &concurrency.limit, here);
        let among = match concurrency.among {
            TAmong::Iteration => None,
            TAmong::User => Some(quote!(.among(Among::User))),
            TAmong::Run => Some(quote!(.among(Among::Run))),
        };
        let key = concurrency.key.as_ref().map(|key| {
            let key = self.key_of_part("per_key", key, here);
            quote!(.per_key(#key))
        });
        let order = concurrency
            .last_first
            .then(|| quote!(.order(Order::LastInFirstOut)));
        quote!(Ok(Concurrency::new(#limit) #among #key #order))
    }

    fn retry(&mut self, retry: &TRetry, here: EvaluatedIn<'_>) -> TokenStream {
        let attempts = self.whole_of_part("attempts", &retry.attempts, here);
        let longest = retry.max_duration.as_ref().map(|longest| {
            let longest = self.time_of_part("max_duration", longest, here);
            quote!(.max_duration(#longest))
        });
        let on = retry
            .retry_on
            .as_ref()
            .map(|kinds| quote!(.retry_on(&[#(#kinds),*])));
        let kinds = &retry.abort_on;
        let abort = (!kinds.is_empty()).then(|| quote!(.abort_on(&[#(#kinds),*])));
        let backoff = retry.backoff.as_ref().map(|backoff| {
            let backoff = self.backoff(backoff, here);
            quote!(.backoff(#backoff))
        });
        quote!(Ok(Retry::attempts(#attempts) #longest #on #abort #backoff))
    }

    fn backoff(&mut self, backoff: &TBackoff, here: EvaluatedIn<'_>) -> TokenStream {
        let initial = self.time_of_part("initial", &backoff.initial, here);
        let grows = match &backoff.growth {
            TGrowth::Constant => quote!(Backoff::constant(#initial)),
            TGrowth::Linear => quote!(Backoff::linear(#initial)),
            TGrowth::Exponential(factor) => {
                let factor = match factor.constant() {
                    Some(Value::Number(number)) => {
                        let number = Literal::f64_unsuffixed(number.as_f64());
                        quote!(#number)
                    }
                    _ => {
                        self.enter_part("factor");
                        let value = self.reference(factor, here);
                        let call = quote!(input_conversion::factor(#value, "factor"));
                        let call = self.placed(call, factor.span);
                        self.leave_part();
                        quote!(#call?)
                    }
                };
                quote!(Backoff::exponential(#initial, #factor))
            }
        };
        let most = backoff.max.as_ref().map(|most| {
            let most = self.time_of_part("max", most, here);
            quote!(.at_most(#most))
        });
        let jitter = match backoff.jitter {
            TJitter::None => None,
            jitter => {
                let context = self.context(here);
                Some(match jitter {
                    TJitter::Equal => quote!(.equal_jitter(&#context)),
                    _ => quote!(.full_jitter(&#context)),
                })
            }
        };
        quote!(#grows #most #jitter)
    }

    fn repeat(
        &mut self,
        all: &mut EmittedParts,
        at: usize,
        repeat: &TRepeat,
        here: EvaluatedIn<'_>,
    ) {
        let most = match &repeat.max_attempts {
            Some(most) => self.whole_of_part("max_attempts", most, here),
            None => quote!(100),
        };
        let every = repeat.every.as_ref().map(|every| {
            let every = self.time_of_part("every", every, here);
            quote!(.every(#every))
        });
        let timeout = repeat.timeout.as_ref().map(|timeout| {
            let timeout = self.time_of_part("timeout", timeout, here);
            quote!(.timeout(#timeout))
        });
        let body = quote!(Ok(Repeat::at_most(#most) #every #timeout));
        let settings = self.part_function(all, at, ("repeat", quote!(Repeat)), &body);
        let (name, condition) = match repeat.ends_at {
            true => {
                self.enter_part("until");
                ("until", self.truth(&repeat.condition, here))
            }
            false => {
                self.enter_part("while");
                ("is_over", self.untruth(&repeat.condition, here))
            }
        };
        self.leave_part();
        let body = result(condition);
        let is_over = self.part_function(all, at, (name, quote!(bool)), &body);
        all.calls.extend(quote!(.repeat(#settings, #is_over)));
        let is_read = self.body().steps[at]
            .outputs
            .iter()
            .any(|one| one == COLLECTED);
        if let Some(collect) = repeat.collect.as_ref().filter(|_| is_read) {
            self.enter_part("collect");
            let body = self.result(collect, here);
            self.leave_part();
            self.add_part(all, at, ("collect", quote!(Value)), body);
        }
    }

    /// The outputs that are read, in the order in which they are kept.
    fn fallback(
        &mut self,
        at: usize,
        fallback: &[(usize, TExpr)],
        here: EvaluatedIn<'_>,
    ) -> TokenStream {
        let names = self.all_outputs[self.body_id.0][at].clone();
        let read = self.body().steps[at].outputs.clone();
        self.enter_part("fallback");
        let values = read.iter().map(|name| {
            let mut given = fallback.iter();
            let given = given.find(|(output, _)| names.get(*output) == Some(name));
            match given {
                Some((_, value)) => self.value(value, here),
                None => quote!(Value::Null),
            }
        });
        let values: Vec<TokenStream> = values.collect();
        self.leave_part();
        quote!(Ok(vec![#(#values),*]))
    }

    /// The call that waits for resources, and whether that comes before everything else.
    pub fn wait_of_parts(&mut self, at: usize) -> TokenStream {
        if self.body().steps[at].needs.is_empty() {
            return TokenStream::new();
        }
        let step = &self.body().steps[at];
        let parts = &step.parts;
        // What comes before the resources waits for them only if it reads one.
        let limits = [&parts.start, &parts.queue, &parts.deadline]
            .into_iter()
            .flatten();
        let rate = parts.rate_limit.iter().flat_map(|rate| {
            let own = [Some(&rate.limit), rate.per.as_ref(), rate.burst.as_ref()];
            own.into_iter().flatten().chain(&rate.key)
        });
        let places = parts.concurrency.iter();
        let places = places.flat_map(|one| std::iter::once(&one.limit).chain(&one.key));
        let repeat = parts.repeat.iter().flat_map(|repeat| {
            let own = [&repeat.max_attempts, &repeat.every, &repeat.timeout];
            own.into_iter().flatten()
        });
        let mut before = (step.enabled.iter())
            .chain(step.delays())
            .chain(limits)
            .chain(rate)
            .chain(places)
            .chain(repeat);
        let is_first = before.any(|it| self.reads_export(it));
        let wait = self.wait_function(at);
        let wait = call_path(&wait);
        match is_first {
            true => quote!(.wait_first(#wait)),
            false => quote!(.wait(#wait)),
        }
    }
}

/// A value whose faults leave by `?`, as a result.
fn result(value: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    match tokens.split_last() {
        Some((TokenTree::Punct(last), call)) if last.as_char() == '?' => {
            call.iter().cloned().collect()
        }
        _ => quote!(Ok(#value)),
    }
}
