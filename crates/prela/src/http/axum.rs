//! What axum knows of a request.

use super::ServerLayer;
use axum::extract::{ConnectInfo, MatchedPath};
use http::request::Parts;
use std::net::{IpAddr, SocketAddr};

impl ServerLayer {
    /// [`ServerLayer::new`] for axum: with the route that matched, and the caller's address if the
    /// application is served with `into_make_service_with_connect_info::<SocketAddr>()`.
    ///
    /// Give it to `Router::layer`, which runs once the route is known. Around a whole application, in
    /// front of what rewrites paths for example, it does not know routes; but both can be there.
    ///
    /// ```
    /// use axum::{Router, extract::Path, routing::get};
    /// use prela::http::ServerLayer;
    ///
    /// let app: Router = Router::new()
    ///     .route("/items/{id}", get(async |Path(id): Path<u32>| format!("item {id}")))
    ///     .layer(ServerLayer::axum());
    /// # drop(app);
    /// ```
    pub fn axum() -> Self {
        Self::new().route(route).client_address(client_address)
    }
}

fn route(request: &Parts) -> Option<String> {
    request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned())
}

fn client_address(request: &Parts) -> Option<IpAddr> {
    request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}
