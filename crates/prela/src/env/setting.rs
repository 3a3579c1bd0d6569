//! One variable's value, and how values are written.

use super::Variable;
use crate::{Error, ErrorKind};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// A variable that is set, with its value: not empty, no white space around it.
///
/// No `Debug`: the value can be a secret.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) variable: Variable,
    pub(crate) value: &'a str,
}

impl Setting<'_> {
    /// The variable and its value, as an error begins. A problem reads after it.
    pub(crate) fn shown(self) -> String {
        // Escaped, so that the error stays one line.
        format!("read {}: `{}`", self.variable.name(), self.value.escape_debug())
    }

    /// An error that shows the value: `problem` reads after it.
    pub(crate) fn error(self, problem: &str) -> Error {
        Error::new(ErrorKind::Config, format!("{} {problem}", self.shown()))
    }

    /// An error that does not show the value.
    pub(crate) fn hidden(self, problem: &str) -> Error {
        Error::new(ErrorKind::Config, format!("read {}: {problem}", self.variable.name()))
    }

    pub(crate) fn number(self) -> Result<usize, Error> {
        self.value.parse().map_err(|_| self.error("is not a whole number"))
    }

    /// A number above 0.
    pub(crate) fn size(self) -> Result<usize, Error> {
        match self.value.parse() {
            Ok(size) if size > 0 => Ok(size),
            _ => Err(self.error("is not a whole number above 0")),
        }
    }

    pub(crate) fn milliseconds(self) -> Result<Duration, Error> {
        let millis = self.value.parse().map(Duration::from_millis);
        millis.map_err(|_| self.error("is not a whole number of milliseconds"))
    }

    /// A number between 0 and 1.
    pub(crate) fn share(self) -> Result<f64, Error> {
        match self.value.parse() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
            _ => Err(self.error("is not a number between 0 and 1")),
        }
    }

    /// What goes with the name that the value is, in any case.
    pub(crate) fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Result<T, Error> {
        self.chosen(self.value, choices)
    }

    /// The same for a list; never empty.
    pub(crate) fn choices<T: Copy>(self, choices: &[(&str, T)]) -> Result<Vec<T>, Error> {
        self.value.split(',').map(|name| self.chosen(name.trim(), choices)).collect()
    }

    fn chosen<T: Copy>(self, name: &str, choices: &[(&str, T)]) -> Result<T, Error> {
        match choices.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, choice)) => Ok(*choice),
            None => {
                let known: Vec<_> = choices.iter().map(|(known, _)| format!("`{known}`")).collect();
                let shown = Setting { value: name, ..self };
                Err(shown.error(&format!("is none of {}", known.join(", "))))
            }
        }
    }

    /// The entries of `key=value,key=value`, percent-decoded.
    ///
    /// # Errors
    ///
    /// Name the entry by its position alone, since headers are secrets.
    pub(crate) fn entries(self) -> Result<Vec<(String, String)>, Error> {
        let entries = self.value.split(',').enumerate();
        entries
            .filter(|(_, entry)| !entry.trim().is_empty())
            .map(|(at, entry)| {
                let problem = |text| self.hidden(&format!("entry {} {text}", at + 1));
                let (key, value) =
                    entry.split_once('=').ok_or_else(|| problem("is not `key=value`"))?;
                let (Some(key), Some(value)) = (decoded(key.trim()), decoded(value.trim())) else {
                    return Err(problem("is not percent-encoded UTF-8"));
                };
                if key.is_empty() {
                    return Err(problem("has no key"));
                }
                Ok((key, value))
            })
            .collect()
    }
}

fn decoded(text: &str) -> Option<String> {
    // The decoder passes over a `%` with no code after it.
    let is_code = |after: &str| matches!(after.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(is_code) {
        return None;
    }
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}
