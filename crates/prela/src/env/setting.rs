//! One variable's value, and how values are written.

use super::Variable;
use crate::Error;
use crate::error::Instead;
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// A variable that is set, with its value: not empty, no white space around it.
///
/// Each error of its methods says what to read in place of the value; see
/// [`Environment::settle`](super::Environment::settle).
///
/// No `Debug`: the value can be a secret.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) variable: Variable,
    pub(crate) value: &'a str,
}

impl<'a> Setting<'a> {
    /// The beginning of an error's text: the variable and its value. The problem follows.
    #[cfg(feature = "__otlp")]
    pub(crate) fn shown(self) -> String {
        format!("read {}: {}", self.variable.name(), quoted(self.value))
    }

    /// An error that shows the value: `problem` reads after it.
    pub(crate) fn error(self, problem: &str) -> Error {
        self.variable.unusable(&format!("{} {problem}", quoted(self.value)), Instead::Default)
    }

    /// An error that shows a value without effect.
    pub(crate) fn of_no_use(self, problem: &str) -> Error {
        self.variable.unusable(&format!("{} {problem}", quoted(self.value)), Instead::Nothing)
    }

    /// An error that shows a value without effect unless `other` is set.
    pub(crate) fn of_no_use_without(self, other: Variable) -> Error {
        self.of_no_use(&format!("is of no use without {}", other.name())).needing(other.name())
    }

    /// An error that does not show the value.
    pub(crate) fn hidden(self, problem: &str) -> Error {
        self.variable.unusable(problem, Instead::Default)
    }

    /// An error that shows the value, with another value to use instead.
    pub(crate) fn replaced(self, problem: &str, by: impl Into<String>) -> Error {
        let problem = format!("{} {problem}", quoted(self.value));
        self.variable.unusable(&problem, Instead::Value(by.into()))
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

    /// `true` or `false`, in any case. The specification wants anything else to be `false`.
    pub(crate) fn flag(self) -> Result<bool, Error> {
        match self.value {
            value if value.eq_ignore_ascii_case("true") => Ok(true),
            value if value.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(self.replaced("is none of `true`, `false`", "false")),
        }
    }

    /// The choice that the value names, in upper or lower case.
    pub(crate) fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Result<T, Error> {
        chosen(self.value, choices).map_err(|problem| self.hidden(&problem))
    }

    /// The choices of a list; never empty. A choice can be an error: what it needs. The name `none` must stand
    /// alone.
    pub(crate) fn choices<T: Copy>(
        self,
        choices: &[(&str, Result<T, &str>)],
    ) -> Result<Vec<T>, Error> {
        let chosen = self.each(true, |_, name| Ok(chosen(name, choices)??))?;
        let is_none = |name: &str| name.trim().eq_ignore_ascii_case("none");
        let nones: Vec<_> = positions(self.value, is_none).collect();
        match (nones.len(), chosen.len()) {
            (_, 0) => Err(self.error("names nothing")),
            (0, _) => Ok(chosen),
            (nones, all) if nones == all => Ok(chosen),
            _ => {
                let problem = format!("{} has `none` beside others", quoted(self.value));
                let instead = Instead::OtherEntries { without: nones, are_shown: true };
                Err(self.variable.unusable(&problem, instead))
            }
        }
    }

    /// Reads each entry of a list by `read`, which also gets its position, counted from 1. Empty entries are
    /// skipped.
    ///
    /// # Errors
    ///
    /// One for all entries that cannot be read; the other entries are used.
    pub(crate) fn each<T>(
        self,
        are_shown: bool,
        read: impl Fn(usize, &'a str) -> Result<T, String>,
    ) -> Result<Vec<T>, Error> {
        let (mut good, mut bad, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for (at, entry) in self.value.split(',').enumerate() {
            let entry = entry.trim();
            if entry.is_empty() {
                continue;
            }
            match read(at + 1, entry) {
                Ok(value) => good.push(value),
                Err(problem) => {
                    bad.push(at);
                    problems.push(problem);
                }
            }
        }
        if bad.is_empty() {
            return Ok(good);
        }
        let more = problems.len().saturating_sub(MOST_PROBLEMS);
        problems.truncate(MOST_PROBLEMS);
        let mut problem = problems.join("; ");
        if more > 0 {
            problem.push_str(&format!("; and {more} more"));
        }
        let instead = Instead::OtherEntries { without: bad, are_shown };
        Err(self.variable.unusable(&problem, instead))
    }

    /// Reads the entries of `key=value,key=value` by `read`, which gets the key as it stands and the value
    /// percent-decoded. A `%` with no code after it stands for itself.
    ///
    /// # Errors
    ///
    /// They name the entries by position alone, since headers are secrets.
    pub(crate) fn pairs<T>(
        self,
        read: impl Fn(&'a str, &str) -> Result<T, &'static str>,
    ) -> Result<Vec<T>, Error> {
        self.each(false, |at, entry| {
            let problem = |text| format!("entry {at} {text}");
            let (key, value) =
                entry.split_once('=').ok_or_else(|| problem("is not `key=value`"))?;
            let (key, value) = (key.trim(), value.trim());
            if key.is_empty() {
                return Err(problem("has no key"));
            }
            decoded(value).and_then(|value| read(key, &value)).map_err(problem)
        })
    }
}

pub(crate) fn decoded(text: &str) -> Result<String, &'static str> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("is not percent-encoded UTF-8"),
    }
}

/// The positions of entries of a list, counted from 0.
fn positions(list: &str, is_one: impl Fn(&str) -> bool) -> impl Iterator<Item = usize> {
    list.split(',').enumerate().filter(move |(_, entry)| is_one(entry)).map(|(at, _)| at)
}

fn chosen<T: Copy>(name: &str, choices: &[(&str, T)]) -> Result<T, String> {
    match choices.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, choice)) => Ok(*choice),
        None => {
            let known: Vec<_> = choices.iter().map(|(known, _)| format!("`{known}`")).collect();
            Err(format!("{} is none of {}", quoted(name), known.join(", ")))
        }
    }
}

/// A value as part of a line: without control characters, and no longer than a line or two.
pub(crate) fn quoted(value: &str) -> String {
    let mut shown: String = value.chars().take(LONGEST_SHOWN).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("`{}`", shown.escape_debug())
}

const LONGEST_SHOWN: usize = 200;
/// More problems of one list would make its line unreadable.
const MOST_PROBLEMS: usize = 5;
