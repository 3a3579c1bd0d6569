//! The one error of everything that can fail: starting, flushing, shutting down, exporting.
//!
//! Recording spans is not among them: it never fails.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why Prela could not be started, flushed, shut down, or could not export.
///
/// `Display` is a fragment that reads after "failed to …" and names the setting and value at fault.
/// It does not repeat its [`source`](StdError::source).
///
/// ```
/// let error = prela::builder().env([("OTEL_TRACES_SAMPLER_ARG", "x"), ("OTEL_TRACES_SAMPLER", "traceidratio")])
///     .strict(true)
///     .build()
///     .unwrap_err();
/// assert_eq!(error.kind(), prela::ErrorKind::Config);
/// assert_eq!(error.to_string(), "read OTEL_TRACES_SAMPLER_ARG: `x` is not a number between 0 and 1");
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    retry_after: Option<Duration>,
    contact: Option<Contact>,
    unusable: Option<Unusable>,
}

/// What a failed request says about the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "__otlp"), expect(dead_code, reason = "only our own transports know"))]
pub(crate) enum Contact {
    /// It answered.
    Answered,
    /// It took the connection, which broke off before an answer came.
    Broken,
    /// Nobody is there: no connection, or no answer in time.
    Absent,
}

/// What a caller may act on. More kinds may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A global instance is already installed.
    AlreadyInitialized,
    /// A setting, in code or in the environment, cannot be used.
    Config,
    /// A file, a thread or a socket is not to be had, or a peer cannot be reached.
    Io,
    /// The peer refused what was sent.
    Rejected,
    /// The instance was shut down before.
    ShutDown,
    /// The deadline passed first.
    Timeout,
    /// The peer takes less at a time than what was sent.
    TooLarge,
}

impl Error {
    /// An error for an exporter of your own to return.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                source: None,
                retry_after: None,
                contact: None,
                unusable: None,
            }),
        }
    }

    /// Adds the cause behind [`source`](StdError::source).
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Marks what failed as worth another attempt, after this time at the earliest; zero if the peer
    /// did not say when.
    ///
    /// A shutdown makes further attempts for as long as the peer seems to be there. An exporter of your own
    /// says that it is by a time above zero, which the peer must have asked for, or by the kind
    /// [`Rejected`](ErrorKind::Rejected), such as for an HTTP 503. Any other kind means that the peer
    /// cannot be reached.
    #[must_use]
    pub fn with_retry(mut self, after: Duration) -> Self {
        self.inner.retry_after = Some(after);
        self
    }

    /// When another attempt may succeed; none if it will not.
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    #[cfg(feature = "__otlp")]
    pub(crate) fn with_contact(mut self, contact: Contact) -> Self {
        self.inner.contact = Some(contact);
        self
    }

    /// What is known of the peer; none if the exporter did not say.
    pub(crate) fn contact(&self) -> Option<Contact> {
        self.inner.contact
    }

    /// Whether the peer gave any sign of life.
    pub(crate) fn is_sign_of_life(&self) -> bool {
        match self.contact() {
            Some(contact) => contact != Contact::Absent,
            None => {
                self.kind() == ErrorKind::Rejected
                    || self.retry_after().is_some_and(|asked| !asked.is_zero())
            }
        }
    }

    /// Says that this is about a value of the environment, without which a program can run.
    #[must_use]
    pub(crate) fn with_unusable(mut self, unusable: Unusable) -> Self {
        self.inner.unusable = Some(unusable);
        self
    }

    /// Says that the value means nothing unless this other variable can be used.
    #[must_use]
    pub(crate) fn needing(mut self, variable: &'static str) -> Self {
        if let Some(unusable) = &mut self.inner.unusable {
            unusable.needs.push(variable);
        }
        self
    }

    /// The value of the environment that this is about, if any.
    pub(crate) fn unusable(&self) -> Option<&Unusable> {
        self.inner.unusable.as_ref()
    }

    /// What a caller may act on.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// This error and its causes in one line.
    pub(crate) fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries repeat their source in their own text.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

/// Which variable of the environment an error is about, and what to read in its place.
#[derive(Clone, Debug)]
pub(crate) struct Unusable {
    pub(crate) variable: &'static str,
    pub(crate) instead: Instead,
    /// Variables without which this one means nothing: at least one of them must be usable.
    pub(crate) needs: Vec<&'static str>,
}

/// What is read in place of a value that cannot be used.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    /// What holds when the variable is not set.
    Default,
    /// Nothing: the value is about something that is not there.
    Nothing,
    /// The list without the entries at these positions, counted from 0 and in order. The others are shown if they
    /// are no secrets.
    OtherEntries {
        without: Vec<usize>,
        are_shown: bool,
    },
    Value(String),
}

/// The time that a `Retry-After` header asks for, in seconds or by a date. None if it is neither; zero if the
/// date has passed.
///
/// ```
/// # #[cfg(feature = "retry")] {
/// use std::time::Duration;
///
/// assert_eq!(prela::retry::retry_after("120"), Some(Duration::from_secs(120)));
/// assert_eq!(prela::retry::retry_after("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
/// assert_eq!(prela::retry::retry_after("soon"), None);
/// # }
/// ```
///
/// Source: [RFC 9110, Retry-After](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after).
#[cfg(any(feature = "__otlp", feature = "retry"))]
#[cfg_attr(not(feature = "retry"), expect(unreachable_pub, reason = "public with that feature"))]
pub fn retry_after(header: &str) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}
