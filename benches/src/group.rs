//! What is measured: the same work done in several ways.

use crate::measure::Variant;
use crate::reading::Reading;

/// A section of the report.
pub(crate) struct Group {
    /// Short, for `--only`.
    pub(crate) name: &'static str,
    /// What is done, in one line.
    pub(crate) work: &'static str,
    pub(crate) measured: Measured,
    /// Why a number is what it is.
    pub(crate) notes: &'static [&'static str],
    /// Whether cargo's default release profile has a table too.
    pub(crate) is_in_both_profiles: bool,
}

pub(crate) enum Measured {
    /// What one unit costs (`span`, `operation`). The variants are made when the group is run: some of
    /// them install something global.
    Costs { unit: &'static str, variants: fn() -> Vec<Variant> },
    /// What is no cost of one operation: rates, peaks, and how they grow.
    Figures(fn() -> Vec<Reading>),
}

impl Group {
    pub(crate) const fn costs(
        name: &'static str,
        work: &'static str,
        unit: &'static str,
        variants: fn() -> Vec<Variant>,
    ) -> Self {
        Self {
            name,
            work,
            measured: Measured::Costs { unit, variants },
            notes: &[],
            is_in_both_profiles: false,
        }
    }

    pub(crate) const fn figures(
        name: &'static str,
        work: &'static str,
        measure: fn() -> Vec<Reading>,
    ) -> Self {
        Self {
            name,
            work,
            measured: Measured::Figures(measure),
            notes: &[],
            is_in_both_profiles: false,
        }
    }

    pub(crate) const fn notes(mut self, notes: &'static [&'static str]) -> Self {
        self.notes = notes;
        self
    }

    pub(crate) const fn in_both_profiles(mut self) -> Self {
        self.is_in_both_profiles = true;
        self
    }
}
