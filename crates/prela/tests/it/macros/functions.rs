//! Functions and methods that are not async.

use super::Noisy;
use super::global::{check, check_functions};
use expect_test::expect;
use std::fmt::{self, Display};
use std::panic::Location;
use std::rc::Rc;

#[prela::trace]
fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[prela::trace(name = "sum of all", span_type = "tool")]
fn sum(numbers: &[i32]) -> i32 {
    numbers.iter().fold(0, |sum, number| add(sum, *number))
}

#[test]
fn a_call_is_a_span_below_the_caller() {
    check(
        "a_call_is_a_span",
        || assert_eq!(sum(&[1, 2]), 3),
        &expect![[r#"
            sum of all  tool
              add  custom
              add  custom
        "#]],
    );
}

#[test]
fn every_span_type_can_be_named() {
    #[prela::trace(span_type = prela::SpanType::Workflow)]
    fn by_path() {}

    const OWN: prela::SpanType = prela::SpanType::Guardrail;
    #[prela::trace(span_type = OWN)]
    fn by_constant() {}

    macro_rules! named {
        ($($name:ident $text:literal)*) => {
            $(
                #[prela::trace(span_type = $text)]
                fn $name() {}
                $name();
            )*
            assert_eq!(prela::SpanType::ALL.map(|it| it.as_str()), [$($text),*]);
        };
    }
    check(
        "every_span_type",
        || {
            by_path();
            by_constant();
            named! {
                t_agent "agent"
                t_llm "llm"
                t_tool "tool"
                t_retrieval "retrieval"
                t_embedding "embedding"
                t_custom "custom"
                t_chain "chain"
                t_workflow "workflow"
                t_reranker "reranker"
                t_guardrail "guardrail"
                t_evaluator "evaluator"
            }
        },
        &expect![[r#"
            by_constant  guardrail
            by_path  workflow
            t_agent  agent
            t_chain  chain
            t_custom  custom
            t_embedding  embedding
            t_evaluator  evaluator
            t_guardrail  guardrail
            t_llm  llm
            t_reranker  reranker
            t_retrieval  retrieval
            t_tool  tool
            t_workflow  workflow
        "#]],
    );
}

struct Counter {
    count: u32,
    label: String,
}

impl Counter {
    #[prela::trace(fields(count = self.count))]
    fn label(&self) -> &str {
        &self.label
    }

    #[prela::trace(skip())]
    fn increase(&mut self, by: u32) -> &mut u32 {
        self.count += by;
        &mut self.count
    }

    #[prela::trace]
    fn into_label(mut self) -> String {
        self.label.push('!');
        self.label
    }

    #[prela::trace]
    fn named(label: impl Into<String>) -> Self {
        Self { count: 0, label: label.into() }
    }
}

#[test]
fn methods_borrow_from_self() {
    check(
        "methods_borrow",
        || {
            let mut counter = Counter::named("steps");
            *counter.increase(2) += 1;
            assert_eq!((counter.count, counter.label()), (3, "steps"));
            assert_eq!(counter.into_label(), "steps!");
        },
        &expect![[r#"
            increase  custom {by: 2}
            into_label  custom
            label  custom {count: 3}
            named  custom
        "#]],
    );
}

#[prela::trace]
fn longest<'a, T, const N: usize>(first: &'a [T; N], second: &'a [T]) -> &'a [T]
where
    T: Clone,
{
    if second.len() > N {
        return second;
    }
    first
}

#[prela::trace]
fn first_mut<'a>(items: &'a mut Vec<String>, _unused: &str) -> Option<&'a mut String> {
    items.first_mut()
}

#[prela::trace]
fn evens(limit: u32) -> impl Iterator<Item = u32> + Clone {
    (0..limit).step_by(2)
}

#[prela::trace]
fn shown<'a>(items: &'a [impl Display]) -> Box<dyn Display + 'a> {
    Box::new(items.iter().map(ToString::to_string).collect::<String>())
}

#[prela::trace]
fn patterns((mut a, b): (u32, u32), [first, ..]: [u32; 3], mut total: u32, _: &str) -> u32 {
    a += b;
    total += a + first;
    total
}

#[prela::trace]
extern "C" fn from_c(value: i32) -> i32 {
    value * 2
}

/// A function with attributes inside; it is `unsafe` only for its callers.
#[prela::trace]
fn with_inner_attributes(value: u32) -> u32 {
    #![expect(clippy::identity_op, reason = "the attribute must stay on the function")]
    value + 0
}

#[prela::trace(skip(r#type))]
fn raw(r#type: u32, r#match: u32) -> u32 {
    r#type + r#match
}

#[test]
fn functions_of_every_signature_can_be_traced() {
    check(
        "signatures",
        || {
            assert_eq!(longest(&[1, 2], &[3, 4, 5]), [3, 4, 5]);
            let mut items = vec!["a".to_owned()];
            first_mut(&mut items, "").unwrap().push('b');
            assert_eq!(items, ["ab"]);
            let evens = evens(5);
            assert_eq!((evens.clone().count(), evens.sum::<u32>()), (3, 6));
            assert_eq!(shown(&[1, 2]).to_string(), "12");
            assert_eq!(patterns((1, 2), [3, 4, 5], 6, ""), 12);
            assert_eq!(from_c(2), 4);
            assert_eq!(with_inner_attributes(3), 3);
            assert_eq!(raw(1, 2), 3);
        },
        &expect![[r#"
            evens  custom
            first_mut  custom
            from_c  custom
            longest  custom
            patterns  custom
            raw  custom {match: 2}
            shown  custom
            with_inner_attributes  custom
        "#]],
    );
}

trait Speak {
    fn speak(&self) -> String;

    #[prela::trace]
    fn twice(&self) -> String {
        self.speak() + &self.speak()
    }
}

struct Dog;

impl Speak for Dog {
    #[prela::trace(ret)]
    fn speak(&self) -> String {
        "wuff".to_owned()
    }
}

#[test]
fn methods_of_traits() {
    check(
        "methods_of_traits",
        || assert_eq!(Dog.twice(), "wuffwuff"),
        &expect![[r#"
        twice  custom
          speak  custom {prela.return: "wuff"}
          speak  custom {prela.return: "wuff"}
    "#]],
    );
}

#[prela::trace]
fn factorial(n: u64) -> u64 {
    if n < 2 { 1 } else { n * factorial(n - 1) }
}

#[test]
fn recursion_nests() {
    check(
        "recursion",
        || assert_eq!(factorial(3), 6),
        &expect![[r#"
        factorial  custom
          factorial  custom
            factorial  custom
    "#]],
    );
}

#[test]
fn the_function_is_named_by_its_path() {
    check_functions(
        "the_function_is_named",
        || assert_eq!(sum(&[1]), 1),
        &expect![[r#"
        sum of all  tool {code.function.name: it::macros::functions::sum}
          add  custom {code.function.name: it::macros::functions::add}
    "#]],
    );
}

#[expect(clippy::needless_pass_by_value, reason = "as the traced one has them")]
fn dropped_plainly(a: Noisy, b: Noisy, _c: Noisy) {
    let _local = Noisy("local", b.1.clone());
    drop(a);
}

#[prela::trace]
fn dropped_traced(a: Noisy, b: Noisy, _c: Noisy) {
    let _local = Noisy("local", b.1.clone());
    drop(a);
}

#[test]
fn arguments_are_dropped_in_the_usual_order() {
    check(
        "arguments_are_dropped",
        || {
            let run = |function: fn(Noisy, Noisy, Noisy)| {
                let log = Rc::default();
                function(
                    Noisy("a", Rc::clone(&log)),
                    Noisy("b", log.clone()),
                    Noisy("c", log.clone()),
                );
                log.take()
            };
            assert_eq!(run(dropped_traced), ["a", "local", "c", "b"]);
            assert_eq!(run(dropped_traced), run(dropped_plainly));
        },
        &expect![[r#"
            dropped_traced  custom
            dropped_traced  custom
        "#]],
    );
}

#[prela::trace]
#[track_caller]
fn caller() -> &'static Location<'static> {
    Location::caller()
}

#[test]
fn a_function_still_sees_its_caller() {
    check(
        "a_function_still_sees",
        || {
            let (line, location) = (line!(), caller());
            assert_eq!((location.file(), location.line()), (file!(), line));
        },
        &expect![[r#"
            caller  custom
        "#]],
    );
}

#[prela::trace(fields(key = fmt::format(format_args!("{}", 1))))]
fn with_a_name_of_the_expansion(span: u32, result: u32) -> u32 {
    span + result
}

#[test]
fn names_do_not_meet() {
    check(
        "names_do_not_meet",
        || assert_eq!(with_a_name_of_the_expansion(1, 2), 3),
        &expect![[r#"
            with_a_name_of_the_expansion  custom {key: 1}
        "#]],
    );
}
