//! What goes to which host.

use super::attributes::Target;
use super::host::{Host, Pattern};
use crate::propagation::{Format, Propagator};
use crate::{Error, ErrorKind, TraceContext};
use http::{HeaderMap, Request, Uri};

/// Which hosts get the trace, and which the baggage too: the policy of every client integration.
///
/// By default the trace (`traceparent`, `tracestate`) goes to every host, and baggage, which often says who the
/// user is, only to private hosts: loopback, names without a dot, `localhost`, `*.local`, `*.internal`,
/// `*.svc`, and private addresses (10/8, 172.16/12, 192.168/16, fc00::/7).
///
/// What is withheld is also removed from a request that has it, such as one that a proxy passes on.
///
/// In the lists a host is `api.example.com`, `*.example.com` for all below it, `*` for every host, or an
/// address. Case and ports do not matter, and of a URL the host counts. [`check`](Self::check) reports
/// anything else, such as `*example.com` or `10.0.0.0/8`. If it is not checked, such an entry adds no host to
/// those that get baggage, and counts as every host among those that get nothing.
///
/// ```
/// use prela::{baggage, http::Outbound};
///
/// let outbound = Outbound::new().baggage_to(["*.example.com"]).without_trace_to(["ads.example.com"]);
/// baggage::scope([("user_id", "u1")], || {
///     assert_eq!(outbound.headers("https://api.example.com/v1")["baggage"], "user_id=u1");
///     assert!(outbound.headers("https://api.example.org/v1").get("baggage").is_none());
///     assert!(outbound.headers("https://ads.example.com/").is_empty());
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Outbound {
    baggage_to_private: bool,
    baggage_to: Vec<Pattern>,
    without_trace_to: Vec<Pattern>,
    /// None: the global one, at each request.
    propagator: Option<Propagator>,
    /// The first entry of the lists that is no host.
    problem: Option<String>,
}

impl Outbound {
    /// The policy that every client integration begins with.
    pub fn new() -> Self {
        Self {
            baggage_to_private: true,
            baggage_to: Vec::new(),
            without_trace_to: Vec::new(),
            propagator: None,
            problem: None,
        }
    }

    /// Sends baggage to these hosts too.
    #[must_use]
    pub fn baggage_to<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        for host in hosts {
            let pattern = self.pattern("send baggage", host.as_ref());
            self.baggage_to.extend(pattern);
        }
        self
    }

    /// Sends baggage to these hosts and no others, private ones included; without hosts, to none.
    #[must_use]
    pub fn baggage_only_to<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.baggage_to_private = false;
        self.baggage_to.clear();
        self.baggage_to(hosts)
    }

    /// Sends these hosts nothing: no trace and no baggage. Requests whose host is not known then get nothing
    /// either.
    #[must_use]
    pub fn without_trace_to<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        for host in hosts {
            let pattern = self.pattern("send no trace", host.as_ref());
            self.without_trace_to.push(pattern.unwrap_or(Pattern::Any));
        }
        self
    }

    /// Writes these formats. Default: those of [`Propagator::global`].
    #[must_use]
    pub fn propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// Checks that all entries of the lists are hosts.
    ///
    /// ```
    /// use prela::http::Outbound;
    ///
    /// assert!(Outbound::new().baggage_to(["*.example.com", "10.1.2.3"]).check().is_ok());
    /// assert_eq!(
    ///     Outbound::new().baggage_to(["*example.com"]).check().unwrap_err().to_string(),
    ///     "send baggage to `*example.com`: a host is `api.example.com`, `*.example.com` for all below \
    ///      it, `*` for every host, or an address"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config), with the first entry that is none.
    pub fn check(&self) -> Result<(), Error> {
        match &self.problem {
            Some(problem) => Err(Error::new(ErrorKind::Config, problem)),
            None => Ok(()),
        }
    }

    /// Writes the current context into a request, as far as its host may have it.
    ///
    /// The host is that of the URI, or that of the header `host`. A request without either gets no
    /// baggage.
    pub fn inject<B>(&self, request: &mut Request<B>) {
        let uri = request.uri().clone();
        let target = Target::of(&uri, request.headers());
        self.write(&TraceContext::current(), target.host(), request.headers_mut());
    }

    /// The headers that carry the current context in a request to this URL.
    ///
    /// A URL that cannot be read, or has no `://`, gets no baggage.
    pub fn headers(&self, url: impl AsRef<str>) -> HeaderMap {
        let uri = url.as_ref().parse::<Uri>().unwrap_or_default();
        // `http:example.com`, which clients take for a URL, is to `Uri` a host named `http`.
        let host = uri.scheme().and(uri.host());
        let mut headers = HeaderMap::new();
        self.write(&TraceContext::current(), host, &mut headers);
        headers
    }

    /// Writes a context into the headers of a request to a host, and removes what it must not have.
    pub(crate) fn write(&self, cx: &TraceContext, host: Option<&str>, headers: &mut HeaderMap) {
        let host = host.map(Host::parse);
        let propagator = self.propagator.unwrap_or_else(Propagator::global);
        let nothing = TraceContext::default();
        let is_excluded = match host {
            Some(host) => self.without_trace_to.iter().any(|it| it.matches(host)),
            // An unknown host may be one of them.
            None => !self.without_trace_to.is_empty(),
        };
        if is_excluded {
            propagator.inject(&nothing, headers);
        } else if host.is_some_and(|host| self.may_have_baggage(host)) {
            propagator.inject(cx, headers);
        } else {
            propagator.without(Format::Baggage).inject(cx, headers);
            Propagator::default().without(Format::TraceContext).inject(&nothing, headers);
        }
    }

    fn pattern(&mut self, what: &str, host: &str) -> Option<Pattern> {
        let pattern = Pattern::parse(host);
        if pattern.is_none() {
            self.problem.get_or_insert_with(|| {
                let host = host.escape_debug();
                format!(
                    "{what} to `{host}`: a host is `api.example.com`, `*.example.com` for all below it, \
                     `*` for every host, or an address"
                )
            });
        }
        pattern
    }

    fn may_have_baggage(&self, host: Host<'_>) -> bool {
        self.baggage_to_private && host.is_private()
            || self.baggage_to.iter().any(|it| it.matches(host))
    }
}

impl Default for Outbound {
    fn default() -> Self {
        Self::new()
    }
}
