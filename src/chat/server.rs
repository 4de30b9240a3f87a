//! The server: one messaging system, carried by Socket.IO or by a plain WebSocket, its page, and the packet feeds.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{interval, timeout};

use super::carrier::Carrier;
use super::feed::Feeds;
use super::hub::MEMBERS;
use super::room::{Chat, MESSAGE};
use super::sight::Sight;
use super::standing::Standing;
use super::words::{NAME, TEXT};
use super::{plain, socket};
use crate::page;
use crate::serve::code::Code;
use crate::serve::ending::{self, Asked};
use crate::serve::gate::{self, Sessions};
use crate::serve::mirror::{self, Sockets, Taken};
use crate::serve::{self, Bounds, Friends, Hosts, Trouble, words};
use crate::tutor::Texts;

/// Each browser holds up to three connections, and some are on their way.
const BOUNDS: Bounds = Bounds {
    connections: 4 * MEMBERS,
    head: Duration::from_secs(10),
    body: Duration::from_secs(30),
    silence: Duration::from_mins(1),
    deafness: Duration::from_secs(20),
    message: MESSAGE,
};
/// Connections of which it is remembered whose requests were taken.
const CONNECTIONS: usize = 8 * MEMBERS;
/// How long the reader of a feed may take to say which.
const HELLO: Duration = Duration::from_secs(10);
/// A quiet feed is pinged so often.
const PING: Duration = Duration::from_secs(20);
/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any that is free.
    pub address: SocketAddr,
    /// Our own framing over a plain WebSocket instead of Socket.IO.
    pub plain: bool,
    /// Everybody sees everybody's packets.
    pub share: bool,
    /// Capture the packets of the port, if that is allowed.
    pub capture: bool,
    /// Names under which browsers may ask, beside addresses and `localhost`.
    pub names: Vec<String>,
    /// What one must know to come in.
    pub code: Option<String>,
}

/// What the server tells the user who started it.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// It serves from now on.
    Stands(&'a Standing),
    /// The most connections are open, and idle ones go to make room; told once a minute at most.
    Full(usize),
}

/// A chat whose sockets are open: the port, and those that capture. No thread runs yet, and nothing that a stranger
/// sent has been read, so a program that has rights can give them up now.
#[derive(Debug)]
pub struct Open {
    options: Options,
    listener: StdListener,
    /// The port, also where any was asked for.
    address: SocketAddr,
    /// How many connections it may hold.
    connections: usize,
    capture: Result<Sockets, Option<String>>,
}

impl Open {
    /// Opens the sockets.
    ///
    /// # Errors
    /// The port cannot be had. That nothing can be captured is no error: the page says so.
    pub fn at(options: &Options) -> io::Result<Self> {
        let (listener, address) = ending::open(options.address)?;
        // Before the first connection is taken, so that its SYN is seen, too.
        let capture = if options.capture { mirror::sockets(address.ip()).map_err(Some) } else { Err(None) };
        let connections = serve::room(BOUNDS.connections);
        Ok(Self { options: options.clone(), listener, address, connections, capture })
    }

    /// Serves until Ctrl-C or a polite kill; a second one ends the program at once.
    ///
    /// # Errors
    /// The system takes the port away, or gives no threads.
    pub fn serve(self, tell: impl Fn(News<'_>) + Send + Sync + 'static) -> io::Result<()> {
        ending::run(run(self, tell))
    }
}

async fn run(open: Open, tell: impl Fn(News<'_>) + Send + Sync + 'static) -> io::Result<()> {
    let Open { options, listener, address, connections, capture } = open;
    let asked = Asked::new()?;
    let listener = TcpListener::from_std(listener)?;
    let (feeds, taken) = (Arc::new(Feeds::new(options.share)), Arc::new(Taken::new(CONNECTIONS)));
    let port = mirror::Port { number: address.port(), plain: options.plain.then_some("/chat"), feed: Some("/packets") };
    let texts = Arc::new(Texts::english());
    let show = || Sight::new(Arc::clone(&feeds), Arc::clone(&texts));
    let capture = capture.map(|sockets| mirror::start(sockets, port, &taken, show));
    let told = capture.as_ref().map(|c| c.names.clone()).map_err(Clone::clone);
    let words = match &told {
        Ok(names) => json!({ "on": true, "interfaces": names, "share": options.share }),
        Err(why) => json!({ "on": false, "why": why.as_deref().unwrap_or("it was started so (--no-capture)") }),
    };
    let (router, chat) = routes(options.plain, options.code.map(Code::new), (feeds, taken), words);
    tell(News::Stands(&Standing { address, capture: told }));
    let bounds = Bounds { connections, ..BOUNDS };
    let goodbye = async {
        if let Carrier::SocketIo(io) = &chat.carrier {
            io.close().await;
        }
    };
    let told = move |trouble| match trouble {
        Trouble::Full(connections) => tell(News::Full(connections)),
        Trouble::Refused(..) => {}
    };
    ending::until_asked(
        (listener, router),
        Hosts(options.names.clone(), Friends::default()),
        bounds,
        asked,
        goodbye,
        told,
    )
    .await
}

/// The page, the chat, and the feeds.
fn routes(
    plain: bool,
    code: Option<Code>,
    (feeds, taken): (Arc<Feeds>, Arc<Taken>),
    capture: Json,
) -> (Router, Arc<Chat>) {
    const FILES: [(&str, &str, &str); 7] = [
        page::BASE,
        page::CLIENT,
        page::PARTS,
        ("/chat.css", page::STYLE, include_str!("page/chat.css")),
        ("/chat.js", page::SCRIPT, include_str!("page/chat.js")),
        ("/packets.js", page::SCRIPT, include_str!("page/packets.js")),
        ("/plain.js", page::SCRIPT, include_str!("page/plain.js")),
    ];
    let (layer, carrier) = if plain {
        (None, Carrier::Plain(Mutex::default()))
    } else {
        let (layer, io) = words::layer(MESSAGE, ());
        (Some(layer), Carrier::SocketIo(io))
    };
    let begun = Instant::now();
    let asks = code.is_some();
    let chat = Arc::new(Chat { hub: AsyncMutex::default(), feeds, carrier, code, begun, capture });
    let made = [
        ("/", page::HTML, index()),
        ("/mode.js", page::SCRIPT, mode(plain, asks)),
        ("/digits.js", page::SCRIPT, page::digits()),
    ];
    let all = FILES.map(|(path, kind, text)| (path, kind, text.to_owned())).into_iter().chain(made);
    let mut router = page::files(Router::new().route("/packets", any(packets)), all);
    if plain {
        router = router.route("/chat", any(plain::chat));
    }
    let mut router = router.with_state(Arc::clone(&chat));
    if let (Some(layer), Carrier::SocketIo(io)) = (layer, &chat.carrier) {
        socket::listen(io, &chat);
        let took = Box::new(move |address, sid: &str| taken.took(address, sid));
        let sessions = Sessions::new(MEMBERS, MESSAGE, took, Box::new(|_| {}));
        router = router.layer(layer).layer(middleware::from_fn_with_state(sessions, gate::check));
    }
    (router, chat)
}

/// The page, with the limits of what may be typed.
fn index() -> String {
    let limits = [("{name}", NAME), ("{text}", TEXT)];
    let page = include_str!("page/index.html").to_owned();
    limits.into_iter().fold(page, |page, (mark, limit)| page.replace(mark, &limit.to_string()))
}

/// What the page must know first: how it speaks, and whether it asks for a room code.
fn mode(plain: bool, asks: bool) -> String {
    format!("export const PLAIN = {plain}, CODE = {asks};\n")
}

/// The feed of a session's packets, for those who know the session's id.
async fn packets(State(chat): State<Arc<Chat>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(MESSAGE).on_upgrade(move |socket| feed(chat, socket)).into_response()
}

async fn feed(chat: Arc<Chat>, mut socket: WebSocket) {
    let Ok(Some(Ok(Message::Text(key)))) = timeout(HELLO, socket.recv()).await else { return };
    let Some(mut reader) = chat.feeds.read(&key) else { return };
    let mut quiet = interval(PING);
    loop {
        let sent = tokio::select! {
            entry = reader.next() => match entry {
                Some(text) => socket.send(Message::Text((&*text).into())).await,
                None => return,
            },
            heard = socket.recv() => match heard {
                Some(Ok(_)) => Ok(()),
                _ => return,
            },
            _ = quiet.tick() => socket.send(Message::Ping(axum::body::Bytes::new())).await,
        };
        if sent.is_err() {
            return;
        }
    }
}
