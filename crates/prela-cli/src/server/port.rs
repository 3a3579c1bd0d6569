//! Binds a port, or says who has it.

use super::hello::Hello;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// A port that could not be bound.
#[derive(Debug)]
pub struct PortError {
    address: SocketAddr,
    /// The option that names another one.
    option: &'static str,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// A prela with this very store.
    Same(Hello),
    /// A prela with another store.
    Other(Hello),
    Stranger,
    Failed(io::Error),
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, option, cause } = self;
        match cause {
            Cause::Same(hello) => write!(
                f,
                "prela runs already for this project, as process {} at http://{}: traces that are sent there \
                 are shown by `prela list`",
                hello.pid, hello.http
            ),
            Cause::Other(hello) => write!(
                f,
                "{address} is taken by the prela of another project: process {}, store {}. Stop it, or take \
                 other ports by {option} or --any-port",
                hello.pid,
                hello.store.display()
            ),
            Cause::Stranger => write!(
                f,
                "{address} is taken by another program, which is no prela. Stop it, or take other ports by \
                 {option} or --any-port"
            ),
            Cause::Failed(error) => write!(f, "{address} cannot be listened at: {error}"),
        }
    }
}

impl std::error::Error for PortError {}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Binds an address; if it is taken and another port will do, a port that the system chooses.
pub(super) async fn bind(
    address: SocketAddr,
    option: &'static str,
    any_port: bool,
    store: &Path,
) -> Result<(TcpListener, SocketAddr), PortError> {
    let error = match listen(address).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    let failed = |cause| PortError { address, option, cause };
    if error.kind() != io::ErrorKind::AddrInUse {
        return Err(failed(Cause::Failed(error)));
    }
    let hello = tokio::task::spawn_blocking(move || Hello::ask(address)).await.ok().flatten();
    match hello {
        Some(hello) if is_same_file(&hello.store, store) => Err(failed(Cause::Same(hello))),
        _ if any_port => {
            let any = SocketAddr::new(address.ip(), 0);
            listen(any).await.map_err(|error| failed(Cause::Failed(error)))
        }
        Some(hello) => Err(failed(Cause::Other(hello))),
        None => Err(failed(Cause::Stranger)),
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    real(one) == real(other)
}
