//! Every mistake of one attribute, to be reported at once.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Error, Ident, Token};

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.all {
            Some(all) => all.combine(error),
            None => self.all = Some(error),
        }
    }

    /// Returns what was read; if it could not be, notes the mistake.
    pub(crate) fn note<T>(&mut self, read: syn::Result<T>) -> Option<T> {
        read.map_err(|error| self.push(error)).ok()
    }

    /// Notes that `skip` names something that is not there.
    pub(crate) fn nothing_to_skip(&mut self, noun: &str, skipped: &Ident, known: &[String]) {
        let known = match known {
            [] => format!("there are no {noun}s"),
            [_] => format!("the {noun} is {}", listed(known)),
            _ => format!("the {noun}s are {}", listed(known)),
        };
        let message = format!("no {noun} `{skipped}` to skip; {known}");
        self.push(Error::new(skipped.span(), message));
    }

    /// The mistakes, and the item as it was written, so that code that uses it still compiles. None without
    /// mistakes.
    pub(crate) fn report(self, item: &TokenStream) -> Option<TokenStream> {
        let mut tokens = self.all?.into_compile_error();
        tokens.extend(item.clone());
        Some(tokens)
    }

    /// Reads items between commas. After a mistake it goes on after the next comma.
    pub(crate) fn read_list<T>(
        &mut self,
        input: ParseStream<'_>,
        mut read: impl FnMut(ParseStream<'_>, &mut Self) -> syn::Result<T>,
    ) -> Vec<T> {
        let mut items = Vec::new();
        while !input.is_empty() {
            let item = read(input, self);
            let item = item.and_then(|item| {
                let is_over = input.is_empty() || input.peek(Token![,]);
                if is_over { Ok(item) } else { Err(input.error("expected `,`")) }
            });
            match item {
                Ok(item) => items.push(item),
                Err(error) => {
                    self.push(error);
                    skip_to_comma(input);
                }
            }
            // At the end there need not be one.
            let _: syn::Result<Token![,]> = input.parse();
        }
        items
    }
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // There is a token, so this cannot fail.
        let _: syn::Result<proc_macro2::TokenTree> = input.parse();
    }
}

/// `` `a`, `b` and `c` ``, for messages.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let mut text = String::new();
    for (i, name) in names.iter().enumerate() {
        let separator = match i {
            0 => "",
            i if i + 1 == names.len() => " and ",
            _ => ", ",
        };
        text.push_str(separator);
        text.push('`');
        text.push_str(name.as_ref());
        text.push('`');
    }
    text
}
