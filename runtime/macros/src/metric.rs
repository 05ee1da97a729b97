//! The metrics of a runner or an asset to a table of what is known of them, and to typed numbers for the code that counts.

use crate::names::upper;
use bggo_manifest::{Metric, MetricKind, MetricWarning};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The metrics of `owner`, if it has some.
pub fn metrics(metrics: &[Metric], owner: &str) -> TokenStream {
    if metrics.is_empty() {
        return quote!();
    }
    let infos = metrics.iter().map(info);
    let names = metrics.iter().map(|metric| upper(&metric.name));
    let docs = metrics
        .iter()
        .map(|metric| format!("`{}`: {}", metric.name, metric.description));
    let types = metrics.iter().map(ty);
    let numbers = (0..metrics.len()).map(Literal::usize_unsuffixed);
    let values = metrics.iter().zip(numbers).map(value);
    let (all, each) = (
        format!("What is known of the {owner}'s own metrics, in the order of their numbers."),
        format!("The {owner}'s own metrics. The type of each says how it is counted."),
    );
    quote! {
        #[doc = #all]
        pub const METRICS: &[::bggo_runtime::glue::MetricInfo] = &[#(#infos),*];

        #[doc = #each]
        #[derive(Debug, Clone, Copy)]
        pub enum Metric {}

        impl Metric {
            #(
                #[doc = #docs]
                pub const #names: #types = #values;
            )*
        }
    }
}

fn info(metric: &Metric) -> TokenStream {
    let (name, unit) = (&metric.name, &metric.unit);
    let kind = match metric.kind {
        MetricKind::Trend => quote!(Trend),
        MetricKind::Counter => quote!(Counter),
        MetricKind::Gauge => quote!(Gauge),
        MetricKind::Rate => quote!(Rate),
    };
    let label = metric.label.as_ref().map(|label| quote!(.label(#label)));
    let warning = metric.warning.as_ref().map(|warning| {
        let MetricWarning {
            prefix, over, text, ..
        } = warning;
        let over = Literal::u32_unsuffixed(*over);
        quote!(.warning(::bggo_runtime::glue::MetricWarning::new(#prefix, #over, #text)))
    });
    let on_demand = metric.on_demand.then(|| quote!(.on_demand()));
    quote! {
        ::bggo_runtime::glue::MetricInfo::new(#name, #unit)
            .kind(::bggo_runtime::glue::MetricKind::#kind) #label #warning #on_demand
    }
}

/// The type of its number: it knows the only way to count it, and whether it is asked for first.
fn ty(metric: &Metric) -> TokenStream {
    let kind = kind(metric);
    if metric.on_demand {
        quote!(::bggo_runtime::glue::OnDemand<::bggo_runtime::glue::#kind>)
    } else {
        quote!(::bggo_runtime::glue::#kind)
    }
}

/// Its number.
fn value((metric, number): (&Metric, Literal)) -> TokenStream {
    let kind = kind(metric);
    let plain = quote!(::bggo_runtime::glue::#kind::new(#number));
    if metric.on_demand {
        quote!(::bggo_runtime::glue::OnDemand::new(#plain))
    } else {
        plain
    }
}

fn kind(metric: &Metric) -> TokenStream {
    match (metric.kind, &metric.label) {
        (MetricKind::Counter, Some(_)) => quote!(LabelledCounter),
        (MetricKind::Counter, None) => quote!(Counter),
        (MetricKind::Trend, _) => quote!(Trend),
        (MetricKind::Gauge, _) => quote!(Gauge),
        (MetricKind::Rate, _) => quote!(Rate),
    }
}
