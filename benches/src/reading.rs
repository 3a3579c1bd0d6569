//! Numbers, and what they should keep to.

/// One number that one run found.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) variant: String,
    pub(crate) metric: String,
    /// What it is a ratio to; of other numbers nothing.
    pub(crate) peer: String,
    pub(crate) value: f64,
    pub(crate) goal: Option<Goal>,
}

impl Reading {
    pub(crate) fn new(variant: impl Into<String>, metric: &str, value: f64) -> Self {
        let (variant, metric) = (variant.into(), metric.to_owned());
        Self { variant, metric, peer: String::new(), value, goal: None }
    }

    pub(crate) fn beside(mut self, peer: &str) -> Self {
        self.peer = peer.to_owned();
        self
    }

    pub(crate) fn goal(mut self, goal: impl Into<Option<Goal>>) -> Self {
        self.goal = goal.into();
        self
    }

    /// Whether another run measured this number, too.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.variant == other.variant && self.metric == other.metric && self.peer == other.peer
    }

    /// As a line between two processes; [`parse`](Self::parse) reads it.
    pub(crate) fn line(&self) -> String {
        let Self { variant, metric, peer, value, goal } = self;
        let goal = goal.map(Goal::line).unwrap_or_default();
        format!("{variant}\t{metric}\t{peer}\t{value}\t{goal}")
    }

    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (variant, metric) = (fields.next()?, fields.next()?);
        let (peer, value) = (fields.next()?, fields.next()?.parse().ok()?);
        Some(Self::new(variant, metric, value).beside(peer).goal(Goal::parse(fields.next()?)))
    }
}

/// A bar that a number must not cross, and one further on that it is hoped to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    is_least: bool,
    pub(crate) bar: f64,
    pub(crate) stretch: Option<f64>,
}

impl Goal {
    pub(crate) const fn at_most(bar: f64) -> Self {
        Self { is_least: false, bar, stretch: None }
    }

    pub(crate) const fn at_least(bar: f64) -> Self {
        Self { is_least: true, bar, stretch: None }
    }

    pub(crate) const fn stretch(mut self, stretch: f64) -> Self {
        self.stretch = Some(stretch);
        self
    }

    pub(crate) fn holds(self, value: f64) -> bool {
        self.reaches(value, self.bar)
    }

    fn reaches(self, value: f64, bar: f64) -> bool {
        if self.is_least { value >= bar } else { value <= bar }
    }

    /// In words, and by how much it is missed.
    pub(crate) fn verdict(self, value: f64) -> String {
        let missed = |bar: f64| match bar {
            0.0 => "missed".to_owned(),
            _ => format!("missed by {:.1} %", 100.0 * (value / bar - 1.0).abs()),
        };
        let sign = if self.is_least { '≥' } else { '≤' };
        let stretch = self.stretch.map(|stretch| match self.reaches(value, stretch) {
            true => format!(", stretch {stretch}: met"),
            false => format!(", stretch {stretch}: {}", missed(stretch)),
        });
        let bar = match self.holds(value) {
            true => "met".to_owned(),
            false => format!("**{}**", missed(self.bar)),
        };
        format!("{sign} {}: {bar}{}", self.bar, stretch.unwrap_or_default())
    }

    fn line(self) -> String {
        let sign = if self.is_least { "least" } else { "most" };
        let stretch = self.stretch.map(|stretch| stretch.to_string()).unwrap_or_default();
        format!("{sign} {} {stretch}", self.bar)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let is_least = words.next()? == "least";
        let (bar, stretch) = (words.next()?.parse().ok()?, words.next()?.parse().ok());
        Some(Self { is_least, bar, stretch })
    }
}
