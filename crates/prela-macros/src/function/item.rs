//! The function as it was written. Its body stays tokens: it need not be understood.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{AttrStyle, Attribute, Error, Ident, Signature, Token, Visibility, braced, token};

pub(super) struct Function {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
    brace: token::Brace,
    body: TokenStream,
}

impl Function {
    pub(super) fn parse(item: TokenStream) -> syn::Result<Self> {
        syn::parse2(item)
    }

    /// The body in its braces, as written. The parentheses keep the compiler from calling the braces of a
    /// one-line body unnecessary.
    pub(super) fn block(&self) -> TokenStream {
        let mut block = TokenStream::new();
        self.brace.surround(&mut block, |tokens| tokens.extend(self.body.clone()));
        quote!((#block))
    }

    pub(super) fn is_track_caller(&self) -> bool {
        self.attrs.iter().any(|attr| attr.path().is_ident("track_caller"))
    }

    /// Whether every attribute is one of the language's own that does not care how the function is
    /// written. Any other may be a macro that looks for `async fn`.
    pub(super) fn has_plain_attrs_only(&self) -> bool {
        self.attrs.iter().all(|attr| PLAIN.iter().any(|plain| attr.path().is_ident(plain)))
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig: Signature = match input.fork().parse::<Signature>() {
            Ok(_) => input.parse()?,
            Err(error) => return Err(not_a_function(input).unwrap_or(error)),
        };
        if input.peek(Token![;]) {
            let message = "a function without a body cannot be traced: put `#[prela::trace]` on its implementations";
            return Err(Error::new_spanned(sig.ident, message));
        }
        let content;
        let brace = braced!(content in input);
        for mut attr in content.call(Attribute::parse_inner)? {
            attr.style = AttrStyle::Outer;
            attrs.push(attr);
        }
        Ok(Self { attrs, vis, sig, brace, body: content.parse()? })
    }
}

/// An error that says what the item is instead.
fn not_a_function(input: ParseStream<'_>) -> Option<Error> {
    let rest: TokenStream = input.fork().parse().ok()?;
    let mut rest = rest.into_iter().peekable();
    // `unsafe impl`, `auto trait`
    rest.next_if(
        |token| matches!(token, TokenTree::Ident(word) if word == "unsafe" || word == "auto"),
    );
    let item = input.fork().call(Ident::parse_any).ok()?;
    let Some(TokenTree::Ident(word)) = rest.next() else { return None };
    let message = match word.to_string().as_str() {
        "impl" => {
            "`#[prela::trace]` goes on a function or a method; for the methods of an `impl` block there is `#[prela::trace_impl]`"
                .to_owned()
        }
        "struct" | "enum" | "union" | "trait" | "mod" | "const" | "static" | "type" | "use"
        | "extern" | "let" => {
            format!("`#[prela::trace]` goes on a function or a method, not on `{word}`")
        }
        _ => return None,
    };
    Some(Error::new(item.span(), message))
}

const PLAIN: [&str; 10] = [
    "allow",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "forbid",
    "inline",
    "track_caller",
    "warn",
];
