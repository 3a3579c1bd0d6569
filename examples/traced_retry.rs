//! A call that is tried again, with a span for each attempt.
//!
//! You will see `unreliable_api_call` with three `attempt`s below it, of which the first two failed, and
//! then one with two attempts that both failed, which is an error. The server is real, and asks for some
//! time by `Retry-After`.

use prela::retry::RetryPolicy;
use std::error::Error;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

#[derive(Debug)]
struct ApiError {
    status: String,
    wait: Option<Duration>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server says {}", self.status)
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        Self { status: error.to_string(), wait: None }
    }
}

/// 0.05 s, 0.1 s … between attempts, or what the server asks for.
fn policy(max_attempts: u32) -> RetryPolicy<ApiError> {
    RetryPolicy::new(max_attempts)
        .backoff(Duration::from_millis(50))
        .retry_if(|error: &ApiError| error.status.starts_with('5'))
        .retry_after(|error| error.wait)
}

#[prela::trace(span_type = "tool", retry = policy(max_attempts))]
fn unreliable_api_call(server: SocketAddr, max_attempts: u32) -> Result<String, ApiError> {
    let mut connection = TcpStream::connect(server)?;
    connection.write_all(b"GET /data HTTP/1.1\r\nconnection: close\r\n\r\n")?;
    let mut reply = String::new();
    connection.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
    let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if status == "200" {
        return Ok(body.to_owned());
    }
    let header = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    Err(ApiError { status, wait: header.and_then(prela::retry::retry_after) })
}

/// A server that answers every third request.
fn start_server() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for (i, connection) in listener.incoming().enumerate() {
            let Ok(mut connection) = connection else { continue };
            let mut request = [0; 1024];
            let _ = connection.read(&mut request);
            let reply: &[u8] = if i % 3 == 2 {
                b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\ndata"
            } else {
                b"HTTP/1.1 503 Busy\r\nconnection: close\r\nretry-after: 0\r\n\r\n"
            };
            let _ = connection.write_all(reply);
        }
    });
    Ok(address)
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("traced-retry")?;
    let server = start_server()?;
    for max_attempts in [3, 2] {
        match unreliable_api_call(server, max_attempts) {
            Ok(data) => println!("with {max_attempts} attempts: {data}"),
            Err(error) => println!("with {max_attempts} attempts: {error}"),
        }
    }
    Ok(())
}
