//! Scopes that are left in every order.

use super::*;
use crate::context::with_current;

#[derive(Debug, PartialEq)]
struct Number(usize);

/// Every order of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let with_last_at = |at: usize| {
        shorter.iter().map(move |order| {
            let mut order = order.clone();
            order.insert(at, count - 1);
            order
        })
    };
    (0..count).flat_map(with_last_at).collect()
}

#[test]
fn the_innermost_scope_that_is_open_is_current_whatever_was_left_before() {
    const SCOPES: usize = 4;
    for order in orders(SCOPES) {
        // One bit for each scope: whether it attaches a context.
        for attaching in 0..1 << SCOPES {
            let attaches = |number: &usize| attaching >> number & 1 == 1;
            let open = |number: usize| match attaches(&number) {
                true => ContextScope::enter(Context::new().with_value(Number(number))),
                false => ContextScope::of_current(0),
            };
            let mut scopes: Vec<_> = (0..SCOPES).map(|number| Some(open(number))).collect();
            for left in &order {
                scopes[*left] = None;
                let is_open = |number: &usize| scopes[*number].is_some();
                let innermost = (0..SCOPES).rev().find(|it| is_open(it) && attaches(it));
                let current = with_current(|cx, _| cx.get::<Number>().map(|it| it.0));
                assert_eq!(current, Some(innermost), "{left} of {order:?}, {attaching:b}");
            }
            let kept = FRAMES.with(|frames| frames.borrow().innermost().map(|frame| frame.id));
            assert_eq!(kept, Some(ScopeId::NONE), "{order:?}, {attaching:b}");
        }
    }
}

#[test]
fn what_replaced_a_context_goes_with_its_scope_in_any_order() {
    for order in orders(2) {
        let mut scopes = [0, 1].map(|number| {
            let scope = ContextScope::enter(Context::new().with_value(Number(number)));
            assert!(replace_current(|cx| Some(cx.with_value(Number(10 + number)))));
            Some(scope)
        });
        for (at, left) in order.iter().enumerate() {
            let replaced = scopes[*left].take().and_then(ContextScope::exit);
            if order == [1, 0] {
                let number = replaced.and_then(|cx| cx.get::<Number>().map(|it| it.0));
                assert_eq!(number, Some(10 + left), "{order:?}");
            }
            let expected = if at == 1 { None } else { Some(10 + order[1]) };
            assert_eq!(Context::current().get::<Number>().map(|it| it.0), expected, "{order:?}");
        }
    }
}

#[test]
fn a_scope_that_is_not_open_can_be_left() {
    let innermost = || FRAMES.with(|frames| frames.borrow().innermost().map(|frame| frame.id));
    ContextScope::none().leave();
    assert!(ContextScope::none().exit().is_none());
    drop(ContextScope::none());
    assert_eq!(innermost(), Some(ScopeId::NONE));
    let scope = ContextScope::of(ContextScope::enter(Context::new()).into_id());
    ContextScope::none().leave();
    assert_eq!(innermost(), Some(scope.id));
}
