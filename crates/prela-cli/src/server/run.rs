//! Puts the server together and runs it.

use super::access::{Access, check_host, check_token};
use super::api;
use super::connections::{self, Connections};
use super::guard;
use super::hello::{Hello, Note, running};
use super::page;
use super::port::{PortError, bind};
use super::readers::Readers;
use super::rpc::Answers;
use super::rpc::v1::query_service_server::QueryServiceServer;
use super::view;
use super::watch::News;
use crate::receive::{self, Budget, Intake};
use crate::store::{Options, Store, StoreError, StoreErrorKind};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post_service;
use http::{HeaderValue, StatusCode, header};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it writes.
    pub store: PathBuf,
    /// How much of it is kept.
    pub options: Options,
    /// OTLP over gRPC.
    pub grpc: SocketAddr,
    /// OTLP over HTTP, and the JSON API.
    pub http: SocketAddr,
    /// The page. If it is taken, a free port will do: only people need to know it.
    pub page: SocketAddr,
    /// Whether another port will do where one is taken.
    pub any_port: bool,
    /// Who may come in.
    pub access: Access,
}

/// Why a server could not start.
#[derive(Debug)]
pub enum ServeError {
    /// A port could not be bound.
    Port(PortError),
    /// The store could not be opened.
    Store(StoreError),
    /// The project has a running server.
    Running(Hello),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(error) => write!(f, "{error}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::Running(hello) => write!(
                f,
                "prela runs already for this project, as process {} at http://{} and {} (gRPC)",
                hello.pid, hello.http, hello.grpc
            ),
        }
    }
}

impl std::error::Error for ServeError {}

/// A server whose ports are open and whose store is locked; it answers once it is run.
#[derive(Debug)]
pub struct Server {
    store: Arc<Store>,
    intake: Intake,
    hello: Hello,
    listeners: [TcpListener; 3],
    routes: Router,
    note: Option<Note>,
    stopping: watch::Sender<bool>,
}

impl Server {
    /// Opens the ports and the store.
    ///
    /// # Errors
    ///
    /// [`ServeError`]: who has the port, or what is wrong with the store.
    pub async fn open(config: Config) -> Result<Self, ServeError> {
        let Config { store: path, options, grpc, http, page, any_port, access } = config;
        let grpc = bind(grpc, "--grpc-port", any_port, &path).await.map_err(ServeError::Port)?;
        let http = bind(http, "--http-port", any_port, &path).await.map_err(ServeError::Port)?;
        let page = bind(page, "--page-port", true, &path).await.map_err(ServeError::Port)?;
        let store = Store::open(&path, options).map_err(|error| {
            let other = Some(()).filter(|()| error.kind() == StoreErrorKind::Busy);
            other
                .and_then(|()| running(&path))
                .map_or(ServeError::Store(error), ServeError::Running)
        })?;
        let store = Arc::new(store);
        let hello = Hello::new(&path, grpc.1, http.1, page.1);
        let intake = Intake::new(store.clone(), Budget::new(BUDGET));
        let (stopping, stopped) = watch::channel(false);
        let readers = Readers::new(store.path().to_owned());
        let news = News { readers, commits: store.commits(), stopped };
        let routes = routes(&news, &intake, &hello, access);
        // Without the note, others cannot find the server, but it serves.
        let note = Note::write(&hello).ok();
        Ok(Self {
            store,
            intake,
            hello,
            listeners: [grpc.0, http.0, page.0],
            routes,
            note,
            stopping,
        })
    }

    /// Who it is, and where.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Why the store cannot be written at the moment; none if it can.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.intake.trouble()
    }

    /// Serves until `stop` is done, then gives open requests some seconds to end. Returns the number of
    /// spans that were taken.
    pub async fn run(self, stop: impl Future<Output = ()>) -> u64 {
        let Self { store, intake, listeners, routes, note, stopping, .. } = self;
        let connections = Connections::new(connections::most());
        let mut ports = JoinSet::new();
        for listener in listeners {
            ports.spawn(accept(
                listener,
                routes.clone(),
                connections.clone(),
                stopping.subscribe(),
            ));
        }
        drop(routes);
        let mut minute = tokio::time::interval(Duration::from_secs(60));
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = stop.as_mut() => break,
                _ = minute.tick() => store.check_limits(),
            }
        }
        stopping.send_replace(true);
        let _ = tokio::time::timeout(GRACE, ports.join_all()).await;
        drop(note);
        intake.spans()
    }
}

/// Takes connections until the server stops, then waits for them.
async fn accept(
    listener: TcpListener,
    routes: Router,
    connections: Connections,
    mut stopped: watch::Receiver<bool>,
) {
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                // Without a place it is closed at once, and the exporter tries again.
                if let Some(place) = connections.admit() {
                    open.spawn(guard::serve(stream, routes.clone(), place, stopped.clone()));
                }
            }
            // No file is left, so asking again at once would not help.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    open.join_all().await;
}

fn routes(news: &News, intake: &Intake, hello: &Hello, access: Access) -> Router {
    let (token, host) = (access.clone(), access.clone());
    let token = move |request: Request, next: Next| check_token(token.clone(), request, next);
    let host = move |request: Request, next: Next| check_host(host.clone(), request, next);
    // What shows prompts must be asked for by the right host name; anybody may send.
    let shown = api::routes(news)
        .merge(view::routes(&news.readers))
        // The service itself does not look at the method.
        .route(
            "/prela.query.v1.QueryService/{*rest}",
            post_service(QueryServiceServer::new(Answers(news.clone()))),
        )
        .layer(from_fn(host.clone()));
    let greeting = api::hello(hello.clone(), access).merge(page::routes()).layer(from_fn(host));
    let guarded = receive::routes(intake).merge(shown).layer(from_fn(token));
    guarded.merge(greeting).fallback(nothing)
}

async fn nothing(request: Request) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
        return tonic::Status::unimplemented("there is no such service").into_http();
    }
    let message =
        "this is prela: the page at /, OTLP over HTTP at /v1/traces, the JSON API at /api/traces\n";
    (StatusCode::NOT_FOUND, message).into_response()
}

/// The most bytes of requests that are under way.
const BUDGET: usize = 64 << 20;
const GRACE: Duration = Duration::from_secs(3);
