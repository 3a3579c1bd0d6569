//! Another process of the same program.

use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tokio::net::TcpListener;

/// A process that runs this program again, as a server: the first line it prints is its URL, and it
/// ends when its standard input does, so also when whoever started it is gone.
pub struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Peer {
    /// Starts this program with its role as the argument, and waits until it listens.
    pub fn start(role: &str) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg(role).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut peer = Self { process, input, output: BufReader::new(output), url: String::new() };
        peer.url = peer.next_line()?;
        Ok(peer)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next line that it prints.
    pub fn next_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Kills it, whatever it is at.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    /// Lets it end in order, and prints what it has printed.
    pub fn stop(mut self) -> io::Result<()> {
        drop(self.input);
        io::copy(&mut self.output, &mut io::stdout().lock())?;
        self.process.wait()?;
        io::stdout().flush()
    }

    /// In that process: listens on a port of the system's choice, and says so.
    pub async fn listen() -> io::Result<TcpListener> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("http://{}", listener.local_addr()?);
        Ok(listener)
    }

    /// In that process: done when it is to end.
    pub async fn stopped() {
        let end = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
        let _ = end.await; // an input that cannot be read has ended too
    }
}
