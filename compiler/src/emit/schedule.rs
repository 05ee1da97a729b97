//! The schedule of a body as functions: sequences of at most 16 statements, forks, latches.

use super::names::{self, call_path};
use super::tree::WIDTH;
use super::writer::Writer;
use crate::plan::model::{Instances, Schedule, Step};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// The most branches that `fork!` polls in place. If there are more, each gets a waker of its own.
const FORK: usize = 8;

/// The functions of a schedule while they are written.
pub struct ScheduleWriter<'w, 'p> {
    writer: &'w mut Writer<'p>,
    functions: TokenStream,
}

impl<'w, 'p> ScheduleWriter<'w, 'p> {
    /// The function that runs the body, and all functions that it needs.
    pub fn write(writer: &'w mut Writer<'p>) -> TokenStream {
        let mut schedule = ScheduleWriter {
            writer: &mut *writer,
            functions: TokenStream::new(),
        };
        let planned = schedule.writer.body();
        let statements = schedule.statements(&planned.schedule);
        let body = match &planned.always {
            None => schedule.body(statements),
            Some(always) => {
                let doc = " All steps but those that always run.";
                let others = schedule.function("until_always", doc, statements);
                let statements = schedule.statements(always);
                let doc = " The steps that always run.";
                let always = schedule.function("always", doc, statements);
                quote! {
                    let flow = #others(this).await;
                    this.iteration.always_begins();
                    #always(this).await?;
                    flow
                }
            }
        };
        let (functions, ty) = (schedule.functions, writer.body_type());
        quote! {
            impl #ty<'_> {
                /// Runs all steps, each as soon as those that it depends on have ended.
                async fn run(this: &Self) -> Flow {
                    #body
                }
            }

            #functions
        }
    }

    /// Statements, each a future of `Flow` or a plain one.
    fn statements(&mut self, schedule: &Schedule) -> Vec<Statement> {
        match schedule {
            Schedule::Sequence(parts) => parts
                .iter()
                .flat_map(|part| self.statements(part))
                .collect(),
            Schedule::Node(node) => self.node(*node),
            Schedule::Wait(latch) => {
                let latch = &self.writer.body_names().latches[*latch];
                vec![Statement::Plain(
                    quote!(this.latches[#latch].wait(&this.iteration).await;),
                )]
            }
            Schedule::Open(latch) => {
                let latch = &self.writer.body_names().latches[*latch];
                vec![Statement::Plain(
                    quote!(this.latches[#latch].open(&this.iteration);),
                )]
            }
            Schedule::Choice(choices) => {
                let weights = choices.iter();
                let weights = weights.map(|(weight, _)| Literal::u32_unsuffixed(*weight));
                let weights: Vec<Literal> = weights.collect();
                let futures = choices.iter().map(|(_, choice)| self.future(choice));
                let mut futures: Vec<TokenStream> = futures.collect();
                let Some(last) = futures.pop() else {
                    return Vec::new();
                };
                if futures.is_empty() {
                    return vec![Statement::Flow(last)];
                }
                let numbers = (0..futures.len()).map(Literal::usize_unsuffixed);
                let mix = self.writer.body_names().mix.clone();
                let doc = format!(
                    " How often each flow of `{}` runs.",
                    self.writer.body().name
                );
                self.functions.extend(quote! {
                    #[doc = #doc]
                    static #mix: Mix = Mix::new(&[#(#weights),*]);
                });
                vec![Statement::Choice(quote! {
                    match this.iteration.choice(&#mix) {
                        #(#numbers => #futures.await,)*
                        _ => #last.await,
                    }
                })]
            }
            Schedule::Fork(branches) => {
                let branches = branches.iter().map(|branch| self.future(branch)).collect();
                vec![self.fork(branches)]
            }
        }
    }

    fn node(&mut self, node: usize) -> Vec<Statement> {
        let body = self.writer.body();
        let node = &body.nodes[node];
        let at = node.step;
        let name = call_path(&self.writer.step(at).name);
        let plain = self.writer.is_plain(at);
        let (from, to) = node.range;
        let count = body.steps[at].instances.known_count();
        let first = Literal::usize_unsuffixed(from);
        let end = if Some(to) == count {
            self.writer.instance_count(at)
        } else {
            let end = Literal::usize_unsuffixed(to);
            quote!(#end)
        };
        // One instance that something waits for by name, out of several.
        let named = to - from == 1 && count.is_some_and(|count| count > 1);
        let index = if named { quote!(#first) } else { quote!(index) };
        let one = match (&body.steps[at].instances, plain) {
            (_, true) => self.writer.plain(at, &index),
            (Instances::Single, false) => quote!(#name(this)),
            (_, false) => quote!(#name(this, #index)),
        };
        let call = match body.steps[at].instances {
            Instances::Single => one,
            Instances::Late(_) => self.writer.late_call(at, &one),
            _ if named => one,
            _ => {
                let each = self.writer.names.of_runtime("each");
                quote!(#each(&this.iteration, #first, #end, None, Box::new(move |index| #one)))
            }
        };
        let mut statements = vec![Statement::Flow(call)];
        for used in &body.steps[at].users_of {
            let done = &self.writer.resource_functions(*used).done;
            statements.push(Statement::Plain(quote!(#done(this);)));
        }
        statements
    }

    /// A future of `Flow` that can stand in a fork.
    fn future(&mut self, schedule: &Schedule) -> TokenStream {
        let mut statements = self.statements(schedule);
        if let Some(step) = self.only_step(schedule)
            && let ([Statement::Flow(call), Statement::Plain(_)], [used]) =
                (statements.as_slice(), step.users_of.as_slice())
        {
            let done = &self.writer.resource_functions(*used).done;
            return quote!(StepBranch::new(#call, this, #done));
        }
        if let [Statement::Flow(_)] = statements.as_slice()
            && let Some(Statement::Flow(only)) = statements.pop()
        {
            return only;
        }
        let (name, doc) = match first(schedule) {
            Some(node) => self.branch_name(node),
            None => ("from_start".to_owned(), " A branch.".to_owned()),
        };
        let name = self.function(&name, &doc, statements);
        quote!(#name(this))
    }

    /// The step of a branch that is one step, without instances.
    fn only_step(&self, schedule: &Schedule) -> Option<&'p Step> {
        match schedule {
            Schedule::Node(node) => {
                let body = self.writer.body();
                let step = &body.steps[body.nodes[*node].step];
                matches!(step.instances, Instances::Single).then_some(step)
            }
            Schedule::Sequence(parts) => match parts.as_slice() {
                [only] => self.only_step(only),
                _ => None,
            },
            Schedule::Fork(_) | Schedule::Choice(_) | Schedule::Wait(_) | Schedule::Open(_) => None,
        }
    }

    /// The name and the doc of a branch that begins with this node, with its instances where it has not all of the step.
    fn branch_name(&self, node: usize) -> (String, String) {
        let body = self.writer.body();
        let node = &body.nodes[node];
        let (from, to) = node.range;
        let mut name = format!("from_{}", self.writer.step(node.step).name);
        let mut doc = format!(" The branch from{}", self.writer.step_doc(node.step));
        let instances = &body.steps[node.step].instances;
        if instances
            .known_count()
            .is_some_and(|count| to - from < count)
        {
            match instances {
                Instances::Keys(keys) if to - from == 1 => {
                    let key = keys.get(from).map_or("", |(key, _)| key);
                    let number = from.to_string();
                    name.push_str(&format!("_{}", names::word(key).unwrap_or(&number)));
                    doc.push_str(&format!(", instance {key:?}"));
                }
                _ if to - from == 1 => {
                    name.push_str(&format!("_{from}"));
                    doc.push_str(&format!(", instance {from}"));
                }
                _ => {
                    name.push_str(&format!("_{from}_to_{}", to - 1));
                    doc.push_str(&format!(", instances {from} to {}", to - 1));
                }
            }
        }
        doc.push('.');
        (name, doc)
    }

    fn fork(&mut self, branches: Vec<TokenStream>) -> Statement {
        let ty = self.writer.body_type().clone();
        if branches.len() <= FORK {
            return Statement::Fork(branches);
        }
        let mut fills = Vec::new();
        for part in branches.chunks(WIDTH) {
            let name = self.writer.names.snake("fan_part");
            self.functions.extend(quote! {
                /// Some branches of a wide fork.
                fn #name<'a>(this: &'a #ty<'_>, fan: &mut Fan<'a>) {
                    #(fan.add(Box::pin(#part));)*
                }
            });
            fills.push(quote!(#name(this, fan)));
        }
        // The parts are joined by a tree of the same width.
        while fills.len() > WIDTH {
            let mut above = Vec::new();
            for part in fills.chunks(WIDTH) {
                let name = self.writer.names.snake("fan_part");
                self.functions.extend(quote! {
                    /// Some branches of a wide fork.
                    fn #name<'a>(this: &'a #ty<'_>, fan: &mut Fan<'a>) {
                        #(#part;)*
                    }
                });
                above.push(quote!(#name(this, fan)));
            }
            fills = above;
        }
        let name = self.writer.names.snake("wide_fork");
        self.functions.extend(quote! {
            /// Branches that run at the same time.
            fn #name<'a>(this: &'a #ty<'_>) -> Join<'a> {
                let mut all = Fan::new(&this.iteration);
                let fan = &mut all;
                #(#fills;)*
                all.join()
            }
        });
        Statement::Flow(quote!(#name(this)))
    }

    fn function(&mut self, name: &str, doc: &str, statements: Vec<Statement>) -> Ident {
        let name = self.writer.names.snake(name);
        let body = self.body(statements);
        let ty = self.writer.body_type();
        self.functions.extend(quote! {
            #[doc = #doc]
            async fn #name(this: &#ty<'_>) -> Flow {
                #body
            }
        });
        name
    }

    /// The body of a function: at most 16 statements, the last one's result is the function's.
    fn body(&mut self, mut statements: Vec<Statement>) -> TokenStream {
        while statements.len() > WIDTH {
            let mut above = Vec::new();
            let mut rest = statements.into_iter().peekable();
            while rest.peek().is_some() {
                let part: Vec<Statement> = rest.by_ref().take(WIDTH).collect();
                let name = self.function("stretch", " One stretch of a long line.", part);
                above.push(Statement::Flow(quote!(#name(this))));
            }
            statements = above;
        }
        let count = statements.len();
        let mut body = TokenStream::new();
        for (at, statement) in statements.into_iter().enumerate() {
            let last = at + 1 == count;
            body.extend(match statement {
                Statement::Flow(call) if last => quote!(#call.await),
                Statement::Flow(call) => quote!(#call.await?;),
                Statement::Fork(branches) => {
                    let names: Vec<_> = (1..=branches.len())
                        .map(|at| format_ident!("branch_{at}"))
                        .collect();
                    let leave = (!last).then(|| quote!(?;));
                    quote!(#(let #names = #branches;)* fork!(this; #(#names),*) #leave)
                }
                Statement::Choice(choice) if last => choice,
                Statement::Choice(choice) => quote!((#choice)?;),
                Statement::Plain(text) if last => quote!(#text Ok(())),
                Statement::Plain(text) => text,
            });
        }
        body
    }
}

enum Statement {
    /// A future of `Flow`.
    Flow(TokenStream),
    /// A `fork!` of these, which awaits by itself.
    Fork(Vec<TokenStream>),
    /// A `match` that awaits one of several.
    Choice(TokenStream),
    /// Anything else, with its semicolon.
    Plain(TokenStream),
}

/// The first node of a branch.
fn first(schedule: &Schedule) -> Option<usize> {
    match schedule {
        Schedule::Node(node) => Some(*node),
        Schedule::Sequence(parts) | Schedule::Fork(parts) => parts.iter().find_map(first),
        Schedule::Choice(_) | Schedule::Wait(_) | Schedule::Open(_) => None,
    }
}
