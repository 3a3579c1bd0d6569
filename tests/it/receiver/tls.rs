//! A certificate made for one test.

use super::Transport;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

pub struct Identity {
    /// The certificate as PEM.
    pub certificate: String,
    pub acceptor: TlsAcceptor,
}

/// What a client shows; both PEM.
pub struct ClientIdentity {
    pub certificate: String,
    pub key: String,
}

/// An identity for 127.0.0.1, signed by itself alone.
pub fn identity(transport: Transport) -> Identity {
    with_clients(transport, None)
}

/// An identity for servers that take only a client with the certificate that this returns.
pub fn identity_for_a_client(transport: Transport) -> (Identity, ClientIdentity) {
    let client = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
    let mut known = RootCertStore::empty();
    known.add(client.cert.der().clone()).unwrap();
    let (certificate, key) = (client.cert.pem(), client.signing_key.serialize_pem());
    (with_clients(transport, Some(known)), ClientIdentity { certificate, key })
}

/// A server that shows this chain, the first of which has this key.
pub fn identity_of(
    transport: Transport,
    chain: Vec<CertificateDer<'static>>,
    key: &[u8],
) -> Identity {
    let private = PrivateKeyDer::try_from(key.to_vec()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = config.with_single_cert(chain, private).unwrap();
    config.alpn_protocols = alpn(transport);
    Identity { certificate: String::new(), acceptor: TlsAcceptor::from(Arc::new(config)) }
}

fn alpn(transport: Transport) -> Vec<Vec<u8>> {
    match transport {
        Transport::Grpc => vec![b"h2".to_vec()],
        Transport::Http => vec![b"http/1.1".to_vec()],
    }
}

fn with_clients(transport: Transport, clients: Option<RootCertStore>) -> Identity {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone());
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(known) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(known.into(), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let mut config = config.with_single_cert(vec![key.cert.der().clone()], private).unwrap();
    config.alpn_protocols = alpn(transport);
    Identity { certificate: key.cert.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
}
