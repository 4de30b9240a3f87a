//! Before a class: does a phone in this room reach this machine? Many networks keep their guests from each other. One page is
//! served; what asks for it is told, until a phone has spoken over Socket.IO.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next, from_fn};
use socketioxide::TransportType;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{MESSAGE, Open, common, html};
use crate::page;
use crate::serve::ending::{self, Asked};
use crate::serve::gate::{self, NOWHERE, Sessions};
use crate::serve::{Bounds, Hosts, Peer, words};

/// Phones that try at a time.
const PHONES: usize = 64;

/// What the probe saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// This machine itself opened the page, which proves nothing.
    Itself,
    /// A page was loaded from there.
    Page(IpAddr),
    /// A page from there speaks Socket.IO; by WebSocket, or only by polling.
    Talks(IpAddr, bool),
}

impl Seen {
    /// It in words, and what follows for a class.
    pub fn told(self) -> String {
        match self {
            Self::Itself => {
                "This machine opened the page itself. That works everywhere; try it with a phone.".to_owned()
            }
            Self::Page(ip) => format!("{} loaded the page.", ip.to_canonical()),
            Self::Talks(ip, true) => {
                format!("{} speaks WebSocket with this machine: a class works in this network.", ip.to_canonical())
            }
            Self::Talks(ip, false) => format!(
                "{} speaks with this machine, but not by WebSocket: a class works here, by polling, and more slowly.",
                ip.to_canonical()
            ),
        }
    }
}

/// Whether this is an address of this machine: no connection from elsewhere has it.
fn is_own(ip: IpAddr, own: &[IpAddr]) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || own.contains(&ip)
}

impl Open {
    /// Serves the page until a phone has come, or somebody asks for the end. `own` are the addresses of this machine; `tell`
    /// hears of each new thing once.
    ///
    /// # Errors
    /// The system takes the port away, or gives no threads.
    pub fn probe(self, own: Vec<IpAddr>, tell: impl Fn(Seen) + Send + Sync + 'static) -> io::Result<()> {
        ending::run(run(self, own, Arc::new(tell)))
    }
}

async fn run(open: Open, own: Vec<IpAddr>, tell: Arc<dyn Fn(Seen) + Send + Sync>) -> io::Result<()> {
    let asked = Asked::new()?;
    let listener = TcpListener::from_std(open.listener)?;
    let (layer, io) = words::layer::<LocalAdapter>(MESSAGE, ());
    let (came, own) = (Arc::new(Notify::new()), Arc::new(own));
    let (comes, mine, told) = (Arc::clone(&came), Arc::clone(&own), Arc::clone(&tell));
    io.ns("/", move |socket: SocketRef| {
        let from = socket.req_parts().extensions.get::<ConnectInfo<Peer>>().map(|peer| peer.0.address.ip());
        let websocket = matches!(socket.transport_type(), TransportType::Websocket);
        if let Some(ip) = from.filter(|ip| !is_own(*ip, &mine)) {
            told(Seen::Talks(ip, websocket));
            let _ = socket.emit("seen", &websocket);
            comes.notify_one();
        } else {
            told(Seen::Itself);
            let _ = socket.emit("seen", &websocket);
        }
        std::future::ready(())
    });
    io.ns(NOWHERE, || std::future::ready(()));
    let sees = move |ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next| {
        let ip = peer.address.ip();
        if request.uri().path() == "/" && !is_own(ip, &own) {
            tell(Seen::Page(ip));
        }
        next.run(request)
    };
    let sessions = Sessions::new(PHONES, MESSAGE, Box::new(|_, _| {}), Box::new(|_| {}));
    let mut files = common();
    files.push(("/", page::HTML, html("probe", "Does it work here?")));
    files.push(("/probe.js", page::SCRIPT, include_str!("../page/probe.js").to_owned()));
    let router = page::files(Router::new(), files)
        .layer(layer)
        .layer(middleware::from_fn_with_state(sessions, gate::check))
        .layer(from_fn(sees));
    let bounds = Bounds { connections: open.connections.min(4 * PHONES), ..open.bounds };
    let served = ending::until_asked((listener, router), Hosts::default(), bounds, asked, io.close(), |_| {});
    tokio::select! {
        done = served => done,
        () = farewell(&came) => Ok(()),
    }
}

/// A phone came; a moment later it has heard so.
async fn farewell(came: &Notify) {
    came.notified().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stranger_proves_that_strangers_get_through() {
        let own: Vec<IpAddr> = vec!["192.0.2.7".parse().unwrap()];
        for (ip, wanted) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_own(ip.parse().unwrap(), &own), wanted, "{ip}");
        }
        let phone: IpAddr = "::ffff:192.0.2.8".parse().unwrap();
        assert!(Seen::Talks(phone, true).told().starts_with("192.0.2.8 speaks WebSocket"));
        assert!(Seen::Talks(phone, false).told().contains("by polling"));
    }
}
