//! How far a server believes its callers.

/// What a server makes of the trace that a request comes with.
///
/// A request may carry one of these among its extensions, put there by whatever authenticates callers
/// in front of the layer; it counts more than what the layer is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// The caller's trace goes on, with its baggage. The default, for callers of one's own.
    #[default]
    Parent,
    /// A trace of the server's own, with a link to the caller's. Whether it is sampled is decided here,
    /// and the caller's baggage and trace state are not taken. For a public edge.
    Link,
    /// A trace of the server's own. Nothing is taken of what the caller sent.
    Ignore,
}
