//! Ids in log lines.

use crate::output::Output;
use prela::testing::Capture;
use prela::tracing::WithIds;
use tracing_subscriber::Registry;
use tracing_subscriber::fmt::format::{JsonFields, Writer, format};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

#[test]
fn ids_are_text_inside_of_a_span_and_nothing_outside() {
    let capture = Capture::new();
    assert!(prela::log_ids().is_empty());
    assert_eq!(format!("done{:#}", prela::log_ids()), "done");
    capture.tracer().span_default("work").in_scope(|_| {
        assert_eq!(
            format!("working{:#}", prela::log_ids()),
            "working trace_id=00000000000000000000000000000001 span_id=0000000000000001 trace_flags=01"
        );
        let fields: Vec<_> = prela::log_ids().fields().map(|(name, _)| name).collect();
        assert_eq!(fields, ["trace_id", "span_id", "trace_flags"]);
    });
}

#[test]
fn lines_of_tracing_have_the_ids() {
    let capture = Capture::new();
    let lines = Output::default();
    let writer = lines.clone();
    let plain = format().without_time().with_target(false).with_ansi(false);
    let subscriber = tracing_subscriber::fmt()
        .event_format(WithIds::new(plain))
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!("before");
        capture.tracer().span_default("work").in_scope(|_| tracing::info!(step = 1, "inside"));
    });
    let text = lines.take();
    assert_eq!(
        text,
        " INFO before\ntrace_id=00000000000000000000000000000001 span_id=0000000000000001 \
         trace_flags=01  INFO inside step=1\n"
    );
}

/// Lines of JSON, read as such.
fn json_lines<F>(format: F, run: impl FnOnce()) -> Vec<serde_json::Map<String, serde_json::Value>>
where
    F: FormatEvent<Registry, JsonFields> + Send + Sync + 'static,
{
    let lines = Output::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .event_format(format)
        .with_writer(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    let text = lines.take();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

const HOSTILE: [&str; 6] = [
    "plain",
    "",
    "}{\"a\":1",
    "\"quoted\", \\ and \n",
    "é\u{0}\u{1b}[31m",
    "\"trace_id\":\"fake\"",
];

/// tokio-rs/tracing#1481: lines of JSON had no ids.
#[test]
fn lines_of_json_stay_json_and_have_the_ids_as_fields() {
    let json = || format().json();
    for format in [
        json(),
        json().flatten_event(true),
        json().with_current_span(false).with_span_list(false),
        json().flatten_event(true).with_file(true).with_line_number(true).with_thread_ids(true),
    ] {
        let capture = Capture::new();
        let lines = json_lines(WithIds::new(format), || {
            tracing::info!("before");
            capture.tracer().span_default("work").in_scope(|_| {
                for text in HOSTILE {
                    let span = tracing::info_span!("step", text, trace_id = text);
                    span.in_scope(|| tracing::info!(text, number = 1, nested = ?[text], "{text}"));
                }
            });
            tracing::info!("after");
        });
        assert_eq!(lines.len(), HOSTILE.len() + 2);
        let (first, last) = (lines.first().unwrap(), lines.last().unwrap());
        assert!(!first.contains_key("trace_id") && !last.contains_key("trace_id"));
        for (line, text) in lines[1..].iter().zip(HOSTILE) {
            assert_eq!(line["trace_id"], "00000000000000000000000000000001", "{line:?}");
            assert_eq!(line["span_id"], "0000000000000001");
            assert_eq!(line["trace_flags"], "01");
            assert_eq!(line["level"], "INFO");
            let fields = line.get("fields").and_then(|it| it.as_object()).unwrap_or(line);
            assert_eq!(fields["text"], text);
            assert_eq!(fields["message"], text);
        }
    }
}

#[test]
fn a_field_of_the_event_with_the_name_of_an_id_stays_the_only_one() {
    let capture = Capture::new();
    let format = format().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let lines = json_lines(WithIds::new(format), || {
        capture.tracer().span_default("work").in_scope(|_| {
            tracing::info!(trace_id = "its own", "inside");
        });
    });
    assert_eq!(lines[0]["trace_id"], "its own");
    assert_eq!(lines[0]["span_id"], "0000000000000001");
}

/// What a service that writes its own lines might have.
struct Terse;

impl<S, N> FormatEvent<S, N> for Terse
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> std::fmt::Result {
        match event.metadata().level() {
            &tracing::Level::INFO => writeln!(writer, "{{}}"),
            _ => writeln!(writer, "  {{ \"a\" : [ {{\"span_id\": 1}} ] }}"),
        }
    }
}

#[test]
fn a_format_of_ones_own_is_json_if_it_is_said_to_be() {
    let capture = Capture::new();
    let lines = json_lines(WithIds::json(Terse), || {
        capture.tracer().span_default("work").in_scope(|_| {
            tracing::info!("empty");
            tracing::warn!("nested");
        });
    });
    for line in &lines {
        assert_eq!(line["span_id"], "0000000000000001");
    }
    assert_eq!(lines[1]["a"][0]["span_id"], 1);
}

#[test]
fn colours_of_text_stay() {
    let capture = Capture::new();
    let lines = Output::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .event_format(WithIds::new(format().without_time().with_target(false).with_ansi(true)))
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        capture.tracer().span_default("work").in_scope(|_| tracing::info!("{{not json}}"));
    });
    let text = lines.take();
    assert!(text.starts_with("trace_id=") && text.ends_with("{not json}\n"), "{text}");
}
