//! The manifests of the modules that ship with the compiler -> Rust that makes their models, so that no command reads
//! their texts.

use super::constant::{self, Constants};
use bggo_manifest::{
    Asset, Bound, Concurrency, Condition, Demand, DocumentKind, ErrorKind, Form, Input, Lifetime,
    LinkedCrate, Manifest, MessageOf, Metric, MetricKind, MetricWarning, Output, Pattern, Rule,
    Runner, Severity, Side, TypeFrom, Use, When,
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// Source of a function `manifests`, which gives name and manifest of each module in order. `texts` are pairs of a
/// module's name and the text of its manifest.
///
/// # Errors
/// The faults of all manifests that cannot be read, a line each.
pub fn source<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<String, String> {
    let mut maker = Maker::default();
    let mut modules = Vec::new();
    let mut faults = Vec::new();
    for (name, text) in texts {
        match bggo_manifest::read(text) {
            Ok(manifest) => {
                let manifest = maker.manifest(&manifest);
                modules.push(quote!((#name, #manifest)));
            }
            Err(found) => faults.extend(found.iter().map(|fault| {
                let line = fault.line(text);
                format!("modules/{name}/manifest.hcl:{line}: {fault}")
            })),
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let Maker { constants, parts } = maker;
    let statics = constants.statics;
    let parts = parts.iter();
    Ok(quote! {
        #statics
        #(#parts)*
        pub(super) fn manifests() -> Vec<(&'static str, Manifest)> {
            Vec::from([#(#modules),*])
        }
    }
    .to_string())
}

/// Makes expressions. Each takes its struct apart by all names, so that a new field cannot be forgotten here.
#[derive(Default)]
struct Maker {
    constants: Constants,
    /// A function for each runner and asset: one for all would need a large stack where nothing is optimised.
    parts: Vec<TokenStream>,
}

impl Maker {
    fn manifest(&mut self, manifest: &Manifest) -> TokenStream {
        let Manifest {
            description,
            runners,
            assets,
        } = manifest;
        let description = text(description);
        let runners = list(runners, |runner| {
            let made = self.runner(runner);
            self.part(quote!(Runner), made)
        });
        let assets = list(assets, |asset| {
            let made = self.asset(asset);
            self.part(quote!(Asset), made)
        });
        quote!(Manifest { description: #description, runners: #runners, assets: #assets })
    }

    /// A call of a new function that gives this.
    fn part(&mut self, ty: TokenStream, made: TokenStream) -> TokenStream {
        let name = quote::format_ident!("part_{}", self.parts.len());
        self.parts.push(quote!(fn #name() -> #ty { #made }));
        quote!(#name())
    }

    fn runner(&mut self, runner: &Runner) -> TokenStream {
        let Runner {
            name,
            description,
            uses,
            inputs,
            rules,
            outputs,
            metrics,
            errors,
            no_effect_without,
            meant_for_setup,
            blocks,
            opens,
            closes,
            late_result,
            stamps,
            reads_stamps,
        } = runner;
        let (name, description) = (text(name), text(description));
        let (uses, rules) = (list(uses, used), list(rules, rule));
        let (outputs, metrics) = (list(outputs, output), list(metrics, metric));
        let (inputs, errors) = (list(inputs, |one| self.input(one)), list(errors, error));
        let no_effect_without = option(no_effect_without, |names| list(names, |name| text(name)));
        let meant_for_setup = option(meant_for_setup, |why| text(why));
        let (blocks, late_result) = (when(blocks), when(late_result));
        let stamps = option(stamps, |input| text(input));
        let (opens, closes) = (
            option(opens, |one| text(one)),
            option(closes, |one| text(one)),
        );
        quote! {
            Runner {
                name: #name, description: #description, uses: #uses, inputs: #inputs, rules: #rules,
                outputs: #outputs, metrics: #metrics, errors: #errors, no_effect_without: #no_effect_without,
                meant_for_setup: #meant_for_setup, blocks: #blocks, opens: #opens, closes: #closes,
                late_result: #late_result, stamps: #stamps, reads_stamps: #reads_stamps,
            }
        }
    }

    fn asset(&mut self, asset: &Asset) -> TokenStream {
        let Asset {
            name,
            description,
            scope,
            scopes,
            connects,
            concurrency,
            uses,
            inputs,
            rules,
            outputs,
            metrics,
            errors,
        } = asset;
        let (name, description) = (text(name), text(description));
        let (scope, scopes) = (lifetime(scope), list(scopes, lifetime));
        let concurrency = match concurrency {
            Concurrency::Exclusive => quote!(Concurrency::Exclusive),
            Concurrency::Duplex => quote!(Concurrency::Duplex),
            Concurrency::Multiplexed => quote!(Concurrency::Multiplexed),
        };
        let (uses, rules) = (list(uses, used), list(rules, rule));
        let (outputs, metrics) = (list(outputs, output), list(metrics, metric));
        let (inputs, errors) = (list(inputs, |one| self.input(one)), list(errors, error));
        quote! {
            Asset {
                name: #name, description: #description, scope: #scope, scopes: #scopes,
                connects: #connects, concurrency: #concurrency, uses: #uses, inputs: #inputs, rules: #rules, outputs: #outputs, metrics: #metrics, errors: #errors,
            }
        }
    }

    fn input(&mut self, input: &Input) -> TokenStream {
        let Input {
            name,
            ty,
            required,
            nullable,
            default,
            one_of,
            links,
            bounds,
            pattern,
            key_pattern,
            form,
            shape,
            shown,
            sensitive,
            reads,
            found_by,
            is_switch,
            selects,
            streams,
            type_from,
            description,
        } = input;
        let (name, description) = (text(name), text(description));
        let ty = constant::ty(ty);
        let default = option(default, |value| self.constants.value(value));
        let one_of = list(one_of, |one| text(one));
        let links = list(links, linked_crate);
        let bounds = list(bounds, |one| self.bound(one));
        let pattern = option(pattern, self::pattern);
        let key_pattern = option(key_pattern, self::pattern);
        let form = match form {
            Form::Plain => quote!(Form::Plain),
            Form::Json => quote!(Form::Json),
            Form::Predicate => quote!(Form::Predicate),
        };
        let reads = list(reads, |kind| match kind {
            DocumentKind::JsonSchema => quote!(DocumentKind::JsonSchema),
            DocumentKind::OpenApi => quote!(DocumentKind::OpenApi),
            DocumentKind::Protobuf => quote!(DocumentKind::Protobuf),
            DocumentKind::ProtobufSet => quote!(DocumentKind::ProtobufSet),
            DocumentKind::Folders => quote!(DocumentKind::Folders),
            DocumentKind::Columns => quote!(DocumentKind::Columns),
            DocumentKind::Statements => quote!(DocumentKind::Statements),
        });
        let found_by = option(found_by, |one| text(one));
        let selects = option(selects, |one| text(one));
        let type_from = option(type_from, message_of);
        quote! {
            Input {
                name: #name, ty: #ty, required: #required, nullable: #nullable, default: #default,
                one_of: #one_of, links: #links, bounds: #bounds, pattern: #pattern, key_pattern: #key_pattern, form: #form,
                shape: #shape, shown: #shown, sensitive: #sensitive, reads: #reads, found_by: #found_by, is_switch: #is_switch, selects: #selects, streams: #streams,
                type_from: #type_from, description: #description,
            }
        }
    }

    fn bound(&mut self, bound: &Bound) -> TokenStream {
        let mut of_value = |value| self.constants.value(value);
        match bound {
            Bound::Min(value) => {
                let value = of_value(value);
                quote!(Bound::Min(#value))
            }
            Bound::Max(value) => {
                let value = of_value(value);
                quote!(Bound::Max(#value))
            }
            Bound::MoreThan(value) => {
                let value = of_value(value);
                quote!(Bound::MoreThan(#value))
            }
            Bound::MinLength(length) => quote!(Bound::MinLength(#length)),
            Bound::MaxLength(length) => quote!(Bound::MaxLength(#length)),
        }
    }
}

fn linked_crate(link: &LinkedCrate) -> TokenStream {
    let LinkedCrate {
        value,
        crate_name,
        path,
        shares_sockets,
    } = link;
    let (value, crate_name, path) = (text(value), text(crate_name), text(path));
    quote!(LinkedCrate { value: #value, crate_name: #crate_name, path: #path, shares_sockets: #shares_sockets })
}

fn used(part: &Use) -> TokenStream {
    let Use {
        name,
        assets,
        module,
        optional,
        description,
    } = part;
    let (name, description) = (text(name), text(description));
    let assets = list(assets, |one| text(one));
    let module = option(module, |one| text(one));
    quote! {
        Use {
            name: #name, assets: #assets, module: #module, optional: #optional, description: #description,
        }
    }
}

fn message_of(of: &MessageOf) -> TokenStream {
    let MessageOf { by, input, side } = of;
    let (by, input) = (option(by, |one| text(one)), text(input));
    let side = match side {
        Side::Request => quote!(Side::Request),
        Side::Response => quote!(Side::Response),
    };
    quote!(MessageOf { by: #by, input: #input, side: #side })
}

fn when(when: &When) -> TokenStream {
    match when {
        When::Never => quote!(When::Never),
        When::Always => quote!(When::Always),
        When::If(one) => {
            let one = condition(one);
            quote!(When::If(#one))
        }
    }
}

fn output(output: &Output) -> TokenStream {
    let Output {
        name,
        ty,
        type_from,
        validated_by,
        comes_late,
        description,
        sensitive,
    } = output;
    let (name, ty, description) = (text(name), constant::ty(ty), text(description));
    let type_from = option(type_from, |one| match one {
        TypeFrom::Document(input) => {
            let input = text(input);
            quote!(TypeFrom::Document(#input))
        }
        TypeFrom::Message(of) => {
            let of = message_of(of);
            quote!(TypeFrom::Message(#of))
        }
    });
    let validated_by = option(validated_by, |one| text(one));
    quote!(Output { name: #name, ty: #ty, type_from: #type_from, validated_by: #validated_by, comes_late: #comes_late, description: #description, sensitive: #sensitive })
}

fn metric(metric: &Metric) -> TokenStream {
    let Metric {
        name,
        kind,
        unit,
        label,
        warning,
        on_demand,
        description,
    } = metric;
    let (name, unit, description) = (text(name), text(unit), text(description));
    let kind = match kind {
        MetricKind::Trend => quote!(MetricKind::Trend),
        MetricKind::Counter => quote!(MetricKind::Counter),
        MetricKind::Gauge => quote!(MetricKind::Gauge),
        MetricKind::Rate => quote!(MetricKind::Rate),
    };
    let label = option(label, |one| text(one));
    let warning = option(warning, |warning| {
        let MetricWarning {
            prefix,
            over,
            unless,
            text: said,
        } = warning;
        let (prefix, said) = (text(prefix), text(said));
        let unless = list(unless, |one| text(one));
        quote!(MetricWarning { prefix: #prefix, over: #over, unless: #unless, text: #said })
    });
    quote! {
        Metric {
            name: #name, kind: #kind, unit: #unit, label: #label, warning: #warning, on_demand: #on_demand,
            description: #description,
        }
    }
}

fn error(error: &ErrorKind) -> TokenStream {
    let ErrorKind { name, description } = error;
    let (name, description) = (text(name), text(description));
    quote!(ErrorKind { name: #name, description: #description })
}

fn rule(rule: &Rule) -> TokenStream {
    let Rule {
        when,
        demand,
        error_message,
        severity,
    } = rule;
    let when = list(when, |one| text(one));
    let demand = match demand {
        Demand::Conflicts(names) => {
            let names = list(names, |one| text(one));
            quote!(Demand::Conflicts(#names))
        }
        Demand::AtLeastOne(names) => {
            let names = list(names, |one| text(one));
            quote!(Demand::AtLeastOne(#names))
        }
        Demand::Condition(one) => {
            let one = condition(one);
            quote!(Demand::Condition(#one))
        }
    };
    let error_message = text(error_message);
    let severity = match severity {
        Severity::Error => quote!(Severity::Error),
        Severity::Warning => quote!(Severity::Warning),
    };
    quote! {
        Rule { when: #when, demand: #demand, error_message: #error_message, severity: #severity }
    }
}

fn condition(condition: &Condition) -> TokenStream {
    let Condition {
        text: expression,
        line,
    } = condition;
    let (expression, line) = (text(expression), Literal::usize_unsuffixed(*line));
    quote!(Condition { text: #expression, line: #line })
}

fn pattern(pattern: &Pattern) -> TokenStream {
    let Pattern { regex, message } = pattern;
    let (regex, message) = (text(regex), text(message));
    quote!(Pattern { regex: #regex, message: #message })
}

fn lifetime(lifetime: &Lifetime) -> TokenStream {
    match lifetime {
        Lifetime::Run => quote!(Lifetime::Run),
        Lifetime::Worker => quote!(Lifetime::Worker),
        Lifetime::Vu => quote!(Lifetime::Vu),
        Lifetime::Iteration => quote!(Lifetime::Iteration),
    }
}

fn text(text: &str) -> TokenStream {
    quote!(String::from(#text))
}

fn list<T>(items: &[T], made: impl FnMut(&T) -> TokenStream) -> TokenStream {
    let items = items.iter().map(made);
    quote!(Vec::from([#(#items),*]))
}

fn option<T>(item: &Option<T>, made: impl FnOnce(&T) -> TokenStream) -> TokenStream {
    match item.as_ref().map(made) {
        Some(item) => quote!(Some(#item)),
        None => quote!(None),
    }
}
