//! The expansion of a traced function.

use super::Traced;
use super::arguments::{Argument, allow_use};
use crate::args::{Format, Shown};
use crate::stream::{awaited, inferred};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{LitStr, ReturnType, Type, parse_quote};

impl Traced {
    pub(super) fn expand(&self) -> TokenStream {
        let body = if self.function.sig.asyncness.is_some() {
            return self.expand_async();
        } else if self.returned.is_polled() {
            self.wrap_returned()
        } else if self.function.is_track_caller() {
            // A closure would be its own caller.
            let (span, start, block) = (span_name(), self.start(), self.function.block());
            quote!(#start let #span = #span.enter(); #block)
        } else {
            self.run_in_scope()
        };
        let (attrs, vis, sig) = (&self.function.attrs, &self.function.vis, &self.function.sig);
        quote!(#(#attrs)* #vis #sig { #body })
    }

    fn run_in_scope(&self) -> TokenStream {
        let (span, start, closure) = (span_name(), self.start(), self.closure());
        if let Some(retry) = &self.options.retry {
            let (policy, place) = (&retry.policy, located(retry.span));
            let read = read_error(Format::Display);
            return quote_spanned! {place=>
                #start ::prela::__private::retry(#span, &(#policy), #closure, #read)
            };
        }
        match self.finish() {
            None => quote!(#start ::prela::__private::in_scope(#span, #closure)),
            Some(finish) => {
                quote!(#start ::prela::__private::in_scope_with(#span, #closure, #finish))
            }
        }
    }

    /// Gives the span to the future or stream that the function returns.
    fn wrap_returned(&self) -> TokenStream {
        let (span, start, closure) = (span_name(), self.start(), self.closure());
        // A type that is no future is reported there.
        let place = self.return_place();
        let returned = quote_spanned!(place=> ::prela::__private::call(#closure));
        let returned = match self.finish() {
            None => returned,
            Some(finish) => {
                quote_spanned!(place=> ::prela::__private::recorded(#span, #returned, #finish))
            }
        };
        let polled =
            quote_spanned!(place=> ::prela::__private::polled(#span, move |#span| #returned));
        let polled = self.returned.wrap(polled);
        quote!(#start #polled)
    }

    /// Turns an `async fn` into what the compiler would make of it, a function that returns a future: so that
    /// the parent is what was current at the call, also when another task polls the future.
    fn expand_async(&self) -> TokenStream {
        let (attrs, vis) = (&self.function.attrs, &self.function.vis);
        let (span, attributes, block) = (span_name(), self.attributes(), self.async_block());
        let run = match (self.finish(), &self.options.retry) {
            (_, Some(retry)) => {
                let (policy, fresh) = (&retry.policy, self.fresh_arguments());
                let read = read_error(Format::Display);
                let place = located(retry.span);
                quote_spanned! {place=>
                    ::prela::__private::retry_async(
                        #span, &(#policy), move || { #fresh #block }, #read,
                    ).await
                }
            }
            (None, None) => quote!(::prela::__private::run(#span, #block).await),
            (Some(finish), None) => {
                quote!(::prela::__private::run_with(#span, #block, #finish).await)
            }
        };
        let (begin, begin_again) = (self.begin(), self.begin_again());
        let mut sig = self.function.sig.clone();
        if self.returns_never() || !self.function.has_plain_attrs_only() {
            return quote!(#(#attrs)* #vis #sig { #begin #attributes #run });
        }
        let output = match &sig.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => quote!(#ty),
        };
        sig.asyncness = None;
        sig.output = parse_quote!(-> impl ::core::future::Future<Output = #output>);
        for (argument, input) in self.arguments.iter().zip(&mut sig.inputs) {
            argument.rename_in(input);
        }
        let bind = self.arguments.iter().map(Argument::bind);
        quote! {
            #(#attrs)* #vis #sig {
                #begin
                let #span = ::prela::__private::called(#span);
                async move { #begin_again #(#bind)* #attributes #run }
            }
        }
    }

    /// The span before it starts, with its attributes.
    fn start(&self) -> TokenStream {
        let (begin, attributes) = (self.begin(), self.attributes());
        quote!(#begin #attributes)
    }

    fn begin(&self) -> TokenStream {
        let (span, wanted, make) = (span_name(), own_name("wanted"), self.make());
        // Asked here, where the parent is current: another task may poll the future.
        let asks = self
            .has_attributes()
            .then(|| quote!(let #wanted = ::prela::__private::wants_attributes(&#span);));
        quote!(let #span = #make; #asks)
    }

    /// Makes the span again where the future is polled, for a test that has chosen its instance only there.
    fn begin_again(&self) -> TokenStream {
        let (span, make) = (span_name(), self.make());
        let (wanted, asked) = if self.has_attributes() {
            let wanted = own_name("wanted");
            (quote!(#wanted), quote!(#wanted))
        } else {
            (quote!(false), quote!(_))
        };
        quote! {
            let (#span, #asked) =
                ::prela::__private::polled_here(#span, #wanted, || #make);
        }
    }

    /// The function's name, with its type if `#[prela::trace_impl]` gives it.
    fn full_name(&self) -> String {
        let ident = self.function.sig.ident.unraw();
        match &self.options.in_type {
            Some(in_type) => format!("{}::{ident}", in_type.value()),
            None => ident.to_string(),
        }
    }

    fn name(&self) -> LitStr {
        let given = self.options.name.clone();
        given.unwrap_or_else(|| LitStr::new(&self.full_name(), Span::call_site()))
    }

    /// Makes the builder of the span, without attributes.
    fn make(&self) -> TokenStream {
        let (full_name, name) = (self.full_name(), self.name());
        let span_type = self.options.span_type.clone();
        let default_type = match &self.options.session {
            Some(_) => quote!(::prela::SpanType::Chain),
            None => quote!(::prela::SpanType::Custom),
        };
        let span_type = span_type.unwrap_or(default_type);
        quote! {
            ::prela::__private::span(
                #name,
                #span_type,
                ::core::concat!(::core::module_path!(), "::", #full_name),
            )
        }
    }

    fn has_attributes(&self) -> bool {
        let has_arguments = self.options.skip.is_some() || self.options.capture.is_some();
        has_arguments || !self.options.fields.is_empty()
    }

    /// Sets the options; arguments, if `skip` asks for them; and fields.
    fn attributes(&self) -> TokenStream {
        let (span, wanted) = (span_name(), own_name("wanted"));
        let options = self.span_options();
        let mut attributes = vec![self.capture_arguments()];
        // Arguments that are captured are not attributes as well.
        if let Some(skip) = self.options.skip.as_ref().filter(|_| self.options.capture.is_none()) {
            for argument in &self.arguments {
                for name in argument.names.iter().filter(|name| !skip.contains(name)) {
                    let (cfg, allow) = (&argument.cfg, allow_use(name));
                    let (key, value) = (name.unraw().to_string(), as_text(Format::Debug, name));
                    attributes.push(quote! {
                        #(#cfg)*
                        #allow
                        let #span = ::prela::__private::attribute(#span, #key, || #value);
                    });
                }
            }
        }
        for field in &self.options.fields {
            let (key, value) = (&field.key, &field.value);
            let value =
                field.format.map_or_else(|| quote!(#value), |format| as_text(format, value));
            let place = located(field.value.span());
            attributes.push(quote_spanned! {place=>
                let #span = ::prela::__private::attribute(#span, #key, || #value);
            });
        }
        if !self.has_attributes() {
            return options;
        }
        let named = self.capture_name(&self.name());
        quote! {
            #options
            #named
            let #span = if #wanted {
                #(#attributes)*
                #span
            } else {
                #span
            };
        }
    }

    /// The body as a closure that returns what the function returns, so that `return`, `?` and what
    /// the compiler infers are the same. It takes each argument and drops them in a function's order.
    fn closure(&self) -> TokenStream {
        let output = inferred(&self.function.sig.output);
        let (mentions, block) = (self.mentions(), self.function.block());
        let fresh = self.options.retry.is_some().then(|| self.fresh_arguments());
        quote!(move || -> #output { #fresh #mentions #block })
    }

    /// The body of an `async fn` as a block. A block cannot say its type, so a `return` that is never reached
    /// does.
    fn async_block(&self) -> TokenStream {
        let (mentions, block) = (self.mentions(), self.function.block());
        if self.returns_never() {
            return quote!(async move { #mentions #block });
        }
        let (value, output) = (own_name("value"), inferred(&self.function.sig.output));
        quote! {
            async move {
                #mentions
                if let ::core::option::Option::Some(#value) = ::prela::__private::no_value::<#output>() {
                    return #value;
                }
                #block
            }
        }
    }

    fn mentions(&self) -> TokenStream {
        self.arguments.iter().rev().map(Argument::mention).collect()
    }

    /// Whether the function returns `!`, which can stand nowhere else.
    fn returns_never(&self) -> bool {
        let output = &self.function.sig.output;
        matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
    }

    /// What is done with the result.
    fn finish(&self) -> Option<TokenStream> {
        let (span, result) = (span_name(), own_name("result"));
        let err = self.options.err.map(|shown| self.record_error(shown));
        let ret = self.options.ret.map(|shown| {
            let place = located(shown.span);
            let function = match shown.format {
                Format::Display => Ident::new("return_by_display", place),
                Format::Debug => Ident::new("return_by_debug", place),
            };
            // The same name, with a place in the source for the compiler to point at.
            let result = Ident::new("result", place);
            quote_spanned!(place=> ::prela::__private::#function(#span, #result);)
        });
        let capture = self.capture_result();
        (err.is_some() || ret.is_some() || capture.is_some())
            .then(|| quote!(|#span, #result| { #err #ret #capture }))
    }
}

impl Traced {
    /// Records the error of a result, if it is one. A type that is no result is reported at the return type.
    fn record_error(&self, shown: Shown) -> TokenStream {
        let (span, error) = (span_name(), own_name("error"));
        let (place, returned) = (located(shown.span), self.return_place());
        let awaited = match &self.function.sig.output {
            ReturnType::Type(_, ty) => awaited(ty),
            ReturnType::Default => None,
        };
        let result = Ident::new("result", returned);
        // Otherwise a body that only says `Ok(..)` would leave the type of the error open here.
        let known = awaited.map(|ty| quote_spanned!(returned=> let #result: &#ty = #result;));
        let fallible =
            quote_spanned!(returned=> ::prela::__private::shown::Fallible::error(#result));
        let needs = match shown.format {
            Format::Display => Ident::new("needs_display", place),
            Format::Debug => Ident::new("needs_debug", place),
        };
        let (needed, read) = (Ident::new("error", place), read_error(shown.format));
        quote! {
            #known
            if let ::core::option::Option::Some(#error) = #fallible {
                ::prela::__private::shown::#needs(#needed);
                ::prela::__private::record_error(#span, #error, #read);
            }
        }
    }

    /// The place of the return type.
    fn return_place(&self) -> Span {
        located(match &self.function.sig.output {
            ReturnType::Type(_, ty) => ty.span(),
            ReturnType::Default => self.function.sig.ident.span(),
        })
    }
}

/// A closure that reads an error, in the way that fits its type.
pub(super) fn read_error(format: Format) -> TokenStream {
    let error = own_name("error");
    let method = match format {
        Format::Display => own_name("failure_by_display"),
        Format::Debug => own_name("failure_by_debug"),
    };
    quote! {
        |#error| {
            use ::prela::__private::shown::*;
            (&&&&&&::prela::__private::shown::Shown::of(#error)).#method()
        }
    }
}

fn as_text(format: Format, value: &(impl ToTokens + Spanned)) -> TokenStream {
    let place = located(value.span());
    match format {
        Format::Display => quote_spanned!(place=> ::prela::__private::display(&(#value))),
        Format::Debug => quote_spanned!(place=> ::prela::__private::debug(&(#value))),
    }
}

pub(super) fn span_name() -> Ident {
    own_name("span")
}

/// A name that cannot collide with the function's own names.
pub(super) fn own_name(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A span that shows errors at this place, while the tokens count as the macro's, so that lints leave them
/// alone.
pub(super) fn located(place: Span) -> Span {
    place.resolved_at(Span::mixed_site())
}
