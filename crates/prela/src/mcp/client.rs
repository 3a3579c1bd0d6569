//! A client's handler, with a span for each request and notification of its server.

use super::message::Message;
use super::{Traced, failure};
use crate::SpanBuilder;
use crate::semconv::mcp as keys;
use rmcp::RoleClient;
use rmcp::model::{
    ClientConfig, ClientResult, ErrorData, ProtocolVersion, RequestMetaObject, ServerNotification,
    ServerRequest,
};
use rmcp::service::{NotificationContext, RequestContext, Service};
use std::borrow::Cow;

impl<S: Service<RoleClient>> Service<RoleClient> for Traced<S> {
    async fn handle_request(
        &self,
        request: ServerRequest,
        context: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ErrorData> {
        let message = Message::of_server(&request);
        let span = self.received(&message, &context.meta, &context.extensions, Some(&context.id));
        let version = context.peer.peer_info().map(|server| server.protocol_version.clone());
        let span = with_version(span, version);
        let handle = async |span| {
            let result = self.inner.handle_request(request, context).await;
            if let Err(error) = &result {
                failure::write_error(&span, error);
            }
            result
        };
        span.run(handle).await
    }

    async fn handle_notification(
        &self,
        notification: ServerNotification,
        context: NotificationContext<RoleClient>,
    ) -> Result<(), ErrorData> {
        let message = Message::of_server_notification(&notification);
        let span = self.noticed(&message, &context.meta, &context.extensions);
        let handle = async |span| {
            let result = self.inner.handle_notification(notification, context).await;
            if let Err(error) = &result {
                failure::write_error(&span, error);
            }
            result
        };
        span.run(handle).await
    }

    /// What the client says about itself in the handshake, with the context that is current then.
    fn get_info(&self) -> ClientConfig {
        let mut info = self.inner.get_info();
        let mut meta = info.meta.take().unwrap_or_default();
        self.inject(&mut meta);
        info.meta = Some(meta).filter(|meta: &RequestMetaObject| !meta.is_empty());
        info
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.inner.supported_protocol_versions()
    }
}

pub(super) fn with_version(span: SpanBuilder, version: Option<ProtocolVersion>) -> SpanBuilder {
    span.attr(keys::PROTOCOL_VERSION, version.map(|version| version.as_str().to_owned()))
}
