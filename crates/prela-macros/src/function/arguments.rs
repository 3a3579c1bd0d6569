//! The arguments of a function: their names, and how they get into its body.

use crate::args::TraceArgs;
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Receiver, Signature, Token};

/// One argument; a receiver is one.
pub(super) struct Argument {
    /// What the pattern binds. Empty for a receiver.
    pub(super) names: Vec<Ident>,
    /// The `cfg` attributes, which decide whether the argument is there at all.
    pub(super) cfg: Vec<Attribute>,
    receiver: Option<Token![self]>,
    /// The pattern, if it is more than a name, and the name of ours that the argument has instead.
    pattern: Option<(Pat, Ident)>,
}

impl Argument {
    pub(super) fn all(sig: &Signature) -> Vec<Self> {
        sig.inputs.iter().enumerate().map(|(i, input)| Self::of(i, input)).collect()
    }

    fn of(i: usize, input: &FnArg) -> Self {
        let (FnArg::Receiver(Receiver { attrs, .. }) | FnArg::Typed(PatType { attrs, .. })) = input;
        let is_cfg =
            |attr: &&Attribute| ["cfg", "cfg_attr"].iter().any(|it| attr.path().is_ident(it));
        let cfg = attrs.iter().filter(is_cfg).cloned().collect();
        match input {
            FnArg::Receiver(receiver) => {
                Self { names: Vec::new(), cfg, receiver: Some(receiver.self_token), pattern: None }
            }
            FnArg::Typed(PatType { pat, .. }) => {
                let mut names = Names::default();
                names.visit_pat(pat);
                let is_name =
                    matches!(&**pat, Pat::Ident(PatIdent { by_ref: None, subpat: None, .. }));
                let own_name = format_ident!("argument_{i}", span = Span::mixed_site());
                let pattern = (!is_name).then(|| (Pat::clone(pat), own_name));
                Self { names: names.0, cfg, receiver: None, pattern }
            }
        }
    }

    /// Gives the argument a name of ours in the signature, if it has a pattern.
    pub(super) fn rename_in(&self, input: &mut FnArg) {
        if let (Some((_, name)), FnArg::Typed(typed)) = (&self.pattern, input) {
            *typed.pat = Pat::Ident(PatIdent {
                attrs: Vec::new(),
                by_ref: None,
                mutability: None,
                ident: name.clone(),
                subpat: None,
            });
        }
    }

    /// Binds the pattern to the argument that was renamed.
    pub(super) fn bind(&self) -> TokenStream {
        let Some((pattern, name)) = &self.pattern else { return TokenStream::new() };
        let cfg = &self.cfg;
        match pattern {
            // The first `let` moves all of it into the future, also what the pattern leaves out.
            Pat::Wild(_) => quote!(#(#cfg)* let _ = &#name;),
            pattern => quote!(#(#cfg)* let _ = &#name; #(#cfg)* let #pattern = #name;),
        }
    }

    /// Names the argument, so that a closure takes it even if the body does not.
    pub(super) fn mention(&self) -> TokenStream {
        let cfg = &self.cfg;
        let receiver = self.receiver.iter().map(|receiver| quote!(#(#cfg)* let _ = &#receiver;));
        let names = self.names.iter().map(|name| {
            let allow = allow_use(name);
            quote!(#(#cfg)* #allow let _ = &#name;)
        });
        receiver.chain(names).collect()
    }
}

/// Keeps a lint from reporting our use of a name like `_permit`, which the body does not use.
pub(super) fn allow_use(name: &Ident) -> Option<TokenStream> {
    let is_unused = name.to_string().starts_with('_');
    is_unused.then(|| quote!(#[allow(clippy::used_underscore_binding)]))
}

/// Checks that what `skip` names is there.
pub(super) fn check_skip(
    options: &TraceArgs,
    sig: &Signature,
    arguments: &[Argument],
    errors: &mut Errors,
) {
    let names = arguments.iter().flat_map(|argument| &argument.names);
    let names: Vec<String> = names.map(ToString::to_string).collect();
    for skipped in options.skip.iter().flatten() {
        let is_receiver = skipped == "self" && sig.receiver().is_some();
        if !is_receiver && !names.iter().any(|name| skipped == name) {
            errors.nothing_to_skip("argument", skipped, &names);
        }
    }
}

/// The names that a pattern binds.
#[derive(Default)]
struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        // `A | A` binds once, but twice in the text.
        if !self.0.contains(&pattern.ident) {
            self.0.push(pattern.ident.clone());
        }
        visit::visit_pat_ident(self, pattern);
    }
}
