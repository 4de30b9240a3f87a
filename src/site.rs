//! Rank 7: the playground inside the program: the site that `playground/build` makes, served on this machine, or written as
//! one HTML file that opens on a lesson or on a capture.

pub mod scorm;

use crate::page;
use crate::serve::ending::{self, Asked};
use crate::serve::{self, Bounds, Hosts};
use crate::tutor::Audience;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;

/// The files of the site, but for the one that holds all others.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/site.rs"));
/// That one, without its engine.
const ONE: &str = include_str!(concat!(env!("OUT_DIR"), "/one.html"));
/// What the engine follows in it.
const ENGINE: &str = "<script type=\"text/plain\" id=\"engine\">";
/// What the pages may do in a browser: run the engine in a Worker, and show each other in frames; nothing else. The example of
/// slides carries its own style.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'self'";
/// A browser takes six connections at most.
const BOUNDS: Bounds = Bounds {
    connections: 64,
    head: Duration::from_secs(10),
    body: Duration::from_secs(10),
    silence: Duration::from_mins(1),
    deafness: Duration::from_secs(20),
    message: 1 << 10,
};
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Letters of a capture's name in an address, as the page cuts it.
const LONGEST_NAME: usize = 100;

/// What the one file opens, as its address says it after `#`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address(String);

/// A capture that the one file carries.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// What it's called.
    pub name: &'a str,
    /// The file, compressed or not.
    pub bytes: &'a [u8],
}

impl Address {
    /// One that says so; `kind` is a key of `playground/page/address.js`.
    pub fn new(kind: &str, name: &str) -> Self {
        let mut address = Self(String::new());
        address.say(kind, &name.chars().take(LONGEST_NAME).collect::<String>());
        address
    }

    /// The same on other packets, and for somebody else.
    #[must_use]
    pub fn on(mut self, seed: Option<u64>, audience: Audience) -> Self {
        if let Some(seed) = seed {
            self.say("s", &seed.to_string());
        }
        if audience != Audience::default() {
            self.say("a", audience.name());
        }
        self
    }

    /// Says more.
    pub fn say(&mut self, key: &str, value: &str) {
        let and = if self.0.is_empty() { '#' } else { '&' };
        let _ = write!(self.0, "{and}{key}=");
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                let _ = write!(self.0, "%{byte:02X}");
            }
        }
    }
}

/// The course in one file. With an address it opens there; with a capture, its packets are in it.
///
/// # Errors
/// The capture can't be compressed.
pub fn one(opens: Option<&Address>, capture: Option<Capture<'_>>) -> io::Result<String> {
    let (head, tail) = ONE.split_once(ENGINE).unwrap_or_default();
    let mut page = head.to_owned();
    if let Some(Address(address)) = opens {
        let told = json!({ "address": address, "name": capture.map(|capture| capture.name) });
        // Nothing in it ends the script.
        let told = told.to_string().replace('<', "\\u003c");
        let _ = writeln!(page, "<script type=\"application/json\" id=\"opens\">{told}</script>");
    }
    if let Some(Capture { bytes, .. }) = capture {
        page.push_str("<script type=\"text/plain\" id=\"capture\">");
        if bytes.starts_with(&GZIP) {
            STANDARD.encode_string(bytes, &mut page);
        } else {
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(bytes)?;
            STANDARD.encode_string(packed.finish()?, &mut page);
        }
        page.push_str("</script>\n");
    }
    page.push_str(ENGINE);
    STANDARD.encode_string(file("engine.wasm.gz"), &mut page);
    page.push_str(tail);
    Ok(page)
}

fn file(name: &str) -> &'static [u8] {
    FILES.iter().find(|(known, _)| *known == name).map_or(&[], |(_, bytes)| bytes)
}

/// A port of this machine that is open, to serve the site at. Nothing that a stranger sent has been read.
#[derive(Debug)]
pub struct Open {
    listener: std::net::TcpListener,
    address: SocketAddr,
}

impl Open {
    /// Opens the port, for this machine alone; 0 takes any that is free.
    ///
    /// # Errors
    /// The port cannot be had.
    pub fn at(port: u16) -> io::Result<Self> {
        let (listener, address) = ending::open(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the site until Ctrl-C or a polite kill; `stands` is called when that would be heard.
    ///
    /// # Errors
    /// The system takes the port away, or gives no threads.
    pub fn serve(self, stands: impl FnOnce()) -> io::Result<()> {
        ending::run(async {
            let asked = Asked::new()?;
            let listener = TcpListener::from_std(self.listener)?;
            stands();
            let bounds = Bounds { connections: serve::room(BOUNDS.connections), ..BOUNDS };
            ending::until_asked((listener, routes()), Hosts::default(), bounds, asked, async {}, |_| {}).await
        })
    }
}

fn routes() -> Router {
    let files = FILES.iter().map(|(name, bytes)| (format!("/{name}"), kind(name), *bytes));
    let all = files.chain([("/".to_owned(), page::HTML, file("index.html"))]);
    all.fold(Router::new(), |router, (path, kind, bytes)| {
        let fields = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)];
        let fields = fields.map(|(name, value)| (name, HeaderValue::from_static(value)));
        router.route(&path, get(move || async move { (fields, bytes) }))
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => page::HTML,
        Some("js") => page::SCRIPT,
        Some("css") => page::STYLE,
        _ => "application/gzip",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_any_name() {
        let mut address = Address::new("c", "lünch &<b>.pcap");
        address.say("s", "7");
        assert_eq!(address.0, "#c=l%C3%BCnch%20%26%3Cb%3E.pcap&s=7");
    }
}
