//! The server of a class: three pages, one Socket.IO namespace, and the class's state behind one lock.
//!
//! Read `ask` (all that can be asked of a class), `owner` (who holds it, answers, and tells), `room` (the connections that
//! ask), then `door` (who comes in as what, and what is heard).
//! `/` is for students, `/stage` for the projector, `/teach#SECRET` for the teacher. A fragment stays in the browser:
//! the page sends it when it connects.

mod ask;
mod door;
mod house;
mod owner;
mod probe;
mod room;
mod voice;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::keep::{Keep, Origin};
use super::qr;
use super::session::Session;
use super::shelf::Shelf;
use super::wire::{Sight, Wires};
use crate::machine::let_capture;
use crate::page;
use crate::serve::ending::{self, Asked};
use crate::serve::gate::{self, Sessions};
use crate::serve::mirror::{self, Captures, Sockets, Taken};
use crate::serve::{self, Bounds, Hosts, Trouble, own_address, reach, words};
use crate::tutor::Texts;
use house::House;
use owner::Owner;
use room::Room;
use voice::{Links, Voice};

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

/// A class, where it is kept, and the packets that its teacher browses.
pub type Class = (Session, Keep, Option<Shelf>);

/// What the server tells the one who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It serves these classes from now on.
    Stands(Vec<Standing>),
    /// Something happened in the class.
    Line(String),
    /// The most connections are open, and idle ones go to make room.
    Full(usize),
}

/// Where a class is.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it is about.
    pub title: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where phones find it: a number, never a name.
    pub at: SocketAddr,
    /// The room code.
    pub code: Option<String>,
    /// The teacher's secret.
    pub secret: String,
    /// The interfaces on which votes are captured; or why none is, in one sentence, unless nobody wanted it.
    pub capture: Result<Vec<String>, Option<String>>,
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").field("address", &self.address).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Standing {
    fn new((address, at): (SocketAddr, SocketAddr), (session, keep, _): &Class, wire: &Wire) -> Self {
        let Origin { code, secret, .. } = keep.origin().clone();
        Self { title: session.deck().title.clone(), address, at, code, secret, capture: wire.told() }
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

    /// Says where everybody finds these classes, and who can reach them; with QR codes where they can be drawn.
    pub fn told(classes: &[Self], picture: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (n, class) in (1..).zip(classes) {
            if classes.len() > 1 {
                lines.push(format!("Class {n}: {}", class.title));
            }
            lines.extend(class.found_at(picture));
        }
        lines.extend(classes.first().into_iter().flat_map(Self::reached));
        lines
    }

    /// Where everybody finds it.
    fn found_at(&self, picture: bool) -> Vec<String> {
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
        lines
    }

    /// Who can reach it, and what is captured.
    fn reached(&self) -> Vec<String> {
        let mut lines = Vec::new();
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
        match &self.capture {
            Ok(names) => {
                lines.push(format!("Votes are captured on {}: each student can see their own.", names.join(", ")));
            }
            Err(Some(why)) => {
                lines.push(format!("No student can see the packet of their vote: {why}."));
                let give =
                    |give| format!("To capture votes, give the right once, to a group, and log in again:\n  {give}");
                lines.extend(let_capture().map(give));
            }
            Err(None) => {}
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
    /// What captures the votes; or why nothing does, unless nobody wanted it.
    capture: Result<Sockets, Option<String>>,
}

/// What shows the packets of votes.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) wires: Arc<Wires>,
    /// What captures; or why nothing does, unless nobody wanted it.
    captures: Result<Captures, Option<String>>,
}

impl Wire {
    /// Captures the votes of these classes, if that can be had.
    fn new(capture: Result<Sockets, Option<String>>, port: u16, taken: &Arc<Taken>, classes: &[Class]) -> Self {
        let audience = classes.first().map(|(session, ..)| session.deck().audience).unwrap_or_default();
        let wires = Arc::new(Wires::default());
        let texts = Arc::new(Texts::english());
        let port = mirror::Port { number: port, plain: None, feed: None };
        let show = || Sight::new(Arc::clone(&wires), Arc::clone(&texts), audience);
        let captures = capture.map(|sockets| mirror::start(sockets, port, taken, show));
        Self { wires, captures }
    }

    /// The interfaces; or why there are none.
    fn told(&self) -> Result<Vec<String>, Option<String>> {
        self.captures.as_ref().map(|captures| captures.names.clone()).map_err(Clone::clone)
    }

    /// Why no votes are captured.
    pub(super) fn uncaptured(&self) -> Option<&str> {
        let why = self.captures.as_ref().err()?;
        Some(why.as_deref().unwrap_or("the class was started with --no-capture"))
    }
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
        let connections = serve::room(bounds.connections);
        Ok(Self { listener, address, at, connections, bounds, capture: Err(None) })
    }

    /// The same, with the sockets that capture its votes. That nothing can be captured is no error: it is said.
    #[must_use]
    pub fn capturing(self) -> Self {
        let capture = mirror::sockets(self.address.ip()).map_err(Some);
        Self { capture, ..self }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves classes until Ctrl-C or a polite kill; a second one ends the program at once. `keys` come from the terminal.
    ///
    /// # Errors
    /// The system takes the port away, or gives no threads.
    pub fn serve(
        self,
        classes: Vec<Class>,
        names: Vec<String>,
        keys: Keys,
        tell: impl Fn(News) + Send + Sync + 'static,
    ) -> io::Result<()> {
        ending::run(run(self, classes, Hosts(names), keys, Arc::new(tell)))
    }
}

/// Hears what the server tells.
type Tell = Arc<dyn Fn(News) + Send + Sync>;

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

async fn run(open: Open, classes: Vec<Class>, hosts: Hosts, keys: Keys, tell: Tell) -> io::Result<()> {
    let Open { listener, address, at, connections, bounds, capture } = open;
    let asked = Asked::new()?;
    let listener = TcpListener::from_std(listener)?;
    let (layer, io) = words::layer::<Links>(MESSAGE, ());
    let members: usize = classes.iter().map(|(session, ..)| session.most() + 2 * OTHERS).sum();
    let taken = Arc::new(Taken::new(bounds.connections));
    let wire = Arc::new(Wire::new(capture, address.port(), &taken, &classes));
    let (mut owners, mut rooms, mut standings) = (Vec::new(), Vec::new(), Vec::new());
    for (n, class) in classes.into_iter().enumerate() {
        let (standing, voice) = (Standing::new((address, at), &class, &wire), Voice::new(io.clone(), n));
        let uncaptured = wire.uncaptured().map(str::to_owned);
        let owner = Arc::new(Owner::new(class, voice.clone(), standing.clone(), uncaptured));
        rooms.push(Arc::new(Room::new(voice, Arc::clone(&owner), standing.clone(), Arc::clone(&wire))));
        owners.push(owner);
        standings.push(standing);
    }
    let house = Arc::new(House::new(rooms));
    door::listen(&io, &house);
    let took = Box::new(move |address, sid: &str| taken.took(address, sid));
    let sessions = Sessions::new(members, MESSAGE, took);
    let router =
        page::files(Router::new(), files()).layer(layer).layer(middleware::from_fn_with_state(sessions, gate::check));
    tell(News::Stands(standings));
    let mut tasks = vec![tokio::spawn(heed(Arc::clone(&house), keys, Arc::clone(&tell)))];
    for (n, owner) in owners.iter().enumerate() {
        let before = if owners.len() > 1 { format!("Class {}: ", n + 1) } else { String::new() };
        tasks.push(tokio::spawn(tick(Arc::clone(owner), before, Arc::clone(&tell))));
        let syncing = Arc::clone(owner);
        tasks.push(tokio::spawn(async move { syncing.sync().await }));
    }
    let bounds = Bounds { connections, ..bounds };
    let hears = Arc::clone(&house);
    let told = move |trouble| match trouble {
        Trouble::Full(connections) => tell(News::Full(connections)),
        Trouble::Refused(why) => hears.refuse(why),
    };
    let done = ending::until_asked((listener, router), hosts, bounds, asked, io.close(), told).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    for owner in &owners {
        owner.write().await;
    }
    done
}

/// Tells what has changed, and writes the class.
async fn tick(owner: Arc<Owner>, before: String, tell: Tell) {
    let mut ticks = interval(TELL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        for n in 0..SECOND {
            ticks.tick().await;
            owner.tell_changes().await;
            if n == 0 {
                owner.write().await;
                owner.news().await.into_iter().for_each(|line| tell(News::Line(format!("{before}{line}"))));
            }
        }
    }
}

/// Does what the keys say. Of several classes, a digit chooses the one that they lead.
async fn heed(house: Arc<House>, Keys(mut keys): Keys, tell: Tell) {
    let mut at = 0;
    while let Some(key) = keys.recv().await {
        let chosen = key.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
        if let Some(chosen) = chosen.filter(|&n| house.rooms.len() > 1 && n < house.rooms.len()) {
            at = chosen;
            tell(News::Line(format!("The keys lead class {} now.", at + 1)));
        } else if let Some(room) = house.rooms.get(at) {
            room.key(key).await.into_iter().for_each(|line| tell(News::Line(line)));
        }
    }
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
        ("/wire.js", include_str!("../page/wire.js")),
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
        ("/picture.css", page::STYLE, crate::view::picture::STYLE.to_owned()),
        ("/class.css", page::STYLE, include_str!("../page/class.css").to_owned()),
        ("/digits.js", page::SCRIPT, page::digits()),
        ("/link.js", page::SCRIPT, include_str!("../page/link.js").to_owned()),
    ];
    let shared = [page::CLIENT, page::BASE].into_iter().chain(page::SCENES);
    all.extend(shared.map(|(path, kind, text)| (path, kind, text.to_owned())));
    all
}

fn html(script: &str, title: &str) -> String {
    include_str!("../page/index.html").replace("{script}", script).replace("{title}", title)
}
