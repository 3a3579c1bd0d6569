//! `#[prela::trace_impl]` on an impl block: it puts `#[prela::trace]` on the methods.

use crate::args::{IN_TYPE, TraceImplArgs};
use crate::errors::Errors;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, Error, ImplItem, ImplItemFn, Item, ItemImpl, MacroDelimiter, Meta, MetaList, Path,
    Type, Visibility, parse_quote, token,
};

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = TraceImplArgs::parse(args, &mut errors);
    let block = syn::parse2::<ItemImpl>(item.clone());
    let block = errors.note(block.map_err(|error| not_an_impl(&item).unwrap_or(error)));
    if let Some(block) = &block {
        check_skip(&options, block, &mut errors);
    }
    let report = errors.report(&item);
    report.unwrap_or_else(|| block.map_or(item, |block| trace_methods(&options, block)))
}

fn check_skip(options: &TraceImplArgs, block: &ItemImpl, errors: &mut Errors) {
    let names: Vec<String> = methods(block).map(|method| method.sig.ident.to_string()).collect();
    for skipped in &options.skip {
        if !names.iter().any(|name| skipped == name) {
            errors.nothing_to_skip("method", skipped, &names);
        }
    }
}

fn methods(block: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

fn trace_methods(options: &TraceImplArgs, mut block: ItemImpl) -> TokenStream {
    let in_type = {
        let name = type_name(&block.self_ty);
        let option = proc_macro2::Ident::new(IN_TYPE, proc_macro2::Span::call_site());
        quote!(#option = #name)
    };
    let span_type = options.span_type.as_ref().map(|span_type| quote!(span_type = #span_type));
    let is_trait_impl = block.trait_.is_some();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let own = method.attrs.iter_mut().find(|attr| is_trace(attr.path()));
        if let Some(attr) = own {
            add_options(attr, &in_type, span_type.as_ref());
            continue;
        }
        let is_public = is_trait_impl || !matches!(method.vis, Visibility::Inherited);
        let is_skipped = options.skip.contains(&method.sig.ident);
        if is_public && !is_skipped && method.sig.constness.is_none() {
            let span_type = span_type.iter();
            method.attrs.insert(0, parse_quote!(#[::prela::trace(#in_type #(, #span_type)*)]));
        }
    }
    block.into_token_stream()
}

/// `#[prela::trace]`, or `#[trace]` after `use prela::trace`.
fn is_trace(path: &Path) -> bool {
    let names: Vec<String> =
        path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    names == ["prela", "trace"] || names == ["trace"]
}

/// The method's own options stay; the block only adds what they leave open.
fn add_options(attr: &mut Attribute, in_type: &TokenStream, span_type: Option<&TokenStream>) {
    let (path, own) = match &attr.meta {
        Meta::Path(path) => (path.clone(), TokenStream::new()),
        Meta::List(list) => (list.path.clone(), list.tokens.clone()),
        // `#[trace = …]`: the attribute itself reports the mistake.
        Meta::NameValue(_) => return,
    };
    let is_option =
        |token: TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "span_type");
    let span_type = span_type.filter(|_| !own.clone().into_iter().any(is_option)).into_iter();
    // The block's come first: `own` may end in a comma.
    let tokens = quote!(#in_type, #(#span_type,)* #own);
    let delimiter = MacroDelimiter::Paren(token::Paren::default());
    attr.meta = Meta::List(MetaList { path, delimiter, tokens });
}

/// The name of a type: `Agent` of `impl<T> crate::Agent<T>`, another as it is written.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) => last.ident.to_string(),
            None => String::new(),
        },
        Type::Reference(reference) => type_name(&reference.elem),
        Type::Paren(ty) => type_name(&ty.elem),
        Type::Group(ty) => type_name(&ty.elem),
        other => other.to_token_stream().to_string(),
    }
}

/// An error that says what the item is instead.
fn not_an_impl(item: &TokenStream) -> Option<Error> {
    let item = syn::parse2::<Item>(item.clone()).ok()?;
    let message = match &item {
        Item::Fn(_) => {
            "`#[prela::trace_impl]` goes on an `impl` block; for one function there is `#[prela::trace]`"
        }
        Item::Trait(_) => {
            "`#[prela::trace_impl]` goes on an `impl` block: put it on the trait's implementations"
        }
        _ => "`#[prela::trace_impl]` goes on an `impl` block",
    };
    let first = item.into_token_stream().into_iter().next()?;
    Some(Error::new(first.span(), message))
}
