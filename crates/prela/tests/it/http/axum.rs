//! axum and reqwest, over real sockets.

use axum::extract::Path;
use axum::routing::get;
use axum::{Router, body::Body};
use bytes::Bytes;
use expect_test::expect;
use futures_util::{StreamExt as _, stream};
use prela::http::ServerLayer;
use prela::reqwest::Middleware;
use prela::testing::Capture;
use prela::{SpanType, baggage};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use std::io;
use std::net::SocketAddr;
use tokio::sync::mpsc;

/// Serves an application on a port of the system's choice.
async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

fn layer(capture: &Capture) -> ServerLayer {
    ServerLayer::axum().tracer(&capture.tracer())
}

fn client(capture: &Capture) -> ClientWithMiddleware {
    let middleware = Middleware::new().tracer(&capture.tracer());
    ClientBuilder::new(reqwest::Client::new()).with(middleware).build()
}

/// Ports differ from run to run.
fn tree(capture: &Capture, url: &str) -> String {
    let port = url.rsplit(':').next().unwrap();
    capture.tree().replace(port, "PORT")
}

#[tokio::test]
async fn one_trace_through_client_and_server() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let app = Router::new()
        .route(
            "/items/{id}",
            get({
                let tracer = tracer.clone();
                async move |Path(id): Path<u32>| {
                    tracer.span("lookup", SpanType::Retrieval).in_scope(|_| ());
                    format!("item {id} for {}", baggage::get("user_id").unwrap_or_default())
                }
            }),
        )
        .layer(layer(&capture));
    let url = serve(app).await;
    let answer = tracer.span("agent", SpanType::Agent).run(async |_| {
        baggage::set("user_id", "u1");
        let response =
            client(&capture).get(format!("{url}/items/7?q=secret")).send().await.unwrap();
        assert_eq!(response.url().path(), "/items/7");
        assert_eq!(response.content_length(), Some(13));
        assert!(response.remote_addr().is_some());
        response.text().await.unwrap()
    });
    assert_eq!(answer.await, "item 7 for u1");
    expect![[r#"
        agent  agent
          GET  custom {http.request.method: GET, server.address: 127.0.0.1, server.port: PORT, url.full: http://127.0.0.1:PORT/items/7, network.protocol.version: 1.1, http.response.status_code: 200}
            GET /items/{id}  custom {http.request.method: GET, url.scheme: http, url.path: /items/7, server.address: 127.0.0.1, server.port: PORT, network.protocol.version: 1.1, client.address: 127.0.0.1, http.route: /items/{id}, http.response.status_code: 200}
              lookup  retrieval
    "#]].assert_eq(&tree(&capture, &url));
}

#[tokio::test]
async fn a_streamed_body_is_one_request_and_in_its_context() {
    let capture = Capture::new();
    let tracer = capture.tracer();
    let events = {
        let tracer = tracer.clone();
        async move || {
            Body::from_stream(stream::iter(["one ", "two"]).then(move |text| {
                let tracer = tracer.clone();
                async move {
                    tokio::task::yield_now().await;
                    tracer.span(text.trim(), SpanType::Custom).in_scope(|_| ());
                    Ok::<_, io::Error>(Bytes::from(text))
                }
            }))
        }
    };
    let app = Router::new().route("/events", get(events)).layer(layer(&capture));
    let url = serve(app).await;
    let response = client(&capture).get(format!("{url}/events")).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "one two");
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: 127.0.0.1, server.port: PORT, url.full: http://127.0.0.1:PORT/events, network.protocol.version: 1.1, http.response.status_code: 200}
          GET /events  custom {http.request.method: GET, url.scheme: http, url.path: /events, server.address: 127.0.0.1, server.port: PORT, network.protocol.version: 1.1, client.address: 127.0.0.1, http.route: /events, http.response.status_code: 200}
            one  custom
            two  custom
    "#]].assert_eq(&tree(&capture, &url));
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_of_a_stream_cancels_the_server() {
    let capture = Capture::new();
    // The stream ends when the server drops it.
    let (alive, mut dropped) = mpsc::channel::<()>(1);
    let events = async move || {
        let alive = alive.clone();
        Body::from_stream(stream::unfold(false, move |is_second| {
            let _alive = alive.clone();
            async move {
                if is_second {
                    std::future::pending::<()>().await;
                }
                Some((Ok::<_, io::Error>(Bytes::from("one")), true))
            }
        }))
    };
    let app = Router::new().route("/events", get(events)).layer(layer(&capture));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let serving = axum::serve(listener, app).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        serving.await
    });
    let mut response = client(&capture).get(format!("{url}/events")).send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "one");
    drop(response);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert_eq!(dropped.recv().await, None);
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: 127.0.0.1, server.port: PORT, url.full: http://127.0.0.1:PORT/events, network.protocol.version: 1.1, http.response.status_code: 200}
          • body.incomplete
          GET /events  custom {http.request.method: GET, url.scheme: http, url.path: /events, server.address: 127.0.0.1, server.port: PORT, network.protocol.version: 1.1, http.route: /events, http.response.status_code: 200, error.type: cancelled} error: dropped before it was done
            • cancelled
    "#]].assert_eq(&tree(&capture, &url));
}

#[tokio::test]
async fn a_panic_in_a_handler_is_seen_on_both_sides() {
    let capture = Capture::new();
    let app = Router::new()
        .route("/", get(async || -> String { panic!("division by zero") }))
        .layer(layer(&capture));
    let url = serve(app).await;
    let error = client(&capture).get(format!("{url}/?key=secret")).send().await.unwrap_err();
    assert!(error.to_string().contains("secret"), "the error is reqwest's own: {error}");
    expect![[r#"
        GET  custom {http.request.method: GET, server.address: 127.0.0.1, server.port: PORT, url.full: http://127.0.0.1:PORT/, error.type: reqwest_middleware::error::Error} error: client error (SendRequest): connection closed before message completed
          • exception {exception.type: reqwest_middleware::error::Error, exception.message: client error (SendRequest): connection closed before message completed}
          GET /  custom {http.request.method: GET, url.scheme: http, url.path: /, server.address: 127.0.0.1, server.port: PORT, network.protocol.version: 1.1, client.address: 127.0.0.1, http.route: /, error.type: panic} error: division by zero
            • exception {exception.type: panic, exception.message: division by zero, exception.escaped: true}
    "#]].assert_eq(&tree(&capture, &url));
}

#[tokio::test]
async fn nobody_listens() {
    let capture = Capture::new();
    // Bound, so that nobody else gets it, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    client(&capture).get(format!("{url}/?key=secret")).send().await.unwrap_err();
    let spans = capture.spans();
    let prela::Status::Error { description } = &spans[0].status else { panic!("{spans:?}") };
    assert!(
        description.starts_with("client error (Connect): tcp connect error: "),
        "{description}"
    );
    assert!(!format!("{spans:?}").contains("secret"));
}

#[tokio::test]
async fn the_layer_around_the_whole_application_and_the_router_make_one_span() {
    use tower::Layer as _;
    let capture = Capture::new();
    let app = Router::new()
        .route("/items/{id}", get(async || "hi"))
        .layer(layer(&capture))
        .fallback(async || (http::StatusCode::NOT_FOUND, "no such page"));
    let whole = layer(&capture).layer(app);
    for path in ["/items/1", "/nowhere"] {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(whole.clone(), request).await.unwrap();
        axum::body::to_bytes(Body::new(response.into_body()), 100).await.unwrap();
    }
    expect![[r#"
        GET  custom {http.request.method: GET, url.scheme: http, url.path: /nowhere, network.protocol.version: 1.1, http.response.status_code: 404}
        GET /items/{id}  custom {http.request.method: GET, url.scheme: http, url.path: /items/1, network.protocol.version: 1.1, http.route: /items/{id}, http.response.status_code: 200}
    "#]].assert_eq(&capture.tree());
}

#[tokio::test]
async fn each_attempt_of_a_client_that_tries_again_has_a_span() {
    struct TwoAttempts;
    #[async_trait::async_trait]
    impl reqwest_middleware::Middleware for TwoAttempts {
        async fn handle(
            &self,
            request: reqwest::Request,
            extensions: &mut http::Extensions,
            next: reqwest_middleware::Next<'_>,
        ) -> reqwest_middleware::Result<reqwest::Response> {
            let again = request.try_clone().unwrap();
            let first = next.clone().run(request, extensions).await?;
            assert_eq!(first.status(), 503);
            next.run(again, extensions).await
        }
    }
    let capture = Capture::new();
    let url =
        serve(Router::new().route("/", get(async || http::StatusCode::SERVICE_UNAVAILABLE))).await;
    let traced = || Middleware::new().tracer(&capture.tracer());
    let inside =
        ClientBuilder::new(reqwest::Client::new()).with(TwoAttempts).with(traced()).build();
    inside.get(&url).send().await.unwrap();
    assert_eq!(capture.spans().len(), 2);
    let outside = ClientBuilder::new(reqwest::Client::new())
        .with(traced())
        .with(TwoAttempts)
        .with(traced())
        .build();
    outside.get(&url).send().await.unwrap();
    assert_eq!(capture.spans().len(), 3, "stacked, they share one");
}
