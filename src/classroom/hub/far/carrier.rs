//! A computer that carries phones for a class that another one holds: what they want is asked there, and asked again until
//! it is answered. While nobody answers, phones are told, and wait.

use std::collections::BTreeMap;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::center::Talk;
use super::claim::{Found, name};
use super::line::Line;
use super::post::{self, ASKS, Answers, Batch, Beat, Comes, HUBS, Held, Links, MOST};
use super::{Apart, Names};
use crate::classroom::hub::Tell;
use crate::classroom::hub::ask::{Answer, Ask, No, Reply};
use crate::classroom::hub::voice::Voice;
use crate::classroom::session::{Id, Input};
use crate::serve::Friends;

/// How often it is looked whether something is to be sent.
const LOOK: Duration = Duration::from_millis(250);
/// A sign of life is due after so long; so is a question that has no answer, and a hub that has come and wasn't heard.
const AGAIN: Duration = Duration::from_secs(1);
/// An owner that says nothing for so long is lost.
const SILENCE: Duration = Duration::from_millis(3_500);
/// A question is given up after so long.
const PATIENCE: Duration = Duration::from_secs(8);
/// The first answer comes within so long.
const HELLO: Duration = Duration::from_secs(8);
/// Questions under way.
const WAITING: usize = 4 << 10;
/// Bytes of questions that go together, and of most of them at most.
const TOGETHER: usize = 1 << 20;
const ASK: usize = 4 << 10;
/// Kinds of refusals between two batches.
const REASONS: usize = 32;
/// Letters that wait to be read.
const MAIL: usize = 512;

/// The far end of a class.
#[derive(Debug)]
pub(crate) struct Carrier {
    line: Line,
    names: Names,
    /// What this hub is called among the others, and where phones find it.
    name: String,
    at: SocketAddr,
    state: Mutex<State>,
    /// Something is to be asked.
    wake: Notify,
    /// Why it is over.
    over: watch::Sender<Option<String>>,
    /// What the owner holds.
    held: watch::Sender<Vec<Held>>,
    voices: OnceLock<Vec<Voice>>,
    friends: Friends,
    tell: Talk,
}

/// What is under way.
#[derive(Debug, Default)]
struct State {
    turn: u32,
    /// The owner's term, once it knows us in this turn; and since when.
    here: Option<(String, Instant)>,
    /// When the owner was last heard; and when it was last told anything.
    heard: Option<Instant>,
    told: Option<Instant>,
    next: u64,
    waiting: BTreeMap<u64, Waits>,
    members: Vec<Links>,
    refused: BTreeMap<String, u32>,
    missed: bool,
}

/// A question without an answer.
#[derive(Debug)]
struct Waits {
    class: usize,
    ask: Ask,
    answer: oneshot::Sender<Reply>,
    asked: Instant,
    sent: Option<Instant>,
}

impl State {
    /// Comes anew: what was asked before has no answer any more.
    fn again(&mut self) {
        self.turn += 1;
        self.waiting.clear();
        (self.here, self.told) = (None, None);
    }

    fn links(&mut self, class: usize) -> &mut Links {
        if self.members.len() <= class {
            self.members.resize_with(class + 1, Links::new);
        }
        &mut self.members[class]
    }

    /// A member has one connection less.
    fn left(&mut self, class: usize, member: Id) {
        let links = self.links(class);
        match links.get_mut(&member) {
            Some(count @ 2..) => *count -= 1,
            _ => drop(links.remove(&member)),
        }
    }

    /// Whether the owner has been heard of late.
    fn hears(&self, now: Instant) -> bool {
        self.heard.is_some_and(|heard| now.saturating_duration_since(heard) < SILENCE)
    }

    /// What is to be sent now.
    fn due(&mut self, name: &str, at: SocketAddr, now: Instant) -> Vec<Batch> {
        let late = |since: Option<Instant>| since.is_none_or(|since| now.saturating_duration_since(since) >= AGAIN);
        if !self.hears(now) {
            return Vec::new();
        }
        let given_up = |waits: &Waits| now.saturating_duration_since(waits.asked) > PATIENCE;
        let lost: Vec<Waits> =
            self.waiting.extract_if(.., |_, waits| given_up(waits)).map(|(_, waits)| waits).collect();
        if lost.iter().any(|waits| matches!(waits.ask, Ask::Take(Input::Join { .. } | Input::Leave { .. }))) {
            // Nobody knows who is here now: the whole list says so.
            self.again();
        }
        let low = self.waiting.first_key_value().map_or(self.next, |(&number, _)| number);
        let batch = |turn| Batch {
            hub: name.to_owned(),
            turn,
            comes: None,
            low,
            asks: Vec::new(),
            refused: BTreeMap::new(),
            missed: false,
        };
        let (mut batches, mut last, mut length) = (Vec::new(), batch(self.turn), 0);
        if self.here.is_none() {
            if late(self.told) {
                self.told = Some(now);
                last.comes = Some(Comes { at, members: self.members.clone() });
                batches.push(last);
            }
            return batches;
        }
        for (&number, waits) in self.waiting.iter_mut().filter(|(_, waits)| late(waits.sent)) {
            length += match &waits.ask {
                Ask::Volunteer { shown, .. } => ASK + shown.to_string().len(),
                _ => ASK,
            };
            if last.asks.len() >= ASKS || (length > TOGETHER && !last.asks.is_empty()) {
                batches.push(mem::replace(&mut last, batch(self.turn)));
                length = ASK;
            }
            waits.sent = Some(now);
            last.asks.push((number, waits.class, waits.ask.clone()));
        }
        if !last.asks.is_empty() || late(self.told) || self.missed {
            (last.refused, last.missed) = (mem::take(&mut self.refused), mem::take(&mut self.missed));
            batches.push(last);
        }
        if !batches.is_empty() {
            self.told = Some(now);
        }
        batches
    }
}

impl Carrier {
    /// Comes to a class; and what its owner holds. `at` is where phones find this hub.
    pub(super) async fn open(
        found: &Found,
        at: SocketAddr,
        friends: Friends,
        tell: Tell,
    ) -> Result<(Arc<Self>, Vec<Held>), Apart> {
        let line = Line::open(&found.redis, None, Arc::clone(&tell)).await?;
        let carrier = Arc::new(Self {
            line,
            names: found.names.clone(),
            name: name(),
            at,
            state: Mutex::new(State { turn: 1, next: 1, ..State::default() }),
            wake: Notify::new(),
            over: watch::channel(None).0,
            held: watch::channel(Vec::new()).0,
            voices: OnceLock::new(),
            friends,
            tell: Talk(tell),
        });
        tokio::spawn(Arc::clone(&carrier).listen());
        tokio::spawn(Arc::clone(&carrier).speak());
        let (mut held, mut over) = (carrier.held.subscribe(), carrier.over.subscribe());
        let came = timeout(HELLO, async {
            tokio::select! {
                held = held.wait_for(|held| !held.is_empty()) => held.map(|held| held.clone()).ok(),
                _ = over.wait_for(Option::is_some) => None,
            }
        });
        let why = || carrier.over.borrow().clone();
        match came.await.ok().flatten() {
            Some(held) => Ok((carrier, held)),
            None => Err(Apart::Refused(
                found.redis.at,
                why().unwrap_or_else(|| "the owner of the class doesn't answer; is it the same osi-tutor?".to_owned()),
            )),
        }
    }

    /// Its classes' connections here.
    pub(crate) fn speaks_by(&self, voices: Vec<Voice>) {
        let _ = self.voices.set(voices);
    }

    /// Its line, and what the channels are called.
    pub(super) fn line(&self) -> (&Line, &Names) {
        (&self.line, &self.names)
    }

    /// Ends when there is nothing to carry phones for; why.
    pub(crate) async fn over(&self) -> String {
        let mut over = self.over.subscribe();
        let over = over.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        over.unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the owner.
    pub(crate) async fn ask(&self, class: usize, ask: Ask) -> Reply {
        let from = {
            let mut state = self.state();
            if let Ask::Take(Input::Leave { member }) = &ask {
                state.left(class, *member);
            }
            if state.here.is_none() {
                return Err(No::Lost);
            }
            if state.waiting.len() >= WAITING {
                return Err(No::Refused("too much is asked at once; try again in a moment".to_owned()));
            }
            let (answer, from) = oneshot::channel();
            let number = state.next;
            state.next += 1;
            state.waiting.insert(number, Waits { class, ask, answer, asked: Instant::now(), sent: None });
            from
        };
        self.wake.notify_one();
        from.await.unwrap_or(Err(No::Lost))
    }

    /// Something was refused here: the owner hears of it.
    pub(crate) fn refuse(&self, why: &str) {
        let mut state = self.state();
        let known = state.refused.len() < REASONS || state.refused.contains_key(why);
        let why = if known { why } else { "other reasons" };
        let count = state.refused.entry(why.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    // ---- what is said

    async fn speak(self: Arc<Self>) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.wake.notified() => {}
            }
            if self.line.connection().is_some() && self.line.gap() {
                self.state().missed = true;
            }
            let now = Instant::now();
            let lost = {
                let mut state = self.state();
                let lost = state.here.is_some() && !state.hears(now);
                if lost {
                    state.again();
                }
                lost
            };
            if lost {
                self.hold().await;
            }
            for batch in self.state().due(&self.name, self.at, now) {
                self.line.tell(self.names.owner(), post::write(&batch));
            }
        }
    }

    /// Phones wait.
    async fn hold(&self) {
        self.tell.say(
            "The computer that holds the class is out of reach; phones stay here, and nobody can vote.".to_owned(),
        );
        for voice in self.voices.get().into_iter().flatten() {
            voice.hold(Some("The class is interrupted. Keep this page open: it goes on without you.")).await;
        }
    }

    // ---- what is heard

    async fn listen(self: Arc<Self>) {
        let mut own = self.line.hear(self.names.hub(&self.name), MAIL);
        let mut all = self.line.hear(self.names.hubs(), MAIL);
        loop {
            tokio::select! {
                Some((_, bytes)) = own.recv() => {
                    if let Some(answers) = post::read::<Answers>(&bytes, MOST) {
                        self.answered(answers).await;
                    }
                }
                Some((_, bytes)) = all.recv() => {
                    if let Some(beat) = post::read::<Beat>(&bytes, MOST) {
                        self.beat(beat).await;
                    }
                }
                else => return,
            }
        }
    }

    /// The owner lives, or says that it ends.
    async fn beat(&self, beat: Beat) {
        let now = Instant::now();
        let lost = {
            let mut state = self.state();
            let was = state.here.is_some();
            state.heard = (!beat.ends).then_some(now);
            let listed = beat.hubs.iter().any(|(name, turn, _)| *name == self.name && *turn == state.turn);
            let (same, settled) = state.here.as_ref().map_or((true, false), |(term, since)| {
                (*term == beat.term, now.saturating_duration_since(*since) > 2 * AGAIN)
            });
            if was && (beat.ends || !same || (settled && !listed)) {
                state.again();
            }
            was && beat.ends
        };
        if lost {
            self.hold().await;
        }
        let others = beat.hubs.into_iter().filter(|(name, ..)| *name != self.name).map(|(_, _, at)| at);
        let others = others.chain([beat.owner].into_iter().filter(|_| !beat.ends)).take(HUBS + 1).collect();
        if self.friends.are(others) {
            for voice in self.voices.get().into_iter().flatten() {
                voice.hubs(&self.friends).await;
            }
        }
    }

    async fn answered(&self, answers: Answers) {
        let Answers { turn, term, held, replies, pages } = answers;
        match held {
            Some(Err(why)) => {
                self.over.send_replace(Some(why));
            }
            Some(Ok(held)) => {
                let known = self.held.borrow().clone();
                if !known.is_empty() && known != held {
                    self.over.send_replace(Some("another class has taken the place of this one".to_owned()));
                    return;
                }
                let came = {
                    let mut state = self.state();
                    let came = turn == state.turn && state.here.is_none();
                    if came {
                        state.here = Some((term, Instant::now()));
                    }
                    came
                };
                if came && known.is_empty() {
                    self.held.send_replace(held);
                } else if came {
                    self.tell.say("The class goes on.".to_owned());
                    for voice in self.voices.get().into_iter().flatten() {
                        voice.hold(None).await;
                    }
                }
            }
            None => {}
        }
        let pages: BTreeMap<usize, Arc<_>> = pages.into_iter().map(|(class, page)| (class, Arc::new(page))).collect();
        let mut state = self.state();
        if turn != state.turn {
            return;
        }
        for (number, mut reply) in replies {
            let Some(waits) = state.waiting.remove(&number) else { continue };
            if let Ok(Answer::Joined(joined)) = &mut reply {
                joined.page = pages.get(&waits.class).cloned().unwrap_or_default();
                *state.links(waits.class).entry(joined.member).or_default() += 1;
            }
            let _ = waits.answer.send(reply);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: ([u8; 4], u16) = ([192, 0, 2, 7], 8080);

    fn due(state: &mut State, now: Instant) -> Vec<Batch> {
        state.due("a", AT.into(), now)
    }

    /// One that the owner knows, and that asks this.
    fn asking(asks: &[Ask], now: Instant) -> (State, Vec<oneshot::Receiver<Reply>>) {
        let mut state =
            State { turn: 1, next: 1, heard: Some(now), here: Some(("term".into(), now)), ..State::default() };
        let receivers = asks.iter().map(|ask| {
            let (answer, from) = oneshot::channel();
            let (number, ask) = (state.next, ask.clone());
            state.next += 1;
            state.waiting.insert(number, Waits { class: 0, ask, answer, asked: now, sent: None });
            from
        });
        let receivers = receivers.collect();
        (state, receivers)
    }

    #[test]
    fn a_question_is_asked_again_until_it_is_answered_or_given_up() {
        let now = Instant::now();
        let (mut state, mut from) = asking(&[Ask::Knows("t".into()), Ask::Look(true)], now);
        let first = due(&mut state, now);
        assert_eq!((first.len(), first[0].asks.len(), first[0].low), (1, 2, 1));
        assert!(due(&mut state, now + LOOK).is_empty(), "not yet");
        state.waiting.remove(&1);
        let again = due(&mut state, now + AGAIN);
        assert_eq!((again[0].asks[0].0, again[0].asks.len(), again[0].low), (2, 1, 2));
        state.heard = Some(now + 2 * PATIENCE);
        assert!(due(&mut state, now + 2 * PATIENCE)[0].asks.is_empty());
        assert!(from[1].try_recv().is_err_and(|why| why == oneshot::error::TryRecvError::Closed), "given up");
        assert_eq!(state.turn, 1);
    }

    #[test]
    fn a_hub_that_does_not_know_who_is_in_comes_again_with_all_its_members() {
        let now = Instant::now();
        let join = Ask::Take(Input::Join { token: None, fresh: "t".into(), dice: 1 });
        let (mut state, _from) = asking(&[join], now);
        *state.links(0).entry(7).or_default() += 2;
        state.left(0, 7);
        state.left(0, 8);
        let later = now + 2 * PATIENCE;
        state.heard = Some(later);
        let batches = due(&mut state, later);
        assert_eq!(batches.len(), 1);
        let comes = batches[0].comes.as_ref().expect("it comes again");
        assert_eq!((batches[0].turn, &comes.members), (2, &vec![Links::from([(7, 1)])]));
        assert!(due(&mut state, later + LOOK).is_empty() && !due(&mut state, later + AGAIN).is_empty());
    }

    #[test]
    fn what_is_asked_together_is_bounded_and_nobody_is_asked_who_is_silent() {
        let now = Instant::now();
        let shown = serde_json::Value::String("x".repeat(TOGETHER / 2));
        let long = Ask::Volunteer { member: 1, text: String::new(), shown };
        let mut asks = vec![Ask::Look(true); 2 * ASKS + 1];
        asks.extend(vec![long; 3]);
        let (mut state, _from) = asking(&asks, now);
        let batches = due(&mut state, now);
        assert_eq!(batches.iter().map(|batch| batch.asks.len()).sum::<usize>(), asks.len());
        assert!(batches.iter().all(|batch| batch.asks.len() <= ASKS && post::write(batch).len() < post::BATCH));
        assert!(due(&mut state, now + SILENCE).is_empty());
    }
}
