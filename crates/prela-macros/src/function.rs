//! `#[prela::trace]` on a function or a method.

mod arguments;
mod body;
mod capture;
mod item;
mod options;

use self::arguments::Argument;
use self::item::Function;
use crate::args::TraceArgs;
use crate::errors::Errors;
use crate::stream::Returned;
use proc_macro2::TokenStream;
use syn::{Error, ReturnType, Type};

/// Everything that is known about a function to be traced.
struct Traced {
    function: Function,
    options: TraceArgs,
    arguments: Vec<Argument>,
    returned: Returned,
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = TraceArgs::parse(args, &mut errors);
    let function = errors.note(Function::parse(item.clone()));
    let traced = function.map(|function| Traced::check(function, options, &mut errors));
    let report = errors.report(&item);
    report.unwrap_or_else(|| traced.map_or(item, |traced| traced.expand()))
}

impl Traced {
    /// Checks that the function has what the options ask for.
    fn check(mut function: Function, options: TraceArgs, errors: &mut Errors) -> Self {
        if options.retry.is_some() {
            // The copy of each attempt is mutable instead.
            options::bind_immutably(&mut function.sig);
        }
        if let Some(constness) = &function.sig.constness {
            let message = "a `const fn` cannot be traced: it may run while the program is compiled";
            errors.push(Error::new(constness.span, message));
        }
        let arguments = Argument::all(&function.sig);
        arguments::check_skip(&options, &function.sig, &arguments, errors);

        options::check(&options, &function.sig, errors);

        let returned = Returned::of(&function.sig);
        let is_unit = match &function.sig.output {
            ReturnType::Default => true,
            ReturnType::Type(_, ty) => {
                matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty())
            }
        };
        let is_track_caller = function.is_track_caller() && function.sig.asyncness.is_none();
        for (option, shown) in [("err", options.err), ("ret", options.ret)] {
            let Some(shown) = shown else { continue };
            let message = if returned.is_stream() {
                format!("`{option}` needs a result at the end, which a stream does not have")
            } else if is_unit && option == "err" {
                "`err` needs a function that returns a `Result`".to_owned()
            } else if is_unit {
                "`ret` needs a function that returns a value".to_owned()
            } else if is_track_caller {
                format!("`{option}` hides the caller from a function with `#[track_caller]`")
            } else {
                continue;
            };
            errors.push(Error::new(shown.span, message));
        }
        if let Some(retry) = &options.retry
            && (returned.is_polled() || is_track_caller)
        {
            let message = if is_track_caller {
                "`retry` hides the caller from a function with `#[track_caller]`"
            } else {
                "`retry` needs a function or an `async fn`: what this one returns can run only once"
            };
            errors.push(Error::new(retry.span, message));
        }
        let traced = Self { function, options, arguments, returned };
        traced.check_capture(errors);
        traced
    }
}
