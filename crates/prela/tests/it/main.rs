//! What users see, through the public API alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod baggage;
mod borrowed;
mod bridge;
mod builders;
mod causes;
mod chosen;
mod consoles;
mod context;
mod exporters;
mod futures;
mod genai;
mod http;
mod instances;
mod late;
mod limits;
mod llm;
mod macros;
mod mcp;
mod noop;
mod output;
mod patterns;
mod pipeline;
mod pools;
mod propagation;
mod roots;
mod sampling;
mod spans;
mod start;
mod streams;
mod suppression;
mod tasks;
mod thread_marks;
mod threads;
mod trees;
mod values;
