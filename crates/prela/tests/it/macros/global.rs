//! The macros use the global instance, so their tests share one. Each looks at its own trace only.

use expect_test::Expect;
use prela::Sampler;
use prela::sampling::{Sampling, SamplingParameters, ShouldSample};
use prela::testing::Capture;
use std::sync::OnceLock;

static CAPTURE: OnceLock<Capture> = OnceLock::new();

pub(super) fn capture() -> &'static Capture {
    CAPTURE.get_or_init(|| {
        let capture = Capture::with(|builder| builder.sampler(Sampler::custom(ByName)));
        capture.prela().make_global().expect("no other test makes its instance global");
        capture
    })
}

/// Runs the code in a trace of its own, whose top is a span of this name, and compares what is below.
#[track_caller]
pub(super) fn check(name: &'static str, run: impl FnOnce(), expected: &Expect) {
    capture();
    prela::tracer().span_default(name).root().in_scope(|_| run());
    expected.assert_eq(&below(name, Function::Hidden));
}

/// Checks a future, on a runtime of one thread, as [`check`] checks a call.
#[track_caller]
pub(super) fn check_async(name: &'static str, run: impl Future<Output = ()>, expected: &Expect) {
    check(name, || block_on(run), expected);
}

/// Checks a call as [`check`] does, with `code.function.name` in the tree.
#[track_caller]
pub(super) fn check_functions(name: &'static str, run: impl FnOnce(), expected: &Expect) {
    capture();
    prela::tracer().span_default(name).root().in_scope(|_| run());
    expected.assert_eq(&below(name, Function::Shown));
}

pub(super) fn block_on<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// The top of a trace that is not sampled.
pub(super) const UNSAMPLED: &str = "unsampled";

#[derive(Debug)]
struct ByName;

impl ShouldSample for ByName {
    fn should_sample(&self, span: &SamplingParameters<'_>) -> Sampling {
        if span.name == UNSAMPLED { Sampling::drop() } else { Sampling::record() }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Function {
    Shown,
    Hidden,
}

/// The spans below the top of this name, as text.
pub(super) fn below(name: &str, function: Function) -> String {
    let tree = capture().tree();
    let top = format!("{name}  custom");
    let mut lines = tree.lines().skip_while(|line| *line != top);
    assert!(lines.next().is_some(), "no trace `{name}` in\n{tree}");
    let below = lines.map_while(|line| line.strip_prefix("  ")).map(|line| {
        // Real time.
        let line = without("prela.stream.time_to_first_item", line);
        match function {
            Function::Shown => line,
            Function::Hidden => without("code.function.name", &line),
        }
    });
    below.map(|line| line + "\n").collect()
}

/// The line without an attribute of this key, whose value has no comma.
fn without(key: &str, line: &str) -> String {
    let Some((before, rest)) = line.split_once(&format!("{key}: ")) else { return line.to_owned() };
    match rest.split_once([',', '}']) {
        Some((value, _)) if rest[value.len()..].starts_with(',') => {
            format!("{before}{}", &rest[value.len() + 2..])
        }
        Some((_, after)) if before.ends_with(", ") => {
            format!("{}}}{after}", before.trim_end_matches(", "))
        }
        Some((_, after)) => format!("{}{after}", before.trim_end_matches([' ', '{'])),
        None => line.to_owned(),
    }
}
