//! The process environment: the only place that reads it.
//!
//! Here is which variables there are and how a value is written; what it means is `init`'s matter.

mod setting;
#[cfg(test)]
mod tests;
mod variables;

pub(crate) use self::setting::Setting;
pub(crate) use self::variables::*;

use crate::{Error, ErrorKind};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// The variables of Prela's that are set, as they were at one moment.
#[derive(Default)]
pub(crate) struct Environment {
    values: Vec<(Variable, OsString)>,
}

impl Environment {
    pub(crate) fn of_process() -> Self {
        let value = |variable: &Variable| Some((*variable, std::env::var_os(variable.name())?));
        Self { values: VARIABLES.iter().filter_map(value).collect() }
    }

    /// The variables given in code; of two with the same name the later one. What Prela does not
    /// read is left out, so that a whole environment can be given.
    pub(crate) fn of_pairs(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let known = |name: &OsString| VARIABLES.iter().find(|known| known.name() == name);
        let mut values = Vec::new();
        for (name, value) in pairs {
            if let Some(&variable) = known(&name) {
                values.retain(|(other, _)| *other != variable);
                values.push((variable, value));
            }
        }
        Self { values }
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
            let text = format!("read {}: the value is not UTF-8", variable.name());
            return Err(Error::new(ErrorKind::Config, text));
        };
        let value = value.trim();
        Ok((!value.is_empty()).then_some(Setting { variable, value }))
    }

    /// The first of these variables that is set. Those after it are not looked at.
    ///
    /// # Errors
    ///
    /// As [`Environment::get`].
    pub(crate) fn first(&self, variables: &[Variable]) -> Result<Option<Setting<'_>>, Error> {
        for variable in variables {
            if let Some(setting) = self.get(*variable)? {
                return Ok(Some(setting));
            }
        }
        Ok(None)
    }
}

/// Without the values: some are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.iter().map(|(variable, _)| variable.name())).finish()
    }
}

/// A variable that carries a context and is no setting: one of the names of
/// [`propagation`](crate::propagation). What is not UTF-8 is no context.
pub(crate) fn process_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The file name of the running program.
pub(crate) fn program_name() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    path.file_name().map(Path::new).map(|name| name.display().to_string())
}
