//! The requests and notifications that clients and servers send.

use super::client::with_version;
use super::message::Message;
use super::{Traced, content, failure};
use crate::semconv::{genai, mcp as keys};
use crate::span::span_of;
use crate::{Span, SpanType, context};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientNotification, ClientRequest,
    ClientResult, CompleteRequestParams, CompleteResult, GetMeta as _, GetPromptRequestParams,
    GetPromptResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, Prompt, ProtocolVersion, ReadResourceRequestParams,
    ReadResourceResult, RequestParamsMeta, Resource, ServerNotification, ServerRequest,
    ServerResult, Tool,
};
use rmcp::service::{ClientInitializeError, Peer, RunningService, Service, ServiceError};
use rmcp::transport::IntoTransport;
use rmcp::{RoleClient, RoleServer};
use std::future::Future;

/// Connects a client, as `service.serve(transport)` does, and traces all of it: the handshake, what the client asks,
/// and what the server asks back.
///
/// ```no_run
/// # async fn ask(transport: tokio::io::DuplexStream) -> Result<(), Box<dyn std::error::Error>> {
/// use rmcp::model::CallToolRequestParams;
///
/// let client = prela::mcp::serve_client((), transport).await?;
/// let result = client.call_tool(CallToolRequestParams::new("weather")).await?;
/// # drop(result);
/// # Ok(())
/// # }
/// ```
///
/// With settings: `Traced::new(service).send_baggage(true).serve_client(transport)`.
///
/// # Errors
///
/// As rmcp's `serve_client`.
pub async fn serve_client<S, T, E, A>(
    service: S,
    transport: T,
) -> Result<Traced<RunningService<RoleClient, Traced<S>>>, ClientInitializeError>
where
    S: Service<RoleClient>,
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    Traced::new(service).serve_client(transport).await
}

impl<S: Service<RoleClient>> Traced<S> {
    /// Connects this client with its settings; see [`serve_client`](serve_client()).
    ///
    /// # Errors
    ///
    /// As rmcp's `serve_client`.
    pub async fn serve_client<T, E, A>(
        self,
        transport: T,
    ) -> Result<Traced<RunningService<RoleClient, Self>>, ClientInitializeError>
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let settings = self.with(());
        let span = settings.sent(&Message::of("initialize"));
        let connecting = async |span: Span| {
            let result = rmcp::serve_client(self, transport).await;
            if let Err(error) = &result {
                failure::write_handshake_error(&span, error);
            }
            result
        };
        let running = span.run(connecting).await?;
        Ok(settings.with(running))
    }
}

impl<T> Traced<T> {
    /// Sends a request in a span of its own, or in the current one if that is of the tool it calls.
    async fn request<P, R, F>(
        &self,
        message: Message<'_>,
        version: Option<ProtocolVersion>,
        mut params: P,
        before: impl FnOnce(&Span, &mut P),
        send: impl FnOnce(P) -> F,
        answered: impl FnOnce(&Span, &R),
    ) -> Result<R, ServiceError>
    where
        F: Future<Output = Result<R, ServiceError>>,
    {
        let sending = async |span: Span| {
            before(&span, &mut params);
            let result = send(params).await;
            match &result {
                Ok(answer) => answered(&span, answer),
                Err(error) => failure::write_service_error(&span, error),
            }
            result
        };
        match tool_of(&message).filter(|tool| self.may_write_to(tool)) {
            Some(tool) => {
                tool.set_attribute(keys::METHOD_NAME, message.method().to_owned());
                tool.set_attribute(
                    keys::PROTOCOL_VERSION,
                    version.map(|it| it.as_str().to_owned()),
                );
                sending(tool).await
            }
            None => with_version(self.sent(&message), version).run(sending).await,
        }
    }
}

/// The current span, if it is that of the tool which this message calls.
fn tool_of(message: &Message<'_>) -> Option<Span> {
    let name = message.tool_name()?;
    let current = span_of(&context::current())?;
    let is_same = current.is_of_type(SpanType::Tool)
        && current.attribute(genai::TOOL_NAME) == Some(name.into())
        && current.lacks(keys::METHOD_NAME);
    is_same.then_some(current)
}

fn version_of(peer: &Peer<RoleClient>) -> Option<ProtocolVersion> {
    peer.peer_info().map(|server| server.protocol_version.clone())
}

/// The traced methods of a client, for each type that has them.
macro_rules! client {
    ([$($generics:tt)*] $Client:ty) => {
        impl<$($generics)*> Traced<$Client> {
            /// Calls a tool: `tools/call weather`.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name. A tool's failure is a result, but its span is an error.
            pub async fn call_tool(
                &self,
                params: CallToolRequestParams,
            ) -> Result<CallToolResult, ServiceError> {
                let name = params.name.clone();
                let send = |params| self.inner.call_tool(params);
                self.tool(&name, params, send, failure::write_tool_result).await
            }

            /// Calls a tool that may answer with something other than a result, such as a question.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name.
            pub async fn call_tool_once(
                &self,
                params: CallToolRequestParams,
            ) -> Result<CallToolResponse, ServiceError> {
                let name = params.name.clone();
                let send = |params| self.inner.call_tool_once(params);
                self.tool(&name, params, send, failure::write_tool_response).await
            }

            /// Asks for a prompt: `prompts/get greeting`.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name.
            pub async fn get_prompt(
                &self,
                params: GetPromptRequestParams,
            ) -> Result<GetPromptResult, ServiceError> {
                let name = params.name.clone();
                let send = |params| self.inner.get_prompt(params);
                self.typed(Message::prompt(&name), params, send, |_, _| ()).await
            }

            /// Reads a resource: `resources/read`.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name.
            pub async fn read_resource(
                &self,
                params: ReadResourceRequestParams,
            ) -> Result<ReadResourceResult, ServiceError> {
                let uri = params.uri.clone();
                let send = |params| self.inner.read_resource(params);
                self.typed(Message::about("resources/read", &uri), params, send, |_, _| ()).await
            }

            /// Asks for completions of an argument: `completion/complete`.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name.
            pub async fn complete(
                &self,
                params: CompleteRequestParams,
            ) -> Result<CompleteResult, ServiceError> {
                let send = |params| self.inner.complete(params);
                self.typed(Message::of("completion/complete"), params, send, |_, _| ()).await
            }

            client!(list list_tools list_all_tools "tools/list" ListToolsResult tools Tool);
            client!(list list_prompts list_all_prompts "prompts/list" ListPromptsResult prompts Prompt);
            client!(list list_resources list_all_resources "resources/list" ListResourcesResult resources Resource);
            client!(list list_resource_templates list_all_resource_templates "resources/templates/list"
                ListResourceTemplatesResult resource_templates rmcp::model::ResourceTemplate);

            /// Sends any request.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name.
            pub async fn send_request(
                &self,
                request: ClientRequest,
            ) -> Result<ServerResult, ServiceError> {
                let peer: &Peer<RoleClient> = &self.inner;
                let asked = request.clone();
                let send = |request| peer.send_request(request);
                let before = |span: &Span, request: &mut ClientRequest| {
                    content::write_request(span, request);
                    self.inject(request.get_meta_mut());
                };
                let message = Message::of_client(&asked);
                let answered = failure::write_server_result;
                self.request(message, version_of(peer), request, before, send, answered).await
            }

            /// Sends any notification, such as `notifications/progress`.
            ///
            /// # Errors
            ///
            /// As rmcp's method of this name.
            pub async fn send_notification(
                &self,
                notification: ClientNotification,
            ) -> Result<(), ServiceError> {
                let peer: &Peer<RoleClient> = &self.inner;
                let told = notification.clone();
                let send = |notification| peer.send_notification(notification);
                let before = |_: &Span, it: &mut ClientNotification| self.inject(it.get_meta_mut());
                let message = Message::of_client_notification(&told);
                self.request(message, version_of(peer), notification, before, send, |_, _| ()).await
            }

            async fn typed<P: RequestParamsMeta, R, F>(
                &self,
                message: Message<'_>,
                params: P,
                send: impl FnOnce(P) -> F,
                answered: impl FnOnce(&Span, &R),
            ) -> Result<R, ServiceError>
            where
                F: Future<Output = Result<R, ServiceError>>,
            {
                let before = |_: &Span, params: &mut P| self.inject(params.meta_or_default());
                self.request(message, version_of(&self.inner), params, before, send, answered).await
            }

            async fn tool<R, F>(
                &self,
                name: &str,
                params: CallToolRequestParams,
                send: impl FnOnce(CallToolRequestParams) -> F,
                answered: impl FnOnce(&Span, &R),
            ) -> Result<R, ServiceError>
            where
                F: Future<Output = Result<R, ServiceError>>,
            {
                let before = |span: &Span, params: &mut CallToolRequestParams| {
                    content::write_arguments(span, params.arguments.as_ref());
                    self.inject(params.meta_or_default());
                };
                let (message, version) = (Message::tool(name), version_of(&self.inner));
                self.request(message, version, params, before, send, answered).await
            }
        }
    };
    (list $list:ident $all:ident $method:literal $Page:ident $items:ident $Item:ty) => {
        #[doc = concat!("Asks for a page of a list: `", $method, "`.")]
        ///
        /// # Errors
        ///
        /// As rmcp's method of this name.
        pub async fn $list(
            &self,
            params: Option<PaginatedRequestParams>,
        ) -> Result<$Page, ServiceError> {
            let send = |params| self.inner.$list(Some(params));
            self.typed(Message::of($method), params.unwrap_or_default(), send, |_, _| ()).await
        }

        #[doc = concat!("Asks for all pages of a list, a request each: `", $method, "`.")]
        ///
        /// # Errors
        ///
        /// As rmcp's method of this name.
        pub async fn $all(&self) -> Result<Vec<$Item>, ServiceError> {
            let mut items = Vec::new();
            let mut params = None;
            loop {
                let page = self.$list(params).await?;
                items.extend(page.$items);
                let Some(cursor) = page.next_cursor else { return Ok(items) };
                params = Some(PaginatedRequestParams::default().with_cursor(Some(cursor)));
            }
        }
    };
}

client!([S: Service<RoleClient>] RunningService<RoleClient, S>);
client!([] Peer<RoleClient>);

/// The traced methods with which a server sends to its client.
impl Traced<Peer<RoleServer>> {
    /// Sends any request, such as `sampling/createMessage`.
    ///
    /// # Errors
    ///
    /// As rmcp's method of this name.
    pub async fn send_request(&self, request: ServerRequest) -> Result<ClientResult, ServiceError> {
        let asked = request.clone();
        let send = |request| self.inner.send_request(request);
        let before = |_: &Span, it: &mut ServerRequest| self.inject(it.get_meta_mut());
        let message = Message::of_server(&asked);
        let version = self.inner.peer_info().map(|client| client.protocol_version.clone());
        self.request(message, version, request, before, send, |_, _| ()).await
    }

    /// Sends any notification, such as `notifications/progress`.
    ///
    /// # Errors
    ///
    /// As rmcp's method of this name.
    pub async fn send_notification(
        &self,
        notification: ServerNotification,
    ) -> Result<(), ServiceError> {
        let told = notification.clone();
        let send = |notification| self.inner.send_notification(notification);
        let before = |_: &Span, it: &mut ServerNotification| self.inject(it.get_meta_mut());
        let message = Message::of_server_notification(&told);
        self.request(message, None, notification, before, send, |_, _| ()).await
    }
}
