//! Who holds a class: its state and its files behind one lock, and what is told of them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value as Json, json};
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};
use tokio::task::spawn_blocking;

use super::ask::{Answer, Ask, Joined, No, Reply};
use super::refusals::Refusals;
use super::standing::{Place, Standing};
use super::voice::{CONSOLES, STAGES, STUDENTS, Voice};
use crate::ask::session::Millis;
use crate::classroom::desk::Wish;
use crate::classroom::keep::Keep;
use crate::classroom::panel::Panel;
use crate::classroom::session::{Command, Done, Id, Input, Phase, Refused, Session};
use crate::classroom::shelf::Shelf;
use crate::classroom::wire::Unshown;

/// A class, and what is kept of it.
#[derive(Debug)]
pub(super) struct Owner {
    inner: AsyncMutex<Inner>,
    voice: Voice,
    place: Arc<Place>,
    begun: Instant,
    /// The time of the class when this program began.
    before: Millis,
    /// Counts or console have changed since they were told.
    changed: AtomicBool,
    /// Something is to be written.
    unwritten: AtomicBool,
    refused: Refusals,
    /// What was refused before anybody knew which class was meant.
    of_all: Arc<Refusals>,
    /// The packets that the teacher browses.
    packets: Option<Shelf>,
    /// Somebody waits for the disk.
    waits: Notify,
    /// The last input that the disk has.
    synced: watch::Sender<u64>,
    /// Why no votes are captured.
    uncaptured: Option<String>,
    /// A volunteer's packet, on the stage until the page moves on.
    staged: Mutex<Option<Json>>,
}

#[derive(Debug)]
struct Inner {
    session: Session,
    keep: Keep,
    /// What students see now.
    page: Arc<Json>,
    /// The number of the input that led there: what was shown before has a lower one.
    number: u64,
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

impl Owner {
    pub(super) fn new(
        (session, keep, packets): (Session, Keep, Option<Shelf>),
        (voice, place): (Voice, Arc<Place>),
        uncaptured: Option<String>,
        of_all: Arc<Refusals>,
    ) -> Self {
        let (begun, before, number) = (Instant::now(), session.now(), keep.last());
        let page = Arc::new(for_phones(page(&session, number, &place.now())));
        let inner = Inner { session, keep, page, number, lost: None, told: Told::default() };
        let (synced, _) = watch::channel(0);
        Self {
            inner: AsyncMutex::new(inner),
            voice,
            place,
            begun,
            before,
            changed: AtomicBool::new(true),
            unwritten: AtomicBool::new(true),
            refused: Refusals::default(),
            of_all,
            packets,
            waits: Notify::new(),
            synced,
            uncaptured,
            staged: Mutex::default(),
        }
    }

    fn now(&self) -> Millis {
        self.before + u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    // ---- what is asked

    /// Does what is asked, and answers once the disk has it.
    pub(super) async fn answer(&self, ask: Ask) -> Reply {
        let (reply, number) = self.heed(ask).await;
        self.kept(number).await;
        reply
    }

    /// Does what is asked; and the number of the input that the disk has to have before anybody hears so.
    pub(super) async fn heed(&self, ask: Ask) -> (Reply, u64) {
        let mut number = 0;
        let refused = |why: &dyn std::error::Error| No::Refused(why.to_string());
        let reply = match ask {
            Ask::Take(input) => self.input(&input, &mut number).await.map_err(|why| refused(&why)),
            Ask::Volunteer { member, text, shown } => {
                self.volunteer(member, &text, shown).await.map(|()| Answer::Done).map_err(|why| refused(&why))
            }
            Ask::Knows(token) => Ok(Answer::Known(self.inner.lock().await.session.knows(&token))),
            Ask::Look(teaches) => Ok(Answer::Seen(self.look(teaches).await)),
            Ask::Select(filter) => self.select(&filter).map(Answer::Selected).map_err(No::Refused),
        };
        (reply, number)
    }

    /// Waits until the disk has this input.
    pub(super) async fn kept(&self, number: u64) {
        if number > 0 {
            self.waits.notify_one();
            // The sender lives as long as this class.
            let _ = self.synced.subscribe().wait_for(|&last| last >= number).await;
        }
    }

    async fn input(&self, input: &Input, number: &mut u64) -> Result<Answer, Refused> {
        let mut inner = self.inner.lock().await;
        match self.take(&mut inner, input)? {
            Done::Joined(member, _) => {
                let session = &inner.session;
                let (token, _) = session.member(member).ok_or(Refused::Stranger)?;
                let you = you(session, member, inner.keep.last());
                let page = Arc::clone(&inner.page);
                return Ok(Answer::Joined(Joined { member, token: token.to_owned(), you, page }));
            }
            Done::Counted => *number = inner.keep.last(),
            Done::Moved => {
                inner.number = inner.keep.last();
                *self.staged() = None;
                self.show(&mut inner).await;
            }
            Done::Went | Done::Noted => {}
        }
        Ok(Answer::Done)
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

    /// A student lets everybody see the packet of their vote: the first one to do so, until the page moves on.
    async fn volunteer(&self, member: Id, text: &str, shown: Json) -> Result<(), Unshown> {
        let inner = self.inner.lock().await;
        inner.session.volunteered(member, text)?;
        {
            let mut staged = self.staged();
            if staged.is_some() {
                return Err(Unshown::Taken);
            }
            *staged = Some(shown.clone());
        }
        self.voice.say(self.voice.all(STAGES), "wire", &shown).await;
        Ok(())
    }

    fn staged(&self) -> MutexGuard<'_, Option<Json>> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a stage or a console sees first.
    async fn look(&self, teaches: bool) -> Json {
        let inner = self.inner.lock().await;
        let page = page(&inner.session, inner.number, &self.place.now());
        let mut first = json!({ "page": page, "count": inner.session.count() });
        if let Some(first) = first.as_object_mut().filter(|_| teaches) {
            first.insert("console".to_owned(), self.console(&inner));
            first.insert("names".to_owned(), json!(Command::names()));
            first.insert("list".to_owned(), json!(inner.session.deck().list()));
            first.insert("filters".to_owned(), json!(self.packets.is_some()));
        } else if let Some(first) = first.as_object_mut() {
            first.insert("wire".to_owned(), json!(*self.staged()));
        }
        // What it heard meanwhile may be older than this.
        self.changed.store(true, Ordering::Release);
        first
    }

    /// The packets that a display filter selects.
    fn select(&self, filter: &str) -> Result<Vec<u64>, String> {
        self.packets.as_ref().ok_or("the capture of this class is gone")?.select(filter)
    }

    // ---- the terminal

    /// A key at the terminal; what to say there.
    pub(super) async fn key(&self, key: char) -> Option<String> {
        let wish = self.inner.lock().await.session.wish(key);
        match wish? {
            Wish::Help => Some(self.inner.lock().await.session.keys()),
            Wish::Do(command) => {
                let name = command.name();
                if let Err(why) = self.answer(Ask::Take(Input::Command(command))).await {
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
        lines.extend(self.refused.news());
        if let Some(why) = now.lost.as_ref().filter(|_| now.lost != told.lost) {
            lines.push(format!(
                "The class can't be written to the disk: {why}. It goes on, but --resume may lack votes."
            ));
        }
        lines
    }

    /// Something was refused, and how often.
    pub(super) fn refuse(&self, why: &str, times: u32) {
        self.refused.note(why, times);
        self.has_changed();
    }

    /// Console and terminal show something else now.
    pub(super) fn has_changed(&self) {
        self.changed.store(true, Ordering::Release);
    }

    /// What the terminal shows.
    pub(super) async fn panel(&self) -> Panel {
        let inner = self.inner.lock().await;
        let refused = self.refused.with(&self.of_all).into_iter().collect();
        Panel { refused, lost: inner.lost.clone(), ..Panel::of(&inner.session, self.now()) }
    }

    // ---- where it is

    /// What phones open.
    pub(super) fn url(&self) -> String {
        self.place.now().url()
    }

    /// Others find it there from now on.
    pub(super) async fn moves(&self, at: SocketAddr) {
        self.place.moves(at);
        self.tell_sign().await;
    }

    /// Looks whether it's time for another room code. `Some`: other codes are good now; and whether one of them is new.
    pub(super) async fn turn_code(&self, fresh: impl FnOnce() -> String) -> Option<bool> {
        let new = self.place.turn(self.now(), fresh)?;
        let Some(code) = self.place.now().code.filter(|_| new) else { return Some(false) };
        self.inner.lock().await.keep.goes_by(code);
        self.unwritten.store(true, Ordering::Release);
        self.tell_sign().await;
        Some(true)
    }

    /// Tells stages and consoles where it is now.
    async fn tell_sign(&self) {
        let sign = self.place.now().sign();
        for room in [STAGES, CONSOLES] {
            self.voice.say(self.voice.all(room), "lobby", &sign).await;
        }
    }

    // ---- other computers

    /// What it speaks by.
    #[cfg(feature = "redis")]
    pub(super) fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Where phones find it.
    #[cfg(feature = "redis")]
    pub(super) fn at(&self) -> SocketAddr {
        self.place.now().at
    }

    /// Another computer has a connection of this member; `false`: there is no such member.
    #[cfg(feature = "redis")]
    pub(super) async fn comes_back(&self, member: Id) -> bool {
        let mut inner = self.inner.lock().await;
        let Some((token, _)) = inner.session.member(member) else { return false };
        let input = Input::Join { token: Some(token.to_owned()), fresh: String::new(), dice: 0 };
        self.take(&mut inner, &input).is_ok()
    }

    /// Shows once more where the class is: somebody may have missed it. Who has not, ignores it.
    #[cfg(feature = "redis")]
    pub(super) async fn show_again(&self) {
        let mut inner = self.inner.lock().await;
        self.show(&mut inner).await;
        let staged = self.staged().clone();
        if let Some(staged) = staged {
            self.voice.say(self.voice.all(STAGES), "wire", &staged).await;
        }
        self.changed.store(true, Ordering::Release);
    }

    // ---- what goes out

    /// Shows everybody where the class is.
    async fn show(&self, inner: &mut Inner) {
        let voice = &self.voice;
        let mut page = page(&inner.session, inner.number, &self.place.now());
        inner.page = Arc::new(for_phones(page.clone()));
        voice.say(voice.all(STAGES), "page", &page).await;
        voice.say(voice.all(STUDENTS), "page", &*inner.page).await;
        // Its buttons belong to the page: they must not come later.
        if let Some(page) = page.as_object_mut() {
            page.insert("console".to_owned(), self.console(inner));
        }
        voice.say(voice.all(CONSOLES), "page", &page).await;
        let session = &inner.session;
        for id in session.members() {
            let voted = session.you(id).is_some_and(|you| you.round > 0);
            if let Some((token, _)) = session.member(id).filter(|_| voted) {
                voice.say(voice.of(token), "you", &you(session, id, inner.keep.last())).await;
            }
        }
    }

    fn console(&self, inner: &Inner) -> Json {
        json!({
            "console": inner.session.console(self.now()),
            "refused": self.refused.with(&self.of_all),
            "lost": inner.lost,
            "uncaptured": self.uncaptured,
        })
    }

    /// Tells stages and consoles what has changed; whether anything has.
    pub(super) async fn tell_changes(&self) -> bool {
        if !self.changed.swap(false, Ordering::AcqRel) {
            return false;
        }
        let inner = self.inner.lock().await;
        let (voice, count) = (&self.voice, inner.session.count());
        for room in [STAGES, CONSOLES] {
            voice.say(voice.all(room), "count", &count).await;
        }
        voice.say(voice.all(CONSOLES), "console", &self.console(&inner)).await;
        true
    }

    // ---- the disk

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

/// What everybody sees, with the scene that belongs to it. A browser that has seen a higher number ignores it.
fn page(session: &Session, number: u64, standing: &Standing) -> Json {
    let shown = session.shown();
    let slide = session.deck().slides.get(session.at()).filter(|_| !matches!(shown.phase, Phase::Lobby | Phase::Board));
    let scene = slide.map(|slide| match shown.phase {
        Phase::WhatIf => slide.outcome.as_ref().unwrap_or(&slide.revealed),
        _ if session.is_revealed() => &slide.revealed,
        _ => &slide.scene,
    });
    let lobby = (shown.phase == Phase::Lobby || standing.changes).then(|| standing.sign());
    json!({ "n": number, "shown": shown, "scene": scene, "lobby": lobby })
}

/// What a member sees of itself, with the number of the last input.
fn you(session: &Session, id: Id, number: u64) -> Json {
    let mut you = json!(session.you(id));
    if let Some(you) = you.as_object_mut() {
        you.insert("n".to_owned(), json!(number));
    }
    you
}

/// A page for phones: they draw ladders as tables, which fit, and are in already.
fn for_phones(mut page: Json) -> Json {
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
    if let Some(page) = page.as_object_mut() {
        page.insert("lobby".to_owned(), Json::Null);
    }
    if let Some(scene) = page.get_mut("scene") {
        strip(scene);
    }
    page
}
