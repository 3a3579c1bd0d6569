//! The process environment: the only place that reads it.
//!
//! It knows the variables and how a value is written; `init` knows what it means.

mod instead;
mod setting;
#[cfg(test)]
mod tests;
mod variables;

pub(crate) use self::setting::{Setting, decoded, quoted};
pub(crate) use self::variables::*;

use crate::error::{Instead, Unusable};
use crate::{Error, ErrorKind};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// The values of Prela's variables at one moment, and which of them could not be used.
///
/// Variables are set for many programs at once, so no value may keep a program from starting: what cannot be
/// used is left out.
#[derive(Default)]
pub(crate) struct Environment {
    values: Vec<(Variable, OsString)>,
    left_out: Vec<Variable>,
    errors: Vec<Error>,
    warnings: Vec<String>,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        let value = |variable: &Variable| Some((*variable, std::env::var_os(variable.name())?));
        Self { values: VARIABLES.iter().filter_map(value).collect(), ..Self::default() }
    }

    /// Takes variables from code; of two with the same name the later one. What Prela does not read is left
    /// out, so that a whole environment can be given.
    pub(crate) fn of_pairs(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut values = Vec::new();
        for (name, value) in pairs {
            if let Some(variable) = name.to_str().and_then(Variable::known) {
                values.retain(|(other, _)| *other != variable);
                values.push((variable, value));
            }
        }
        Self { values, ..Self::default() }
    }

    /// Reads the environment by `read`. Each value that it fails on is left out, and it reads again.
    ///
    /// # Errors
    ///
    /// Those of `read` that are not about the environment.
    pub(crate) fn settle<T>(
        &mut self,
        mut read: impl FnMut(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        loop {
            let error = match read(self) {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            let Some(unusable) = error.unusable().cloned() else { return Err(error) };
            let Some(variable) = Variable::known(unusable.variable) else { return Err(error) };
            if !self.leave_out(variable, &unusable.instead) {
                return Err(error);
            }
            let is_consequence = self.left_out.iter().any(|it| unusable.needs.contains(&it.name()));
            self.left_out.push(variable);
            let instead = self.used_instead(variable, &unusable.instead);
            let text = error.chain();
            let begin = format!("read {}: ", variable.name());
            let problem = text.strip_prefix(&begin).unwrap_or(&text);
            let problem = problem.replace(char::is_control, " ");
            let warning = format!("{}: {problem}; used instead: {instead}", variable.name());
            self.warnings.push(warning);
            // Mending the cause mends this too.
            if !is_consequence {
                self.errors.push(error);
            }
        }
    }

    /// Removes or replaces a value; false if that changes nothing.
    fn leave_out(&mut self, variable: Variable, instead: &Instead) -> bool {
        let Some(at) = self.values.iter().position(|(known, _)| *known == variable) else {
            return false;
        };
        let value = &mut self.values[at].1;
        let rest = match instead {
            Instead::Default | Instead::Nothing => None,
            Instead::Value(other) => Some(other.clone()),
            // Empty ones in their place, so that those that stay keep their positions.
            Instead::OtherEntries { without, .. } => {
                let entries = value.to_str().unwrap_or_default().split(',').enumerate();
                let kept = entries
                    .map(|(at, entry)| if without.binary_search(&at).is_ok() { "" } else { entry });
                let kept = kept.collect::<Vec<_>>().join(",");
                kept.contains(|c: char| c != ',' && !c.is_whitespace()).then_some(kept)
            }
        };
        match rest {
            Some(rest) if value.to_str() == Some(&rest) => false,
            Some(rest) => {
                *value = rest.into();
                true
            }
            None => {
                self.values.remove(at);
                true
            }
        }
    }

    /// Whether a value of one of these could not be used, or a part of it.
    pub(crate) fn has_left_out(&self, variables: &[Variable]) -> bool {
        self.left_out.iter().any(|left_out| variables.contains(left_out))
    }

    /// Unsets every variable. Earlier warnings stay.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    /// Adds a warning about a value that is used all the same.
    #[cfg(feature = "__otlp")]
    pub(crate) fn advise(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// What could not be used, and what is used instead, a line each.
    ///
    /// # Errors
    ///
    /// All of them as one error, if `are_errors`.
    pub(crate) fn warnings(self, are_errors: bool) -> Result<Vec<String>, Error> {
        let mut errors = self.errors;
        match errors.len() {
            _ if !are_errors => Ok(self.warnings),
            0 => Ok(self.warnings),
            1 => Err(errors.remove(0)),
            _ => {
                let all: Vec<_> = errors.iter().map(Error::to_string).collect();
                Err(Error::new(ErrorKind::Config, all.join("; ")))
            }
        }
    }

    /// A variable, if it is set; an empty one is not.
    ///
    /// # Errors
    ///
    /// The value is not UTF-8.
    pub(crate) fn get(&self, variable: Variable) -> Result<Option<Setting<'_>>, Error> {
        let Some((_, value)) = self.values.iter().find(|(known, _)| *known == variable) else {
            return Ok(None);
        };
        let Some(value) = value.to_str() else {
            return Err(variable.unusable("the value is not UTF-8", Instead::Default));
        };
        let value = value.trim();
        Ok((!value.is_empty()).then_some(Setting { variable, value }))
    }

    /// Whether a variable has any value at all.
    pub(crate) fn is_set(&self, variable: Variable) -> bool {
        let mut values = self.values.iter();
        let is_empty = |value: &OsString| value.to_str().is_some_and(|text| text.trim().is_empty());
        values.any(|(known, value)| *known == variable && !is_empty(value))
    }

    /// The first of these variables that is set. Those after it are not looked at.
    ///
    /// # Errors
    ///
    /// Those of [`Environment::get`].
    pub(crate) fn first(&self, variables: &[Variable]) -> Result<Option<Setting<'_>>, Error> {
        for variable in variables {
            if let Some(setting) = self.get(*variable)? {
                return Ok(Some(setting));
            }
        }
        Ok(None)
    }
}

impl Variable {
    fn known(name: &str) -> Option<Self> {
        VARIABLES.iter().copied().find(|known| known.name() == name)
    }

    /// An error about this variable: `problem` reads after its name.
    fn unusable(self, problem: &str, instead: Instead) -> Error {
        let error = Error::new(ErrorKind::Config, format!("read {}: {problem}", self.name()));
        error.with_unusable(Unusable { variable: self.name(), instead, needs: Vec::new() })
    }

    /// Turns an error about the code into one about this variable.
    #[cfg(feature = "__otlp")]
    pub(crate) fn blamed_for(self, error: Error) -> Error {
        let (variable, instead) = (self.name(), Instead::Default);
        error.with_unusable(Unusable { variable, instead, needs: Vec::new() })
    }
}

/// Shows no values: some are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.iter().map(|(variable, _)| variable.name())).finish()
    }
}

/// The value of a variable that carries a context and is no setting: one that
/// [`propagation`](crate::propagation) names. None if it is not UTF-8.
pub(crate) fn process_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn program_name() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    path.file_name().map(Path::new).map(|name| name.display().to_string())
}
