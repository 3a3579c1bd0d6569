//! The options of a span: its sampler, request, session and retry policy.

use super::Traced;
use super::body::{located, span_name};
use crate::args::{RequestId, TraceArgs};
use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Error, FnArg, PatIdent, ReturnType, Signature};

/// Refuses options that read the result beside `retry`, which does so itself.
pub(super) fn check(options: &TraceArgs, sig: &Signature, errors: &mut Errors) {
    let Some(retry) = &options.retry else { return };
    if matches!(sig.output, ReturnType::Default) {
        let message = "`retry` needs a function that returns a `Result`";
        errors.push(Error::new(retry.span, message));
    }
    if let Some(err) = options.err {
        let message = "`retry` records errors by itself: leave out `err`";
        errors.push(Error::new(err.span, message));
    }
    if let Some(ret) = options.ret {
        let message = "`ret` cannot be used with `retry`: set an attribute in the function";
        errors.push(Error::new(ret.span, message));
    }
}

/// Removes `mut` from the arguments.
pub(super) fn bind_immutably(sig: &mut Signature) {
    struct Immutable;

    impl VisitMut for Immutable {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            if pat.by_ref.is_none() {
                pat.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }
    }

    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            Immutable.visit_pat_mut(&mut typed.pat);
        }
    }
}

impl Traced {
    /// Sets the options, which hold whether or not the trace is recorded, unlike fields.
    pub(super) fn span_options(&self) -> TokenStream {
        let span = span_name();
        let mut tokens = TokenStream::new();
        if let Some(sampler) = &self.options.sample {
            let place = located(sampler.span());
            tokens.extend(quote_spanned! {place=>
                let #span = ::prela::__private::sample(#span, || #sampler);
            });
        }
        if let Some(session) = &self.options.session {
            let place = located(session.span());
            tokens.extend(quote_spanned!(place=> let #span = #span.session(&(#session));));
        }
        match &self.options.request_id {
            None => {}
            Some(RequestId::CurrentOrNew) => tokens.extend(quote! {
                let #span = #span.request_id_or_new();
            }),
            Some(RequestId::Given(id)) => {
                let place = located(id.span());
                tokens.extend(quote_spanned! {place=>
                    let #span = #span.request_id(::prela::RequestId::clone(&(#id)));
                });
            }
        }
        if let Some(resources) = self.options.resources {
            let place = located(resources);
            tokens.extend(quote_spanned!(place=> let #span = #span.resources();));
        }
        tokens
    }

    /// Clones the arguments for each attempt.
    pub(super) fn fresh_arguments(&self) -> TokenStream {
        let arguments = self.arguments.iter().flat_map(|argument| {
            argument.names.iter().map(|name| {
                let cfg = &argument.cfg;
                let place = located(name.span());
                quote_spanned! {place=>
                    #(#cfg)*
                    #[allow(unused_mut, unused_variables, clippy::used_underscore_binding)]
                    let mut #name = ::prela::__private::again(&#name);
                }
            })
        });
        arguments.collect()
    }
}
