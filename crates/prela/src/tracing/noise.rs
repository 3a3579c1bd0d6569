//! What libraries say by `tracing` that is no part of what a program does, or more than it was asked for.

use tracing_core::{Level, Metadata};

/// Whether a span or an event is passed over whatever the filters say.
///
/// OpenTelemetry's own lines are about the export itself, and are written while its stack of contexts is borrowed.
/// Transports write spans and events for each frame. And clients of models write whole requests, at the levels
/// below warnings.
pub(super) fn is_passed_over(metadata: &Metadata<'_>, with_content: bool) -> bool {
    let target = metadata.target();
    let root = target.split("::").next().unwrap_or(target);
    let level = *metadata.level();
    match root {
        _ if root.starts_with("opentelemetry") => true,
        _ if TRANSPORTS.contains(&root) => level > Level::INFO,
        _ if metadata.is_event() && MODEL_CLIENTS.contains(&root) => {
            !with_content && level > Level::WARN
        }
        _ => false,
    }
}

const TRANSPORTS: &[&str] = &[
    "h2",
    "hyper",
    "hyper_util",
    "tonic",
    "tower",
    "rustls",
    "tokio_rustls",
    "reqwest",
    "mio",
    "want",
    "hickory_resolver",
    "hickory_proto",
];

const MODEL_CLIENTS: &[&str] =
    &["rig", "rig_core", "genai", "async_openai", "ollama_rs", "langchain_rust", "swiftide"];
