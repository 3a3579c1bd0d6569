//! Spans and events of libraries that are not recorded: details of transport, and content that was not asked
//! for.

use tracing_core::{Level, Metadata};

/// Whether a span or an event is ignored whatever the filters say.
///
/// OpenTelemetry's own lines are about the export itself, and are written while its stack of contexts is borrowed.
/// Transports write spans and events for each frame. Model clients log whole requests below the level `WARN`.
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
