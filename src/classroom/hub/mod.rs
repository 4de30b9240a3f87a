//! The server of a class: three pages, one Socket.IO namespace, and the class's state behind one lock.
//!
//! Read `ask` (all that can be asked of a class), `owner` (who holds it, answers, and tells), `room` (the connections that
//! ask), then `door` (who comes in as what, and what is heard). With `far`, several computers share a class.
//! `/` is for students, `/stage` for the projector, `/teach#SECRET` for the teacher. A fragment stays in the browser:
//! the page sends it when it connects.

mod ask;
mod door;
#[cfg(feature = "redis")]
pub mod far;
mod house;
mod moving;
mod owner;
mod probe;
mod refusals;
mod room;
mod standing;
mod voice;

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::Response;
use socketioxide::SocketIo;
use socketioxide::layer::SocketIoLayer;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use super::keep::Keep;
use super::panel::Panel;
use super::session::Session;
use super::shelf::Shelf;
use super::wire::{Sight, Wires};
use crate::page;
use crate::serve::ending::{self, Asked};
use crate::serve::gate::{self, Sessions};
use crate::serve::mirror::{self, Captures, Sockets, Taken};
use crate::serve::{self, Bounds, Friends, Hosts, Routes, Trouble, code, words};
use crate::tutor::{Audience, Texts};
use house::House;
use owner::Owner;
use room::{Holder, Room};
use standing::Place;
use voice::{Links, Voice, alone};

pub use probe::Seen;
pub use standing::{Part, Standing};

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
    /// They are elsewhere, or go by another code: where they are now, and what to say of it.
    Moved(Vec<Standing>, String),
    /// What the terminal shows of this class, from 0.
    Panel(usize, Box<Panel>),
    /// The keys lead this class now, from 0.
    Leads(usize),
    /// The most connections are open, and idle ones go to make room.
    Full(usize),
}

/// A class whose port is open. No thread runs yet, and nothing that a stranger sent has been read, so a program that has
/// rights can give them up now.
#[derive(Debug)]
pub struct Open {
    listener: StdListener,
    address: SocketAddr,
    /// Where others find it.
    at: SocketAddr,
    /// Where others find it later.
    routes: Option<Routes>,
    connections: usize,
    bounds: Bounds,
    /// What captures the votes; or why nothing does, unless nobody wanted it.
    capture: Result<Sockets, Option<String>>,
    /// The claim by which other computers may carry phones.
    #[cfg(feature = "redis")]
    claim: Option<far::Claim>,
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
    fn new(capture: Result<Sockets, Option<String>>, port: u16, taken: &Arc<Taken>, audience: Audience) -> Self {
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
        let (capture, routes) = (Err(None), Routes::open());
        Ok(Self {
            listener,
            address,
            at,
            routes,
            connections,
            bounds,
            capture,
            #[cfg(feature = "redis")]
            claim: None,
        })
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
        ending::run(run(self, classes, names, keys, Arc::new(tell)))
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
    /// What ends the server: Ctrl-C, where it is a key.
    pub const END: char = '\u{3}';

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

async fn run(open: Open, classes: Vec<Class>, names: Vec<String>, keys: Keys, tell: Tell) -> io::Result<()> {
    #[cfg(feature = "redis")]
    let (open, joint) = far::Joint::of(open, &tell).await?;
    let friends = Friends::default();
    #[cfg(feature = "redis")]
    let (state, part) = joint.as_ref().map_or((alone(), Part::Alone), |joint| (joint.state(), Part::Holds));
    #[cfg(not(feature = "redis"))]
    let (state, part) = (alone(), Part::Alone);
    let (mut site, capture) = Site::new(open, Hosts(names, friends.clone()), state)?;
    let members: usize = classes.iter().map(|(session, ..)| session.most() + 2 * OTHERS).sum();
    let audience = classes.first().map(|(session, ..)| session.deck().audience).unwrap_or_default();
    let wire = Arc::new(Wire::new(capture, site.at.0.port(), &site.taken, audience));
    let (mut owners, mut rooms, of_all) = (Vec::new(), Vec::new(), Arc::default());
    for (n, class) in classes.into_iter().enumerate() {
        let standing = Standing::new(site.at, &class, &wire, part);
        let voice = Voice::new(site.io.clone(), n, part == Part::Holds);
        let place = Arc::new(Place::new(standing, class.1.origin().rotate, class.0.now()));
        let uncaptured = wire.uncaptured().map(str::to_owned);
        let owner = Owner::new(class, (voice.clone(), Arc::clone(&place)), uncaptured, Arc::clone(&of_all));
        let owner = Arc::new(owner);
        let holder = Holder::Here(Arc::clone(&owner));
        rooms.push(Arc::new(Room::new(voice, holder, place, Arc::clone(&wire), friends.clone())));
        owners.push(owner);
    }
    let house = Arc::new(House::new(rooms, of_all));
    door::listen(&site.io, &house).await;
    #[cfg(feature = "redis")]
    let center = joint.map(|joint| joint.center(&owners, &house.standings(), friends, Arc::clone(&tell)));
    tell(News::Stands(house.standings()));
    let routes = (site.at.0, site.routes.take());
    let moves = moving::follow((Arc::clone(&house), owners.clone()), routes, Arc::clone(&tell));
    let heeds = heed((Arc::clone(&house), site.asked.by_hand()), keys, Arc::clone(&tell));
    let mut tasks = vec![tokio::spawn(heeds), tokio::spawn(moves)];
    for (n, owner) in owners.iter().enumerate() {
        tasks.push(tokio::spawn(tick(Arc::clone(&house), (n, Arc::clone(owner)), Arc::clone(&tell))));
        let syncing = Arc::clone(owner);
        tasks.push(tokio::spawn(async move { syncing.sync().await }));
    }
    let served = site.serve(house, members, tell);
    #[cfg(feature = "redis")]
    let served = far::while_held(center, served);
    let done = served.await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    for owner in &owners {
        owner.write().await;
    }
    done
}

/// What serves; who is let in is said later.
struct Site {
    listener: TcpListener,
    /// Where it listens, and where others find it.
    at: (SocketAddr, SocketAddr),
    routes: Option<Routes>,
    bounds: Bounds,
    asked: Asked,
    hosts: Hosts,
    taken: Arc<Taken>,
    layer: SocketIoLayer<Links>,
    io: SocketIo<Links>,
}

impl Site {
    /// From an open port; and what captures there. `state` is what the adapter begins with.
    fn new(open: Open, hosts: Hosts, state: voice::State) -> io::Result<(Self, Result<Sockets, Option<String>>)> {
        let Open { listener, address, at, routes, connections, bounds, capture, .. } = open;
        let (asked, listener) = (Asked::new()?, TcpListener::from_std(listener)?);
        let (layer, io) = words::layer::<Links>(MESSAGE, state);
        let taken = Arc::new(Taken::new(bounds.connections));
        let bounds = Bounds { connections, ..bounds };
        Ok((Self { listener, at: (address, at), routes, bounds, asked, hosts, taken, layer, io }, capture))
    }

    /// Serves these classes, whose door is open, for `members`, until it is asked to end.
    async fn serve(self, house: Arc<House>, members: usize, tell: Tell) -> io::Result<()> {
        let Self { listener, bounds, asked, hosts, taken, layer, io, .. } = self;
        let took = Box::new(move |address, sid: &str| taken.took(address, sid));
        let hears = Arc::clone(&house);
        let cut = Box::new(move |why| hears.refuse(why, None));
        let sessions = Sessions::new(members, MESSAGE, took, cut);
        let router = page::files(Router::new(), files())
            .layer(layer)
            .layer(middleware::from_fn_with_state(sessions, gate::check))
            .layer(middleware::from_fn_with_state(hosts.1.clone(), may_reach));
        let told = move |trouble| match trouble {
            Trouble::Full(connections) => tell(News::Full(connections)),
            Trouble::Refused(why, class) => house.refuse(why, class),
        };
        ending::until_asked((listener, router), hosts, bounds, asked, io.close(), told).await
    }
}

/// Where a class is on several computers, its pages may reach all of them.
async fn may_reach(State(friends): State<Friends>, request: Request, next: Next) -> Response {
    let (mut response, others) = (next.run(request).await, friends.all());
    if let (false, Ok(policy)) = (others.is_empty(), serve::policy(&others).parse()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Tells what has changed in a class, and writes it. The first class tells what belongs to none.
async fn tick(house: Arc<House>, (number, owner): (usize, Arc<Owner>), tell: Tell) {
    let before = if house.rooms.len() > 1 { format!("Class {}: ", number + 1) } else { String::new() };
    let mut ticks = interval(TELL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        for n in 0..SECOND {
            ticks.tick().await;
            let changed = owner.tell_changes().await;
            if changed || n == 0 {
                tell(News::Panel(number, Box::new(owner.panel().await)));
            }
            if n == 0 {
                if let Some(new) = owner.turn_code(code::make_up).await {
                    house.codes_changed();
                    if new {
                        let said = format!("{before}The room code has changed. Students open   {}", owner.url());
                        tell(News::Moved(house.standings(), said));
                    }
                }
                owner.write().await;
                owner.news().await.into_iter().for_each(|line| tell(News::Line(format!("{before}{line}"))));
                let of_all = if number == 0 { house.refused.news() } else { Vec::new() };
                for line in of_all {
                    tell(News::Line(line));
                }
            }
        }
    }
}

/// Does what the keys say. Of several classes, a digit chooses the one that they lead, and Tab the next one.
async fn heed((house, ends): (Arc<House>, Arc<Notify>), Keys(mut keys): Keys, tell: Tell) {
    let (mut at, all) = (0, house.rooms.len());
    while let Some(key) = keys.recv().await {
        let digit = key.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
        let chosen = if key == '\t' { Some((at + 1) % all.max(1)) } else { digit };
        if key == Desk::END {
            ends.notify_one();
        } else if let Some(chosen) = chosen.filter(|&n| all > 1 && n < all) {
            at = chosen;
            tell(News::Leads(at));
        } else if let Some(room) = house.rooms.get(at) {
            room.key(key).await.into_iter().for_each(|line| tell(News::Line(line)));
            room.panel().await.into_iter().for_each(|panel| tell(News::Panel(at, Box::new(panel))));
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
