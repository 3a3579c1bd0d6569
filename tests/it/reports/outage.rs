//! A collector that is not there is told of while the program runs, and so is its coming back.

use crate::receiver::{Receiver, Refusal, Transport};
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// open-telemetry/opentelemetry-rust#460, open-telemetry/opentelemetry-collector#2013: a wrong port is
/// no secret.
#[test]
fn a_wrong_port_is_told_of_soon_and_once() {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            threads.spawn(move || {
                let refusal = Refusal::new();
                let (sender, lines) = mpsc::channel();
                let prela = prela::builder()
                    .env([("", ""); 0])
                    .exporter(transport.exporter(refusal.endpoint()))
                    .schedule_delay(Duration::from_millis(10))
                    .diagnostics(move |line| drop(sender.send(line.to_owned())))
                    .build()
                    .unwrap();
                let work = || prela.tracer().span_default("step").in_scope(|_| ());
                let begin = Instant::now();
                (0..3).for_each(|_| work());
                let line = lines.recv_timeout(Duration::from_secs(30)).unwrap();
                let took = begin.elapsed();
                assert!(took < Duration::from_secs(2), "{took:?}");
                let expected = format!(
                    "prela: otlp {}",
                    if transport == Transport::Grpc { "grpc" } else { "http" }
                );
                assert!(line.starts_with(&expected), "{line}");
                assert!(line.contains(" cannot be reached: export to http://"), "{line}");
                assert!(line.contains(&refusal.endpoint()), "{line}");
                assert!(line.to_lowercase().contains("refused"), "{line}");
                assert!(line.ends_with("; 3 spans waiting, and attempts go on"), "{line}");

                // Nothing more for those that follow, until it is there.
                let address = refusal.address();
                (0..3).for_each(|_| work());
                assert!(lines.recv_timeout(Duration::from_millis(500)).is_err());
                drop(refusal);
                let receiver = Receiver::start_at(transport, address);
                let line = lines.recv_timeout(Duration::from_secs(30)).unwrap();
                assert!(line.contains(" works again, after "), "{line}");
                work();
                prela.flush(Duration::from_secs(30)).unwrap();
                assert_eq!(receiver.spans().len(), 7);
                drop(prela);
                assert_eq!(lines.try_iter().collect::<Vec<_>>(), [""; 0]);
            });
        }
    });
}

/// Something else that hangs up, or resets, is a wrong port too.
#[test]
fn a_port_that_takes_connections_only_is_told_of_soon() {
    thread::scope(|threads| {
        for transport in Transport::BOTH {
            for reads in [false, true] {
                threads.spawn(move || {
                    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                    let endpoint = format!("http://{}", listener.local_addr().unwrap());
                    thread::spawn(move || {
                        for mut stream in listener.incoming().map_while(Result::ok) {
                            if reads {
                                let _ = stream.read(&mut [0; 64 << 10]);
                            }
                        }
                    });
                    let (sender, lines) = mpsc::channel();
                    let prela = prela::builder()
                        .env([("", ""); 0])
                        .exporter(transport.exporter(endpoint))
                        .schedule_delay(Duration::from_millis(10))
                        .diagnostics(move |line| drop(sender.send(line.to_owned())))
                        .build()
                        .unwrap();
                    prela.tracer().span_default("step").in_scope(|_| ());
                    let begin = Instant::now();
                    let line = lines.recv_timeout(Duration::from_secs(30)).unwrap();
                    let took = begin.elapsed();
                    assert!(took < Duration::from_secs(4), "{took:?}");
                    assert!(
                        line.contains(" has taken nothing for 1s: export to http://"),
                        "{line}"
                    );
                    assert!(line.ends_with("; 1 span waiting, and attempts go on"), "{line}");
                    let _ = prela.shutdown(Duration::ZERO);
                });
            }
        }
    });
}
