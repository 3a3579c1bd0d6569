//! The messages of the protocol, and their spans.

use crate::semconv::http::OTHER;
use crate::semconv::mcp;
use crate::{SpanBuilder, SpanKind, SpanType, Tracer};
use rmcp::model::{
    ClientNotification, ClientRequest, ConstString as _, ServerNotification, ServerRequest,
};

/// The longest name that is recorded, in bytes: the protocol allows tools 128 characters, all of ASCII.
const MAX_NAME: usize = 128;

/// The most characters of a URI that are recorded.
const MAX_URI: usize = 1_024;

/// A message: its method, and what it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    method: &'a str,
    subject: Subject<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Subject<'a> {
    None,
    Tool(&'a str),
    Prompt(&'a str),
    Resource(&'a str),
}

impl<'a> Message<'a> {
    /// A message of a method that the protocol knows.
    pub(super) fn of(method: &'static str) -> Self {
        Self { method, subject: Subject::None }
    }

    pub(super) fn tool(name: &'a str) -> Self {
        let subject = shown(name).map_or(Subject::None, Subject::Tool);
        Self { method: "tools/call", subject }
    }

    pub(super) fn prompt(name: &'a str) -> Self {
        let subject = shown(name).map_or(Subject::None, Subject::Prompt);
        Self { method: "prompts/get", subject }
    }

    /// A message about one resource.
    pub(super) fn about(method: &'static str, uri: &'a str) -> Self {
        Self { method, subject: Subject::Resource(uri) }
    }

    /// A message of a method that its sender may have made up.
    pub(super) fn custom(name: &'a str) -> Self {
        let is_method =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-' | '$' | ':');
        let name = shown(name).filter(|name| name.chars().all(is_method));
        Self { method: name.unwrap_or(OTHER), subject: Subject::None }
    }

    /// The request of a client.
    pub(super) fn of_client(request: &'a ClientRequest) -> Self {
        match request {
            ClientRequest::CallToolRequest(it) => Self::tool(&it.params.name),
            ClientRequest::GetPromptRequest(it) => Self::prompt(&it.params.name),
            ClientRequest::ReadResourceRequest(it) => {
                Self::about(it.method.as_str(), &it.params.uri)
            }
            ClientRequest::SubscribeRequest(it) => Self::about(it.method.as_str(), &it.params.uri),
            ClientRequest::UnsubscribeRequest(it) => {
                Self::about(it.method.as_str(), &it.params.uri)
            }
            other => Self::custom(other.method()),
        }
    }

    /// The request of a server.
    pub(super) fn of_server(request: &'a ServerRequest) -> Self {
        match request {
            ServerRequest::PingRequest(it) => Self::of(it.method.as_str()),
            ServerRequest::CreateMessageRequest(it) => Self::of(it.method.as_str()),
            ServerRequest::ListRootsRequest(it) => Self::of(it.method.as_str()),
            ServerRequest::ElicitRequest(it) => Self::of(it.method.as_str()),
            ServerRequest::CustomRequest(it) => Self::custom(&it.method),
            _ => Self::of(OTHER),
        }
    }

    /// The notification of a client.
    pub(super) fn of_client_notification(notification: &'a ClientNotification) -> Self {
        match notification {
            ClientNotification::CancelledNotification(it) => Self::of(it.method.as_str()),
            ClientNotification::ProgressNotification(it) => Self::of(it.method.as_str()),
            ClientNotification::InitializedNotification(it) => Self::of(it.method.as_str()),
            ClientNotification::RootsListChangedNotification(it) => Self::of(it.method.as_str()),
            ClientNotification::CustomNotification(it) => Self::custom(&it.method),
            _ => Self::of(OTHER),
        }
    }

    /// The notification of a server.
    pub(super) fn of_server_notification(notification: &'a ServerNotification) -> Self {
        match notification {
            ServerNotification::CancelledNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::ProgressNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::LoggingMessageNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::ResourceUpdatedNotification(it) => {
                Self { subject: Subject::Resource(&it.params.uri), ..Self::of(it.method.as_str()) }
            }
            ServerNotification::ResourceListChangedNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::ToolListChangedNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::PromptListChangedNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::SubscriptionsAcknowledgedNotification(it) => {
                Self::of(it.method.as_str())
            }
            ServerNotification::TaskStatusNotification(it) => Self::of(it.method.as_str()),
            ServerNotification::CustomNotification(it) => Self::custom(&it.method),
            _ => Self::of(OTHER),
        }
    }

    pub(super) fn method(&self) -> &'a str {
        self.method
    }

    /// The tool that is called.
    pub(super) fn tool_name(&self) -> Option<&'a str> {
        match self.subject {
            Subject::Tool(name) => Some(name),
            Subject::None | Subject::Prompt(_) | Subject::Resource(_) => None,
        }
    }

    /// The span of this message: of type [`SpanType::Tool`] for the call of a tool.
    pub(super) fn span(&self, tracer: &Tracer, kind: SpanKind) -> SpanBuilder {
        let plain = |name: String| tracer.span(name, SpanType::Custom);
        let span = match self.subject {
            Subject::None => plain(self.method.to_owned()),
            Subject::Tool(name) => tracer.tool(name).name(format!("{} {name}", self.method)).into(),
            Subject::Prompt(name) => {
                plain(format!("{} {name}", self.method)).attr(mcp::PROMPT_NAME, name)
            }
            Subject::Resource(uri) => {
                plain(self.method.to_owned()).attr(mcp::RESOURCE_URI, without_query(uri))
            }
        };
        span.kind(kind).attr(mcp::METHOD_NAME, self.method.to_owned())
    }
}

/// A name, if it can be recorded: not empty, at most 128 bytes, without control characters.
pub(super) fn shown(name: &str) -> Option<&str> {
    let is_name = !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    is_name.then_some(name)
}

/// A URI without query and fragment, where tokens are, and without user; a very long one is cut.
fn without_query(uri: &str) -> String {
    let uri = uri.split(['?', '#']).next().unwrap_or_default();
    let public = uri.split_once("://").and_then(|(scheme, rest)| {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(format!("{scheme}://{}{path}", authority.rsplit_once('@')?.1))
    });
    public.as_deref().unwrap_or(uri).chars().take(MAX_URI).collect()
}
