//! Variables for what only the code could set.

use super::with_env;
use crate::baggage;
use crate::export::MemoryExporter;
use crate::span::SpanData;
use std::sync::Arc;
use std::time::Duration;

/// What arrives of a span with an e-mail address, a password and a long text, and of one that fails.
fn recorded(variables: &[(&str, &str)]) -> Vec<Arc<SpanData>> {
    let memory = MemoryExporter::new();
    let prela = with_env(variables).exporter(memory.clone()).build().unwrap();
    assert_eq!(prela.warnings(), [""; 0]);
    let tracer = prela.tracer();
    tracer.span_default("outer").in_scope(|span| {
        span.set_attribute("mail", "anna@example.com");
        span.set_attribute("user.password", "hunter2");
        span.set_attribute("text", "x".repeat(100));
        assert!(baggage::set("tenant", "t1") && baggage::set("secret", "s"));
        tracer.span_default("inner").in_scope(|_| ());
    });
    let _ = tracer.span_default("failed").in_scope_result(|_| Err::<(), _>(std::fmt::Error));
    prela.flush(Duration::from_secs(10)).unwrap();
    memory.spans()
}

fn attribute(spans: &[Arc<SpanData>], span: &str, key: &str) -> Option<String> {
    let span = spans.iter().find(|it| it.name == span)?;
    span.attribute(key).map(ToString::to_string)
}

#[test]
fn baggage_becomes_attributes() {
    assert_eq!(attribute(&recorded(&[]), "inner", "tenant"), None);
    let spans = recorded(&[("PRELA_BAGGAGE_TO_ATTRIBUTES", "other, tenant,")]);
    assert_eq!(attribute(&spans, "inner", "tenant").as_deref(), Some("t1"));
    assert_eq!(attribute(&spans, "inner", "secret"), None);
    let listed = |variables: &[(&str, &str)]| {
        let prela = with_env(variables).exporter(MemoryExporter::new()).build().unwrap();
        prela.resource().get("prela.baggage.attributes").cloned()
    };
    let variable = ("PRELA_BAGGAGE_TO_ATTRIBUTES", "other, tenant,");
    assert_eq!(listed(&[variable]), Some(vec!["other", "tenant"].into()));
    assert_eq!(listed(&[]), None);
}

#[test]
fn what_must_not_leave_is_taken_out() {
    for (words, mail, password) in [
        ("none", "anna@example.com", "hunter2"),
        ("all", "[redacted email]", "hunter2"),
        ("Emails,key:user.password", "[redacted email]", "[redacted]"),
        ("keys_with:PASS", "anna@example.com", "[redacted]"),
        ("api_keys,bearer_tokens,card_numbers", "anna@example.com", "hunter2"),
    ] {
        let spans = recorded(&[("PRELA_REDACT", words)]);
        assert_eq!(attribute(&spans, "outer", "mail").as_deref(), Some(mail), "{words}");
        assert_eq!(attribute(&spans, "outer", "user.password").as_deref(), Some(password));
    }
    let memory = MemoryExporter::new();
    let builder = with_env(&[("PRELA_REDACT", "all")]).redact(crate::redact::Redactor::new());
    let prela = builder.exporter(memory.clone()).build().unwrap();
    prela.tracer().span_default("a@example.com").in_scope(|_| ());
    prela.flush(Duration::from_secs(10)).unwrap();
    assert_eq!(memory.spans()[0].name, "a@example.com", "the code wins");
}

#[test]
fn long_values_are_cut() {
    let spans = recorded(&[("PRELA_PAYLOAD_LIMIT", "40")]);
    let text = attribute(&spans, "outer", "text").unwrap();
    assert_eq!(text, format!("{}… [cut]", "x".repeat(40)));
}

#[test]
fn traces_that_end_badly_are_kept() {
    let sampler = ("OTEL_TRACES_SAMPLER", "always_off");
    assert_eq!(recorded(&[sampler]).len(), 0);
    let kept = recorded(&[sampler, ("PRELA_KEEP_TRACES", "errors")]);
    assert_eq!(attribute(&kept, "failed", "prela.kept_by").as_deref(), Some("error"));
    assert_eq!(kept.len(), 1);
    let kept = recorded(&[sampler, ("PRELA_KEEP_TRACES", "errors, longer_than:0")]);
    assert_eq!(kept.len(), 3);
    assert_eq!(recorded(&[sampler, ("PRELA_KEEP_TRACES", "longer_than:100000")]).len(), 0);
}

#[test]
fn queues_spools_and_endings_have_variables() {
    use crate::init::pipeline::{PipelineOptions, settings, shutdown_timeout};
    use crate::pipeline::Overflow;
    use crate::spool::Spool;
    let env = |pairs: &[(&str, &str)]| {
        crate::env::Environment::of_pairs(pairs.iter().map(|(k, v)| (k.into(), v.into())))
    };
    let spool = [
        ("PRELA_SPOOL_DIR", "/var/spool/x"),
        ("PRELA_SPOOL_MAX_BYTES", "1000"),
        ("PRELA_SPOOL_MAX_AGE", "60000"),
    ];
    for (word, overflow) in [
        ("drop_newest", Overflow::DropNewest),
        ("Drop_Oldest", Overflow::DropOldest),
        ("block:1500", Overflow::Block(Duration::from_millis(1500))),
        ("BLOCK: 0", Overflow::Block(Duration::ZERO)),
        ("spool", Overflow::Spool),
    ] {
        let pairs = [&spool[..], &[("PRELA_OVERFLOW", word)]].concat();
        let read = settings(&env(&pairs), &PipelineOptions::default()).unwrap();
        assert_eq!(read.overflow, overflow);
        let expected = Spool::new("/var/spool/x").max_bytes(1000).max_age(Duration::from_secs(60));
        assert_eq!(format!("{:?}", read.spool), format!("{:?}", Some(expected)));
        let given =
            PipelineOptions { overflow: Some(Overflow::DropNewest), ..PipelineOptions::default() };
        assert_eq!(settings(&env(&pairs), &given).unwrap().overflow, Overflow::DropNewest);
    }
    let read =
        settings(&env(&[("PRELA_MAX_QUEUE_BYTES", "77")]), &PipelineOptions::default()).unwrap();
    assert_eq!((read.max_queue_bytes, read.spool.is_none()), (77, true));
    let timeout = |pairs: &[(&str, &str)]| shutdown_timeout(&env(pairs)).unwrap();
    assert_eq!(timeout(&[]), Duration::from_millis(1500));
    assert_eq!(timeout(&[("PRELA_SHUTDOWN_TIMEOUT", "20")]), Duration::from_millis(20));
}
