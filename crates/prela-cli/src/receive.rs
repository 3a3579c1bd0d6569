//! Takes OTLP in: over gRPC and HTTP, as protobuf and as JSON, compressed or not.
//!
//! A request is acknowledged when the store has committed it. What cannot be taken now is refused so that
//! exporters try again; what can never be taken, so that they do not.

mod answer;
mod body;
mod budget;
mod grpc;
mod http;
mod intake;
mod origin;

pub use self::answer::Refusal;
pub use self::budget::Budget;
pub use self::intake::{Intake, Signal};
pub use self::origin::{is_local_host, is_local_origin};

use axum::Router;
use axum::extract::Request;
use axum::routing::post;

/// The routes of OTLP, for both transports.
pub fn routes(intake: &Intake) -> Router {
    let mut router = Router::new();
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        let intake = intake.clone();
        let grpc = post(async move |request: Request| grpc::export(&intake, signal, request).await);
        router = router.route(signal.grpc_path(), grpc);
    }
    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        let intake = intake.clone();
        // Every method, to answer preflights, and to say which one to use.
        let http = axum::routing::any(async move |request: Request| {
            http::export(&intake, signal, request).await
        });
        router = router.route(signal.http_path(), http);
    }
    router
}
