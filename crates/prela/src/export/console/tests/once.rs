//! What many spans say is shown once.

use super::*;
use SpanType::{Agent, Custom, Llm, Tool};

fn tree(spans: impl IntoIterator<Item = SpanData>, expected: Expect) {
    let mut console = Console::new();
    console.export(spans);
    console.check(expected);
}

/// A failure as `in_scope_result` and `err` record it.
fn exception(span: SpanData, message: &'static str, extra: &[(&'static str, Value)]) -> SpanData {
    let span = with(failed(span, message), &[("error.type", "TimedOut".into())]);
    let mut attributes: Vec<(&str, Value)> =
        vec![("exception.type", "TimedOut".into()), ("exception.message", message.into())];
    attributes.extend_from_slice(extra);
    with_event(span, "exception", &attributes)
}

#[test]
fn ids_of_a_request_are_shown_where_it_begins() {
    let ids = |span, request: &'static str, user: &'static str| {
        let ids: [(&str, Value); 3] =
            [("request.id", request.into()), ("session.id", "s1".into()), ("user.id", user.into())];
        with(span, &ids)
    };
    tree(
        [
            ids(with(span(3, 2, "chat", Llm), &[("model", "small".into())]), "r1", "anna"),
            ids(span(4, 2, "search", Tool), "r1", "anna"),
            ids(span(2, 1, "answer", Agent), "r1", "anna"),
            span(1, 0, "serve", Custom),
        ],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 4 spans · 103ms
            ✓ serve         custom      100ms
            └─ ✓ answer     agent       100ms  {request.id: r1, session.id: s1, user.id: anna}
               ├─ ✓ chat    llm         100ms  {model: small}
               └─ ✓ search  tool        100ms

        "#]],
    );
    // Those that differ are told apart at each place where they change.
    tree(
        [
            ids(span(3, 2, "chat", Llm), "r1", "anna"),
            ids(span(2, 1, "first", Agent), "r1", "anna"),
            ids(span(5, 4, "chat", Llm), "r2", "anna"),
            span(7, 6, "no id", Tool),
            ids(span(8, 7, "chat", Llm), "r2", "anna"),
            ids(span(6, 4, "again", Llm), "r3", "bert"),
            ids(span(4, 1, "second", Agent), "r2", "anna"),
            ids(span(9, 1, "third", Agent), "r1", "anna"),
            span(1, 0, "serve", Custom),
        ],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 9 spans · 108ms
            ✓ serve             custom      100ms
            ├─ ✓ first          agent       100ms  {request.id: r1, session.id: s1, user.id: anna}
            │  └─ ✓ chat        llm         100ms
            ├─ ✓ second         agent       100ms  {request.id: r2, user.id: anna}
            │  ├─ ✓ chat        llm         100ms
            │  └─ ✓ again       llm         100ms  {request.id: r3, user.id: bert}
            │     └─ ✓ no id    tool        100ms
            │        └─ ✓ chat  llm         100ms  {request.id: r2, user.id: anna}
            └─ ✓ third          agent       100ms  {request.id: r1, user.id: anna}

        "#]],
    );
}

#[test]
fn ids_are_shown_once_where_a_tree_has_several_tops() {
    let id = |span| with(span, &[("request.id", "r1".into())]);
    let mut console = Console::new();
    console.export([span(1, 0, "root", Agent)]);
    console.printed();
    console.export([id(span(2, 1, "late", Tool)), id(span(4, 1, "late too", Tool))]);
    console.check(expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 2 late spans · 102ms · ended after the trace was printed
        ✓ late      tool        100ms  {request.id: r1}
        ✓ late too  tool        100ms

    "#]]);
}

#[test]
fn the_text_of_an_error_is_shown_once() {
    tree(
        [exception(span(1, 0, "fetch", Tool), "it took too long", &[])],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ fetch  tool        100ms  {error.type: TimedOut}
              error: it took too long

        "#]],
    );
    let escaped = [("exception.escaped", true.into())];
    tree(
        [exception(span(1, 0, "fetch", Tool), "a panic", &escaped)],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ fetch  tool        100ms  {error.type: TimedOut}
              error: a panic
              • exception {exception.escaped: true}

        "#]],
    );
    let trace = [("exception.stacktrace", "it took too long\nat main".into())];
    tree(
        [exception(span(1, 0, "fetch", Tool), "it took too long", &trace)],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ fetch  tool        100ms  {error.type: TimedOut}
              error: it took too long

        "#]],
    );
}

#[test]
fn an_error_that_came_from_below_is_shown_there() {
    let text = "it took too long";
    tree(
        [
            exception(span(3, 2, "connect", Custom), text, &[]),
            exception(span(2, 1, "fetch", Tool), text, &[]),
            // Says more.
            exception(span(5, 4, "fetch", Tool), text, &[]),
            exception(span(4, 1, "second try", Custom), "second try: it took too long", &[]),
            exception(span(6, 1, "third try", Custom), text, &[]),
            exception(span(1, 0, "answer", Agent), text, &[]),
        ],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 6 spans · 105ms
            ✗ answer         agent       100ms  {error.type: TimedOut}
            ├─ ✗ fetch       tool        100ms  {error.type: TimedOut}
            │  └─ ✗ connect  custom      100ms  {error.type: TimedOut}
            │       error: it took too long
            ├─ ✗ second try  custom      100ms  {error.type: TimedOut}
            │  │ error: second try: it took too long
            │  └─ ✗ fetch    tool        100ms  {error.type: TimedOut}
            │       error: it took too long
            └─ ✗ third try   custom      100ms  {error.type: TimedOut}
                 error: it took too long

        "#]],
    );
}

#[test]
fn what_an_error_does_not_say_is_shown() {
    let said = |name| {
        let attributes = [("exception.type", "E".into()), ("exception.message", "no".into())];
        with_event(span(1, 0, name, Tool), "exception", &attributes)
    };
    // An exception that was handled, one beside another failure, and one of another type.
    tree(
        [said("handled")],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✓ handled  tool        100ms
              • exception {exception.type: E, exception.message: no}

        "#]],
    );
    tree(
        [with(failed(said("beside"), "yes"), &[("error.type", "F".into())])],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ beside  tool        100ms  {error.type: F}
              error: yes
              • exception {exception.type: E, exception.message: no}

        "#]],
    );
    tree(
        [with(failed(said("wrapped"), "model: no"), &[("error.type", "F".into())])],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ wrapped  tool        100ms  {error.type: F}
              error: model: no
              • exception {exception.type: E}

        "#]],
    );
    let trace = [("exception.stacktrace", "at main".into())];
    tree(
        [with_event(span(1, 0, "handled", Tool), "exception", &trace)],
        expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
        ✓ handled  tool        100ms
          • exception

    "#]],
    );
    // It has the letters and does not say it.
    tree(
        [failed(said("by chance"), "cannot go on")],
        expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
        ✗ by chance  tool        100ms
          error: cannot go on
          • exception {exception.type: E, exception.message: no}

    "#]],
    );
    // Events of other names, and one without anything.
    let same = [("exception.message", "no".into())];
    tree(
        [with_event(failed(span(1, 0, "x", Tool), "no"), "tool_failed", &same)],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ x  tool        100ms
              error: no
              • tool_failed {exception.message: no}

        "#]],
    );
    tree(
        [with_event(failed(span(1, 0, "x", Tool), "no"), "exception", &[])],
        expect![[r#"
            trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
            ✗ x  tool        100ms
              error: no
              • exception

        "#]],
    );
}

#[test]
fn the_full_look_has_stack_traces_and_whole_values() {
    let long = "x".repeat(600);
    let trace = [("exception.stacktrace", "it took too long\nat main".into())];
    let failure = exception(span(1, 0, "fetch", Tool), "it took too long", &trace);
    let mut console = Console::new();
    console.exporter = console.exporter.full(true).width(20);
    console.export([with(failure, &[("prompt", long.as_str().into())])]);
    let printed = console.printed();
    assert!(printed.contains(&long));
    expect![[r#"
        trace 00000000000000000000000000000001 · travel-desk · 1 span · 100ms
        ✗ fetch  tool        100ms  {error.type: TimedOut, prompt: x…x}
          error: it took too long
          • exception {exception.stacktrace: it took too long\nat main}

    "#]]
    .assert_eq(&printed.replace(&long, "x…x"));
}
