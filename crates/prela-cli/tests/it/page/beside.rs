//! What is beside a trace: the doctor's findings, failures, what took the time.

use super::{Prela, agent, id, open, send, trace};
use crate::program::run;
use crate::requests::{pair, span, text};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

#[test]
fn a_span_without_its_parent_hangs_dashed_below_the_likely_one() {
    let prela = Prela::start();
    send(&prela, agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.find(".findings", "One span hangs in the air");
    page.find(".finding", "save_answer lost its parent.");
    page.find(".finding", "It probably belongs under invoke_agent guide.");
    page.find(".span-row.guess", "save_answer");
    let border = page
        .value("getComputedStyle(document.querySelector('.span-row.guess .bar')).borderTopStyle");
    assert_eq!(border, "dashed");
    page.find(".finding pre", "prela::init");
    page.find("section", "closed on Mondays");
    page.find(".rank li", "chat big-model890 ms · 40 %");
    page.find("section .figures", "big-model23.0k→90$0.03");
    page.click(".finding button", "save_answer");
    page.find(".notice", "has not been sent");
    page.close();
}

/// A root on another thread of the same process, while a span was open.
#[test]
fn a_stray_root_is_shown_where_it_belongs() {
    let prela = Prela::start();
    let mut request = crate::requests::traces(vec![
        agent::step(
            (1, 1, 0),
            "choose",
            (0, 500),
            vec![pair("thread.id", Value::IntValue(1)), text("thread.name", "main")],
        ),
        agent::step(
            (1, 2, 1),
            "score",
            (0, 50),
            vec![pair("thread.id", Value::IntValue(1)), text("thread.name", "main")],
        ),
        agent::step((1_000, 1, 0), "rank", (0, 0), Vec::new()),
    ]);
    let process = vec![text("service.name", "shop"), text("service.instance.id", "one")];
    request.resource_spans[0].resource =
        Some(Resource { attributes: process, ..Resource::default() });
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    let begin = spans[0].start_time_unix_nano;
    let stray = spans.last_mut().unwrap();
    (stray.start_time_unix_nano, stray.end_time_unix_nano) =
        (begin + 100_000_000, begin + 200_000_000);
    stray.attributes = vec![pair("thread.id", Value::IntValue(2)), text("thread.name", "rayon-1")];
    let answer = crate::clients::post(
        prela.hello.http,
        "/v1/traces",
        crate::clients::PROTOBUF,
        "",
        &request.encode_to_vec(),
    );
    assert_eq!(answer.status, 200);

    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.find(".span-row.stray", "rank");
    let order = page.value("[...document.querySelectorAll('.span-row')].sort((a, b) => a.at - b.at).map((it) => it.querySelector('.title').textContent)");
    assert_eq!(order.as_array().unwrap()[..3], ["choose", "score", "⚠ rank"]);
    page.find(".finding pre", "let job = pool.spawn_traced(move || work());");
    // It is never stored as what it may be.
    assert_eq!(prela.reader().trace(prela.reader().find(&id(1)).unwrap()).unwrap().spans.len(), 2);
    // From here to there.
    page.click(".finding a", "trace of its own");
    page.find("h1", "rank");
    page.find(".finding", "choose");
    page.close();
}

/// Guesses in a circle put no span out of sight.
#[test]
fn every_span_has_a_row() {
    let prela = Prela::start();
    // Two orphans, each open while the other one began, and a circle of parents.
    let spans = vec![
        span(1, 1, 90),
        span(1, 2, 91),
        span(1, 3, 2),
        span(1, 4, 1),
        span(1, 5, 6),
        span(1, 6, 5),
        span(1, 7, 0),
    ];
    send(&prela, spans);
    let Some(mut page) = open(&prela, &trace(1)) else { return };
    page.find(".findings", "hang in the air");
    page.wait("document.querySelector('#spans').getAttribute('aria-rowcount') === '7'");
    let named = page.value("new Set([...document.querySelectorAll('.span-row:not([hidden]) .title')].map((it) => it.textContent.replace('⚠ ', ''))).size");
    assert_eq!(named, 7);
    let said = run(&prela.store(), &["doctor"]);
    assert!(said.status.success());
    page.close();
}
