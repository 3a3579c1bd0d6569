//! OTLP over each transport, in each format, with each compression.

use crate::clients::{self, JSON, PROTOBUF, block_on, channel, get, post, send};
use crate::program::Prela;
use crate::requests::{everything, everything_finite, failed, log, logs, metrics, span, traces};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::ids::TraceId;
use prela_cli::query::{Filter, Reader};
use prost::Message as _;
use tonic::codec::CompressionEncoding;

type Pack = fn(&[u8]) -> Vec<u8>;

fn as_it_is(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

const ENCODINGS: [(&str, Pack); 7] = [
    ("", as_it_is),
    ("identity", as_it_is),
    ("gzip", clients::gzip),
    ("GZIP", clients::gzip),
    ("deflate", clients::zlib),
    ("deflate", clients::deflate),
    ("zstd", clients::zstd),
];

fn stored(reader: &Reader) -> Vec<Span> {
    let all = reader.list(&Filter { limit: 1_000, ..Filter::default() }).unwrap();
    let traces = all.iter().map(|summary| reader.trace(summary.trace_id).unwrap());
    traces.flat_map(|trace| trace.spans).map(|span| span.message).collect()
}

#[test]
fn http_takes_every_format_and_compression_on_both_ports() {
    let sent = traces(vec![everything_finite(), span(1, 2, 1)]);
    for (encoding, pack) in ENCODINGS {
        for (kind, body) in [
            (PROTOBUF, sent.encode_to_vec()),
            ("application/json; charset=utf-8", serde_json::to_vec(&sent).unwrap()),
        ] {
            let prela = Prela::start();
            for address in [prela.hello.http, prela.hello.grpc] {
                let answer = post(address, "/v1/traces", kind, encoding, &pack(&body));
                assert_eq!(answer.status, 200, "{kind} {encoding}: {answer:?}");
                let expected = kind.split(';').next();
                assert_eq!(answer.header("content-type"), expected);
                let empty = if kind == PROTOBUF { &b""[..] } else { b"{}" };
                assert_eq!(answer.body, empty);
            }
            // It was sent twice.
            assert_eq!(stored(&prela.reader()), sent.resource_spans[0].scope_spans[0].spans);
        }
    }
}

#[test]
fn grpc_takes_every_compression_on_both_ports() {
    let sent = traces(vec![everything(), span(1, 2, 1)]);
    for encoding in [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)] {
        let prela = Prela::start();
        block_on(async {
            for address in [prela.hello.grpc, prela.hello.http] {
                let mut client = TraceServiceClient::new(channel(address).await);
                if let Some(encoding) = encoding {
                    client = client.send_compressed(encoding).accept_compressed(encoding);
                }
                let answer = client.export(sent.clone()).await.unwrap().into_inner();
                assert_eq!(answer, ExportTraceServiceResponse::default());
            }
        });
        assert_eq!(stored(&prela.reader()), sent.resource_spans[0].scope_spans[0].spans);
    }
}

#[test]
fn what_was_stored_goes_out_as_it_came() {
    let prela = Prela::start();
    // Fields of a later version: number 1000 in the span, the scope and the resource.
    let later = |bytes: &mut Vec<u8>| bytes.extend([0xc2, 0x3e, 3, b'n', b'e', b'w']);
    let mut span = everything().encode_to_vec();
    later(&mut span);
    let with = |number: u8, inner: &[u8]| {
        let mut bytes = vec![number << 3 | 2];
        prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
        [bytes, inner.to_vec()].concat()
    };
    let mut scope = with(1, b"library");
    later(&mut scope);
    let mut resource = crate::requests::resource("shop").unwrap().encode_to_vec();
    later(&mut resource);
    let scope_spans = [with(1, &scope), with(2, &span), with(3, b"schema")].concat();
    let resource_spans = [with(1, &resource), with(2, &scope_spans)].concat();
    let request = with(1, &resource_spans);
    assert_eq!(post(prela.hello.http, "/v1/traces", PROTOBUF, "", &request).status, 200);
    let reader = prela.reader();
    let trace = reader.trace(reader.find("last").unwrap()).unwrap();
    assert_eq!(trace.traces_data().encode_to_vec(), request);
}

#[test]
fn bad_spans_are_refused_with_a_reason_and_the_others_kept() {
    let good = span(1, 1, 0);
    let bad = [
        Span { trace_id: vec![], ..span(1, 2, 0) },
        Span { trace_id: vec![0; 16], ..span(1, 3, 0) },
        Span { trace_id: vec![1; 8], ..span(1, 4, 0) },
        Span { span_id: vec![], ..span(1, 5, 0) },
        Span { span_id: vec![0; 8], ..span(1, 5, 0) },
        Span { parent_span_id: vec![1; 4], ..span(1, 6, 0) },
    ];
    let expected = "6 refused: 3 has a trace id that is zero or not 16 bytes long, 2 has a span id that is \
                    zero or not 8 bytes long, 1 has a parent span id that is not 8 bytes long";
    let sent = traces([vec![good.clone()], bad.to_vec()].concat());

    let prela = Prela::start();
    let answer = post(prela.hello.http, "/v1/traces", PROTOBUF, "", &sent.encode_to_vec());
    let partial =
        ExportTraceServiceResponse::decode(&answer.body[..]).unwrap().partial_success.unwrap();
    assert_eq!((answer.status, partial.rejected_spans), (200, 6));
    assert_eq!(partial.error_message, expected);

    let json = serde_json::to_vec(&sent).unwrap();
    let answer = post(prela.hello.http, "/v1/traces", JSON, "", &json).json();
    let partial = &answer["partialSuccess"];
    assert_eq!(
        (&partial["rejectedSpans"], &partial["errorMessage"]),
        (&"6".into(), &expected.into())
    );

    let answer = block_on(async {
        let mut client = TraceServiceClient::new(channel(prela.hello.grpc).await);
        client.export(sent).await.unwrap().into_inner()
    });
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 6);
    assert_eq!(stored(&prela.reader()), [good]);
    assert_eq!(prela.reader().totals().unwrap().refused, 18);
}

#[test]
fn odd_spans_that_can_be_found_again_are_kept() {
    let odd = [
        Span { name: String::new(), ..span(1, 1, 0) },
        Span { end_time_unix_nano: 5, ..span(1, 2, 0) },
        Span { start_time_unix_nano: 0, ..span(1, 3, 0) },
        Span { end_time_unix_nano: u64::MAX, ..span(1, 4, 0) },
        Span { kind: -7, ..span(1, 5, 0) },
        Span { parent_span_id: vec![0; 8], ..span(1, 6, 0) },
        Span { parent_span_id: 7_u64.to_be_bytes().to_vec(), ..span(1, 7, 0) },
        Span { start_time_unix_nano: u64::MAX, end_time_unix_nano: 1, ..span(1, 8, 0) },
    ];
    let prela = Prela::start();
    for span in &odd {
        assert_eq!(clients::post_spans(prela.hello.http, vec![span.clone()]).body, b"", "{span:?}");
    }
    let mut kept = stored(&prela.reader());
    kept.sort_by(|a, b| a.span_id.cmp(&b.span_id));
    assert_eq!(kept, odd);
}

#[test]
fn logs_of_traces_are_kept_and_the_rest_is_counted() {
    let prela = Prela::start();
    let sent = logs(vec![log(1, "in a trace"), log(1, "and one more"), log(0, "alone")]);
    let json = serde_json::to_vec(&sent).unwrap();
    // Before its trace, and twice.
    assert_eq!(
        post(prela.hello.http, "/v1/logs", PROTOBUF, "gzip", &clients::gzip(&sent.encode_to_vec()))
            .status,
        200
    );
    assert!(prela.reader().list(&Filter::default()).unwrap().is_empty());
    assert_eq!(post(prela.hello.http, "/v1/logs", JSON, "", &json).body, b"{}");
    clients::post_spans(prela.hello.http, vec![span(1, 1, 0)]);
    block_on(async {
        let channel = channel(prela.hello.grpc).await;
        LogsServiceClient::new(channel.clone()).export(sent.clone()).await.unwrap();
        MetricsServiceClient::new(channel).export(metrics(4)).await.unwrap();
    });
    let answer = post(prela.hello.http, "/v1/metrics", PROTOBUF, "", &metrics(3).encode_to_vec());
    assert_eq!((answer.status, &answer.body[..]), (200, &b""[..]));
    let json = serde_json::to_vec(&metrics(2)).unwrap();
    assert_eq!(post(prela.hello.http, "/v1/metrics", JSON, "", &json).status, 200);

    let reader = prela.reader();
    let trace = reader.trace(reader.find("last").unwrap()).unwrap();
    let kept: Vec<_> = trace.logs.iter().map(|log| log.message.clone()).collect();
    assert_eq!(kept, sent.resource_logs[0].scope_logs[0].log_records[..2]);
    let totals = reader.totals().unwrap();
    assert_eq!((totals.logs, totals.loose_logs, totals.metrics), (2, 3, 9));
}

/// A request (path, content type, content encoding, body) and its answer (status, and a part of the reason).
type Refused<'a> = (&'a str, &'a str, &'a str, &'a [u8], u16, &'a str);

#[test]
fn requests_that_are_none_are_refused_and_told_why() {
    let prela = Prela::start();
    let good = traces(vec![span(1, 1, 0)]).encode_to_vec();
    let json = serde_json::to_vec(&traces(vec![span(1, 1, 0)])).unwrap();
    let table: [Refused<'_>; 16] = [
        ("/v1/traces", PROTOBUF, "", b"\xff\xff\xff", 400, "not an OTLP message"),
        ("/v1/traces", PROTOBUF, "", &json, 400, "not an OTLP message"),
        ("/v1/traces", PROTOBUF, "", &good[..good.len() - 3], 400, "not an OTLP message"),
        ("/v1/traces", JSON, "", &good, 400, "not OTLP JSON"),
        ("/v1/traces", JSON, "", b"", 400, "not OTLP JSON"),
        ("/v1/traces", JSON, "", b"[]", 400, "`request` is not an object"),
        ("/v1/traces", JSON, "", b"{\"resourceSpans\": 1}", 400, "`resourceSpans` is not a list"),
        (
            "/v1/traces",
            JSON,
            "",
            b"{\"resourceSpans\": [1]}",
            400,
            "`resourceSpans` is not an object",
        ),
        ("/v1/traces", "text/plain", "", &good, 415, "content-type"),
        ("/v1/traces", "", "", &good, 415, "content-type"),
        ("/v1/traces", "application/grpc", "", &good, 415, "content-type"),
        ("/v1/traces", PROTOBUF, "br", &good, 415, "content-encoding"),
        ("/v1/traces", PROTOBUF, "gzip", &good, 400, "not compressed"),
        ("/v1/traces", PROTOBUF, "zstd", &good, 400, "not compressed"),
        ("/v1/traces", PROTOBUF, "deflate", b"\x00", 400, "not compressed"),
        ("/v1/trace", PROTOBUF, "", &good, 404, "/v1/traces"),
    ];
    for (path, kind, encoding, body, status, reason) in table {
        let answer = post(prela.hello.http, path, kind, encoding, body);
        let said = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, status, "{path} {kind} {encoding}: {said}");
        assert!(said.contains(reason), "{path} {kind} {encoding}: {said}");
        assert_eq!(answer.header("retry-after"), None);
    }
    for method in ["GET", "PUT", "DELETE"] {
        let answer =
            send(prela.hello.http, method, "/v1/traces", &[("content-type", PROTOBUF)], &good);
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("POST, OPTIONS")),
            "{method}"
        );
    }
    // Nothing is sent now and then, to see whether somebody is there.
    assert_eq!(post(prela.hello.http, "/v1/traces", PROTOBUF, "", b"").status, 200);
    assert_eq!(post(prela.hello.http, "/v1/traces", JSON, "", b"{}").body, b"{}");
    assert_eq!(prela.reader().totals().unwrap().spans, 0);
}

#[test]
fn grpc_says_in_its_own_way_what_it_does_not_take() {
    let prela = Prela::start();
    block_on(async {
        let channel = channel(prela.hello.grpc).await;
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static("/nothing.here.Service/Export");
        let codec = tonic_prost::ProstCodec::<ExportTraceServiceRequest, ExportTraceServiceResponse>::default();
        let request = tonic::Request::new(ExportTraceServiceRequest::default());
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented, "{status:?}");

        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        let codec = tonic_prost::ProstCodec::<Span, ExportTraceServiceResponse>::default();
        // Its first field is bytes, which are no resource spans.
        let request = tonic::Request::new(Span { trace_id: vec![0xff; 3], ..Span::default() });
        let status = client.unary(request, http::uri::PathAndQuery::from_static(path), codec).await;
        let status = status.unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
    });
    let answer =
        get(prela.hello.http, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(answer.status, 405);
}

#[test]
fn tokens_sums_and_names_are_read_from_each_convention() {
    use crate::requests::{pair, text};
    use opentelemetry_proto::tonic::common::v1::any_value::Value::{DoubleValue, IntValue};
    let prela = Prela::start();
    let genai = vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.request.model", "asked"),
        text("gen_ai.response.model", "answered"),
        pair("gen_ai.usage.input_tokens", IntValue(10)),
        pair("gen_ai.usage.output_tokens", IntValue(2)),
        pair("llm.cost.total", DoubleValue(0.0142)),
        text("thread.name", "main"),
    ];
    let openinference = vec![
        text("openinference.span.kind", "LLM"),
        text("llm.model_name", "other"),
        pair("llm.token_count.prompt", IntValue(5)),
        pair("llm.token_count.completion", IntValue(i64::MIN)),
        pair("llm.cost.total", DoubleValue(f64::NAN)),
        pair("thread.id", IntValue(7)),
    ];
    let root = Span { attributes: genai, ..span(1, 1, 0) };
    let child = failed(Span { attributes: openinference, ..span(1, 2, 9) }, "no");
    clients::post_spans(prela.hello.http, vec![child]);
    clients::post_spans(prela.hello.http, vec![root]);
    let reader = prela.reader();
    let trace = reader.trace(TraceId::from_bytes(&crate::requests::trace_id(1)).unwrap()).unwrap();
    let summary = &trace.summary;
    assert_eq!(
        (summary.input_tokens, summary.output_tokens, summary.cost_nusd),
        (15, 2, 14_200_000)
    );
    assert_eq!((summary.name.as_str(), summary.has_root, summary.errors), ("span 1", true, 1));
    let columns = |at: usize| {
        let span = &trace.spans[at];
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [text(&span.operation), text(&span.model), text(&span.thread)]
    };
    assert_eq!(columns(0), ["chat", "answered", "main"]);
    assert_eq!(columns(1), ["LLM", "other", "7"]);
}
