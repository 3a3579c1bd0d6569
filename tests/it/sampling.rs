//! Sampling across processes: over real HTTP, a trace is whole or absent on both sides.
//!
//! The service is this test binary again.

use crate::program::this_test;
use crate::receiver::{Arrived, Receiver, Transport};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use prela::{RequestId, Sampler, SpanType, TraceId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;
use std::{env, thread};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The service's sampler; not set in a run of the tests.
const SAMPLER: &str = "PRELA_TEST_SAMPLER";
const TRACES: usize = 200;

/// Not a test but the service's body: does nothing unless it is asked for.
#[test]
fn service() {
    let Ok(sampler) = env::var(SAMPLER) else { return };
    let sampler = match sampler.as_str() {
        "parent" => Sampler::default(),
        ratio => Sampler::ratio(ratio.parse().unwrap()),
    };
    let prela = prela::builder().service_name("service").sampler(sampler).build().unwrap();
    prela.make_global().unwrap();
    let (stop, stopped) = oneshot::channel();
    // The client closes our input when it is done.
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = stop.send(());
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        println!("\nlistening on {}", listener.local_addr().unwrap());
        let serve = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ =
                        connection.serve_connection(TokioIo::new(stream), service_fn(handle)).await;
                });
            }
        };
        tokio::select! { () = serve => {}, _ = stopped => {} }
    });
    assert_eq!(prela.shutdown(Duration::from_secs(30)).undelivered(), 0);
}

async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let id = RequestId::from_headers(request.headers());
    let span = prela::tracer().span("handle", SpanType::Agent).request_id(id.clone());
    let answer = span.parent(&prela::extract(request.headers())).run(async |_| {
        tokio::task::yield_now().await;
        prela::tracer().span("work", SpanType::Tool).in_scope(|_| "done")
    });
    let mut response = Response::new(Full::from(answer.await));
    id.inject(response.headers_mut());
    Ok(response)
}

/// The service in a process of its own.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start(sampler: &str, receiver: &Receiver) -> Self {
        let mut command = this_test("sampling::service");
        command.env(SAMPLER, sampler).env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint());
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this binary");
        let mut lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        let address =
            lines.find_map(|line| line.unwrap().strip_prefix("listening on ")?.parse().ok());
        Self { process, address: address.expect("its address") }
    }

    /// One request, with the current context. Gives the answer.
    fn ask(&self, id: &RequestId) -> String {
        let mut headers: Vec<(String, String)> = Vec::new();
        prela::inject(&mut headers);
        id.inject(&mut headers);
        let mut request = "GET / HTTP/1.1\r\nhost: service\r\nconnection: close\r\n".to_owned();
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut connection = TcpStream::connect(self.address).unwrap();
        connection.write_all((request + "\r\n").as_bytes()).unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        response
    }

    /// Waits until it has sent all its spans.
    fn stop(mut self) {
        drop(self.process.stdin.take());
        // Read to the end, so that it can write what a test prints.
        let mut rest = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success(), "{rest}");
    }
}

/// Spans of each trace, by service.
fn run(client: Sampler, service: &str) -> Vec<(usize, usize)> {
    let receiver = Receiver::start(Transport::Grpc);
    let prela = prela::builder()
        .env([] as [(&str, &str); 0])
        .service_name("client")
        .exporter(receiver.exporter())
        .sampler(client)
        .build()
        .unwrap();
    let service = Service::start(service, &receiver);
    let tracer = prela.tracer();
    let mut ids = HashMap::new();
    for i in 0..TRACES {
        let id = RequestId::parse(&format!("req-{i}")).unwrap();
        tracer.span("call_service", SpanType::Agent).request_id(id.clone()).in_scope(|span| {
            let response = service.ask(&id);
            assert!(response.ends_with("done"), "{response}");
            assert!(response.contains(&format!("x-request-id: {id}\r\n")), "{response}");
            tracer.span("after", SpanType::Tool).in_scope(|_| ());
            ids.insert(span.trace_id(), id);
        });
    }
    assert_eq!(prela.shutdown(Duration::from_secs(30)).undelivered(), 0);
    service.stop();

    let mut traces: HashMap<TraceId, Vec<Arrived>> = HashMap::new();
    for span in receiver.spans() {
        let expected = ids[&span.trace_id()].as_str();
        assert_eq!(span.attribute("request.id").as_deref(), Some(expected), "one id in both");
        traces.entry(span.trace_id()).or_default().push(span);
    }
    let of = |spans: &[Arrived], name: &str| {
        spans.iter().filter(|span| span.resource("service.name").as_deref() == Some(name)).count()
    };
    traces.values().map(|spans| (of(spans, "client"), of(spans, "service"))).collect()
}

/// Six standard deviations.
fn is_about_half(count: usize) -> bool {
    count.abs_diff(TRACES / 2) < 43
}

#[test]
fn a04_a_trace_is_whole_or_absent_in_both_processes() {
    // The service follows its caller.
    let traces = run(Sampler::ratio(0.5), "parent");
    assert!(traces.iter().all(|spans| *spans == (2, 2)), "{traces:?}");
    assert!(is_about_half(traces.len()), "{}", traces.len());
}

#[test]
fn a04_services_that_draw_on_their_own_draw_alike() {
    let traces = run(Sampler::ratio(0.5), "0.5");
    assert!(traces.iter().all(|spans| *spans == (2, 2)), "{traces:?}");
    assert!(is_about_half(traces.len()), "{}", traces.len());

    // Who records less records a part of what the other does.
    let traces = run(Sampler::ratio(0.5), "0.25");
    let with_both = traces.iter().filter(|spans| **spans == (2, 2)).count();
    assert!(traces.iter().all(|spans| *spans == (2, 2) || *spans == (2, 0)), "{traces:?}");
    assert!(is_about_half(traces.len()) && with_both.abs_diff(TRACES / 4) < 37, "{with_both}");
}
