//! What it costs to pass a context on: into headers, and out of them.

use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use prela::TraceContext;
use prela::propagation::{Extractor, Injector};
use std::collections::HashMap;
use std::hint::black_box;

pub(crate) const INJECT: Group = Group::costs(
    "inject",
    "a context with 2 members of tracestate and 5 entries of baggage, into empty headers",
    "operation",
    || {
        let sdk = sdk();
        let cx = sdk.extract_with_context(&Context::new(), &map());
        let run = move || {
            let mut headers = HashMap::new();
            sdk.inject_context(black_box(&cx), &mut headers);
            black_box(headers);
        };
        vec![
            Variant::new("opentelemetry_sdk, inject into a map", 1, run),
            inject("prela, inject into a map", HashMap::<String, String>::new),
            inject("prela, inject into http headers", HeaderMap::new),
        ]
    },
);

pub(crate) const EXTRACT: Group = Group::costs(
    "extract",
    "the same out of headers, which opentelemetry_sdk has in its baggage then",
    "operation",
    || {
        let (sdk, headers) = (sdk(), map());
        let run = move || {
            black_box(sdk.extract_with_context(&Context::new(), black_box(&headers)));
        };
        let headers = map();
        let shared = move || {
            black_box(prela::extract(black_box(&headers)).as_otel());
        };
        vec![
            Variant::new("opentelemetry_sdk, extract from a map", 1, run),
            extract("prela, extract from a map", map()),
            extract("prela, extract from http headers", http_headers()),
            // As when it becomes the parent of a span.
            Variant::new("prela, and into opentelemetry's baggage", 1, shared),
        ]
    },
);

const FIELDS: [(&str, &str); 3] = [
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"),
    ("baggage", "user_id=alice,server_node=DF%2028,is_production=false,tenant=acme-corp,plan=pro"),
];

fn map() -> HashMap<String, String> {
    FIELDS.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn http_headers() -> HeaderMap {
    HeaderMap::try_from(&map()).expect("names and values of headers")
}

fn sdk() -> TextMapCompositePropagator {
    TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

fn inject<C: Injector + 'static>(name: &'static str, empty: fn() -> C) -> Variant {
    // As it is in a handler: other libraries can see it.
    let cx = TraceContext::from(prela::extract(&map()).as_otel().clone());
    let run = move || {
        let mut headers = empty();
        black_box(&cx).inject(&mut headers);
        black_box(headers);
    };
    Variant::new(name, 1, run)
        .goal(Measure::Instructions, Goal::at_most(6_500.0))
        .goal(Measure::TimeOf("opentelemetry_sdk, inject into a map"), Goal::at_most(1.0))
}

fn extract<C: Extractor + 'static>(name: &'static str, headers: C) -> Variant {
    let run = move || {
        black_box(prela::extract(black_box(&headers)));
    };
    Variant::new(name, 1, run)
        .goal(Measure::Instructions, Goal::at_most(12_000.0))
        .goal(Measure::TimeOf("opentelemetry_sdk, extract from a map"), Goal::at_most(1.0))
}
