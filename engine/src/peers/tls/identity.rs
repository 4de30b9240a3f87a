//! Who a server says it is, and what a client believes.
//!
//! `certificates/README.md` tells where the files come from. A client trusts one authority, and checks what it signed
//! as a browser does: the chain, the dates, the name.

use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::UnbufferedServerConnection;
use rustls::version::TLS13;
use rustls::{ClientConfig, Error, RootCertStore, ServerConfig};

use super::provider;

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.der");
const EXAMPLE: &[u8] = include_bytes!("certificates/example.der");
const EXPIRED: &[u8] = include_bytes!("certificates/expired.der");
const UNTRUSTED: &[u8] = include_bytes!("certificates/untrusted.der");
const KEY: &[u8] = include_bytes!("certificates/server.key.der");

/// What is spoken inside, as ALPN calls it (RFC 7301 §6).
const INSIDE: &[u8] = b"http/1.1";

/// Which certificate for `www.example.com` a server shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certificate {
    /// One that clients accept.
    #[default]
    Example,
    /// One whose time is over.
    Expired,
    /// One that it signed itself.
    Untrusted,
}

/// The name of a server, as the client knows it: it is asked for in the clear (SNI, RFC 6066 §3), and the certificate
/// must bear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(ServerName<'static>);

impl Name {
    /// `None` where this is neither a host's name nor an address. A port behind it (`www.example.com:443`) is left out.
    pub fn new(text: &str) -> Option<Self> {
        let host = match text.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.contains(':') => host,
            _ => text,
        };
        ServerName::try_from(host.to_owned()).ok().map(Self)
    }
}

/// A client's end of a new connection: it has drawn its random bytes and is about to say hello.
pub(super) fn client(name: &Name) -> Result<UnbufferedClientConnection, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(AUTHORITY))?;
    let builder = ClientConfig::builder_with_details(provider::provider(), Arc::new(provider::Clock));
    let mut config = builder.with_protocol_versions(&[&TLS13])?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![INSIDE.to_vec()];
    UnbufferedClientConnection::new(Arc::new(config), name.0.clone())
}

/// A server's end of a new connection. It gives no tickets: each connection has a whole handshake.
pub(super) fn server(certificate: Certificate) -> Result<UnbufferedServerConnection, Error> {
    let chain = vec![CertificateDer::from(match certificate {
        Certificate::Example => EXAMPLE,
        Certificate::Expired => EXPIRED,
        Certificate::Untrusted => UNTRUSTED,
    })];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY));
    let builder = ServerConfig::builder_with_details(provider::provider(), Arc::new(provider::Clock));
    let mut config = builder.with_protocol_versions(&[&TLS13])?.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![INSIDE.to_vec()];
    config.send_tls13_tickets = 0;
    UnbufferedServerConnection::new(Arc::new(config))
}
