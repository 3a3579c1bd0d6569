//! Figures that are no cost of one operation: rates, peaks, and how they grow.

use std::fmt::Write as _;

/// Some work, and what is measured of it.
pub(crate) struct Figures {
    /// Short, for `--only`.
    pub(crate) name: &'static str,
    pub(crate) work: &'static str,
    pub(crate) measure: fn() -> Vec<Figure>,
}

/// One number.
pub(crate) struct Figure {
    pub(crate) variant: String,
    pub(crate) metric: &'static str,
    pub(crate) value: f64,
    pub(crate) bar: Option<Limit>,
}

#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

impl Limit {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    fn bar(self) -> f64 {
        match self {
            Self::AtLeast(bar) | Self::AtMost(bar) => bar,
        }
    }

    /// In words, and by how much it is missed.
    fn verdict(self, value: f64) -> String {
        let sign = if matches!(self, Self::AtLeast(_)) { '≥' } else { '≤' };
        let bar = self.bar();
        if self.holds(value) {
            return format!("{sign} {bar}: met");
        }
        match bar {
            0.0 => format!("{sign} {bar}: **missed**"),
            _ => format!("{sign} {bar}: **missed** by {:.0} %", 100.0 * (value / bar - 1.0).abs()),
        }
    }
}

impl Figure {
    pub(crate) fn new(variant: impl Into<String>, metric: &'static str, value: f64) -> Self {
        Self { variant: variant.into(), metric, value, bar: None }
    }

    pub(crate) fn bar(mut self, bar: Limit) -> Self {
        self.bar = Some(bar);
        self
    }

    pub(crate) fn json(&self, of: &Figures) -> String {
        let bench = format!("{}/{}", of.name, self.variant);
        let bar = self.bar.map_or_else(|| "null".to_owned(), |bar| bar.bar().to_string());
        let holds = self.bar.map(|bar| bar.holds(self.value));
        let holds = holds.map_or_else(|| "null".to_owned(), |holds| holds.to_string());
        format!(
            r#"{{"bench":{bench:?},"metric":{:?},"value":{:.3},"peer":null,"ratio":null,"bar":{bar},"holds":{holds}}}"#,
            self.metric, self.value,
        )
    }
}

impl Figures {
    pub(crate) fn table(&self, rows: &[Figure]) -> String {
        let mut text = format!("## {}\n\n{}.\n\n", self.name, self.work);
        text.push_str("| variant | metric | value | bar |\n|---|---|---|---|\n");
        for row in rows {
            let verdict = row.bar.map(|bar| bar.verdict(row.value)).unwrap_or_default();
            let digits = if row.value < 100.0 { 2 } else { 0 };
            let _ = writeln!(
                text,
                "| {} | {} | {:.digits$} | {verdict} |",
                row.variant, row.metric, row.value
            );
        }
        text.push('\n');
        text
    }
}
