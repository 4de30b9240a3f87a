//! What all connections of a class share: its state and its files behind one lock, and what goes out to whom.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{OTHERS, Standing, Wire};
use crate::ask::session::Millis;
use crate::classroom::desk::Wish;
use crate::classroom::keep::Keep;
use crate::classroom::qr;
use crate::classroom::session::{Command, Done, Id, Input, Phase, Refused, Session};
use crate::classroom::shelf::Shelf;
use crate::classroom::wire::Unshown;
use crate::serve::code;

/// How long the packet of a vote may take from the wire to here.
const CAPTURED: Duration = Duration::from_secs(2);
/// Kinds of refusals that are counted.
const REASONS: usize = 32;

/// Everybody, by what they look at.
pub(super) const STUDENTS: &str = "students";
pub(super) const STAGES: &str = "stages";
pub(super) const CONSOLES: &str = "consoles";

/// A class and its connections.
#[derive(Debug)]
pub(super) struct Room {
    inner: AsyncMutex<Inner>,
    io: SocketIo,
    /// Which of the server's classes it is: rooms of Socket.IO are called after it.
    number: usize,
    standing: Standing,
    begun: Instant,
    /// The time of the class when this program began.
    before: Millis,
    /// Counts or console have changed since they were told.
    changed: AtomicBool,
    /// Something is to be written.
    unwritten: AtomicBool,
    others: AtomicUsize,
    refused: Mutex<Refusals>,
    /// The packets that the teacher browses.
    packets: Option<Shelf>,
    /// Somebody waits for the disk.
    waits: Notify,
    /// The last input that the disk has.
    synced: watch::Sender<u64>,
    /// The packets of votes.
    wire: Arc<Wire>,
    /// A volunteer's, on the stage until the page moves on.
    staged: Mutex<Option<Json>>,
}

#[derive(Debug)]
struct Inner {
    session: Session,
    keep: Keep,
    /// Why the class is not written.
    lost: Option<String>,
    /// What the terminal was told last.
    told: Told,
}

/// What the terminal knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    joined: usize,
    here: usize,
    answered: usize,
    at: (usize, Option<Phase>, usize),
    lost: Option<String>,
}

/// What was refused, and why: since the terminal heard of it, and ever.
#[derive(Debug, Default)]
struct Refusals {
    new: BTreeMap<String, u32>,
    all: BTreeMap<String, u32>,
}

impl Room {
    pub(super) fn new(
        (session, keep, packets): (Session, Keep, Option<Shelf>),
        (io, number): (SocketIo, usize),
        standing: Standing,
        wire: Arc<Wire>,
    ) -> Self {
        let begun = Instant::now();
        let before = session.now();
        let inner = AsyncMutex::new(Inner { session, keep, lost: None, told: Told::default() });
        let (changed, unwritten) = (AtomicBool::new(true), AtomicBool::new(true));
        let (others, refused) = (AtomicUsize::new(0), Mutex::default());
        let (waits, (synced, _)) = (Notify::new(), watch::channel(0));
        Self {
            inner,
            io,
            number,
            standing,
            begun,
            before,
            changed,
            unwritten,
            others,
            refused,
            packets,
            waits,
            synced,
            wire,
            staged: Mutex::default(),
        }
    }

    fn now(&self) -> Millis {
        self.before + u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    // ---- who comes in

    /// The room code.
    pub(super) fn code(&self) -> Option<&str> {
        self.standing.code.as_deref()
    }

    /// Whether this is a member's token.
    pub(super) async fn knows(&self, token: &str) -> bool {
        self.inner.lock().await.session.knows(token)
    }

    /// The room of all who look at the same: it's called after the class.
    pub(super) fn all(&self, who: &str) -> String {
        format!("{} {who}", self.number)
    }

    /// The room of one member, whatever connections it has.
    pub(super) fn of(&self, id: Id) -> String {
        format!("{} member {id}", self.number)
    }

    /// Whether this is the teacher's secret.
    pub(super) fn leads(&self, guess: &str) -> bool {
        code::same(guess.as_bytes(), self.standing.secret.as_bytes())
    }

    /// A seat for a console or a stage, if one is free.
    pub(super) fn seat(&self) -> bool {
        let taken = self.others.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < OTHERS).then_some(n + 1));
        taken.is_ok()
    }

    pub(super) fn leave_seat(&self) {
        self.others.fetch_sub(1, Ordering::AcqRel);
    }

    /// A student comes in, or back: `enter` is called with the number before anybody else can change anything, and then
    /// with what the student sees.
    pub(super) async fn join(
        &self,
        token: Option<String>,
        dice: u64,
        enter: impl FnOnce(Id, &Json),
    ) -> Result<Id, Refused> {
        let mut inner = self.inner.lock().await;
        let input = Input::Join { token, fresh: code::secret(), dice };
        let Done::Joined(id, _) = self.take(&mut inner, &input)? else { return Err(Refused::Stranger) };
        let session = &inner.session;
        let (token, _) = session.member(id).ok_or(Refused::Stranger)?;
        let wire = self.wire.uncaptured().is_none();
        let page = without_pictures(self.page(session));
        enter(id, &json!({ "token": token, "you": session.you(id), "page": page, "wire": wire }));
        Ok(id)
    }

    pub(super) async fn leave(&self, member: Id) {
        let mut inner = self.inner.lock().await;
        // Nobody goes who is not here.
        let _ = self.take(&mut inner, &Input::Leave { member });
    }

    /// What a stage or a console sees first; `enter` is called before anything can change.
    pub(super) async fn look(&self, teaches: bool, enter: impl FnOnce(&Json)) {
        let inner = self.inner.lock().await;
        let mut first = json!({ "page": self.page(&inner.session), "count": inner.session.count() });
        if let Some(first) = first.as_object_mut().filter(|_| teaches) {
            first.insert("console".to_owned(), self.console(&inner));
            first.insert("names".to_owned(), json!(Command::names()));
            first.insert("list".to_owned(), json!(inner.session.deck().list()));
            first.insert("filters".to_owned(), json!(self.packets.is_some()));
        } else if let Some(first) = first.as_object_mut() {
            first.insert("wire".to_owned(), json!(*self.staged()));
        }
        enter(&first);
    }

    // ---- what is said

    /// A student votes over a connection. The vote is on the disk before the answer is given.
    pub(super) async fn vote(&self, input: &Input, key: &str) -> Result<(), Refused> {
        let number = {
            let mut inner = self.inner.lock().await;
            self.take(&mut inner, input)?;
            inner.keep.last()
        };
        self.waits.notify_one();
        // The sender lives as long as this room.
        let _ = self.synced.subscribe().wait_for(|&last| last >= number).await;
        self.wire.wires.voted(key);
        Ok(())
    }

    /// Gives the journal to the disk whenever somebody waits for it: once for all who do.
    pub(super) async fn sync(&self) {
        loop {
            self.waits.notified().await;
            let lines = self.inner.lock().await.keep.lines();
            let last = lines.last;
            let synced = spawn_blocking(move || lines.sync()).await.map_err(std::io::Error::other).flatten();
            if let Err(why) = synced {
                // The class goes on; its teacher is told.
                self.inner.lock().await.lost = Some(why.to_string());
                self.changed.store(true, Ordering::Release);
            }
            self.synced.send_replace(last);
        }
    }

    /// A connection's own votes as they crossed the wire. What was captured last may still be on its way.
    pub(super) async fn crossings(&self, key: &str) -> Result<Json, String> {
        if let Some(why) = self.wire.uncaptured() {
            return Err(format!("votes aren't captured here: {why}"));
        }
        let wires = &self.wire.wires;
        let crossings = timeout(CAPTURED, wires.of(key)).await.unwrap_or_else(|_| wires.known(key));
        match wires.broken() {
            Some(why) if crossings.is_empty() => Err(format!("no more packets are captured: {why}")),
            _ => Ok(json!({ "ok": true, "packets": crossings })),
        }
    }

    /// A connection's, from when it is here until it goes.
    pub(super) fn wire(&self, key: &str, here: bool) {
        if here { self.wire.wires.open(key) } else { self.wire.wires.close(key) }
    }

    /// A student lets everybody see the packet of their vote: the first one to do so, until the page moves on.
    pub(super) async fn volunteer(&self, member: Id, key: &str) -> Result<(), Unshown> {
        let inner = self.inner.lock().await;
        let shown = inner.session.volunteered(member, &self.wire.wires.known(key))?;
        {
            let mut staged = self.staged();
            if staged.is_some() {
                return Err(Unshown::Taken);
            }
            *staged = Some(shown.clone());
        }
        let _ = self.io.to(self.all(STAGES)).emit("wire", &shown).await;
        Ok(())
    }

    fn staged(&self) -> MutexGuard<'_, Option<Json>> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The packets that a display filter selects.
    pub(super) fn select(&self, filter: &str) -> Result<Vec<u64>, String> {
        self.packets.as_ref().ok_or("the capture of this class is gone")?.select(filter)
    }

    /// A key at the terminal; what to say there.
    pub(super) async fn key(&self, key: char) -> Option<String> {
        let wish = self.inner.lock().await.session.wish(key);
        match wish? {
            Wish::Help => Some(self.inner.lock().await.session.keys()),
            Wish::Do(command) => {
                let name = command.name();
                if let Err(why) = self.command(command).await {
                    return Some(format!("{name}: {why}."));
                }
                Some(self.status().await)
            }
            Wish::Status => Some(self.status().await),
        }
    }

    async fn status(&self) -> String {
        let mut inner = self.inner.lock().await;
        // It need not be told once more.
        let Inner { session, told, .. } = &mut *inner;
        *told = Told { joined: told.joined, lost: told.lost.clone(), ..Told::of(session) };
        session.status()
    }

    /// The teacher wants something; everybody sees it.
    pub(super) async fn command(&self, command: Command) -> Result<(), Refused> {
        let mut inner = self.inner.lock().await;
        if self.take(&mut inner, &Input::Command(command))? != Done::Moved {
            return Ok(());
        }
        *self.staged() = None;
        let session = &inner.session;
        let mut page = self.page(session);
        // Who cannot be reached is on the way out; the rest has been served.
        let _ = self.io.to(self.all(STAGES)).emit("page", &page).await;
        let _ = self.io.to(self.all(STUDENTS)).emit("page", &without_pictures(page.clone())).await;
        // Its buttons belong to the page: they must not come later.
        if let Some(page) = page.as_object_mut() {
            page.insert("console".to_owned(), self.console(&inner));
        }
        let _ = self.io.to(self.all(CONSOLES)).emit("page", &page).await;
        for id in session.members() {
            if let Some(you) = session.you(id).filter(|you| you.round > 0) {
                let _ = self.io.to(self.of(id)).emit("you", &you).await;
            }
        }
        Ok(())
    }

    /// Takes an input, and writes it down.
    fn take(&self, inner: &mut Inner, input: &Input) -> Result<Done, Refused> {
        let now = self.now();
        let done = inner.session.take(input, now)?;
        if matches!(done, Done::Joined(_, true)) {
            inner.told.joined += 1;
        }
        if let Err(why) = inner.keep.note(input, now) {
            // The class goes on; its teacher is told.
            inner.lost = Some(why.to_string());
        }
        self.changed.store(true, Ordering::Release);
        self.unwritten.store(true, Ordering::Release);
        Ok(done)
    }

    /// Something was refused.
    pub(super) fn refuse(&self, why: &str) {
        let mut refused = self.refusals();
        let known = refused.all.len() < REASONS || refused.all.contains_key(why);
        let why = if known { why } else { "other reasons" };
        *refused.all.entry(why.to_owned()).or_default() += 1;
        *refused.new.entry(why.to_owned()).or_default() += 1;
        self.changed.store(true, Ordering::Release);
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- what goes out

    /// What everybody sees, with the scene that belongs to it.
    fn page(&self, session: &Session) -> Json {
        let shown = session.shown();
        let slide =
            session.deck().slides.get(session.at()).filter(|_| !matches!(shown.phase, Phase::Lobby | Phase::Board));
        let scene = slide.map(|slide| match shown.phase {
            Phase::WhatIf => slide.outcome.as_ref().unwrap_or(&slide.revealed),
            _ if session.is_revealed() => &slide.revealed,
            _ => &slide.scene,
        });
        let lobby = (shown.phase == Phase::Lobby).then(|| {
            let rows = qr::cells(&self.standing.url());
            let row = |row: &Vec<bool>| row.iter().map(|&dark| if dark { '1' } else { '0' }).collect::<String>();
            let rows: Vec<String> = rows.iter().map(row).collect();
            json!({ "address": format!("http://{}/", self.standing.at), "code": self.standing.code, "qr": rows })
        });
        json!({ "shown": shown, "scene": scene, "lobby": lobby })
    }

    fn console(&self, inner: &Inner) -> Json {
        json!({
            "console": inner.session.console(self.now()),
            "refused": self.refusals().all,
            "lost": inner.lost,
            "uncaptured": self.wire.uncaptured(),
        })
    }

    /// Tells stages and consoles what has changed.
    pub(super) async fn tell_changes(&self) {
        if !self.changed.swap(false, Ordering::AcqRel) {
            return;
        }
        let inner = self.inner.lock().await;
        let count = inner.session.count();
        for room in [STAGES, CONSOLES] {
            let _ = self.io.to(self.all(room)).emit("count", &count).await;
        }
        let _ = self.io.to(self.all(CONSOLES)).emit("console", &self.console(&inner)).await;
    }

    /// Writes the class, if it has changed.
    pub(super) async fn write(&self) {
        if !self.unwritten.swap(false, Ordering::AcqRel) {
            return;
        }
        let copy = {
            let mut inner = self.inner.lock().await;
            let Inner { session, keep, .. } = &mut *inner;
            keep.copy(session)
        };
        let written = match copy {
            Ok(copy) => spawn_blocking(move || copy.write()).await.map_err(std::io::Error::other).flatten(),
            Err(why) => Err(why),
        };
        let mut inner = self.inner.lock().await;
        inner.lost = match written {
            Ok(()) => {
                inner.keep.wrote();
                None
            }
            Err(why) => {
                self.unwritten.store(true, Ordering::Release);
                Some(why.to_string())
            }
        };
        self.changed.store(true, Ordering::Release);
    }

    /// What the terminal has not heard yet.
    pub(super) async fn news(&self) -> Vec<String> {
        let mut inner = self.inner.lock().await;
        let now = Told { lost: inner.lost.clone(), ..Told::of(&inner.session) };
        let told = std::mem::replace(&mut inner.told, now.clone());
        let mut lines = Vec::new();
        if told.at != now.at {
            lines.push(format!("{}: {}.", inner.session.place(), inner.session.what()));
        }
        if told.joined > 0 || told.here != now.here {
            let new = if told.joined > 0 { format!("{} joined; ", told.joined) } else { String::new() };
            lines.push(format!("{new}{} here.", now.here));
        }
        if told.answered != now.answered && now.answered > 0 {
            lines.push(format!("{} of {} answered.", now.answered, now.here));
        }
        for (why, count) in std::mem::take(&mut self.refusals().new) {
            lines.push(format!("Refused {count}: {why}."));
        }
        if let Some(why) = now.lost.as_ref().filter(|_| now.lost != told.lost) {
            lines.push(format!(
                "The class can't be written to the disk: {why}. It goes on, but --resume may lack votes."
            ));
        }
        lines
    }
}

impl Told {
    /// What there is to know of a class.
    fn of(session: &Session) -> Self {
        let (count, shown) = (session.count(), session.shown());
        Self {
            joined: 0,
            here: count.here,
            answered: if shown.phase == Phase::Vote { count.answered } else { 0 },
            at: (shown.slide, Some(shown.phase), shown.round),
            lost: None,
        }
    }
}

/// A page for a phone: it draws ladders as tables, which fit.
fn without_pictures(mut page: Json) -> Json {
    fn strip(value: &mut Json) {
        match value {
            Json::Object(all) => {
                all.remove("picture");
                all.values_mut().for_each(strip);
            }
            Json::Array(all) => all.iter_mut().for_each(strip),
            _ => {}
        }
    }
    if let Some(scene) = page.get_mut("scene") {
        strip(scene);
    }
    page
}
