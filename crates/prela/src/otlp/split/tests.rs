use super::*;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;

/// A request with scopes of so many spans.
fn request(scopes: &[usize]) -> ExportTraceServiceRequest {
    let scope_spans = scopes.iter().enumerate().map(|(scope, count)| ScopeSpans {
        scope: Some(InstrumentationScope { name: format!("scope {scope}"), ..Default::default() }),
        spans: (0..*count)
            .map(|n| Span { name: format!("span {scope} {n}").repeat(20), ..Default::default() })
            .collect(),
        schema_url: "https://example.com".to_owned(),
    });
    let resource_spans = ResourceSpans {
        resource: Some(Default::default()),
        scope_spans: scope_spans.collect(),
        schema_url: "resource".to_owned(),
    };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

fn names(request: &ExportTraceServiceRequest) -> Vec<(String, String)> {
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    let named = |it: &ScopeSpans| {
        let scope = it.scope.as_ref().map(|scope| scope.name.clone()).unwrap_or_default();
        it.spans.iter().map(move |span| (scope.clone(), span.name.clone())).collect::<Vec<_>>()
    };
    scopes.flat_map(named).collect()
}

#[test]
fn both_halves_are_the_whole() {
    for scopes in [&[2][..], &[1, 1], &[5], &[3, 0, 4], &[1, 300, 2]] {
        let whole = request(scopes);
        let parts = split(&whole.encode_to_vec()).expect("more than one span");
        let read = parts.clone().map(|part| {
            let request = ExportTraceServiceRequest::decode(part.body).expect("a request");
            assert_eq!(names(&request).len() as u64, part.spans);
            assert_eq!(request.resource_spans[0].schema_url, "resource");
            request
        });
        assert_eq!([names(&read[0]), names(&read[1])].concat(), names(&whole));
        assert!(parts[0].spans.abs_diff(parts[1].spans) <= 1);
    }
}

#[test]
fn one_span_is_not_split() {
    assert_eq!(split(&request(&[1]).encode_to_vec()), None);
    assert_eq!(split(&request(&[0]).encode_to_vec()), None);
    assert_eq!(split(&[]), None);
}

#[test]
fn what_is_no_request_is_not_split() {
    let whole = request(&[3, 4]).encode_to_vec();
    for end in 1..whole.len() {
        // Cut off anywhere: never a panic.
        let _ = split(&whole[..end]);
    }
    assert_eq!(split(&[0xff; 40]), None);
    assert_eq!(split(&whole[..whole.len() - 1]), None);
}
