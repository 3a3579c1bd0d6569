//! One id for all that a request does, and another for the next request.
//!
//! You will see two traces. Every span of the first has `request.id: req-42`, which came with the
//! request; every span of the second has an id that was made for it. Both go back in the response.

use prela::{RequestId, SpanType};
use std::collections::HashMap;
use std::error::Error;

type Headers = HashMap<String, String>;

/// What a server does for each request.
fn serve(headers: &Headers) -> Headers {
    let request_id = RequestId::from_headers(headers);
    let span =
        prela::tracer().span("handle_request", SpanType::Agent).request_id(request_id.clone());
    span.parent(&prela::extract(headers)).in_scope(|_| {
        process_step_1();
        process_step_2();
    });
    let mut response = Headers::new();
    request_id.inject(&mut response);
    response
}

#[prela::trace]
fn process_step_1() {}

/// A function that may also be called outside of a request asks for the current id, or a new one.
#[prela::trace(request_id)]
fn process_step_2() {}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("request-id")?;

    let given = Headers::from([("x-request-id".to_owned(), "req-42".to_owned())]);
    for request in [given, Headers::new()] {
        let response = serve(&request);
        println!("answered with x-request-id: {}", response["x-request-id"]);
    }
    assert_eq!(RequestId::current(), None, "no request's id stays");
    Ok(())
}
