//! Lists of attributes whose values have several types.

/// Attributes with values of any types, for whatever takes a list of attributes.
///
/// An array has values of one type; this makes a [`Value`](crate::Value) of each.
///
/// ```
/// # let prela = prela::builder().service_name("doc").exporter(prela::export::MemoryExporter::new()).build()?;
/// # let tracer = prela.tracer();
/// use prela::{SpanType, attributes};
///
/// let span = tracer.span("search", SpanType::Retrieval);
/// span.attrs(attributes![("top_k", 5), ("index", "docs"), ("cutoff", 0.7)]).in_scope(|span| {
///     span.add_event("cache_miss", attributes![("shard", 3), ("cold", true)]);
///     prela::enrich(attributes![("found", 2), ("user", Some("u1")), ("page", None::<i64>)]);
/// });
/// # Ok::<(), prela::Error>(())
/// ```
#[macro_export]
macro_rules! attributes {
    () => {
        <[($crate::Key, $crate::Value); 0]>::default()
    };
    ($(($key:expr, $value:expr $(,)?)),+ $(,)?) => {
        [$(($crate::Key::from($key), $crate::Value::from($value))),+]
    };
}
