//! Answers that send elsewhere.

use crate::receiver::{Peer, Reaction, Transport};
use crate::transports::attempt::Sender;
use prela::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// open-telemetry/opentelemetry-ruby#2411: what to do with a redirect. To follow it would send the
/// headers, with their secrets, to whoever is there.
#[test]
fn a_redirect_is_told_and_not_followed() {
    for transport in Transport::BOTH {
        for status in [301, 302, 303, 307, 308] {
            for (location, said) in [
                ("https://new.example/s3cret?t=s3cret#s3cret", "to https://new.example, and"),
                ("https://new.example:4318/s3cret", "to https://new.example:4318, and"),
                ("https://user:s3cret@new.example/", "to https://new.example, and"),
                ("http://[::1]:9/s3cret", "to http://[::1]:9, and"),
                ("//new.example/s3cret", "to http://new.example, and"),
                ("/s3cret/v1/traces", "to another path of the same host, and"),
                ("s3cret", "to another path of the same host, and"),
                ("s3cret/v1/traces", "to another path of the same host, and"),
                ("?t=s3cret", "to another path of the same host, and"),
                ("https://two words/s3cret", "to a place that cannot be read, and"),
                ("https://k3y-of-mine.example/", "to https://….example, and"),
            ] {
                let requests = Arc::new(AtomicUsize::new(0));
                let counted = requests.clone();
                let peer = Peer::start(transport, move |_| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let body = format!("Moved. Go to {location}");
                    Reaction::http(status, &[("location", location)], body)
                });
                let otlp = transport.exporter(peer.endpoint()).header("x-key", "k3y-of-mine");
                let failure = Sender::new(otlp).send().unwrap_err();
                assert!(failure.line.contains(said), "{failure:?}");
                assert!(failure.line.contains("redirects are not followed: set the endpoint"));
                assert!(failure.line.contains(&status.to_string()), "{failure:?}");
                assert!(!failure.line.contains("s3cret"), "{failure:?}");
                assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
                assert_eq!(requests.load(Ordering::SeqCst), 1);
            }
        }
    }
}

#[test]
fn a_redirect_without_a_place_is_a_refusal_like_others() {
    for transport in Transport::BOTH {
        for status in [300, 302, 304] {
            let peer = Peer::start(transport, move |_| Reaction::http(status, &[], ""));
            let failure = Sender::new(transport.exporter(peer.endpoint())).send().unwrap_err();
            assert_eq!((failure.kind, failure.retry_after), (ErrorKind::Rejected, None));
            assert!(failure.line.contains(&status.to_string()), "{failure:?}");
        }
    }
}

/// open-telemetry/opentelemetry.io#3627: the path is added to an endpoint that has it.
#[test]
fn a_path_that_is_there_twice_is_told() {
    let peer = Peer::start(Transport::Http, |asked| match asked.path.as_str() {
        "/v1/traces" => crate::transports::taken(Transport::Http),
        _ => Reaction::http(404, &[], "nothing here"),
    });
    let send = |name: &str, path: &str| {
        let endpoint = format!("{}{path}", peer.endpoint());
        let (lines, seen) = std::sync::mpsc::channel();
        let builder = prela::builder().env([(name, endpoint.as_str())]);
        let lines = std::sync::Mutex::new(lines);
        let builder = builder.diagnostics(move |line| {
            let _ = lines.lock().unwrap().send(line.to_string());
        });
        let prela = builder.build().unwrap();
        prela.tracer().span_default("step").in_scope(|_| ());
        let _ = prela.shutdown(std::time::Duration::from_secs(30));
        seen.try_iter().collect::<Vec<_>>().join("\n")
    };
    let hint = "`/v1/traces` is added to the path of OTEL_EXPORTER_OTLP_ENDPOINT, so leave it out there, \
                or set OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    for path in ["/v1/traces", "/v1/traces/"] {
        let lines = send("OTEL_EXPORTER_OTLP_ENDPOINT", path);
        // At the start, and with the answer.
        assert_eq!(lines.matches(hint).count(), 2, "{lines}");
    }
    for (name, path) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "/other"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/trace"),
    ] {
        let lines = send(name, path);
        assert!(!lines.contains(hint), "{lines}");
    }
}
