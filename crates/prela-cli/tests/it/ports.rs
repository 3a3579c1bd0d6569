//! Who may ask, and what is said of a port that is taken.

use crate::clients::{JSON, block_on, channel, get, post_spans, send};
use crate::program::{Prela, command, run, text};
use crate::requests::span;
use prela_cli::server::{Hello, running, v1};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use tempfile::TempDir;

#[test]
fn a_taken_port_says_whose_it_is() {
    let prela = Prela::start();
    let (grpc, http) = (prela.hello.grpc.port().to_string(), prela.hello.http.port().to_string());
    let serve = |store: &std::path::Path, arguments: &[&str]| {
        let output = run(store, &[&["serve"], arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    let said = serve(&prela.store(), &["--grpc-port", &grpc, "--http-port", &http]);
    assert!(said.contains("prela runs already for this project"), "{said}");
    assert!(said.contains(&format!("process {}", prela.process.id())), "{said}");
    // Free ports do not help: it is the store that is taken.
    let said = serve(&prela.store(), &["--grpc-port", "0", "--http-port", "0"]);
    assert!(said.contains("prela runs already for this project"), "{said}");

    let dir = TempDir::new().unwrap();
    let other = dir.path().join("prela.db");
    let said = serve(&other, &["--grpc-port", "0", "--http-port", &http]);
    assert!(said.contains("taken by the prela of another project"), "{said}");
    assert!(said.contains("--http-port") && said.contains("--any-port"), "{said}");
    assert!(said.contains(prela.store().to_str().unwrap()), "{said}");

    // Somebody who says nothing, and somebody who says something else.
    for answer in ["", "HTTP/1.1 200 OK\r\n\r\n{\"name\": \"jaeger\"}"] {
        let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = stranger.local_addr().unwrap().port().to_string();
        let strange = thread::spawn(move || {
            let (mut connection, _) = stranger.accept().unwrap();
            let _ = connection.read(&mut [0; 1024]);
            let _ = connection.write_all(answer.as_bytes());
            stranger
        });
        let said = serve(&other, &["--grpc-port", &port, "--http-port", "0"]);
        assert!(
            said.contains("taken by another program") && said.contains("--grpc-port"),
            "{said}"
        );
        strange.join().unwrap();
    }
    // Where another port will do, it takes one, and says which.
    let mut beside =
        command(["serve", "--json", "--any-port", "--grpc-port", &grpc, "--http-port", &http])
            .arg("--store")
            .arg(&other)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(beside.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    let hello: Hello = serde_json::from_str(&line).unwrap();
    assert!(hello.grpc != prela.hello.grpc && hello.http != prela.hello.http);
    assert_eq!(post_spans(hello.grpc, vec![span(1, 1, 0)]).status, 200);
    beside.kill().unwrap();
    beside.wait().unwrap();
}

#[test]
fn a_server_is_found_by_its_store_while_it_runs() {
    let mut prela = Prela::start();
    for address in [prela.hello.http, prela.hello.grpc] {
        assert_eq!(Hello::ask(address), Some(prela.hello.clone()));
    }
    assert_eq!(running(&prela.store()), Some(prela.hello.clone()));
    prela.kill();
    assert_eq!(running(&prela.store()), None);
    assert_eq!(running(std::path::Path::new("/nowhere/prela.db")), None);
}

#[test]
fn only_those_ask_who_meant_this_machine() {
    let prela = Prela::start();
    post_spans(prela.hello.http, vec![span(1, 1, 0)]);
    let ask = |path: &str, headers: &[(&str, &str)]| {
        send(prela.hello.http, "GET", path, headers, b"").status
    };
    for path in [
        "/api/hello",
        "/api/traces",
        "/api/traces/last",
        "/api/search?q=x",
        "/api/errors",
        "/api/stats",
        "/api/live",
    ] {
        for host in ["evil.example", "evil.example:4318", "localhost.evil.example", ""] {
            assert_eq!(ask(path, &[("host", host)]), 403, "{path} {host}");
        }
        let origin = ("origin", "http://evil.example");
        assert_eq!(ask(path, &[origin]), 403, "{path}");
    }
    for host in ["localhost:1", "127.0.0.1", "[::1]:4318"] {
        let answer = send(prela.hello.http, "GET", "/api/traces", &[("host", host)], b"");
        assert_eq!(
            (answer.status, answer.json()[0]["name"].as_str()),
            (200, Some("span 1")),
            "{host}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    // Containers send by other names.
    let body = serde_json::to_vec(&crate::requests::traces(vec![span(2, 1, 0)])).unwrap();
    let headers = [("host", "host.docker.internal:4318"), ("content-type", JSON)];
    assert_eq!(send(prela.hello.http, "POST", "/v1/traces", &headers, &body).status, 200);
}

#[test]
fn pages_of_this_machine_send_and_others_do_not() {
    let prela = Prela::start();
    let body = serde_json::to_vec(&crate::requests::traces(vec![span(1, 1, 0)])).unwrap();
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "https://app.localhost"] {
            let asked = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type,x-team"),
            ];
            let answer = send(prela.hello.http, "OPTIONS", path, &asked, b"");
            assert_eq!(
                (answer.status, answer.header("access-control-allow-origin")),
                (204, Some(origin))
            );
            assert_eq!(answer.header("access-control-allow-headers"), Some("content-type,x-team"));
            assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
        }
        for origin in ["http://evil.example", "null", "http://localhost.evil.example"] {
            for method in ["OPTIONS", "POST"] {
                let headers = [("origin", origin), ("content-type", JSON)];
                let answer = send(prela.hello.http, method, path, &headers, &body);
                assert_eq!(answer.status, 403, "{method} {origin}");
                assert_eq!(answer.header("access-control-allow-origin"), None);
            }
        }
    }
    assert_eq!(prela.reader().totals().unwrap().spans, 0);
    let headers = [("origin", "http://localhost:3000"), ("content-type", JSON)];
    let answer = send(prela.hello.http, "POST", "/v1/traces", &headers, &body);
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("http://localhost:3000"))
    );
    assert_eq!(answer.header("vary"), Some("origin"));
}

#[test]
fn other_machines_need_a_token() {
    let dir = TempDir::new().unwrap();
    let output = run(&dir.path().join("prela.db"), &["serve", "--listen", "0.0.0.0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("PRELA_TOKEN"), "{}", text(&output.stderr));
    let output =
        run(&dir.path().join("prela.db"), &["serve", "--listen", "0.0.0.0", "--token", ""]);
    assert_eq!(output.status.code(), Some(2));

    let prela = Prela::start_with(&["--listen", "0.0.0.0", "--token", "s3cret"]);
    let local = std::net::SocketAddr::from(([127, 0, 0, 1], prela.hello.http.port()));
    let body = serde_json::to_vec(&crate::requests::traces(vec![span(1, 1, 0)])).unwrap();
    let with = |path: &str, method: &str, token: &str| {
        let headers =
            [("content-type", JSON), ("authorization", token), ("host", "team.example:4318")];
        let headers = if token.is_empty() { &headers[..1] } else { &headers };
        send(local, method, path, headers, &body).status
    };
    for wrong in ["", "Bearer", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret"] {
        for (path, method) in [
            ("/v1/traces", "POST"),
            ("/v1/logs", "POST"),
            ("/api/traces", "GET"),
            ("/api/live", "GET"),
        ] {
            assert_eq!(with(path, method, wrong), 401, "{path} {wrong}");
        }
    }
    assert_eq!(with("/v1/traces", "POST", "Bearer s3cret"), 200);
    assert_eq!(with("/api/traces", "GET", "bearer s3cret"), 200);
    // Strangers learn no more than whose port it is.
    let hello = get(local, "/api/hello").json();
    assert_eq!((hello["name"].as_str(), hello["store"].as_str()), (Some("prela"), None));
    block_on(async {
        let mut client = v1::query_service_client::QueryServiceClient::new(channel(local).await);
        let status = client.list_traces(v1::ListTracesRequest::default()).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unauthenticated);
        let mut request = tonic::Request::new(v1::ListTracesRequest::default());
        request.metadata_mut().insert("authorization", "Bearer s3cret".parse().unwrap());
        assert_eq!(client.list_traces(request).await.unwrap().into_inner().traces.len(), 1);
    });
}

#[test]
fn no_method_gets_around_the_token() {
    let prela = Prela::start_with(&["--token", "s3cret"]);
    post_spans_with_token(&prela);
    let rpc = "/prela.query.v1.QueryService/ListTraces";
    // An empty message: a question that would be answered.
    let question = [0; 5];
    for path in [rpc, "/api/traces", "/api/view/last", "/api/sessions"] {
        for method in ["OPTIONS", "POST", "GET"] {
            let answer = send(prela.hello.http, method, path, &[], &question);
            assert_eq!(answer.status, 401, "{method} {path}");
            // To gRPC it is said by a code of its own.
            let headers = [("content-type", "application/grpc"), ("te", "trailers")];
            let answer = send(prela.hello.http, method, path, &headers, &question);
            assert_eq!(answer.header("grpc-status"), Some("16"), "{method} {path}");
            let body = String::from_utf8_lossy(&answer.body);
            assert!(!body.contains("span 1"), "{method} {path}: {body}");
        }
    }
    let token = ("authorization", "Bearer s3cret");
    let headers = [token, ("content-type", "application/grpc")];
    assert_eq!(send(prela.hello.http, "OPTIONS", rpc, &headers, &question).status, 405);
    // A page that is to send asks first, and cannot bring the token.
    let asked = [("origin", "http://localhost:3000"), ("access-control-request-method", "POST")];
    assert_eq!(send(prela.hello.http, "OPTIONS", "/v1/traces", &asked, b"").status, 204);
}

fn post_spans_with_token(prela: &Prela) {
    let body = serde_json::to_vec(&crate::requests::traces(vec![span(1, 1, 0)])).unwrap();
    let headers = [("content-type", JSON), ("authorization", "Bearer s3cret")];
    assert_eq!(send(prela.hello.http, "POST", "/v1/traces", &headers, &body).status, 200);
}

#[test]
fn a_server_with_a_token_is_found_by_those_who_have_it() {
    let prela = Prela::start_with(&["--token", "s3cret"]);
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("trace.json");
    let request = crate::requests::traces(vec![span(1, 1, 0)]);
    std::fs::write(&file, serde_json::to_vec(&request).unwrap()).unwrap();
    let import = |token: &str| {
        let mut import = command(["import", "--store"]);
        import.arg(prela.store()).arg(&file).env("PRELA_TOKEN", token).output().unwrap()
    };
    // The store is the server's, and it says nothing to others.
    for wrong in ["", "s3cre", "s3cret\r\nx: y"] {
        assert_eq!(import(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let output = import("s3cret");
    assert_eq!(text(&output.stdout), "1 spans read\n", "{}", text(&output.stderr));
}
