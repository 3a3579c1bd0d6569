//! A value of the environment that cannot be used.

/// Which variable of the environment an error is about, and what to read in its place.
#[derive(Clone, Debug)]
pub(crate) struct Unusable {
    pub(crate) variable: &'static str,
    pub(crate) instead: Instead,
    /// Variables of which one would have to be used for this one to mean something.
    pub(crate) needs: Vec<&'static str>,
}

/// What is read in place of a value that cannot be used.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    /// What holds when the variable is not set.
    Default,
    /// The same, where nothing holds: the value is about something that is not there.
    Nothing,
    /// The list without the entries at these positions, counted from 0 and in order. Those that stay may be shown
    /// if they are no secrets.
    OtherEntries {
        without: Vec<usize>,
        are_shown: bool,
    },
    Value(String),
}
