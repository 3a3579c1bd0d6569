//! The gRPC API of `proto/prela/query/v1`.

use super::watch::{self, News};
use crate::doctor::Doctor;
use crate::query::{Filter, QueryError, SpanHit, TraceSummary};
use crate::store::StoreErrorKind;
use futures_util::stream::{BoxStream, StreamExt as _};
use prost::Message as _;
use tonic::{Request, Response, Status};

/// Messages, client and server of `proto/prela/query/v1/query.proto`.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::missing_errors_doc,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "it is generated"
)]
pub mod v1 {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/generated/prela.query.v1.rs"));
}

/// Answers from a store.
#[derive(Debug)]
pub(super) struct Answers(pub(super) News);

#[tonic::async_trait]
impl v1::query_service_server::QueryService for Answers {
    type WatchTracesStream = BoxStream<'static, Result<v1::WatchTracesResponse, Status>>;

    async fn list_traces(
        &self,
        request: Request<v1::ListTracesRequest>,
    ) -> Result<Response<v1::ListTracesResponse>, Status> {
        let filter = filter(request.into_inner().filter);
        let traces =
            self.0.readers.ask(move |reader| reader.list(&filter)).await.map_err(status)?;
        let traces = traces.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListTracesResponse { traces }))
    }

    async fn get_trace(
        &self,
        request: Request<v1::GetTraceRequest>,
    ) -> Result<Response<v1::GetTraceResponse>, Status> {
        let text = request.into_inner().trace;
        let trace =
            self.0.readers.ask(move |reader| reader.trace(Doctor::new(reader).find(&text)?)).await;
        let trace = trace.map_err(status)?;
        Ok(Response::new(v1::GetTraceResponse {
            traces_data: trace.traces_data().encode_to_vec(),
            logs_data: trace.logs_data().encode_to_vec(),
            summary: Some(trace.summary.into()),
        }))
    }

    async fn search_spans(
        &self,
        request: Request<v1::SearchSpansRequest>,
    ) -> Result<Response<v1::SearchSpansResponse>, Status> {
        let request = request.into_inner();
        if request.text.is_empty() {
            return Err(Status::invalid_argument("there is no text to search for"));
        }
        let filter = filter(request.filter);
        let spans = self.0.readers.ask(move |reader| reader.search(&request.text, &filter)).await;
        let spans = spans.map_err(status)?.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::SearchSpansResponse { spans }))
    }

    async fn list_errors(
        &self,
        request: Request<v1::ListErrorsRequest>,
    ) -> Result<Response<v1::ListErrorsResponse>, Status> {
        let filter = filter(request.into_inner().filter);
        let spans =
            self.0.readers.ask(move |reader| reader.errors(&filter)).await.map_err(status)?;
        let spans = spans.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListErrorsResponse { spans }))
    }

    async fn watch_traces(
        &self,
        _: Request<v1::WatchTracesRequest>,
    ) -> Result<Response<Self::WatchTracesStream>, Status> {
        let changes = watch::changes(self.0.clone()).await.map_err(status)?;
        let responses = changes.map(|traces| {
            let traces = traces.map_err(status)?.into_iter().map(Into::into).collect();
            Ok(v1::WatchTracesResponse { traces })
        });
        Ok(Response::new(responses.boxed()))
    }
}

fn status(error: QueryError) -> Status {
    let message = error.to_string();
    match error {
        QueryError::NotFound(_) => Status::not_found(message),
        QueryError::Ambiguous { .. } | QueryError::BadReference(_) => {
            Status::invalid_argument(message)
        }
        QueryError::Store(error) if error.kind() == StoreErrorKind::Busy => {
            Status::unavailable(message)
        }
        QueryError::Store(_) | QueryError::Internal(_) => Status::internal(message),
    }
}

fn filter(filter: Option<v1::Filter>) -> Filter {
    let v1::Filter {
        limit,
        since_unix_nano,
        until_unix_nano,
        service,
        name,
        errors_only,
        min_duration_nano,
        run,
    } = filter.unwrap_or_default();
    let number = |number: i64| (number != 0).then_some(number);
    let text = |text: String| (!text.is_empty()).then_some(text);
    Filter {
        limit: if limit == 0 { Filter::default().limit } else { Filter::MOST.min(limit as usize) },
        since_ns: number(since_unix_nano),
        until_ns: number(until_unix_nano),
        service: text(service),
        name: text(name),
        errors_only,
        min_duration_ns: number(min_duration_nano),
        run: text(run),
    }
}

impl From<TraceSummary> for v1::TraceSummary {
    fn from(trace: TraceSummary) -> Self {
        Self {
            trace_id: trace.trace_id.0.to_vec(),
            name: trace.name,
            has_root: trace.has_root,
            service: trace.service,
            start_time_unix_nano: trace.start_ns,
            duration_nano: trace.duration_ns,
            spans: trace.spans,
            errors: trace.errors,
            open: trace.open,
            unfinished: trace.unfinished,
            input_tokens: trace.input_tokens,
            output_tokens: trace.output_tokens,
            cost_nusd: trace.cost_nusd,
        }
    }
}

impl From<SpanHit> for v1::SpanHit {
    fn from(hit: SpanHit) -> Self {
        Self {
            trace_id: hit.trace_id.0.to_vec(),
            trace_name: hit.trace_name,
            span_id: hit.span_id.0.to_vec(),
            name: hit.name,
            service: hit.service,
            start_time_unix_nano: hit.start_ns,
            duration_nano: hit.duration_ns,
            is_error: hit.is_error,
            status_message: hit.status_message,
            found_in: hit.found_in,
            excerpt: hit.excerpt,
        }
    }
}
