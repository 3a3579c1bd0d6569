//! Arguments and results as content of the span.

use super::Traced;
use super::arguments::allow_use;
use super::body::{located, own_name, span_name};
use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Error, LitStr, ReturnType, Type};

impl Traced {
    /// Refuses `capture` where the result cannot be seen.
    pub(super) fn check_capture(&self, errors: &mut Errors) {
        let Some(place) = self.options.capture else { return };
        let is_async = self.function.sig.asyncness.is_some();
        let message = if self.options.retry.is_some() {
            "`capture` cannot be used with `retry`: put it on a function that this one calls"
        } else if self.function.is_track_caller() && !is_async {
            "`capture` hides the caller from a function with `#[track_caller]`"
        } else {
            return;
        };
        errors.push(Error::new(place, message));
    }

    /// Names the tool or the agent of the span after the function.
    pub(super) fn capture_name(&self, name: &LitStr) -> TokenStream {
        let Some(place) = self.options.capture else { return TokenStream::new() };
        let (span, place) = (span_name(), located(place));
        quote_spanned! {place=>
            let #span = ::prela::__private::captured::named(#span, #name);
        }
    }

    /// Captures all arguments but those that are skipped.
    pub(super) fn capture_arguments(&self) -> TokenStream {
        if self.options.capture.is_none() || self.options.skip_all {
            return TokenStream::new();
        }
        let (span, arguments) = (span_name(), own_name("arguments"));
        let skipped = self.options.skip.as_deref().unwrap_or_default();
        let each = self.arguments.iter().flat_map(|argument| {
            let names = argument.names.iter().filter(|name| !skipped.contains(name));
            names.map(|name| {
                let (cfg, allow, key) = (&argument.cfg, allow_use(name), name.unraw().to_string());
                let value = read(&quote!(&#name));
                let place = located(name.span());
                quote_spanned! {place=>
                    #(#cfg)*
                    #allow
                    #arguments.add(#key, || #value);
                }
            })
        });
        quote! {
            let #span = ::prela::__private::captured::arguments(#span, |#arguments| {
                let _ = &#arguments;
                #(#each)*
            });
        }
    }

    /// Captures what the function returns, if that is anything.
    pub(super) fn capture_result(&self) -> Option<TokenStream> {
        let place = self.options.capture?;
        let output = &self.function.sig.output;
        let is_nothing = match output {
            ReturnType::Default => true,
            ReturnType::Type(_, ty) => match &**ty {
                Type::Tuple(tuple) => tuple.elems.is_empty(),
                Type::Never(_) => true,
                _ => false,
            },
        };
        if is_nothing || self.returned.is_stream() {
            return None;
        }
        let (span, result) = (span_name(), own_name("result"));
        let value = read(&quote!(#result));
        let place = located(place.resolved_at(output.span()));
        Some(quote_spanned! {place=>
            ::prela::__private::captured::result(#span, || #value);
        })
    }
}

/// Reads a value as JSON, in the way that fits its type.
fn read(reference: &TokenStream) -> TokenStream {
    quote! {{
        #[allow(unused_imports)]
        use ::prela::__private::captured::{
            Debugged as _, OkDebugged as _, OkSerialized as _, Serialized as _, Unshown as _,
        };
        (&&&&&::prela::__private::captured::Given::of(#reference)).json()
    }}
}
