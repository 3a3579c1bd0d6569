//! `w3c_service` over real HTTP: every vector of `crates/prela/tests/data`, as its fields came.

use crate::examples::example;
use crate::program::workspace;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

/// A started example; it is killed when this is dropped.
struct Service {
    process: Child,
    address: String,
}

impl Service {
    fn start() -> Self {
        let mut process = example("w3c_service")
            .args(["--listen", "127.0.0.1:0"])
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { process, address }
    }

    /// Has it call this peer once, and gives the fields of that call.
    fn call(&self, fields: &[(String, Vec<u8>)], peer: &TcpListener) -> Vec<(String, String)> {
        let url = format!("http://{}/", peer.local_addr().unwrap());
        let body = json!([{ "url": url, "arguments": [] }]).to_string();
        let mut request = TcpStream::connect(&self.address).unwrap();
        let mut bytes = format!(
            "POST /test HTTP/1.1\r\nhost: service\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        )
        .into_bytes();
        for (name, value) in fields {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend([b"\r\n", body.as_bytes()].concat());
        request.write_all(&bytes).unwrap();

        let called = answer(peer.accept().unwrap().0);
        let mut reply = String::new();
        request.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
        called
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The fields of one request, which is answered.
fn answer(connection: TcpStream) -> Vec<(String, String)> {
    let mut reader = BufReader::new(&connection);
    let mut fields = Vec::new();
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        fields.push((name.to_lowercase(), value.to_owned()));
    }
    let mut body = [0; 2];
    reader.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"[]", "the arguments");
    let reply = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nnull";
    (&connection).write_all(reply.as_bytes()).unwrap();
    fields
}

/// Header fields as they are sent, whatever their bytes.
type Fields = Vec<(String, Vec<u8>)>;

/// The vectors of one file, with their fields.
fn vectors(file: &str) -> Vec<(Value, Fields)> {
    let path = workspace().join("crates/prela/tests/data").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let mut vectors: Value = serde_json::from_str(&text).unwrap();
    let vectors: Vec<Value> = serde_json::from_value(vectors["extract"].take()).unwrap();
    let fields = |vector: &Value| -> Fields {
        // One character there is one byte.
        let latin_1 = |text: &Value| text.as_str().unwrap().chars().map(|it| it as u8).collect();
        let fields = vector["headers"].as_array().unwrap().iter();
        fields.map(|it| (it[0].as_str().unwrap().to_owned(), latin_1(&it[1]))).collect()
    };
    vectors
        .into_iter()
        .map(|vector| {
            let fields = fields(&vector);
            (vector, fields)
        })
        .collect()
}

fn only<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = fields.iter().filter(|field| field.0 == name).map(|field| field.1.as_str());
    let value = values.next();
    assert_eq!(values.next(), None, "one {name} only");
    value
}

#[test]
fn every_vector_of_trace_context_holds_over_http() {
    let (service, peer) = (Service::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    for (vector, fields) in vectors("tracecontext.json") {
        let (id, expect) = (&vector["id"], &vector["expect"]);
        let sent = service.call(&fields, &peer);
        let traceparent = only(&sent, "traceparent").unwrap();
        let [_, trace_id, parent_id, flags] = traceparent.split('-').collect::<Vec<_>>()[..] else {
            panic!("{id}: {traceparent}");
        };
        let members = only(&sent, "tracestate").map(|list| {
            list.split(',').map(|it| json!(it.split_once('=').unwrap())).collect::<Vec<_>>()
        });
        if expect["trace"] == "restart" {
            let came_in = vector["headers"].to_string();
            assert!(!came_in.contains(trace_id) && members.is_none(), "{id}: {sent:?}");
            continue;
        }
        assert_eq!(expect["trace_id"], trace_id, "{id}");
        assert_ne!(expect["parent_id"], parent_id, "{id}");
        let flags = u8::from_str_radix(flags, 16).unwrap();
        assert_eq!(
            (&expect["sampled"], &expect["random"]),
            (&json!(flags & 1 != 0), &json!(flags & 2 != 0)),
            "{id}"
        );
        assert_eq!(expect["tracestate"], json!(members.unwrap_or_default()), "{id}");
    }
}

#[test]
fn every_vector_of_baggage_holds_over_http() {
    let (service, peer) = (Service::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    for (vector, fields) in vectors("baggage.json") {
        let (id, expect) = (&vector["id"], &vector["expect"]);
        let sent = service.call(&fields, &peer);
        let header = only(&sent, "baggage").unwrap_or_default();
        assert!(header.len() <= 8192, "{id}");
        let mut keys: Vec<_> =
            header.split(',').filter_map(|it| it.split_once('=')).map(|it| it.0).collect();
        keys.sort_unstable();
        let expected = expect["entries"].as_array().unwrap().iter();
        let mut expected: Vec<_> = expected.map(|entry| entry[0].as_str().unwrap()).collect();
        expected.sort_unstable();
        if expect["subset"] == true {
            assert!(keys.len() as u64 >= expect["min_count"].as_u64().unwrap(), "{id}");
            assert!(keys.iter().all(|key| expected.contains(key)), "{id}");
        } else {
            assert_eq!(keys, expected, "{id}");
        }
    }
}

/// Three calls are three spans of one trace.
#[test]
fn each_call_has_a_span() {
    let (service, peer) = (Service::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let url = format!("http://{}/", peer.local_addr().unwrap());
    let body = json!([{ "url": url, "arguments": [] }, { "url": url, "arguments": [] }, { "url": url, "arguments": [] }]);
    let body = body.to_string();
    let mut request = TcpStream::connect(&service.address).unwrap();
    write!(
        request,
        "POST / HTTP/1.1\r\nhost: service\r\nconnection: close\r\ntraceparent: {traceparent}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut parents: Vec<_> = (0..3)
        .map(|_| only(&answer(peer.accept().unwrap().0), "traceparent").unwrap().to_owned())
        .collect();
    assert!(parents.iter().all(|it| it[..35] == traceparent[..35] && it != traceparent));
    parents.sort_unstable();
    parents.dedup();
    assert_eq!(parents.len(), 3);
    let mut reply = String::new();
    request.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
}
