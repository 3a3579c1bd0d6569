//! `err`: errors are recorded and go on unchanged.

use super::global::{check, check_async};
use expect_test::expect;
use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::num::ParseIntError;

#[prela::trace(err)]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    let number: u32 = text.parse()?;
    if number == 0 {
        return Ok(1);
    }
    Ok(number)
}

#[prela::trace]
fn unwatched(text: &str) -> Result<u32, Box<dyn Error>> {
    Ok(parse(text)?)
}

#[prela::trace(err)]
async fn parse_later(text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    tokio::task::yield_now().await;
    if text.is_empty() {
        return Err("empty".into());
    }
    // The type of the error is what the signature says, not what `?` meets first.
    Ok(parse(text)?)
}

#[test]
fn errors_are_recorded_by_display() {
    check_async(
        "errors_are_recorded",
        async {
            assert_eq!(parse("0"), Ok(1));
            assert!(parse("x").is_err());
            assert!(unwatched("y").unwrap_err().is::<ParseIntError>());
            assert_eq!(parse_later("7").await.unwrap(), 7);
            assert_eq!(parse_later("").await.unwrap_err().to_string(), "empty");
            assert!(parse_later("z").await.unwrap_err().is::<ParseIntError>());
        },
        &expect![[r#"
            parse  custom
            parse  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
              • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
            parse_later  custom
              parse  custom
            parse_later  custom {error.type: alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>} error: empty
              • exception {exception.type: alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>, exception.message: empty}
            parse_later  custom {error.type: alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>} error: invalid digit found in string
              • exception {exception.type: alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>, exception.message: invalid digit found in string}
              parse  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
                • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
            unwatched  custom
              parse  custom {error.type: core::num::error::ParseIntError} error: invalid digit found in string
                • exception {exception.type: core::num::error::ParseIntError, exception.message: invalid digit found in string}
        "#]],
    );
}

#[derive(Debug)]
struct Silent(#[expect(dead_code, reason = "read by `Debug` alone")] u8);

#[prela::trace(err(Debug))]
fn fails_silently<T>(value: T) -> Result<T, Silent> {
    let _ = value;
    Err(Silent(3))
}

#[prela::trace(err(Debug), ret)]
async fn fails_later(fails: bool) -> io::Result<&'static str> {
    if fails { Err(io::Error::other("late")) } else { Ok("early") }
}

#[prela::trace(err(Display), ret)]
fn future_that_fails(fails: bool) -> impl Future<Output = Result<u8, &'static str>> + Send {
    async move { if fails { Err("in the future") } else { Ok(1) } }
}

#[test]
fn errors_are_recorded_by_debug() {
    check_async(
        "errors_by_debug",
        async {
            assert!(fails_silently(1).is_err());
            assert_eq!(fails_later(false).await.unwrap(), "early");
            assert!(fails_later(true).await.is_err());
            assert_eq!(future_that_fails(false).await, Ok(1));
            assert!(future_that_fails(true).await.is_err());
        },
        &expect![[r#"
            fails_later  custom {prela.return: Ok("early")}
            fails_later  custom {error.type: std::io::error::Error, prela.return: Err(Custom { kind: Other, error: "late" })} error: Custom { kind: Other, error: "late" }
              • exception {exception.type: std::io::error::Error, exception.message: Custom { kind: Other, error: "late" }}
            fails_silently  custom {error.type: it::macros::errors::Silent} error: Silent(3)
              • exception {exception.type: it::macros::errors::Silent, exception.message: Silent(3)}
            future_that_fails  custom {prela.return: Ok(1)}
            future_that_fails  custom {error.type: &str, prela.return: Err("in the future")} error: in the future
              • exception {exception.type: &str, exception.message: in the future}
        "#]],
    );
}

#[derive(Debug)]
struct Broken;

impl Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no text for this")
    }
}

#[prela::trace(err)]
fn fails_with_a_broken_error() -> Result<(), Broken> {
    Err(Broken)
}

#[test]
fn an_error_whose_text_panics_goes_on() {
    check(
        "an_error_whose_text_panics",
        || assert!(fails_with_a_broken_error().is_err()),
        &expect![[r#"
            fails_with_a_broken_error  custom {error.type: it::macros::errors::Broken} error
              • exception {exception.type: it::macros::errors::Broken, exception.message: }
        "#]],
    );
}

#[prela::trace(err)]
fn by_question_mark(values: &[&str]) -> Result<Vec<u32>, Box<dyn Error>> {
    // Inferred from the return type alone.
    let values = values.iter().map(|it| it.parse()).collect::<Result<_, ParseIntError>>()?;
    Ok(values)
}

#[prela::trace]
fn an_option(values: &[u32]) -> Option<u32> {
    let first = values.first()?;
    first.checked_sub(1)
}

#[prela::trace]
fn coerced(empty: bool) -> Box<dyn Iterator<Item = u8>> {
    if empty {
        return Box::new(std::iter::empty());
    }
    Box::new(std::iter::once(1))
}

#[prela::trace]
async fn coerced_later(empty: bool) -> Box<dyn Iterator<Item = u8> + Send> {
    if empty {
        return Box::new(std::iter::empty());
    }
    Box::new(std::iter::once(1))
}

#[test]
fn early_returns_record_and_types_are_inferred_as_without_the_macro() {
    check_async(
        "early_returns",
        async {
            assert_eq!(by_question_mark(&["1", "2"]).unwrap(), [1, 2]);
            assert!(by_question_mark(&["1", "b"]).is_err());
            assert_eq!((an_option(&[]), an_option(&[0]), an_option(&[3])), (None, None, Some(2)));
            assert_eq!((coerced(true).count(), coerced(false).count()), (0, 1));
            assert_eq!(
                (coerced_later(true).await.count(), coerced_later(false).await.count()),
                (0, 1)
            );
        },
        &expect![[r#"
            an_option  custom
            an_option  custom
            an_option  custom
            by_question_mark  custom
            by_question_mark  custom {error.type: alloc::boxed::Box<dyn core::error::Error>} error: invalid digit found in string
              • exception {exception.type: alloc::boxed::Box<dyn core::error::Error>, exception.message: invalid digit found in string}
            coerced  custom
            coerced  custom
            coerced_later  custom
            coerced_later  custom
        "#]],
    );
}
