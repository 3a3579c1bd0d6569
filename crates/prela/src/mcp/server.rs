//! A server's handler, with a span for each request and notification of its client.
#![expect(deprecated, reason = "whoever serves older clients still handles it")]

use super::client::with_version;
use super::message::Message;
use super::{Traced, content, failure};
use crate::{Span, SpanBuilder};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CancelledNotificationParam,
    CompleteRequestParams, CompleteResult, CustomNotification, CustomRequest, CustomResult,
    DiscoverResult, ErrorData, GetPromptRequestParams, GetPromptResponse, GetSkillRequestParams,
    GetSkillResult, GetTaskParams, GetTaskResult, InitializeRequestParams, InitializeResult,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion,
    ReadResourceDirectoryRequestParams, ReadResourceDirectoryResult, ReadResourceRequestParams,
    ReadResourceResponse, ServerConfig, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use std::borrow::Cow;
use std::future::Future;

impl<T> Traced<T> {
    /// The span of a request.
    fn asked(&self, message: &Message<'_>, context: &RequestContext<RoleServer>) -> SpanBuilder {
        let span = self.received(message, &context.meta, &context.extensions, Some(&context.id));
        with_version(span, context.protocol_version())
    }

    /// The span of a notification.
    fn told(
        &self,
        message: &Message<'_>,
        context: &NotificationContext<RoleServer>,
    ) -> SpanBuilder {
        self.noticed(message, &context.meta, &context.extensions)
    }
}

/// Handles a request in its span.
async fn handled<R, F: Future<Output = Result<R, ErrorData>>>(
    span: SpanBuilder,
    handle: impl FnOnce(&Span) -> F,
    answered: impl FnOnce(&Span, &R),
) -> Result<R, ErrorData> {
    let handling = async |span: Span| {
        let result = handle(&span).await;
        match &result {
            Ok(answer) => answered(&span, answer),
            Err(error) => failure::write_error(&span, error),
        }
        result
    };
    span.run(handling).await
}

/// Methods of requests that are handled in a span, and need nothing more.
macro_rules! requests {
    ($($method:ident($Params:ty) -> $Answer:ty: $message:expr;)*) => {$(
        async fn $method(
            &self,
            params: $Params,
            context: RequestContext<RoleServer>,
        ) -> Result<$Answer, ErrorData> {
            let message: fn(&$Params) -> Message<'_> = $message;
            let span = self.asked(&message(&params), &context);
            handled(span, |_| self.inner.$method(params, context), |_, _| ()).await
        }
    )*};
}

/// Methods of notifications, likewise.
macro_rules! notifications {
    ($($method:ident($Params:ty): $message:expr;)*) => {$(
        async fn $method(&self, params: $Params, context: NotificationContext<RoleServer>) {
            let message: fn(&$Params) -> Message<'_> = $message;
            let span = self.told(&message(&params), &context);
            span.run(|_| self.inner.$method(params, context)).await;
        }
    )*};
}

impl<H: ServerHandler> ServerHandler for Traced<H> {
    async fn initialize(
        &self,
        params: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        // The version in a handshake is only what the client asks for, so the span does not get it.
        let message = Message::of("initialize");
        let id = Some(&context.id);
        let span = self.received(&message, &context.meta, &context.extensions, id);
        handled(span, |_| self.inner.initialize(params, context), |_, _| ()).await
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let span = self.asked(&Message::tool(&params.name), &context);
        let handle = |span: &Span| {
            content::write_arguments(span, params.arguments.as_ref());
            self.inner.call_tool(params, context)
        };
        handled(span, handle, failure::write_tool_response).await
    }

    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        let span = self.asked(&Message::of("ping"), &context);
        handled(span, |_| self.inner.ping(context), |_, ()| ()).await
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let span = self.asked(&Message::of("server/discover"), &context);
        handled(span, |_| self.inner.discover(context), |_, _| ()).await
    }

    /// Handles a subscription in a span that lasts as long as it.
    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let message = Message::of("subscriptions/listen");
        let span = self.asked(&message, context.request_context());
        handled(span, |_| self.inner.listen(context), |_, ()| ()).await
    }

    requests! {
        complete(CompleteRequestParams) -> CompleteResult: |_| Message::of("completion/complete");
        set_level(SetLevelRequestParams) -> (): |_| Message::of("logging/setLevel");
        get_prompt(GetPromptRequestParams) -> GetPromptResponse: |it| Message::prompt(&it.name);
        list_prompts(Option<PaginatedRequestParams>) -> ListPromptsResult: |_| Message::of("prompts/list");
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult: |_| Message::of("resources/list");
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult:
            |_| Message::of("resources/templates/list");
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse:
            |it| Message::about("resources/read", &it.uri);
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ReadResourceDirectoryResult:
            |it| Message::about("resources/directory/read", &it.uri);
        subscribe(SubscribeRequestParams) -> (): |it| Message::about("resources/subscribe", &it.uri);
        unsubscribe(UnsubscribeRequestParams) -> (): |it| Message::about("resources/unsubscribe", &it.uri);
        list_tools(Option<PaginatedRequestParams>) -> ListToolsResult: |_| Message::of("tools/list");
        get_task(GetTaskParams) -> GetTaskResult: |_| Message::of("tasks/get");
        update_task(UpdateTaskParams) -> (): |_| Message::of("tasks/update");
        cancel_task(CancelTaskParams) -> (): |_| Message::of("tasks/cancel");
        list_skills(Option<PaginatedRequestParams>) -> ListSkillsResult: |_| Message::of("skills/list");
        get_skill(GetSkillRequestParams) -> GetSkillResult: |it| Message::about("skills/get", &it.uri);
        on_custom_request(CustomRequest) -> CustomResult: |it| Message::custom(&it.method);
    }

    notifications! {
        on_cancelled(CancelledNotificationParam): |_| Message::of("notifications/cancelled");
        on_progress(ProgressNotificationParam): |_| Message::of("notifications/progress");
        on_custom_notification(CustomNotification): |it| Message::custom(&it.method);
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let span = self.told(&Message::of("notifications/initialized"), &context);
        span.run(|_| self.inner.on_initialized(context)).await;
    }

    async fn on_roots_list_changed(&self, context: NotificationContext<RoleServer>) {
        let span = self.told(&Message::of("notifications/roots/list_changed"), &context);
        span.run(|_| self.inner.on_roots_list_changed(context)).await;
    }

    fn negotiate_initialize(
        &self,
        request: &InitializeRequestParams,
    ) -> Result<InitializeResult, ErrorData> {
        self.inner.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.inner.supported_protocol_versions()
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        self.inner.accepted_subscription_filter(requested)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.get_tool(name)
    }

    fn get_info(&self) -> ServerConfig {
        self.inner.get_info()
    }
}
