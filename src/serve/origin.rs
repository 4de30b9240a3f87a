//! Who may ask: a page that this server gave, or a program. Any page in a browser can send requests to
//! `127.0.0.1`, so a server there is open to the whole Web unless it looks.
//!
//! `Origin` (RFC 6454 §7) names the page that asks; `Host` names the server as the page knows it. A name that a
//! stranger's DNS server points here would make both agree ("DNS rebinding"), so only addresses, `localhost` and
//! names that were given are taken as hosts. `Sec-Fetch-Site` (W3C Fetch Metadata) tells of requests without an
//! origin, such as an image's.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Peer;

/// Friends of a server.
const FRIENDS: usize = 32;

/// Names under which the server may be asked for, beside addresses and `localhost`; and its friends.
#[derive(Clone, Debug, Default)]
pub struct Hosts(pub Vec<String>, pub Friends);

/// Other servers that serve the same: their pages may speak to this one, and its pages to them. They come and go.
#[derive(Clone, Debug, Default)]
pub struct Friends(Arc<RwLock<Vec<SocketAddr>>>);

impl Friends {
    /// From now on they are these, up to a limit; whether that is news.
    pub fn are(&self, mut all: Vec<SocketAddr>) -> bool {
        all.sort_unstable();
        all.dedup();
        all.truncate(FRIENDS);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let news = *known != all;
        *known = all;
        news
    }

    /// All of them.
    pub fn all(&self) -> Vec<SocketAddr> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a page of one of them is at this host.
    fn know(&self, host: &str) -> bool {
        let at = host.parse().or_else(|_| host.parse().map(|ip: IpAddr| SocketAddr::new(ip, 80)));
        at.is_ok_and(|at| self.all().contains(&at))
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// `Host` is missing, or a name that nobody gave this server.
    #[error("this server does not go by that name; ask for it by its address, or start it with that name")]
    Host,
    /// A page of another site asks.
    #[error("a page of another site may not talk to this server")]
    Foreign,
}

/// Judges each request before anybody else sees it.
pub(super) async fn check(
    State(hosts): State<Arc<Hosts>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    // Following a link to a page of ours is no harm: the page that has the link learns nothing.
    let (path, fields) = (request.uri().path(), request.headers());
    let opens =
        request.method() == Method::GET && (path == "/" || (is_document(fields) && !path.starts_with("/socket.io")));
    match judge(fields, &hosts, opens, path.starts_with("/socket.io")) {
        Ok(()) => next.run(request).await,
        Err(why) => {
            peer.line.refuse("a request of another site, or by a name that isn't this server's");
            (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
        }
    }
}

/// Whether somebody opens a page of its own, and not an image or a frame in another one.
fn is_document(fields: &HeaderMap) -> bool {
    let is = |name, value: &str| fields.get(name).is_some_and(|field| field.as_bytes() == value.as_bytes());
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Whether a request with these fields may pass; `opens` for one that opens the page, `speaks` for one of Socket.IO.
fn judge(fields: &HeaderMap, hosts: &Hosts, opens: bool, speaks: bool) -> Result<(), Refusal> {
    let text = |name| fields.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).filter(|host| hosts.know(host)).ok_or(Refusal::Host)?;
    if fields.get_all(header::HOST).iter().count() > 1 || fields.get_all(header::ORIGIN).iter().count() > 1 {
        return Err(Refusal::Foreign);
    }
    if let Some(origin) = text(header::ORIGIN) {
        let page = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if speaks && page.is_some_and(|page| hosts.1.know(page)) {
            return Ok(());
        }
        if !page.is_some_and(|page| page.eq_ignore_ascii_case(host)) {
            return Err(Refusal::Foreign);
        }
    }
    match fields.get("sec-fetch-site").map(axum::http::HeaderValue::as_bytes) {
        Some(b"cross-site" | b"same-site") if !opens => Err(Refusal::Foreign),
        _ => Ok(()),
    }
}

impl Hosts {
    /// Whether a `Host` field's value, with or without a port, is one of ours.
    fn know(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok()
            || self.0.iter().any(|ours| ours.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(fields: &[(&'static str, &str)], opens: bool) -> Result<(), Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, value.parse().unwrap());
        }
        judge(&map, &hosts(), opens, false)
    }

    fn hosts() -> Hosts {
        let friends = Friends::default();
        friends.are(vec!["192.0.2.9:8080".parse().unwrap(), "192.0.2.8:80".parse().unwrap()]);
        Hosts(vec!["classroom.example".into()], friends)
    }

    #[test]
    fn a_page_of_a_friend_may_speak_and_do_nothing_else() {
        let asks = |origin: &str, speaks| {
            let mut fields = HeaderMap::new();
            fields.insert("host", "127.0.0.1:8080".parse().unwrap());
            fields.insert("origin", origin.parse().unwrap());
            fields.insert("sec-fetch-site", "cross-site".parse().unwrap());
            judge(&fields, &hosts(), false, speaks)
        };
        for friend in ["http://192.0.2.9:8080", "http://192.0.2.8"] {
            assert_eq!((asks(friend, true), asks(friend, false)), (Ok(()), Err(Refusal::Foreign)), "{friend}");
        }
        for stranger in ["http://192.0.2.9:8081", "http://192.0.2.9", "http://evil.example", "ws://192.0.2.9:8080"] {
            assert_eq!(asks(stranger, true), Err(Refusal::Foreign), "{stranger}");
        }
    }

    #[test]
    fn friends_are_few_and_it_is_said_when_they_change() {
        let friends = Friends::default();
        let at = |n: u16| SocketAddr::from(([192, 0, 2, 7], n));
        assert!(friends.are(vec![at(2), at(1), at(2)]) && !friends.are(vec![at(1), at(2)]));
        assert!(friends.are((1..=100).map(at).collect()) && friends.all().len() == FRIENDS);
        assert!(friends.are(Vec::new()) && !friends.know("192.0.2.7:1"));
    }

    #[test]
    fn a_program_and_the_servers_own_page_may_ask() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "192.0.2.7", "classroom.example:80"]
        {
            assert_eq!(judged(&[("host", host)], false), Ok(()), "{host}");
            assert_eq!(judged(&[("host", host), ("origin", &format!("http://{host}"))], false), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_site_may_not() {
        let host = ("host", "127.0.0.1:8080");
        for origin in
            ["http://evil.example", "http://127.0.0.1:8081", "http://127.0.0.1", "null", "", "ftp://127.0.0.1:8080"]
        {
            assert_eq!(judged(&[host, ("origin", origin)], true), Err(Refusal::Foreign), "{origin}");
        }
        let two = [host, ("origin", "http://127.0.0.1:8080"), ("origin", "http://evil.example")];
        assert_eq!(judged(&two, false), Err(Refusal::Foreign));
    }

    #[test]
    fn an_image_of_another_site_may_not_but_a_link_to_the_page_may() {
        let fields = [("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")];
        assert_eq!(judged(&fields, false), Err(Refusal::Foreign));
        assert_eq!(judged(&fields, true), Ok(()));
        assert_eq!(judged(&[fields[0], ("sec-fetch-site", "same-origin")], false), Ok(()));
    }

    #[test]
    fn a_strangers_name_for_this_server_is_not_taken() {
        let rebound = [("host", "evil.example:8080"), ("origin", "http://evil.example:8080")];
        assert_eq!(judged(&rebound, true), Err(Refusal::Host));
        for host in ["", ":", "[", "[::1", "localhost.evil.example", "127.0.0.1.evil.example:80"] {
            assert_eq!(judged(&[("host", host)], true), Err(Refusal::Host), "{host}");
        }
        assert_eq!(judged(&[], true), Err(Refusal::Host));
    }
}
