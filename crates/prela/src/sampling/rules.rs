//! Rules: which sampler decides for which spans.

use super::stats::{Decisions, RuleStats};
use super::{Sampler, Sampling, SamplingParameters, SamplingStats, ShouldSample};
use crate::{SpanType, Value, semconv};
use opentelemetry::Key;
use std::borrow::Cow;
use std::fmt;

/// What to do with the traces that begin with a certain span. For [`Sampler::rules`].
///
/// A rule applies if all of its conditions hold; one without conditions always applies. Whether a
/// remote caller recorded its trace is no condition: put the sampler into
/// [`Sampler::parent_based`] to follow it.
#[derive(Debug)]
#[must_use = "a rule does nothing by itself"]
pub struct Rule {
    name: Cow<'static, str>,
    sampler: Sampler,
    conditions: Vec<Condition>,
}

type Test = Box<dyn Fn(&SamplingParameters<'_>) -> bool + Send + Sync>;

enum Condition {
    Name(String),
    NamePrefix(String),
    SpanType(SpanType),
    Attribute(Key, Value),
    Baggage(String, String),
    Test(Test),
}

impl Rule {
    /// A rule that records every trace it applies to.
    pub fn keep(name: impl Into<Cow<'static, str>>) -> Self {
        Self::sample(name, Sampler::always_on())
    }

    /// A rule that records none of the traces it applies to.
    pub fn drop(name: impl Into<Cow<'static, str>>) -> Self {
        Self::sample(name, Sampler::always_off())
    }

    /// A rule that asks this sampler for the traces it applies to.
    pub fn sample(name: impl Into<Cow<'static, str>>, sampler: impl Into<Sampler>) -> Self {
        Self { name: name.into(), sampler: sampler.into(), conditions: Vec::new() }
    }

    /// Applies only if the first span has this name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.and(Condition::Name(name.into()))
    }

    /// Applies only if the first span's name begins with this.
    pub fn name_prefix(self, prefix: impl Into<String>) -> Self {
        self.and(Condition::NamePrefix(prefix.into()))
    }

    /// Applies only if the first span has this type.
    pub fn span_type(self, span_type: SpanType) -> Self {
        self.and(Condition::SpanType(span_type))
    }

    /// Applies only if the first span's builder is given this attribute.
    pub fn attr(self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.and(Condition::Attribute(key.into(), value.into()))
    }

    /// Applies only if the context has this entry of baggage.
    pub fn baggage(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.and(Condition::Baggage(key.into(), value.into()))
    }

    /// Applies only if `test` is true of the first span.
    pub fn when(
        self,
        test: impl Fn(&SamplingParameters<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.and(Condition::Test(Box::new(test)))
    }

    fn and(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    fn applies(&self, span: &SamplingParameters<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(span))
    }
}

impl Condition {
    fn holds(&self, span: &SamplingParameters<'_>) -> bool {
        match self {
            Self::Name(name) => span.name == name,
            Self::NamePrefix(prefix) => span.name.starts_with(prefix.as_str()),
            Self::SpanType(span_type) => span.span_type == *span_type,
            Self::Attribute(key, value) => span.attribute(key.as_str()) == Some(value),
            Self::Baggage(key, value) => span.baggage(key) == Some(value),
            Self::Test(test) => test(span),
        }
    }
}

/// Shows the kind of a condition, without what it compares with.
impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(_) => "name",
            Self::NamePrefix(_) => "name_prefix",
            Self::SpanType(_) => "span_type",
            Self::Attribute(..) => "attr",
            Self::Baggage(..) => "baggage",
            Self::Test(_) => "when",
        })
    }
}

pub(super) struct Rules {
    rules: Vec<(Rule, Decisions)>,
    otherwise: (Sampler, Decisions),
}

impl Rules {
    pub(super) fn new(rules: Vec<Rule>, otherwise: Sampler) -> Result<Self, String> {
        for (i, rule) in rules.iter().enumerate() {
            if rule.name.is_empty() {
                return Err(format!("rule {} has no name", i + 1));
            }
            if rules[..i].iter().any(|before| before.name == rule.name) {
                return Err(format!("rule `{}` is given twice", rule.name.escape_debug()));
            }
            if let Some(problem) = rule.sampler.problem() {
                return Err(format!("rule `{}`: {problem}", rule.name.escape_debug()));
            }
        }
        if let Some(problem) = otherwise.problem() {
            return Err(problem.to_owned());
        }
        let rules = rules.into_iter().map(|rule| (rule, Decisions::default())).collect();
        Ok(Self { rules, otherwise: (otherwise, Decisions::default()) })
    }
}

impl ShouldSample for Rules {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        let rule = self.rules.iter().find(|(rule, _)| rule.applies(span));
        let Some((rule, decisions)) = rule else {
            let (sampler, decisions) = &self.otherwise;
            let sampling = sampler.should_sample(span);
            decisions.count(sampling.sampled);
            return sampling;
        };
        let sampling = rule.sampler.should_sample(span);
        decisions.count(sampling.sampled);
        if sampling.sampled {
            sampling.with_attribute(semconv::PRELA_SAMPLER_RULE, rule.name.clone())
        } else {
            sampling
        }
    }

    fn stats(&self) -> Option<SamplingStats> {
        let rules =
            self.rules.iter().map(|(rule, decisions)| RuleStats::new(&rule.name, decisions));
        let rules: Vec<_> = rules.collect();
        let (sampler, rest) = &self.otherwise;
        let mut stats = rest.stats();
        for rule in &rules {
            stats.total += rule.total;
            stats.sampled += rule.sampled;
        }
        stats.rules = rules;
        stats.rules.extend(sampler.stats().into_iter().flat_map(|inner| inner.rules));
        Some(stats)
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rules(")?;
        for (rule, _) in &self.rules {
            write!(f, "{}: {:?}, ", rule.name, rule.sampler)?;
        }
        write!(f, "otherwise: {:?})", self.otherwise.0)
    }
}
