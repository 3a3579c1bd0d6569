//! The gRPC API and the JSON API.

use crate::clients::{block_on, channel, get, post_spans};
use crate::program::Prela;
use crate::requests::{failed, log, logs, span, text, trace_id};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prela_cli::server::v1::{
    Filter, GetTraceRequest, ListErrorsRequest, ListTracesRequest, SearchSpansRequest,
    WatchTracesRequest, query_service_client::QueryServiceClient,
};
use prost::Message as _;
use std::collections::HashSet;

fn spans() -> Vec<Span> {
    let asked = Span { attributes: vec![text("prompt", "Where is Zürich?")], ..span(1, 2, 1) };
    vec![span(1, 1, 0), asked, failed(span(1, 3, 2), "not there"), span(2, 1, 0)]
}

#[test]
fn both_apis_answer_alike() {
    let prela = Prela::start();
    post_spans(prela.hello.http, spans());
    let body = logs(vec![log(1, "said")]).encode_to_vec();
    crate::clients::post(prela.hello.http, "/v1/logs", crate::clients::PROTOBUF, "", &body);
    let json = |path: &str| get(prela.hello.http, path).json();
    block_on(async {
        let mut client = QueryServiceClient::new(channel(prela.hello.grpc).await);
        let listed =
            client.list_traces(ListTracesRequest::default()).await.unwrap().into_inner().traces;
        assert_eq!(
            listed.iter().map(|it| it.trace_id.clone()).collect::<Vec<_>>(),
            [trace_id(2), trace_id(1)]
        );
        assert_eq!((listed[1].spans, listed[1].errors, listed[1].name.as_str()), (3, 1, "span 1"));
        let traces = json("/api/traces");
        assert_eq!((&traces[1]["spans"], &traces[1]["errors"]), (&3.into(), &1.into()));

        let filter = Some(Filter { errors_only: true, limit: 5, ..Filter::default() });
        let failed = client.list_traces(ListTracesRequest { filter }).await.unwrap().into_inner();
        assert_eq!(failed.traces.len(), 1);
        assert_eq!(json("/api/traces?errors=true&limit=5").as_array().unwrap().len(), 1);

        let trace = GetTraceRequest { trace: "last~1".to_owned() };
        let trace = client.get_trace(trace).await.unwrap().into_inner();
        let data = TracesData::decode(&trace.traces_data[..]).unwrap();
        assert_eq!(data.resource_spans[0].scope_spans[0].spans, spans()[..3]);
        assert!(!trace.logs_data.is_empty());
        let trace = json("/api/traces/last~1");
        assert_eq!(trace["summary"]["spans"], 3);
        assert_eq!(
            trace["resourceSpans"][0]["scopeSpans"][0]["spans"][2]["status"]["message"],
            "not there"
        );
        assert_eq!(
            trace["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["body"]["stringValue"],
            "said"
        );

        let found = SearchSpansRequest { text: "zürich".to_owned(), filter: None };
        let found = client.search_spans(found).await.unwrap().into_inner().spans;
        assert_eq!((found.len(), found[0].found_in.as_str()), (1, "attribute prompt"));
        assert_eq!(json("/api/search?q=z%C3%BCrich")[0]["excerpt"], "Where is Zürich?");

        let errors =
            client.list_errors(ListErrorsRequest::default()).await.unwrap().into_inner().spans;
        assert_eq!((errors.len(), errors[0].status_message.as_str()), (1, "not there"));
        assert_eq!(json("/api/errors")[0]["name"], "span 3");
        assert_eq!(json("/api/stats")["spans"], 4);

        for (trace, code, status) in [
            ("ffff", tonic::Code::NotFound, 404),
            ("last~9", tonic::Code::NotFound, 404),
            ("zz", tonic::Code::InvalidArgument, 400),
        ] {
            let request = GetTraceRequest { trace: trace.to_owned() };
            assert_eq!(client.get_trace(request).await.unwrap_err().code(), code, "{trace}");
            let answer = get(prela.hello.http, &format!("/api/traces/{trace}"));
            assert_eq!(answer.status, status, "{trace}");
            assert!(answer.json()["error"].is_string());
        }
        let nothing = client.search_spans(SearchSpansRequest::default()).await.unwrap_err();
        assert_eq!(nothing.code(), tonic::Code::InvalidArgument);
    });
}

#[test]
fn a_watcher_hears_of_each_trace_as_it_comes() {
    let prela = Prela::start();
    post_spans(prela.hello.http, vec![span(100, 1, 0)]);
    block_on(async {
        let mut client = QueryServiceClient::new(channel(prela.hello.grpc).await);
        let mut news = client.watch_traces(WatchTracesRequest {}).await.unwrap().into_inner();
        let mut heard = HashSet::new();
        let http = prela.hello.http;
        let mut number = 0;
        while heard.len() < 5 {
            // The first may come before it listens.
            number += 1;
            tokio::task::spawn_blocking(move || post_spans(http, vec![span(number, 1, 0)]))
                .await
                .unwrap();
            let more =
                tokio::time::timeout(std::time::Duration::from_secs(2), news.message()).await;
            if let Ok(more) = more {
                heard.extend(more.unwrap().unwrap().traces.into_iter().map(|it| it.trace_id));
            }
            assert!(number < 100);
        }
        assert!(!heard.contains(&trace_id(100)), "what was there before is no news");
        // A new span of a trace is.
        tokio::task::spawn_blocking(move || post_spans(http, vec![span(100, 2, 1)])).await.unwrap();
        let more = news.message().await.unwrap().unwrap();
        assert!(more.traces.iter().any(|it| it.trace_id == trace_id(100) && it.spans == 2));
    });
}
