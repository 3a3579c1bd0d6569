//! A certificate made for one test.

use super::Transport;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

pub struct Identity {
    /// PEM.
    pub certificate: String,
    pub acceptor: TlsAcceptor,
}

/// Valid for 127.0.0.1, and signed by itself alone.
pub fn identity(transport: Transport) -> Identity {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .unwrap();
    config.alpn_protocols = match transport {
        Transport::Grpc => vec![b"h2".to_vec()],
        Transport::Http => vec![b"http/1.1".to_vec()],
    };
    Identity { certificate: key.cert.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
}
