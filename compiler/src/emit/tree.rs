//! Structs that grow with the grid, as trees of at most 16 fields in a struct. Each struct is filled by a function of its own:
//! for a literal with many fallible fields the time of rustc grows with the square of their number.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// The most fields of a struct, statements of a function and branches of a literal.
pub const WIDTH: usize = 16;

/// One field of the whole.
pub struct Leaf {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: TokenStream,
    /// The expression that fills it.
    pub value: TokenStream,
}

/// The arguments of the functions that fill the structs.
pub struct Filled<'a> {
    /// Name of the outermost struct.
    pub name: &'a str,
    /// Doc of the outermost struct.
    pub doc: &'a str,
    /// Parameters with types.
    pub parameters: TokenStream,
    /// The same as arguments.
    pub arguments: TokenStream,
}

/// The structs, and the path of each leaf from the outermost one.
pub fn tree(filled: &Filled<'_>, leaves: Vec<Leaf>) -> (TokenStream, Vec<TokenStream>) {
    let paths = (0..leaves.len()).map(|_| TokenStream::new()).collect();
    let mut builder = Builder {
        filled,
        structs: TokenStream::new(),
        paths,
        made: 0,
    };
    let name = Ident::new(filled.name, Span::call_site());
    let doc = format!(" {}", filled.doc);
    builder.level(&name, &doc, leaves.into_iter().enumerate().collect());
    (builder.structs, builder.paths)
}

struct Builder<'a> {
    filled: &'a Filled<'a>,
    structs: TokenStream,
    paths: Vec<TokenStream>,
    made: usize,
}

impl Builder<'_> {
    fn level(&mut self, name: &Ident, doc: &str, leaves: Vec<(usize, Leaf)>) {
        let (parameters, arguments) = (&self.filled.parameters, &self.filled.arguments);
        let (mut fields, mut values) = (Vec::new(), Vec::new());
        let mut inner = Vec::new();
        if leaves.len() <= WIDTH {
            for (at, leaf) in leaves {
                let Leaf { name, ty, value } = leaf;
                self.paths[at] = quote!(#name);
                fields.push(quote!(#name: #ty));
                values.push(quote!(#name: #value));
            }
        } else {
            let mut size = WIDTH;
            while leaves.len() > size * WIDTH {
                size *= WIDTH;
            }
            let mut leaves = leaves.into_iter().peekable();
            while leaves.peek().is_some() {
                let part: Vec<(usize, Leaf)> = leaves.by_ref().take(size).collect();
                self.made += 1;
                let (ty, field) = (
                    format_ident!("{}{}", self.filled.name, self.made),
                    format_ident!("part_{}", self.made),
                );
                fields.push(quote!(#field: #ty));
                values.push(quote!(#field: #ty::new(#arguments)));
                inner.push((ty, field, part));
            }
        }
        self.structs.extend(quote! {
            #[doc = #doc]
            struct #name { #(#fields),* }

            impl #name {
                fn new(#parameters) -> Self {
                    Self { #(#values),* }
                }
            }
        });
        for (ty, field, part) in inner {
            let places: Vec<usize> = part.iter().map(|(at, _)| *at).collect();
            self.level(&ty, " A part of the whole.", part);
            for at in places {
                let rest = std::mem::take(&mut self.paths[at]);
                self.paths[at] = quote!(#field.#rest);
            }
        }
    }
}
