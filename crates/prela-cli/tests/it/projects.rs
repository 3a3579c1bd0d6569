//! Which store is meant, and how a server ends.

use crate::clients::post_spans;
use crate::program::{command, text};
use crate::requests::span;
use prela_cli::query::Reader;
use prela_cli::server::Hello;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The path of the store that a folder would have.
fn store_of(folder: &Path, data: &Path) -> PathBuf {
    let output = command(["list"]).current_dir(folder).env("XDG_DATA_HOME", data).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    let store = said.split("no store at ").nth(1).and_then(|it| it.split(" yet").next());
    store.unwrap_or_else(|| panic!("{said}")).into()
}

#[test]
fn each_project_has_a_store_of_its_own() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let folder = |path: &str| {
        let folder = dir.path().join(path);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let (one, other, inner) = (folder("a/shop"), folder("b/shop"), folder("a/shop/src/deep"));
    assert_ne!(store_of(&one, &data), store_of(&other, &data));
    assert_ne!(
        store_of(&one, &data),
        store_of(&inner, &data),
        "nothing says where a project begins"
    );
    folder("a/shop/.git");
    assert_eq!(store_of(&one, &data), store_of(&inner, &data));
    let store = store_of(&one, &data);
    assert!(store.starts_with(data.join("prela")) && store.ends_with("prela.db"), "{store:?}");
    assert!(store.to_str().unwrap().contains("/shop-"), "{store:?}");
    let named = command(["list"]).env("PRELA_STORE", dir.path().join("x.db")).output().unwrap();
    assert!(text(&named.stderr).contains("x.db"), "{}", text(&named.stderr));
}

#[cfg(unix)]
#[test]
fn a_server_says_where_it_is_and_ends_at_once_when_it_is_asked_to() {
    let dir = TempDir::new().unwrap();
    let store = dir.path().join("prela.db");
    let mut serve = command(["serve", "--grpc-port", "0", "--http-port", "0", "--store"])
        .arg(&store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serve.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<_> = lines.by_ref().take(6).collect();
    let said = said.join("\n");
    let note = std::fs::read_to_string(store.with_extension("server.json")).unwrap();
    let hello: Hello = serde_json::from_str(&note).unwrap();
    for expected in [
        format!("OTLP over gRPC  http://{}", hello.grpc),
        format!("export OTEL_EXPORTER_OTLP_ENDPOINT=http://{}", hello.http),
        store.to_str().unwrap().to_owned(),
    ] {
        assert!(said.contains(&expected), "{said}");
    }
    post_spans(hello.http, vec![span(1, 1, 0), span(1, 2, 1)]);
    // Somebody listens, and an exporter keeps its connection.
    let mut follower = TcpStream::connect(hello.http).unwrap();
    follower.write_all(b"GET /api/live HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    follower.read_exact(&mut [0; 12]).unwrap();
    let begin = Instant::now();
    let id = serve.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(serve.wait().unwrap().success());
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert_eq!(lines.last().as_deref(), Some("2 spans came in."));
    // All of it is in the one file.
    assert!(!store.with_extension("server.json").exists());
    assert!(!store.with_extension("db-wal").exists());
    assert_eq!(Reader::open(&store).unwrap().totals().unwrap().spans, 2);
}
