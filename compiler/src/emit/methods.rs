//! Methods of services as Rust: each is a constant, and its messages are a static that methods of the same messages share.

use crate::check::typed::TMethod;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// Statics with the messages of methods.
#[derive(Debug, Default)]
pub struct Methods {
    /// The statics, in order.
    pub statics: TokenStream,
    tables: Vec<Vec<u8>>,
}

impl Methods {
    /// A constant expression of type `Method`.
    pub fn method(&mut self, method: &TMethod) -> TokenStream {
        let TMethod {
            name,
            client_streams,
            server_streams,
            table,
        } = method;
        let place = self.tables.iter().position(|known| known == table);
        let place = place.unwrap_or_else(|| {
            let place = self.tables.len();
            let (name, bytes) = (name_of(place), Literal::byte_string(table));
            self.statics.extend(quote!(static #name: &[u8] = #bytes;));
            self.tables.push(table.clone());
            place
        });
        let table = name_of(place);
        quote! {
            Method {
                name: #name,
                client_streams: #client_streams,
                server_streams: #server_streams,
                table: #table,
            }
        }
    }
}

fn name_of(place: usize) -> proc_macro2::Ident {
    format_ident!("MESSAGES_{}", place + 1)
}
