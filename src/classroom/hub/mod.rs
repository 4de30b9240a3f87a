//! The server of a class: three pages, one Socket.IO namespace, and the class's state behind one lock.
//!
//! Read `room` (what all connections share, and what goes out), then `door` (who comes in as what, and what is heard).
//! `/` is for students, `/stage` for the projector, `/teach#SECRET` for the teacher. A fragment stays in the browser:
//! the page sends it when it connects.

mod door;
mod probe;
mod room;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::keep::Keep;
use super::qr;
use super::session::Session;
use super::shelf::Shelf;
use crate::page;
use crate::serve::code::Code;
use crate::serve::ending::{self, Asked};
use crate::serve::gate::{self, Sessions};
use crate::serve::{self, Bounds, Hosts, own_address, reach, words};
use room::Room;

pub use probe::Seen;

/// Bytes of one message from a browser.
pub(super) const MESSAGE: usize = 4 << 10;
/// Consoles and stages at a time.
pub(super) const OTHERS: usize = 64;
/// So often what has changed is told: counts, and the console.
const TELL: Duration = Duration::from_millis(200);
/// Keys that wait to be heard.
const WAITING: usize = 32;
/// So many of these are a second: then the class is written, and the terminal hears the news.
const SECOND: u32 = 5;

/// What one connection, and all together, may take. A phone holds one; pages are loaded by some more.
fn bounds(members: usize) -> Bounds {
    Bounds {
        connections: 3 * members + 4 * OTHERS,
        head: Duration::from_secs(10),
        body: Duration::from_secs(30),
        silence: Duration::from_mins(1),
        deafness: Duration::from_secs(20),
        message: MESSAGE,
    }
}

/// What the server tells the one who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It serves from now on.
    Stands(Standing),
    /// Something happened in the class.
    Line(String),
    /// So many connections are open that idle ones go to make room.
    Full(usize),
}

/// Where the class is.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where phones find it: a number, never a name.
    pub at: SocketAddr,
    /// The room code.
    pub code: Option<String>,
    /// The teacher's secret.
    pub secret: String,
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").field("address", &self.address).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Standing {
    fn new(address: SocketAddr, at: SocketAddr, keep: &Keep) -> Self {
        Self { address, at, code: keep.origin().code.clone(), secret: keep.origin().secret.clone() }
    }

    /// Where others find what listens at this address.
    fn found(address: SocketAddr) -> SocketAddr {
        let at = if address.ip().is_unspecified() { own_address(address.is_ipv4()) } else { Some(address.ip()) };
        let loopback =
            if address.is_ipv4() { std::net::Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        SocketAddr::new(at.unwrap_or(loopback), address.port())
    }

    /// What phones open; the code is in it, so that nobody who scans it has to type.
    pub fn url(&self) -> String {
        self.page("", self.code.as_deref())
    }

    /// The page of the projector.
    pub fn stage(&self) -> String {
        self.page("stage", self.code.as_deref())
    }

    /// The page of the teacher.
    pub fn teach(&self) -> String {
        self.page("teach", Some(&self.secret))
    }

    fn page(&self, name: &str, fragment: Option<&str>) -> String {
        let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
        format!("http://{}/{name}{fragment}", self.at)
    }

    /// Says where everybody finds the class, and who can reach it; with a QR code where it can be drawn.
    pub fn told(&self, picture: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if picture && !self.at.ip().is_loopback() {
            lines.extend(qr::lines(&self.url()));
        }
        lines.push(format!("Students open   {}", self.url()));
        if let Some(code) = &self.code {
            lines.push(format!("                or http://{}/ and type the room code {code}", self.at));
        }
        lines.push(format!("The projector   {}", self.stage()));
        lines.push(format!("You teach at    {}  (keep this link to yourself: it leads the class)", self.teach()));
        if self.address.ip().is_loopback() {
            lines.push(
                "Only this machine can reach it. For phones in the room, start it with --lan, or --listen ADDRESS."
                    .to_owned(),
            );
        } else {
            lines.push(format!(
                "{} can be reached from {}. Nothing is encrypted: who can listen there reads the votes and the code.",
                self.address,
                reach(self.address.ip())
            ));
        }
        lines.push("Ctrl-C ends it; osi-tutor class --resume goes on where it was.".to_owned());
        lines
    }
}

/// A class whose port is open. No thread runs yet, and nothing that a stranger sent has been read, so a program that has
/// rights can give them up now.
#[derive(Debug)]
pub struct Open {
    listener: StdListener,
    address: SocketAddr,
    /// Where others find it.
    at: SocketAddr,
    connections: usize,
    bounds: Bounds,
}

impl Open {
    /// Opens the port for `members`; port 0 takes any that is free.
    ///
    /// # Errors
    /// The port cannot be had.
    pub fn at(address: SocketAddr, members: usize) -> io::Result<Self> {
        let (listener, address) = ending::open(address)?;
        let bounds = bounds(members);
        let at = Standing::found(address);
        Ok(Self { listener, address, at, connections: serve::room(bounds.connections), bounds })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves a class until Ctrl-C or a polite kill; a second one ends the program at once. `packets` are browsed, `keys`
    /// come from the terminal.
    ///
    /// # Errors
    /// The system takes the port away, or gives no threads.
    pub fn serve(
        self,
        (session, keep, packets): (Session, Keep, Option<Shelf>),
        names: Vec<String>,
        keys: Keys,
        tell: impl Fn(News) + Send + Sync + 'static,
    ) -> io::Result<()> {
        ending::run(run(self, (session, keep, packets), Hosts(names), keys, Arc::new(tell)))
    }
}

/// The end that keys are given to.
#[derive(Clone, Debug)]
pub struct Desk(mpsc::Sender<char>);

/// The end that keys come out of.
#[derive(Debug)]
pub struct Keys(mpsc::Receiver<char>);

impl Desk {
    /// Both ends.
    pub fn new() -> (Self, Keys) {
        let (to, from) = mpsc::channel(WAITING);
        (Self(to), Keys(from))
    }

    /// A key was pressed; `false`: nobody hears keys any more. One too many is dropped.
    pub fn press(&self, key: char) -> bool {
        !matches!(self.0.try_send(key), Err(mpsc::error::TrySendError::Closed(_)))
    }
}

async fn run(
    open: Open,
    (session, keep, packets): (Session, Keep, Option<Shelf>),
    hosts: Hosts,
    Keys(mut keys): Keys,
    tell: Arc<dyn Fn(News) + Send + Sync>,
) -> io::Result<()> {
    let Open { listener, address, at, connections, bounds } = open;
    let asked = Asked::new()?;
    let listener = TcpListener::from_std(listener)?;
    let standing = Standing::new(address, at, &keep);
    let (layer, io) = words::layer(MESSAGE);
    let members = session.most();
    let code = standing.code.clone().map(Code::new);
    let room = Arc::new(Room::new((session, keep, packets), io.clone(), code, standing.clone(), Instant::now()));
    door::listen(&io, &room);
    let sessions = Sessions::new(members + 2 * OTHERS, MESSAGE, Box::new(|_, _| {}));
    let router =
        page::files(Router::new(), files()).layer(layer).layer(middleware::from_fn_with_state(sessions, gate::check));
    tell(News::Stands(standing));
    let (ticking, heard) = (Arc::clone(&room), Arc::clone(&tell));
    let ticker = tokio::spawn(async move {
        let mut ticks = interval(TELL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            for n in 0..SECOND {
                ticks.tick().await;
                ticking.tell_changes().await;
                if n == 0 {
                    ticking.write().await;
                    ticking.news().await.into_iter().for_each(|line| heard(News::Line(line)));
                }
            }
        }
    });
    let (syncing, pressed, told) = (Arc::clone(&room), Arc::clone(&room), Arc::clone(&tell));
    let syncer = tokio::spawn(async move { syncing.sync().await });
    let desk = tokio::spawn(async move {
        while let Some(key) = keys.recv().await {
            pressed.key(key).await.into_iter().for_each(|line| told(News::Line(line)));
        }
    });
    let bounds = Bounds { connections, ..bounds };
    let full = move |connections| tell(News::Full(connections));
    let done = ending::until_asked((listener, router), hosts, bounds, asked, Some(&io), full).await;
    [ticker, syncer, desk].iter().for_each(tokio::task::JoinHandle::abort);
    room.write().await;
    done
}

/// The pages, and what they load.
fn files() -> Vec<(&'static str, &'static str, String)> {
    let mut all = common();
    all.extend([
        ("/", page::HTML, html("student", "Class")),
        ("/stage", page::HTML, html("stage", "Stage")),
        ("/teach", page::HTML, html("teach", "Console")),
    ]);
    let scripts = [
        ("/tally.js", include_str!("../page/tally.js")),
        ("/browser.js", include_str!("../page/browser.js")),
        ("/student.js", include_str!("../page/student.js")),
        ("/stage.js", include_str!("../page/stage.js")),
        ("/teach.js", include_str!("../page/teach.js")),
    ];
    all.extend(scripts.map(|(path, text)| (path, page::SCRIPT, text.to_owned())));
    all
}

/// What every page loads.
fn common() -> Vec<(&'static str, &'static str, String)> {
    let mut all = vec![
        ("/class.css", page::STYLE, include_str!("../page/class.css").to_owned()),
        ("/mode.js", page::SCRIPT, format!("\"use strict\";\n{}", page::digits())),
        ("/link.js", page::SCRIPT, include_str!("../page/link.js").to_owned()),
    ];
    let shared = [page::CLIENT, page::BASE].into_iter().chain(page::SCENES);
    all.extend(shared.map(|(path, kind, text)| (path, kind, text.to_owned())));
    all
}

fn html(script: &str, title: &str) -> String {
    include_str!("../page/index.html").replace("{script}", script).replace("{title}", title)
}
