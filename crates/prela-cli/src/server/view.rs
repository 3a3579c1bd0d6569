//! The API that only the page uses; it changes with the page.
//!
//! | `GET` | answer |
//! |---|---|
//! | `/api/view/{id}` | a trace in columns: [`columns`] |
//! | `/api/view/{id}/doctor` | what is wrong with it: a list of [`Finding`](crate::doctor::Finding) with times |
//! | `/api/view/{id}/diff/{other}` | what differs between it and another: a [`Diff`](crate::query::Diff) |
//! | `/api/view/{id}/search?q=` | its spans that have a text, as a list of [`SpanHit`](crate::query::SpanHit) |
//! | `/api/view/{id}/file` | the trace as a page of its own; with `?content=no` without what was said |
//! | `/api/view/{id}/spans/{span}` | all of a span: [`details`] |
//! | `/api/view/{id}/spans/{span}/linked` | spans with links to it, as a list of [`SpanHit`](crate::query::SpanHit) |
//! | `/api/sessions` | a list of [`Session`](crate::query::Session) |

use super::api::answer;
use super::readers::Readers;
use crate::doctor::Doctor;
use crate::ids::{SpanId, TraceId};
use crate::page::{self, Content, columns, details};
use crate::query::{QueryError, Reader, SpanHit};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header;
use serde::Deserialize;
use serde_json::Value;

/// The routes of this API.
pub(super) fn routes(readers: &Readers) -> Router {
    let ask = || readers.clone();
    let (view, doctor, search) = (ask(), ask(), ask());
    let (file, sessions, diff) = (ask(), ask(), ask());
    let (span, linked) = (ask(), ask());
    Router::new()
        .route("/api/view/{id}", get(async move |Path(id)| trace(&view, id).await))
        .route("/api/view/{id}/doctor", get(async move |Path(id)| findings(&doctor, id).await))
        .route(
            "/api/view/{id}/search",
            get(async move |Path(id): Path<String>, Query(asked): Query<Asked>| {
                let find = move |it: &Reader| it.search_in(named(it, &id)?, &asked.q);
                answer(search.ask(find).await)
            }),
        )
        .route(
            "/api/view/{id}/file",
            get(async move |Path(id): Path<String>, Query(asked): Query<Asked>| {
                let content = if asked.content == "no" { Content::Without } else { Content::Whole };
                alone(&file, id, content).await
            }),
        )
        .route(
            "/api/view/{id}/diff/{other}",
            get(async move |Path((id, other)): Path<(String, String)>| {
                answer(diff.ask(move |it| it.diff(named(it, &id)?, named(it, &other)?)).await)
            }),
        )
        .route(
            "/api/view/{id}/spans/{span}",
            get(async move |path| answer(part(&span, path).await)),
        )
        .route(
            "/api/view/{id}/spans/{span}/linked",
            get(async move |path| answer(others(&linked, path).await)),
        )
        .route("/api/sessions", get(async move || answer(sessions.ask(Reader::sessions).await)))
}

/// Parameters of a question.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    content: String,
}

fn named(reader: &Reader, text: &str) -> Result<TraceId, QueryError> {
    Doctor::new(reader).find(text)
}

async fn trace(readers: &Readers, id: String) -> Response {
    let columns = readers.ask(move |it| Ok(columns(&it.trace(named(it, &id)?)?).to_string())).await;
    match columns {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "application/json"), NEVER_KEPT], text).into_response()
        }
        Err(error) => answer::<()>(Err(error)),
    }
}

async fn findings(readers: &Readers, id: String) -> Response {
    let found = readers.ask(move |it| {
        let trace = it.trace(named(it, &id)?)?;
        let findings = Doctor::new(it).of_trace(&trace)?;
        Ok(findings.iter().map(|finding| page::finding(&trace, finding)).collect::<Vec<_>>())
    });
    answer(found.await)
}

async fn part(readers: &Readers, path: Path<(String, String)>) -> Result<Value, QueryError> {
    let (trace, span) = ids(&path)?;
    readers.ask(move |it| Ok(details(&it.span(trace, span)?))).await
}

async fn others(
    readers: &Readers,
    path: Path<(String, String)>,
) -> Result<Vec<SpanHit>, QueryError> {
    let (trace, span) = ids(&path)?;
    readers.ask(move |it| it.linked_to(trace, span)).await
}

fn ids(Path((trace, span)): &Path<(String, String)>) -> Result<(TraceId, SpanId), QueryError> {
    let bad = |_| QueryError::BadReference(format!("{trace}/{span}"));
    Ok((trace.parse().map_err(bad)?, span.parse().map_err(bad)?))
}

async fn alone(readers: &Readers, id: String, content: Content) -> Response {
    let made = readers.ask(move |it| {
        let trace = it.trace(named(it, &id)?)?;
        let findings = Doctor::new(it).of_trace(&trace)?;
        let name = format!("attachment; filename=\"prela-{}.html\"", trace.summary.trace_id);
        Ok::<_, QueryError>((name, page::file(&trace, &findings, content)))
    });
    match made.await {
        Ok((name, text)) => {
            let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned());
            let name = (header::CONTENT_DISPOSITION, name);
            // If it is opened in place, texts of a foreign trace must not act for this address.
            ([kind, name], [NEVER_KEPT, (header::CONTENT_SECURITY_POLICY, "sandbox")], text)
                .into_response()
        }
        Err(error) => answer::<()>(Err(error)),
    }
}

const NEVER_KEPT: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
