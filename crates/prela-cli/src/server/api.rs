//! The JSON API, which the page reads.
//!
//! | `GET` | answer |
//! |---|---|
//! | `/api/hello` | who this is: [`Hello`] |
//! | `/api/stats` | what the store holds: [`Totals`](crate::query::Totals) |
//! | `/api/traces` | a list of [`TraceSummary`](crate::query::TraceSummary); parameters are those of a [`Filter`] |
//! | `/api/traces/{id}` | OTLP's JSON, `summary`, and `pending`: ids of `running` and of `unfinished` spans |
//! | `/api/errors` | a list of [`SpanHit`](crate::query::SpanHit) |
//! | `/api/search?q=` | a list of [`SpanHit`](crate::query::SpanHit) |
//! | `/api/live` | server-sent events, each a list of [`TraceSummary`](crate::query::TraceSummary) |

use super::access::Access;
use super::hello::Hello;
use super::watch::{self, News};
use crate::doctor::Doctor;
use crate::query::{Filter, QueryError, Span, Trace};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

/// Says who this is. Where a token is needed, strangers learn only the name and the version.
pub(super) fn hello(hello: Hello, access: Access) -> Router {
    let answer = async move |headers: HeaderMap| {
        if access.is_granted(&headers) {
            json_of(&hello)
        } else {
            json_of(&json!({ "name": hello.name, "version": hello.version }))
        }
    };
    Router::new().route("/api/hello", get(answer))
}

/// All other routes.
pub(super) fn routes(news: &News) -> Router {
    let readers = &news.readers;
    let (all, one, failed) = (readers.clone(), readers.clone(), readers.clone());
    let (found, held, news) = (readers.clone(), readers.clone(), news.clone());
    Router::new()
        .route("/api/stats", get(async move || answer(held.ask(|it| it.totals()).await)))
        .route(
            "/api/traces",
            get(async move |Query(asked): Query<Asked>| {
                answer(all.ask(move |reader| reader.list(&asked.filter())).await)
            }),
        )
        .route(
            "/api/traces/{id}",
            get(async move |Path(id): Path<String>| {
                answer(
                    one.ask(move |reader| {
                        Ok(trace(&reader.trace(Doctor::new(reader).find(&id)?)?))
                    })
                    .await,
                )
            }),
        )
        .route(
            "/api/errors",
            get(async move |Query(asked): Query<Asked>| {
                answer(failed.ask(move |reader| reader.errors(&asked.filter())).await)
            }),
        )
        .route(
            "/api/search",
            get(async move |Query(asked): Query<Asked>| {
                let Some(text) = asked.q.clone().filter(|text| !text.is_empty()) else {
                    return error(StatusCode::BAD_REQUEST, &"there is no text to search for: ?q=");
                };
                answer(found.ask(move |reader| reader.search(&text, &asked.filter())).await)
            }),
        )
        .route("/api/live", get(async move || follow(news).await))
}

/// A trace as JSON, which `prela show --json` prints, too.
pub fn trace(trace: &Trace) -> serde_json::Value {
    let mut object = trace.otlp_json();
    object["summary"] = json!(trace.summary);
    let open = trace.spans.iter().filter(|span| span.end_ns.is_none());
    let (unfinished, running): (Vec<_>, Vec<_>) = open.partition(|span| span.is_unfinished);
    let ids = |spans: Vec<&Span>| spans.iter().map(|span| span.span_id).collect::<Vec<_>>();
    object["pending"] = json!({ "running": ids(running), "unfinished": ids(unfinished) });
    object
}

/// Parameters of a question.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    q: Option<String>,
    limit: Option<usize>,
    /// Nanoseconds since 1970.
    since: Option<i64>,
    until: Option<i64>,
    service: Option<String>,
    name: Option<String>,
    #[serde(default)]
    errors: bool,
    /// Nanoseconds.
    min_duration: Option<i64>,
    run: Option<String>,
}

impl Asked {
    fn filter(&self) -> Filter {
        let default = Filter::default();
        Filter {
            limit: self.limit.unwrap_or(default.limit).min(Filter::MOST),
            since_ns: self.since,
            until_ns: self.until,
            service: self.service.clone(),
            name: self.name.clone(),
            errors_only: self.errors,
            min_duration_ns: self.min_duration,
            run: self.run.clone(),
        }
    }
}

/// Streams news as JSON, and an empty comment now and then, so that both sides notice when the other
/// one is gone.
async fn follow(news: News) -> Response {
    let changes = match watch::changes(news).await {
        Ok(changes) => changes,
        Err(error) => return answer::<()>(Err(error)),
    };
    let events = changes.map(|traces| match traces {
        Ok(traces) => format!("data: {}\n\n", json!(traces)),
        Err(error) => format!("event: error\ndata: {}\n\n", json!(error.to_string())),
    });
    let ticks = stream::unfold((), async |()| {
        tokio::time::sleep(TICK).await;
        Some((":\n\n".to_owned(), ()))
    });
    // The ticks end with the news.
    let news = events.map(Some).chain(stream::once(async { None }));
    let events = stream::select(news.boxed(), ticks.map(Some).boxed());
    let events = events
        .take_while(|event| std::future::ready(event.is_some()))
        .filter_map(std::future::ready);
    let body = Body::from_stream(events.map(|text| Ok::<_, Infallible>(Bytes::from(text))));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

pub(super) fn answer<T: Serialize>(result: Result<T, QueryError>) -> Response {
    match result {
        Ok(value) => json_of(&value),
        Err(error @ QueryError::NotFound(_)) => self::error(StatusCode::NOT_FOUND, &error),
        Err(error @ (QueryError::BadReference(_) | QueryError::Ambiguous { .. })) => {
            self::error(StatusCode::BAD_REQUEST, &error)
        }
        Err(error @ QueryError::Internal(_)) => {
            self::error(StatusCode::INTERNAL_SERVER_ERROR, &error)
        }
        Err(error @ QueryError::Store(_)) => self::error(StatusCode::SERVICE_UNAVAILABLE, &error),
    }
}

fn error(status: StatusCode, error: &dyn ToString) -> Response {
    let mut response = json_of(&json!({ "error": error.to_string() }));
    *response.status_mut() = status;
    response
}

fn json_of(value: &impl Serialize) -> Response {
    // It does not fail: all keys of these types are texts.
    let text = serde_json::to_string(value).unwrap_or_default();
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

const TICK: Duration = Duration::from_secs(15);
