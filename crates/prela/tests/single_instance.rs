//! An instance that is the only one of its process, until a second one starts. One test, in a process
//! of its own, because no other may make an instance.

use expect_test::expect;
use prela::testing::Capture;
use prela::{SpanType, current_span, new_trace_context};

#[test]
fn a_single_instance_and_one_that_starts_later() {
    let a = Capture::new();
    let a_tracer = a.tracer();
    let b = a_tracer.span("outer", SpanType::Agent).in_scope(|outer| {
        a_tracer.span("child", SpanType::Tool).in_scope(|child| {
            assert_eq!(child.parent_span_id(), Some(outer.span_id()));
            new_trace_context(|_| a_tracer.span("apart", SpanType::Tool).in_scope(|_| ()));
            a_tracer.span("root", SpanType::Tool).root().in_scope(|_| ());
        });
        assert_eq!(current_span().unwrap().span_id(), outer.span_id());

        // From here on there are two, and a span of the first is open.
        let b = Capture::new();
        let b_tracer = b.tracer();
        assert!(b_tracer.current_span().is_none());
        b_tracer.span("b_outer", SpanType::Agent).in_scope(|_| {
            a_tracer.span("a_inside_of_b", SpanType::Tool).in_scope(|inside| {
                assert_eq!(inside.parent_span_id(), Some(outer.span_id()));
                b_tracer.span("b_inner", SpanType::Tool).in_scope(|_| ());
            });
        });
        b
    });
    expect![[r#"
        apart  tool
        outer  agent
          a_inside_of_b  tool
          child  tool
        root  tool
    "#]]
    .assert_eq(&a.tree());
    expect![[r#"
        b_outer  agent
          b_inner  tool
    "#]]
    .assert_eq(&b.tree());
}
