//! Questions to a store.

use crate::requests::{START, everything, failed, pair, span, text, trace_id};
use crate::store::{batch, fresh};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prela_cli::ids::TraceId;
use prela_cli::query::{Filter, Link, QueryError, Reader, Tree};

fn id(number: u64) -> TraceId {
    TraceId::from_bytes(&trace_id(number)).unwrap()
}

#[test]
fn texts_name_traces() {
    let (_dir, path, store) = fresh();
    let reader = Reader::open(&path).unwrap();
    for text in ["last", "last~", "last~3", "ab"] {
        assert!(matches!(reader.find(text), Err(QueryError::NotFound(_))), "{text}");
    }
    let with_id =
        |bytes: [u8; 16], number: u64| Span { trace_id: bytes.to_vec(), ..span(number, 1, 0) };
    let mut near = [0xab; 16];
    near[15] = 0xac;
    let spans = vec![with_id([0xab; 16], 1), with_id(near, 2), with_id([0xcd; 16], 3)];
    store.insert_blocking(batch(spans)).unwrap();
    let all = [TraceId([0xab; 16]), TraceId(near), TraceId([0xcd; 16])];
    for (text, expected) in [
        ("last", 2),
        (" last ", 2),
        ("last~", 1),
        ("last~0", 2),
        ("last~2", 0),
        ("c", 2),
        ("CDCD", 2),
        ("abababababababababababababababab", 0),
        ("abababababababababababababababac", 1),
    ] {
        assert_eq!(reader.find(text).unwrap(), all[expected], "{text}");
    }
    for text in ["a", "ab", "ababababababababababababababab", "abababababababababababababababa"] {
        let error = reader.find(text).unwrap_err();
        let QueryError::Ambiguous { candidates, .. } = &error else { panic!("{text}: {error}") };
        assert_eq!(candidates[..], [all[1], all[0]], "{text}");
        assert!(error.to_string().contains(&all[0].to_string()), "{error}");
    }
    for text in ["d", "abac", "last~9", "last~4000000000"] {
        assert!(matches!(reader.find(text), Err(QueryError::NotFound(_))), "{text}");
    }
    let long = "a".repeat(33);
    for text in [
        "",
        " ",
        "first",
        "lastly",
        "last~x",
        "last~-1",
        "last~99999999999",
        "é",
        "a b",
        "%",
        &long,
    ] {
        assert!(matches!(reader.find(text), Err(QueryError::BadReference(_))), "{text}");
    }
}

#[test]
fn lists_are_filtered_by_everything_at_once() {
    let (_dir, path, store) = fresh();
    for number in 1..=30 {
        let mut root = span(number, 1, 0);
        root.name = format!("job_{number} Run");
        root.end_time_unix_nano += number * 1_000_000;
        let child =
            if number % 10 == 0 { failed(span(number, 2, 1), "no") } else { span(number, 2, 1) };
        store.insert_blocking(batch(vec![root, child])).unwrap();
    }
    let reader = Reader::open(&path).unwrap();
    let list = |filter: Filter| -> Vec<u64> {
        let found = reader.list(&filter).unwrap();
        found.iter().map(|it| (it.start_ns.unsigned_abs() - START) / 1_000_000_000).collect()
    };
    let at = |number: i64| Some(START.cast_signed() + number * 1_000_000_000);
    let all = || Filter { limit: 100, ..Filter::default() };
    assert_eq!(list(Filter::default()), (11..=30).rev().collect::<Vec<_>>());
    assert_eq!(list(Filter { limit: 2, ..all() }), [30, 29]);
    assert_eq!(list(Filter { errors_only: true, ..all() }), [30, 20, 10]);
    assert_eq!(list(Filter { since_ns: at(29), ..all() }), [30, 29]);
    assert_eq!(list(Filter { until_ns: at(3), ..all() }), [2, 1]);
    assert_eq!(list(Filter { name: Some("B_3".into()), ..all() }), [30, 3]);
    assert_eq!(list(Filter { name: Some("job%".into()), ..all() }), [0; 0]);
    assert_eq!(list(Filter { service: Some("shop".into()), limit: 1, ..all() }), [30]);
    assert_eq!(list(Filter { service: Some("sho".into()), ..all() }), [0; 0]);
    assert_eq!(list(Filter { run: Some("none".into()), ..all() }), [0; 0]);
    assert_eq!(list(Filter { min_duration_ns: Some(29_000_000), ..all() }), [30, 29, 28]);
    let both = Filter { errors_only: true, until_ns: at(25), name: Some("2".into()), ..all() };
    assert_eq!(list(both), [20]);
    assert_eq!(list(Filter { limit: 0, ..all() }), [0; 0]);
}

#[test]
fn errors_are_found_at_any_depth() {
    let (_dir, path, store) = fresh();
    let mut deep = failed(span(1, 3, 2), "");
    deep.events = everything().events;
    store.insert_blocking(batch(vec![span(1, 1, 0), span(1, 2, 1), deep])).unwrap();
    store
        .insert_blocking(batch(vec![failed(span(2, 1, 0), "the root did"), span(3, 1, 0)]))
        .unwrap();
    let reader = Reader::open(&path).unwrap();
    let errors = reader.errors(&Filter::default()).unwrap();
    let said = errors.iter().map(|hit| {
        (hit.trace_id, hit.trace_name.as_str(), hit.name.as_str(), hit.status_message.as_str())
    });
    let expected =
        [(id(2), "span 1", "span 1", "the root did"), (id(1), "span 1", "span 3", "it broke")];
    assert_eq!(said.collect::<Vec<_>>(), expected);
    assert!(errors.iter().all(|hit| hit.is_error && hit.service == "shop"));
    assert_eq!(reader.errors(&Filter { limit: 1, ..Filter::default() }).unwrap().len(), 1);
}

#[test]
fn a_search_finds_what_a_span_says_and_where() {
    let (_dir, path, store) = fresh();
    let prompt =
        format!("{}What is the weather in Zürich?{}", "so ".repeat(50), " then".repeat(50));
    let found = Span {
        name: "chat gpt".to_owned(),
        attributes: vec![
            text("gen_ai.input.messages", &prompt),
            pair("http.response.status_code", Value::IntValue(429)),
            pair("ratio", Value::DoubleValue(0.25)),
            pair("negative", Value::IntValue(-3)),
            everything().attributes.remove(12),
        ],
        events: everything().events,
        links: everything().links,
        ..failed(span(1, 2, 1), "Quota exceeded")
    };
    let name = "gen_ai.input.messages";
    store.insert_blocking(batch(vec![span(1, 1, 0), found, span(2, 1, 0)])).unwrap();
    let reader = Reader::open(&path).unwrap();
    for (query, place) in [
        ("gpt", "name"),
        ("GPT", ""),
        ("quota", "status"),
        ("Quota exceeded", "status"),
        ("QUOTA", ""),
        ("weather in zürich", &format!("attribute {name}")),
        ("input.mess", &format!("attribute {name}")),
        ("429", "attribute http.response.status_code"),
        ("0.25", "attribute ratio"),
        ("-3", "attribute negative"),
        ("it broke", "event exception"),
        ("日本", "link text"),
        ("inner", "attribute map"),
        (&id(99).to_string(), "link"),
        ("0909090909090909", "link"),
        ("nowhere", ""),
        ("%", ""),
    ] {
        let hits = reader.search(query, &Filter::default()).unwrap();
        let hits: Vec<_> = hits.iter().filter(|hit| hit.name == "chat gpt").collect();
        if place.is_empty() {
            assert!(hits.is_empty(), "{query}: {hits:?}");
        } else {
            assert_eq!(hits.len(), 1, "{query}");
            assert!(hits[0].found_in.starts_with(place), "{query}: {:?}", hits[0].found_in);
            assert_eq!((hits[0].trace_name.as_str(), hits[0].trace_id), ("span 1", id(1)));
        }
    }
    let hit = &reader.search("zürich", &Filter::default()).unwrap()[0];
    assert!(hit.excerpt.starts_with('…') && hit.excerpt.ends_with('…'), "{}", hit.excerpt);
    assert!(hit.excerpt.contains("weather in Zürich? then") && hit.excerpt.len() < 150);
    // Its own id, and the newest first.
    assert_eq!(reader.search(&id(2).to_string(), &Filter::default()).unwrap().len(), 1);
    let names: Vec<_> = reader.search("span", &Filter::default()).unwrap();
    assert_eq!(names.iter().map(|hit| hit.trace_id).collect::<Vec<_>>(), [id(2), id(1)]);
    let since = Filter { since_ns: Some(START.cast_signed() + 2_000_000_000), ..Filter::default() };
    assert_eq!(reader.search("span", &since).unwrap().len(), 1);
}

#[test]
fn every_span_has_a_place_in_the_tree() {
    let tree = |spans: Vec<Span>| {
        let count = spans.len();
        let (_dir, path, store) = fresh();
        store.insert_blocking(batch(spans)).unwrap();
        let reader = Reader::open(&path).unwrap();
        let trace = reader.trace(id(1)).unwrap();
        let tree = Tree::of(&trace);
        assert_eq!(tree.nodes.len(), count);
        let line = |node: &prela_cli::query::Node| {
            let number = u64::from_be_bytes(trace.spans[node.span].span_id.0);
            (number, node.depth, node.link)
        };
        tree.nodes.iter().map(line).collect::<Vec<_>>()
    };
    use Link::{Child, Circle, Orphan, Root};
    assert_eq!(
        tree(vec![span(1, 4, 2), span(1, 3, 1), span(1, 2, 1), span(1, 1, 0)]),
        [(1, 0, Root), (2, 1, Child), (4, 2, Child), (3, 1, Child)]
    );
    assert_eq!(tree(vec![span(1, 2, 9), span(1, 3, 2)]), [(2, 0, Orphan), (3, 1, Child)]);
    assert_eq!(
        tree(vec![span(1, 1, 0), span(1, 2, 3), span(1, 3, 2), span(1, 4, 4), span(1, 5, 3)]),
        [(1, 0, Root), (2, 0, Circle), (3, 1, Child), (5, 2, Child), (4, 0, Circle)]
    );
    let deep = tree((1..=20_000).map(|at| span(1, at, at - 1)).collect());
    assert!(deep.iter().zip(1..).all(|(node, at)| node.0 == at && node.1 as u64 == at - 1));
}

#[test]
fn a_follower_sees_each_trace_that_has_news() {
    let (_dir, path, store) = fresh();
    let reader = Reader::open(&path).unwrap();
    let start = reader.now().unwrap();
    assert!(reader.changes(start).unwrap().traces.is_empty());
    store.insert_blocking(batch(vec![span(1, 2, 1), span(2, 1, 0)])).unwrap();
    let first = reader.changes(start).unwrap();
    assert_eq!(
        first.traces.iter().map(|it| (it.trace_id, it.has_root)).collect::<Vec<_>>(),
        [(id(1), false), (id(2), true)]
    );
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let second = reader.changes(first.cursor).unwrap();
    assert_eq!(
        second.traces.iter().map(|it| (it.trace_id, it.spans)).collect::<Vec<_>>(),
        [(id(1), 2)]
    );
    assert!(reader.changes(second.cursor).unwrap().traces.is_empty());
    // Much at once comes in parts, and all of it.
    let many: Vec<_> = (1..=30_000).map(|at| span(at / 10 + 10, at, 0)).collect();
    store.insert_blocking(batch(many)).unwrap();
    let (mut cursor, mut seen) = (second.cursor, std::collections::HashSet::new());
    loop {
        let changes = reader.changes(cursor).unwrap();
        if changes.traces.is_empty() {
            break;
        }
        seen.extend(changes.traces.iter().map(|it| it.trace_id));
        cursor = changes.cursor;
    }
    assert_eq!(seen.len(), 3_001);
    // All of it is let go of, and new ones are seen all the same.
    store.sweep(0, std::time::Duration::MAX).unwrap();
    cursor = reader.changes(cursor).unwrap().cursor;
    store.insert_blocking(batch(vec![span(5, 1, 0)])).unwrap();
    assert_eq!(reader.changes(cursor).unwrap().traces.len(), 1);
}

#[test]
fn a_reader_needs_no_server_and_disturbs_none() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    let (while_open, filter) = (Reader::open(&path).unwrap(), Filter::default());
    assert_eq!(while_open.list(&filter).unwrap().len(), 1);
    drop(store);
    assert_eq!(while_open.list(&filter).unwrap().len(), 1);
    let after = Reader::open(&path).unwrap();
    assert_eq!(after.list(&filter).unwrap().len(), 1);
}
