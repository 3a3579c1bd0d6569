//! The Model Context Protocol: clients and servers over a pipe in memory.

mod carried;
mod spans;

use prela::mcp::Traced;
use prela::testing::Capture;
use prela::{SpanType, baggage};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, ListToolsResult, PaginatedRequestParams, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents, Role,
    ServerRequest, Tool,
};
use rmcp::service::{RequestContext, RunningService};
use rmcp::{ErrorData, RoleClient, RoleServer, ServerHandler};
use serde_json::{Map, json};
use tokio::io::DuplexStream;

/// What the tests' servers can do.
#[derive(Clone)]
pub(super) struct Desk(prela::Tracer);

impl ServerHandler for Desk {
    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let is_first = page.is_none_or(|page| page.cursor.is_none());
        let name = if is_first { "weather" } else { "guides" };
        let mut tools =
            ListToolsResult::with_all_items(vec![Tool::new(name, "a tool", Map::new())]);
        tools.next_cursor = is_first.then(|| "2".to_owned());
        Ok(tools)
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = |text: &str| vec![ContentBlock::text(text)];
        match &*call.name {
            "weather" => {
                self.0.span("look", SpanType::Custom).in_scope(|_| ());
                Ok(CallToolResult::success(text("SECRET sun")).into())
            }
            "numbers" => Ok(CallToolResult::structured(json!({"SECRET": 21})).into()),
            "picture" => {
                let picture = ContentBlock::image("U0VDUkVU", "image/png");
                Ok(CallToolResult::success(vec![picture]).into())
            }
            "broken" => Ok(CallToolResult::error(text("SECRET reason")).into()),
            "user" => {
                let user = baggage::get("user_id").unwrap_or_default();
                Ok(CallToolResult::success(text(&user)).into())
            }
            "asks back" => {
                let client = Traced::new(context.peer).tracer(&self.0);
                let ping = ServerRequest::PingRequest(Default::default());
                client.send_request(ping).await.unwrap();
                Ok(CallToolResult::success(text("pong")).into())
            }
            "never" => std::future::pending().await,
            _ => Err(ErrorData::invalid_params("SECRET is no tool", None)),
        }
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let message = PromptMessage::new_text(Role::User, "SECRET");
        Ok(GetPromptResult::new(vec![message]).into())
    }

    async fn read_resource(
        &self,
        read: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(ReadResourceResult::new(vec![ResourceContents::text("SECRET", read.uri)]).into())
    }
}

pub(super) type Client = Traced<RunningService<RoleClient, Traced<()>>>;

/// A server at the far end of a pipe.
pub(super) fn serve(server: Traced<Desk>) -> DuplexStream {
    let (here, there) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move { rmcp::serve_server(server, there).await.unwrap().waiting().await });
    here
}

pub(super) fn server(capture: &Capture) -> Traced<Desk> {
    Traced::new(Desk(capture.tracer())).tracer(&capture.tracer())
}

/// Runs a client of a server, each changed as a test wants it; its spans as a tree.
#[track_caller]
pub(super) fn tree(
    capture: &Capture,
    change: impl FnOnce(Traced<Desk>) -> Traced<Desk>,
    change_client: impl FnOnce(Traced<()>) -> Traced<()>,
    ask: impl AsyncFnOnce(&Client),
) -> String {
    block_on(async {
        let pipe = serve(change(server(capture)));
        let client = change_client(Traced::new(()).tracer(&capture.tracer()));
        let client = client.serve_client(pipe).await.unwrap();
        ask(&client).await;
        client.into_inner().cancel().await.unwrap();
    });
    let spans = capture.spans();
    assert!(spans.iter().all(|span| !format!("{span:?}").contains("progressToken")));
    capture.tree()
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(super) fn call(name: &'static str) -> CallToolRequestParams {
    let mut call = CallToolRequestParams::new(name);
    call.arguments = Some(Map::from_iter([("city".to_owned(), json!("SECRET Lisbon"))]));
    call
}
