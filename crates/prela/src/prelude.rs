//! The extension traits, for `use prela::prelude::*;`.
//!
//! They come without their names, so nothing of yours is shadowed: only their methods are there, such
//! as [`in_span`](crate::FutureExt::in_span) on futures or `spawn_traced` on scopes of threads. No type and no
//! function is in it.
//!
//! ```
//! use prela::SpanType;
//! use prela::prelude::*;
//!
//! # let memory = prela::export::MemoryExporter::new();
//! # let prela = prela::builder().service_name("doc").exporter(memory.clone()).build()?;
//! # let tracer = prela.tracer();
//! let answer = async { 42 }.in_span(tracer.span("answer", SpanType::Agent));
//! # assert_eq!(futures_util::FutureExt::now_or_never(answer), Some(42));
//! # Ok::<(), prela::Error>(())
//! ```

pub use crate::FutureExt as _;
pub use crate::pool::SpawnTraced as _;
pub use crate::propagation::CommandExt as _;
#[cfg(feature = "rayon")]
pub use crate::rayon::ScopeExt as _;
#[cfg(feature = "tokio")]
pub use crate::task::{JoinSetExt as _, LocalSetExt as _, RuntimeExt as _};
pub use crate::thread::{BuilderExt as _, ScopeExt as _};
