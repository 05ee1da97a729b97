//! The kinds of failure of a manifest to an enum.

use crate::names::camel;
use bggo_manifest::ErrorKind;
use proc_macro2::TokenStream;
use quote::quote;

/// The kinds of failure of a runner or an asset.
pub fn errors(errors: &[ErrorKind]) -> TokenStream {
    if errors.is_empty() {
        return quote!();
    }
    let names: Vec<_> = errors.iter().map(|error| camel(&error.name)).collect();
    let texts = errors.iter().map(|error| &error.name);
    let docs = errors
        .iter()
        .map(|error| format!("`{}`: {}", error.name, error.description));
    quote! {
        /// The kinds of failure.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Error { #(#[doc = #docs] #names),* }

        impl Error {
            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self { #(Self::#names => #texts),* }
            }

            /// A fault of this kind.
            pub fn fault(self, text: impl ::core::convert::Into<::bggo_runtime::contract::FaultText>) -> ::bggo_runtime::glue::Fault {
                ::bggo_runtime::glue::Fault::declared(self.name(), text)
            }

            /// A fault of other code, as one of this kind.
            pub fn of(self, fault: ::bggo_runtime::glue::Fault) -> ::bggo_runtime::glue::Fault {
                fault.declared_as(self.name())
            }
        }
    }
}
