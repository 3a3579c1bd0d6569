//! Sampling across processes: over real HTTP, a trace is whole or absent on both sides.

use crate::program::{Service, role};
use crate::receiver::{Arrived, Receiver, Transport};
use prela::{RequestId, Sampler, SpanType, TraceId};
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const TRACES: usize = 200;

/// Sends a request to the service, with the current context, and returns the answer.
fn ask(service: &Service, id: &RequestId) -> String {
    let mut headers: Vec<(String, String)> = Vec::new();
    prela::inject(&mut headers);
    id.inject(&mut headers);
    let mut request = "GET / HTTP/1.1\r\nhost: service\r\nconnection: close\r\n".to_owned();
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let address = service.url().trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all((request + "\r\n").as_bytes()).unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    response
}

/// Spans of each trace, by service.
fn run(client: Sampler, service: &str) -> Vec<(usize, usize)> {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .service_name("client")
        .exporter(receiver.exporter())
        .sampler(client)
        .build()
        .unwrap();
    let mut command = role("sampling");
    command.arg(service).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
    let service = Service::start(&mut command);
    let tracer = prela.tracer();
    let mut ids = HashMap::new();
    for i in 0..TRACES {
        let id = RequestId::parse(&format!("req-{i}")).unwrap();
        tracer.span("call_service", SpanType::Agent).request_id(id.clone()).in_scope(|span| {
            let response = ask(&service, &id);
            assert!(response.ends_with("done"), "{response}");
            assert!(response.contains(&format!("x-request-id: {id}\r\n")), "{response}");
            tracer.span("after", SpanType::Tool).in_scope(|_| ());
            ids.insert(span.trace_id(), id);
        });
    }
    assert_eq!(prela.shutdown(Duration::from_secs(30)).undelivered(), 0);
    service.stop();

    let mut traces: HashMap<TraceId, Vec<Arrived>> = HashMap::new();
    for span in receiver.spans() {
        let expected = ids[&span.trace_id()].as_str();
        assert_eq!(span.attribute("request.id").as_deref(), Some(expected), "one id in both");
        traces.entry(span.trace_id()).or_default().push(span);
    }
    let of = |spans: &[Arrived], name: &str| {
        spans.iter().filter(|span| span.resource("service.name").as_deref() == Some(name)).count()
    };
    traces.values().map(|spans| (of(spans, "client"), of(spans, "service"))).collect()
}

/// Six standard deviations.
fn is_about_half(count: usize) -> bool {
    count.abs_diff(TRACES / 2) < 43
}

#[test]
fn a_trace_is_whole_or_absent_in_both_processes() {
    // The service follows its caller.
    let traces = run(Sampler::ratio(0.5), "parent");
    assert!(traces.iter().all(|spans| *spans == (2, 2)), "{traces:?}");
    assert!(is_about_half(traces.len()), "{}", traces.len());
}

#[test]
fn services_that_draw_on_their_own_draw_alike() {
    let traces = run(Sampler::ratio(0.5), "0.5");
    assert!(traces.iter().all(|spans| *spans == (2, 2)), "{traces:?}");
    assert!(is_about_half(traces.len()), "{}", traces.len());

    // Who records less records a part of what the other does.
    let traces = run(Sampler::ratio(0.5), "0.25");
    let with_both = traces.iter().filter(|spans| **spans == (2, 2)).count();
    assert!(traces.iter().all(|spans| *spans == (2, 2) || *spans == (2, 0)), "{traces:?}");
    assert!(is_about_half(traces.len()) && with_both.abs_diff(TRACES / 4) < 37, "{with_both}");
}
