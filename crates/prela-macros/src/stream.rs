//! Functions that return a future or a stream without being `async`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Token, Type,
    TypeParamBound, parse_quote,
};

/// What a function returns, as far as its signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    Value,
    Future { is_boxed: bool },
    Stream { is_boxed: bool },
}

impl Returned {
    pub(crate) fn of(sig: &Signature) -> Self {
        match &sig.output {
            // The future of an `async fn` is the compiler's.
            ReturnType::Type(_, ty) if sig.asyncness.is_none() => Self::of_type(ty),
            _ => Self::Value,
        }
    }

    fn of_type(ty: &Type) -> Self {
        match ty {
            Type::ImplTrait(ty) => Self::of_bounds(&ty.bounds, false),
            Type::Paren(ty) => Self::of_type(&ty.elem),
            Type::Group(ty) => Self::of_type(&ty.elem),
            Type::Path(path) => path.path.segments.last().map_or(Self::Value, Self::of_path),
            _ => Self::Value,
        }
    }

    /// `Pin<Box<dyn Future>>` and the short names that `futures` has for it.
    fn of_path(last: &PathSegment) -> Self {
        match last.ident.to_string().as_str() {
            "BoxFuture" | "LocalBoxFuture" => Self::Future { is_boxed: true },
            "BoxStream" | "LocalBoxStream" => Self::Stream { is_boxed: true },
            "Pin" => match only_argument(last).and_then(in_box) {
                Some(Type::TraitObject(object)) => Self::of_bounds(&object.bounds, true),
                _ => Self::Value,
            },
            _ => Self::Value,
        }
    }

    fn of_bounds(bounds: &Punctuated<TypeParamBound, Token![+]>, is_boxed: bool) -> Self {
        let of_bound = |bound: &TypeParamBound| {
            let TypeParamBound::Trait(bound) = bound else { return None };
            match bound.path.segments.last()?.ident.to_string().as_str() {
                "Future" => Some(Self::Future { is_boxed }),
                "Stream" => Some(Self::Stream { is_boxed }),
                _ => None,
            }
        };
        bounds.iter().find_map(of_bound).unwrap_or(Self::Value)
    }

    pub(crate) fn is_polled(self) -> bool {
        self != Self::Value
    }

    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Stream { .. })
    }

    /// Boxes the future or stream, if the function returns it boxed.
    pub(crate) fn wrap(self, polled: TokenStream) -> TokenStream {
        match self {
            Self::Future { is_boxed: true } | Self::Stream { is_boxed: true } => {
                quote!(::std::boxed::Box::pin(#polled))
            }
            Self::Value | Self::Future { .. } | Self::Stream { .. } => polled,
        }
    }
}

fn in_box(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    only_argument(path.path.segments.last().filter(|last| last.ident == "Box")?)
}

fn only_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// The return type for a closure, which cannot say `impl Trait`: the compiler infers that part.
pub(crate) fn inferred(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Type(_, ty) => without_impl(ty),
        ReturnType::Default => quote!(()),
    }
}

/// The output of an `impl Future<Output = ..>`. That of other types the compiler knows by itself.
pub(crate) fn awaited(ty: &Type) -> Option<TokenStream> {
    let bounds = match ty {
        Type::ImplTrait(ty) => &ty.bounds,
        Type::Paren(ty) => return awaited(&ty.elem),
        Type::Group(ty) => return awaited(&ty.elem),
        _ => return None,
    };
    let arguments = bounds.iter().filter_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        Some(&arguments.args)
    });
    arguments.flatten().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => {
            Some(without_impl(&output.ty))
        }
        _ => None,
    })
}

fn without_impl(ty: &Type) -> TokenStream {
    let mut ty = ty.clone();
    ImplTraits.visit_type_mut(&mut ty);
    ty.into_token_stream()
}

struct ImplTraits;

impl VisitMut for ImplTraits {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if matches!(ty, Type::ImplTrait(_)) {
            *ty = parse_quote!(_);
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}
