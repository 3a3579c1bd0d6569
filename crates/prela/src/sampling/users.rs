//! The traces of some users.

use super::{Sampling, SamplingParameters, ShouldSample};
use crate::Value;
use crate::semconv;
use std::collections::HashSet;
use std::fmt;

pub(super) struct Users {
    users: HashSet<String>,
}

impl Users {
    pub(super) fn new(users: HashSet<String>) -> Self {
        Self { users }
    }
}

/// Shows how many, not which: user ids do not belong in logs.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Users({})", self.users.len())
    }
}

impl ShouldSample for Users {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let user = match span.attribute(semconv::USER_ID) {
            Some(Value::String(user)) => Some(user.as_str()),
            // A number, as some systems use, is in no list of texts.
            Some(_) => None,
            None => span.baggage(semconv::USER_ID),
        };
        match user.filter(|user| self.users.contains(*user)) {
            Some(user) => Sampling::certain(true)
                .with_attribute(semconv::USER_ID, user)
                .with_attribute(semconv::USER_TRACED, true),
            None => Sampling::certain(false),
        }
    }
}
