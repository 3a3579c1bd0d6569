//! Which host gets what, through the one-line forms.

use ::http::Request;
use prela::baggage;
use prela::http::{Outbound, headers, inject_request};

/// The parts of the context that a request gets: `t` for the trace, `b` for baggage.
fn sent(outbound: &Outbound, url: &str) -> String {
    let cx = prela::extract(&[("traceparent", super::TRACEPARENT), ("baggage", "user_id=u1")]);
    let headers = cx.run(|| outbound.headers(url));
    let names = [("t", "traceparent"), ("b", "baggage")];
    names
        .into_iter()
        .filter(|(_, name)| headers.contains_key(*name))
        .map(|(mark, _)| mark)
        .collect()
}

#[test]
fn by_default_baggage_stays_at_home() {
    let outbound = Outbound::new();
    for url in [
        "http://localhost:3000/x",
        "http://worker/x",
        "http://10.0.0.8/",
        "http://[::1]:80/",
        "http://db.internal",
        "https://user:pw@printer.local/",
        "http://LOCALHOST",
    ] {
        assert_eq!(sent(&outbound, url), "tb", "{url}");
    }
    for url in [
        "https://api.openai.com/v1",
        "http://8.8.8.8/",
        "http://localhost@evil.example/",
        "http://evil.example/localhost",
        "http://134744072/",
        "not a url",
        "",
        "http://bücher.example/",
        "http://evil.example\\@localhost/",
        "http:evil.example",
        "data:text",
        "worker",
        "http://[2001:db8::1%25eth0]/",
    ] {
        assert_eq!(sent(&outbound, url), "t", "{url}");
    }
}

#[test]
fn lists_of_hosts_say_who_gets_baggage_or_nothing() {
    let more = Outbound::new().baggage_to(["api.example.com"]).baggage_to(["*.example.org"]);
    assert_eq!(sent(&more, "https://api.example.com/"), "tb");
    assert_eq!(sent(&more, "https://a.example.org/"), "tb");
    assert_eq!(sent(&more, "http://worker/"), "tb");
    assert_eq!(sent(&more, "https://example.com/"), "t");

    let only = Outbound::new().baggage_only_to(["worker"]);
    assert_eq!(sent(&only, "http://worker/"), "tb");
    assert_eq!(sent(&only, "http://localhost/"), "t");
    let none = Outbound::new().baggage_only_to([] as [&str; 0]);
    assert_eq!(sent(&none, "http://localhost/"), "t");

    let without = Outbound::new().without_trace_to(["localhost", "8.8.8.8"]);
    assert_eq!(sent(&without, "http://localhost/"), "");
    assert_eq!(sent(&without, "http://8.8.8.8/"), "");
    assert_eq!(sent(&without, "http://127.0.0.1/"), "tb");
}

#[test]
fn a_request_gets_its_context_in_one_line() {
    let cx = prela::extract(&[("traceparent", super::TRACEPARENT), ("baggage", "user_id=u1")]);
    let mut request = Request::get("http://worker/run").body(()).unwrap();
    cx.run(|| inject_request(&mut request));
    assert_eq!(request.headers()["traceparent"], super::TRACEPARENT);
    assert_eq!(request.headers()["baggage"], "user_id=u1");
    // The same request, to somewhere else.
    *request.uri_mut() = "https://api.example.com/run".parse().unwrap();
    cx.run(|| inject_request(&mut request));
    assert!(!request.headers().contains_key("baggage"));
    baggage::scope([("a", "b")], || assert_eq!(headers("http://worker")["baggage"], "a=b"));
}

#[test]
fn a_host_that_cannot_be_told_may_be_an_excluded_one() {
    let capture = prela::testing::Capture::new();
    capture.tracer().span_default("call").in_scope(|_| {
        let open = Outbound::new();
        let closed = Outbound::new().without_trace_to(["ads.example.com"]);
        for url in ["https://ads.example.com/a b", "//ads.example.com/", "ads.example.com", ""] {
            assert!(open.headers(url).contains_key("traceparent"), "{url}");
            assert!(closed.headers(url).is_empty(), "{url}");
        }
        assert!(closed.headers("https://api.example.com/").contains_key("traceparent"));
    });
}

#[test]
fn what_is_no_host_is_reported_and_gets_nothing() {
    let hint = "a host is `api.example.com`, `*.example.com` for all below it, `*` for every host, or an address";
    for text in ["*example.com", "10.0.0.0/8", ""] {
        let baggage = Outbound::new().baggage_only_to(["*.example.org", text, "also wrong"]);
        let error = baggage.check().unwrap_err();
        assert_eq!(error.kind(), prela::ErrorKind::Config);
        assert_eq!(error.to_string(), format!("send baggage to `{text}`: {hint}"));
        assert_eq!(sent(&baggage, "https://api.example.com/"), "t");
        assert_eq!(sent(&baggage, "https://api.example.org/"), "tb");

        let trace = Outbound::new().without_trace_to([text]);
        let error = trace.check().unwrap_err().to_string();
        assert_eq!(error, format!("send no trace to `{text}`: {hint}"));
        assert_eq!(sent(&trace, "https://api.example.com/"), "");

        let layer = prela::http::ClientLayer::new().baggage_to([text]);
        assert!(layer.check().is_err());
        assert!(prela::reqwest::Middleware::new().without_trace_to([text]).check().is_err());
    }
    assert!(Outbound::new().baggage_to(["*", "*.example.com", "[::1]:80"]).check().is_ok());
}
