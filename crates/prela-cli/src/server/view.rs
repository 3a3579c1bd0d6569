//! What only the page asks for; it goes with the page's version.
//!
//! | `GET` | answer |
//! |---|---|
//! | `/api/view/{id}` | a trace in columns: [`columns`] |
//! | `/api/view/{id}/doctor` | what is wrong with it: a list of [`Finding`](crate::doctor::Finding) with times |
//! | `/api/view/{id}/search?q=` | its spans that have a text, as a list of [`SpanHit`](crate::query::SpanHit) |
//! | `/api/view/{id}/file` | the trace as a page of its own; with `?content=no` without what was said |
//! | `/api/view/{id}/spans/{span}` | all of a span: [`details`] |
//! | `/api/sessions` | a list of [`Session`](crate::query::Session) |

use super::api::{answer, error, json_of};
use super::readers::Readers;
use crate::doctor::Doctor;
use crate::ids::{SpanId, TraceId};
use crate::page::{self, Content, columns, details};
use crate::query::{QueryError, Reader};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{StatusCode, header};
use serde::Deserialize;

/// The page's questions.
pub(super) fn routes(readers: &Readers) -> Router {
    let ask = || readers.clone();
    let (view, doctor, search) = (ask(), ask(), ask());
    let (file, span, sessions) = (ask(), ask(), ask());
    Router::new()
        .route("/api/view/{id}", get(async move |Path(id)| trace(&view, id).await))
        .route("/api/view/{id}/doctor", get(async move |Path(id)| findings(&doctor, id).await))
        .route(
            "/api/view/{id}/search",
            get(async move |Path(id): Path<String>, Query(asked): Query<Asked>| {
                let find = move |it: &Reader| it.search_in(it.find(&id)?, &asked.q);
                answer(search.ask(find).await)
            }),
        )
        .route(
            "/api/view/{id}/file",
            get(async move |Path(id): Path<String>, Query(asked): Query<Asked>| {
                alone(
                    &file,
                    id,
                    if asked.content == "no" { Content::Without } else { Content::Whole },
                )
                .await
            }),
        )
        .route(
            "/api/view/{id}/spans/{span}",
            get(async move |Path((id, one)): Path<(String, String)>| {
                let (Ok(id), Ok(one)) = (id.parse(), one.parse()) else {
                    return error(
                        StatusCode::BAD_REQUEST,
                        &"these are no ids of a trace and a span",
                    );
                };
                whole(&span, id, one).await
            }),
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

async fn trace(readers: &Readers, id: String) -> Response {
    let columns = readers.ask(move |it| Ok(columns(&it.trace(it.find(&id)?)?).to_string())).await;
    match columns {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "application/json"), NEVER_KEPT], text).into_response()
        }
        Err(error) => answer::<()>(Err(error)),
    }
}

async fn findings(readers: &Readers, id: String) -> Response {
    let found = readers.ask(move |it| {
        let trace = it.trace(it.find(&id)?)?;
        let findings = Doctor::new(it).of_trace(&trace)?;
        Ok(findings.iter().map(|finding| page::finding(&trace, finding)).collect::<Vec<_>>())
    });
    answer(found.await)
}

async fn whole(readers: &Readers, trace: TraceId, span: SpanId) -> Response {
    let found = readers.ask(move |it| {
        let part = it.span(trace, span)?;
        Ok(details(&part, &it.linked_to(trace, span)?))
    });
    match found.await {
        Ok(details) => json_of(&details),
        Err(error) => answer::<()>(Err(error)),
    }
}

async fn alone(readers: &Readers, id: String, content: Content) -> Response {
    let made = readers.ask(move |it| {
        let trace = it.trace(it.find(&id)?)?;
        let findings = Doctor::new(it).of_trace(&trace)?;
        let name = format!("attachment; filename=\"prela-{}.html\"", trace.summary.trace_id);
        Ok::<_, QueryError>((name, page::file(&trace, &findings, content)))
    });
    match made.await {
        Ok((name, text)) => {
            let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned());
            let name = (header::CONTENT_DISPOSITION, name);
            // Opened here it would have a foreign trace's texts at this address.
            ([kind, name], [NEVER_KEPT, (header::CONTENT_SECURITY_POLICY, "sandbox")], text)
                .into_response()
        }
        Err(error) => answer::<()>(Err(error)),
    }
}

const NEVER_KEPT: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
