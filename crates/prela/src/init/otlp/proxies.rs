//! Finds the proxy that the environment names for an endpoint.

use super::direct;
use crate::Error;
use crate::env::{self, Environment, Variable};
use crate::otlp::transport::{Proxy, check_proxy};
use http::Uri;
use std::net::IpAddr;

/// The proxy on the way to an endpoint; none if it is reached directly.
///
/// The variables are those that `curl` and most clients read, by the endpoint's scheme.
pub(super) fn to(endpoint: &Uri, env: &Environment) -> Result<Option<Proxy>, Error> {
    let https = [env::HTTPS_PROXY, env::HTTPS_PROXY_IN_LOWER_CASE];
    // Under CGI whoever sends a header `Proxy` sets `HTTP_PROXY`.
    let upper = env.get(env::REQUEST_METHOD)?.is_none().then_some(env::HTTP_PROXY);
    let of_scheme: Vec<Variable> = match endpoint.scheme_str() {
        Some("https") => https.to_vec(),
        _ => upper.into_iter().chain([env::HTTP_PROXY_IN_LOWER_CASE]).collect(),
    };
    let all = [env::ALL_PROXY, env::ALL_PROXY_IN_LOWER_CASE];
    let variables: Vec<_> = of_scheme.into_iter().chain(all).collect();
    let Some(setting) = env.first(&variables)? else { return Ok(None) };
    let exempt = env.first(&[env::NO_PROXY, env::NO_PROXY_IN_LOWER_CASE])?;
    if exempt.is_some_and(|exempt| direct::has(exempt.value, endpoint)) {
        return Ok(None);
    }
    let proxy = Proxy::parse(setting.value).map_err(|problem| setting.hidden(&problem))?;
    check_proxy(&proxy).map_err(|error| setting.variable.blamed_for(error))?;
    // A company's proxy cannot reach a collector on this machine, but a debugging proxy on it can.
    let is_beside = is_this_machine(endpoint.host().unwrap_or_default());
    Ok(Some(proxy).filter(|proxy| !is_beside || is_this_machine(proxy.host())))
}

/// Whether a host is this machine, by its name or address alone.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}
