//! The page, in a real browser.

mod access;
mod agent;
mod alone;
mod beside;
mod hostile;
mod list;
mod minute;
mod picture;
mod screen_reader;
mod span;
mod waterfall;

use crate::browser::Page;
use crate::clients::{PROTOBUF, post};
use crate::program::Prela;
use crate::requests::traces;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// Sends spans, which are stored when this is done.
#[track_caller]
fn send(prela: &Prela, spans: Vec<Span>) {
    let answer = post(prela.hello.http, "/v1/traces", PROTOBUF, "", &traces(spans).encode_to_vec());
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The page at one of its places, as `#/sessions`.
fn open(prela: &Prela, place: &str) -> Option<Page> {
    Page::open(&format!("{}{place}", prela.hello.page_url()))
}

/// The address of the trace with a number.
fn trace(number: u64) -> String {
    format!("#/trace/{}", id(number))
}

fn id(number: u64) -> String {
    prela_cli::ids::TraceId(crate::requests::trace_id(number).try_into().unwrap()).to_string()
}
