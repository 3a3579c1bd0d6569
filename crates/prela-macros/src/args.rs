//! The options of both attributes.

use crate::errors::{Errors, listed};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitStr, Token, UnOp, parse_quote, token};

/// The options of `#[prela::trace]`.
#[derive(Default)]
pub(crate) struct TraceArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) span_type: Option<TokenStream>,
    pub(crate) skip: Option<Vec<Ident>>,
    pub(crate) skip_all: bool,
    /// Where the option is.
    pub(crate) capture: Option<Span>,
    pub(crate) fields: Vec<Field>,
    pub(crate) err: Option<Shown>,
    pub(crate) ret: Option<Shown>,
    pub(crate) sample: Option<Expr>,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) session: Option<Expr>,
    pub(crate) resources: Option<Span>,
    pub(crate) retry: Option<Retry>,
    /// The type whose method this is: only `#[prela::trace_impl]` says so.
    pub(crate) in_type: Option<LitStr>,
}

/// The options of `#[prela::trace_impl]`.
#[derive(Default)]
pub(crate) struct TraceImplArgs {
    pub(crate) span_type: Option<TokenStream>,
    pub(crate) skip: Vec<Ident>,
}

/// `key = value`.
pub(crate) struct Field {
    pub(crate) key: LitStr,
    pub(crate) format: Option<Format>,
    pub(crate) value: Expr,
}

/// `err` or `ret`.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) format: Format,
    /// Where the option is, so that a type that cannot be shown is reported there.
    pub(crate) span: Span,
}

/// `request_id`, or `request_id = id`.
pub(crate) enum RequestId {
    CurrentOrNew,
    Given(Box<Expr>),
}

/// `retry = policy`.
pub(crate) struct Retry {
    pub(crate) policy: Expr,
    /// Where the option is.
    pub(crate) span: Span,
}

/// How a value becomes text.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Display,
    Debug,
}

impl TraceArgs {
    const OPTIONS: [&str; 13] = [
        "name",
        "span_type",
        "skip",
        "skip_all",
        "capture",
        "fields",
        "err",
        "ret",
        "sample",
        "request_id",
        "session",
        "resources",
        "retry",
    ];

    pub(crate) fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        let mut seen: Vec<String> = Vec::new();
        read_all(args, errors, |input, errors| {
            let option = read_option(input, &mut seen)?;
            match option.to_string().as_str() {
                "name" => parsed.name = Some(read_name(input, &option)?),
                "span_type" => parsed.span_type = Some(read_span_type(input, &option)?),
                "skip" => parsed.skip = Some(read_names(input, &option, errors)?),
                // The default, unless arguments are captured; this says that it is meant.
                "skip_all" => parsed.skip_all = true,
                "capture" => parsed.capture = Some(option.span()),
                "fields" => {
                    parsed.fields = read_group(input, &option, "(key = value)", |input| {
                        Ok(errors.read_list(input, |input, _| Field::parse(input)))
                    })?;
                }
                "err" => parsed.err = Some(Shown::parse(input, &option, Format::Display)?),
                "ret" => parsed.ret = Some(Shown::parse(input, &option, Format::Debug)?),
                "sample" => parsed.sample = Some(read_sample(input, &option)?),
                "request_id" => {
                    let is_given = input.peek(Token![=]);
                    parsed.request_id = Some(if is_given {
                        RequestId::Given(Box::new(read_value(input, &option, "id")?))
                    } else {
                        RequestId::CurrentOrNew
                    });
                }
                "session" => parsed.session = Some(read_value(input, &option, "session")?),
                "resources" => parsed.resources = Some(option.span()),
                "retry" => {
                    let policy = read_value(input, &option, "RetryPolicy::new(3)")?;
                    parsed.retry = Some(Retry { policy, span: option.span() });
                }
                IN_TYPE => parsed.in_type = Some(read_name(input, &option)?),
                _ => return Err(unknown(&option, &Self::OPTIONS)),
            }
            let is_double = ["skip", "skip_all"].iter().all(|it| seen.iter().any(|had| had == it));
            if is_double && option.to_string().starts_with("skip") {
                let message =
                    "`skip` records the other arguments and `skip_all` none: use one of them";
                return Err(Error::new(option.span(), message));
            }
            Ok(())
        });
        for (i, field) in parsed.fields.iter().enumerate() {
            let key = field.key.value();
            if parsed.fields[..i].iter().any(|before| before.key.value() == key) {
                let message = format!("the field `{key}` is given twice");
                errors.push(Error::new(field.key.span(), message));
            }
        }
        parsed
    }
}

impl TraceImplArgs {
    const OPTIONS: [&str; 2] = ["span_type", "skip"];

    pub(crate) fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut parsed = Self::default();
        let mut seen = Vec::new();
        read_all(args, errors, |input, errors| {
            let option = read_option(input, &mut seen)?;
            match option.to_string().as_str() {
                "span_type" => parsed.span_type = Some(read_span_type(input, &option)?),
                "skip" => parsed.skip = read_names(input, &option, errors)?,
                name if TraceArgs::OPTIONS.contains(&name) => {
                    let message = format!(
                        "`{name}` belongs to one method: put `#[prela::trace({name} …)]` on it"
                    );
                    return Err(Error::new(option.span(), message));
                }
                _ => return Err(unknown(&option, &Self::OPTIONS)),
            }
            Ok(())
        });
        parsed
    }
}

impl Field {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = if input.peek(LitStr) {
            input.parse()?
        } else if input.peek(Ident::peek_any) {
            let key = input.call(Ident::parse_any)?;
            if input.peek(Token![.]) {
                return Err(input.error("a key with dots is given as text: `\"a.b\" = value`"));
            }
            LitStr::new(&key.unraw().to_string(), key.span())
        } else {
            return Err(input
                .error("expected a field: `key = value`, `\"key\" = %value` or `key = ?value`"));
        };
        let _: Token![=] = input.parse()?;
        let format = if input.peek(Token![%]) {
            let _: Token![%] = input.parse()?;
            Some(Format::Display)
        } else if input.peek(Token![?]) {
            let _: Token![?] = input.parse()?;
            Some(Format::Debug)
        } else {
            None
        };
        Ok(Self { key, format, value: input.parse()? })
    }
}

impl Shown {
    fn parse(input: ParseStream<'_>, option: &Ident, default: Format) -> syn::Result<Self> {
        let span = option.span();
        if !input.peek(token::Paren) {
            return Ok(Self { format: default, span });
        }
        let format = read_group(input, option, "(Debug)", |input| {
            let format: Ident = input.parse()?;
            match format.to_string().as_str() {
                "Debug" => Ok(Format::Debug),
                "Display" => Ok(Format::Display),
                _ => Err(Error::new(
                    format.span(),
                    format!("`{option}` is recorded by `Debug` or `Display`"),
                )),
            }
        })?;
        Ok(Self { format, span })
    }
}

/// Reads one option after the other; the caller keeps what it reads.
fn read_all(
    args: TokenStream,
    errors: &mut Errors,
    read: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let parser = |input: ParseStream<'_>| {
        errors.read_list(input, read);
        Ok(())
    };
    // Never fails: mistakes are in `errors`, and all of it was read.
    let _: syn::Result<()> = parser.parse2(args);
}

fn read_option(input: ParseStream<'_>, seen: &mut Vec<String>) -> syn::Result<Ident> {
    let option = input.call(Ident::parse_any)?;
    let name = option.to_string();
    if seen.contains(&name) {
        return Err(Error::new(option.span(), format!("`{name}` is given twice")));
    }
    seen.push(name);
    Ok(option)
}

fn read_name(input: ParseStream<'_>, option: &Ident) -> syn::Result<LitStr> {
    if !input.peek(Token![=]) {
        return Err(Error::new(
            option.span(),
            format!("`{option}` needs a text: `{option} = \"…\"`"),
        ));
    }
    let _: Token![=] = input.parse()?;
    if input.peek(LitStr) {
        input.parse()
    } else {
        Err(input.error("the name must be a text, such as `\"search\"`"))
    }
}

/// Reads a known name, or an expression of type `prela::SpanType`.
fn read_span_type(input: ParseStream<'_>, option: &Ident) -> syn::Result<TokenStream> {
    if !input.peek(Token![=]) {
        return Err(Error::new(option.span(), "`span_type` needs a value: `span_type = \"tool\"`"));
    }
    let _: Token![=] = input.parse()?;
    let mut value: Expr = input.parse()?;
    // What a `macro_rules!` macro passes on.
    while let Expr::Group(group) = value {
        value = *group.expr;
    }
    let Expr::Lit(ExprLit { lit, .. }) = &value else { return Ok(value.into_token_stream()) };
    let message = match lit {
        Lit::Str(name) => {
            if let Some((_, variant)) = SPAN_TYPES.iter().find(|(known, _)| *known == name.value())
            {
                let variant = Ident::new(variant, Span::call_site());
                let span = name.span().resolved_at(Span::call_site());
                return Ok(quote_spanned!(span=> ::prela::SpanType::#variant));
            }
            format!("unknown span type `{}`", name.value())
        }
        _ => "a span type is a text or a `prela::SpanType`".to_owned(),
    };
    let names = SPAN_TYPES.map(|(name, _)| name);
    Err(Error::new(lit.span(), format!("{message}; the span types are {}", listed(&names))))
}

fn read_value(input: ParseStream<'_>, option: &Ident, example: &str) -> syn::Result<Expr> {
    if !input.peek(Token![=]) {
        let message = format!("`{option}` needs a value: `{option} = {example}`");
        return Err(Error::new(option.span(), message));
    }
    let _: Token![=] = input.parse()?;
    input.parse()
}

/// Reads a share as a number, or anything that becomes a `prela::Sampler`.
fn read_sample(input: ParseStream<'_>, option: &Ident) -> syn::Result<Expr> {
    let value = read_value(input, option, "0.1")?;
    let digits = match &value {
        Expr::Lit(ExprLit { lit: Lit::Float(share), .. }) => share.base10_digits(),
        Expr::Lit(ExprLit { lit: Lit::Int(share), .. }) => share.base10_digits(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => "-1",
        _ => return Ok(value),
    };
    let share: f64 = digits.parse().unwrap_or(f64::NAN);
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::new_spanned(value, "a share of all traces is from 0.0 to 1.0"));
    }
    Ok(parse_quote!(#share))
}

fn read_names(
    input: ParseStream<'_>,
    option: &Ident,
    errors: &mut Errors,
) -> syn::Result<Vec<Ident>> {
    let names = read_group(input, option, "(a, b)", |input| {
        Ok(errors.read_list(input, |input, _| input.call(Ident::parse_any)))
    })?;
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            errors.push(Error::new(name.span(), format!("`{name}` is given twice")));
        }
    }
    Ok(names)
}

fn read_group<T>(
    input: ParseStream<'_>,
    option: &Ident,
    example: &str,
    read: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    if !input.peek(token::Paren) {
        return Err(Error::new(
            option.span(),
            format!("`{option}` needs a list: `{option}{example}`"),
        ));
    }
    let content;
    syn::parenthesized!(content in input);
    read(&content)
}

fn unknown(option: &Ident, options: &[&str]) -> Error {
    let message = format!("unknown option `{option}`; the options are {}", listed(options));
    Error::new(option.span(), message)
}

/// The option by which `#[prela::trace_impl]` names the type to `#[prela::trace]`.
pub(crate) const IN_TYPE: &str = "__in_type";

/// The names of `prela::SpanType`, and its variants.
const SPAN_TYPES: [(&str, &str); 11] = [
    ("agent", "Agent"),
    ("llm", "Llm"),
    ("tool", "Tool"),
    ("retrieval", "Retrieval"),
    ("embedding", "Embedding"),
    ("custom", "Custom"),
    ("chain", "Chain"),
    ("workflow", "Workflow"),
    ("reranker", "Reranker"),
    ("guardrail", "Guardrail"),
    ("evaluator", "Evaluator"),
];
