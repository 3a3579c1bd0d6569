//! The collector that receives spans while a command runs.

use crate::server::{Access, Config, Hello, Server, running};
use crate::settings;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The server that another process runs for a store, or one that this command starts.
pub(super) struct Collector {
    pub(super) hello: Hello,
    own: Option<(oneshot::Sender<()>, JoinHandle<u64>)>,
}

impl Collector {
    /// Finds the running server of a store, or starts one; at free ports where those of the settings are taken.
    pub(super) async fn start(
        store: &Path,
        settings: &settings::Collector,
    ) -> anyhow::Result<Self> {
        let path = store.to_owned();
        let found = tokio::task::spawn_blocking(move || running(&path)).await?;
        if let Some(hello) = found {
            return Ok(Self { hello, own: None });
        }
        let at = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let config = Config {
            store: store.to_owned(),
            options: settings.options(),
            grpc: at(settings.grpc_port()),
            http: at(settings.http_port()),
            page: at(settings.page_port()),
            any_port: true,
            access: Access::default(),
        };
        let server = Server::open(config).await?;
        let hello = server.hello().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Ok(Self { hello, own: Some((stop, serving)) })
    }

    /// Whether this command started the server, which then ends with it.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Ends the server if this command started it, after requests under way have been answered.
    pub(super) async fn stop(&mut self) {
        if let Some((stop, serving)) = self.own.take() {
            drop(stop);
            let _ = serving.await;
        }
    }
}
