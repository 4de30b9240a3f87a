//! The connections of a class that this hub carries: who sits here, and what their packets were. What they want of the
//! class is asked of its owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::timeout;

use super::ask::{Answer, Ask, Joined, No, Reply};
#[cfg(feature = "redis")]
use super::far::Carrier;
use super::owner::Owner;
use super::standing::{Place, Standing};
use super::voice::Voice;
use super::{OTHERS, Wire};
use crate::classroom::panel::Panel;
use crate::classroom::session::{Id, Input};
use crate::classroom::wire::offered;
use crate::serve::{Friends, code};

/// How long the packet of a vote may take from the wire to here.
const CAPTURED: Duration = Duration::from_secs(2);

/// Who holds a class.
#[derive(Debug)]
pub(super) enum Holder {
    /// This program.
    Here(Arc<Owner>),
    /// One on another computer, and which of its classes it is.
    #[cfg(feature = "redis")]
    Far(Arc<Carrier>, usize),
}

/// The connections of a class.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) voice: Voice,
    holder: Holder,
    place: Arc<Place>,
    others: AtomicUsize,
    /// The packets of votes.
    wire: Arc<Wire>,
    /// Where else the class is.
    friends: Friends,
}

impl Room {
    pub(super) fn new(voice: Voice, holder: Holder, place: Arc<Place>, wire: Arc<Wire>, friends: Friends) -> Self {
        Self { voice, holder, place, others: AtomicUsize::new(0), wire, friends }
    }

    async fn ask(&self, ask: Ask) -> Reply {
        match &self.holder {
            Holder::Here(owner) => owner.answer(ask).await,
            #[cfg(feature = "redis")]
            Holder::Far(carrier, class) => carrier.ask(*class, ask).await,
        }
    }

    // ---- who comes in

    /// Where it is.
    pub(super) fn standing(&self) -> Standing {
        self.place.now()
    }

    /// The room codes that let somebody in.
    pub(super) fn good_codes(&self) -> Vec<String> {
        self.place.good_codes()
    }

    /// Whether a member's phone that comes back with this code, if any, means this class.
    pub(super) fn knows_code(&self, code: &str) -> bool {
        self.place.knows_code(code)
    }

    /// Whether this is a member's token.
    pub(super) async fn knows(&self, token: &str) -> bool {
        self.ask(Ask::Knows(token.to_owned())).await == Ok(Answer::Known(true))
    }

    /// Whether this is the teacher's secret.
    pub(super) fn leads(&self, guess: &str) -> bool {
        code::same(guess.as_bytes(), self.standing().secret.as_bytes())
    }

    /// A seat for a console or a stage, if one is free.
    pub(super) fn seat(&self) -> bool {
        let taken = self.others.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < OTHERS).then_some(n + 1));
        taken.is_ok()
    }

    pub(super) fn leave_seat(&self) {
        self.others.fetch_sub(1, Ordering::AcqRel);
    }

    /// A student comes in with the token `fresh`, or back with an old one: the number, and what the student sees first.
    pub(super) async fn join(&self, token: Option<String>, fresh: String, dice: u64) -> Result<(Id, Json), No> {
        let Answer::Joined(Joined { member, token, you, page }) =
            self.ask(Ask::Take(Input::Join { token, fresh, dice })).await?
        else {
            return Err(No::Refused("the class can't be understood".to_owned()));
        };
        let wire = self.wire.uncaptured().is_none();
        Ok((member, json!({ "token": token, "you": you, "page": *page, "wire": wire })))
    }

    /// What somebody sees first, with the addresses at which the class is, too.
    pub(super) fn with_hubs(&self, mut first: Json) -> Json {
        if let Some(first) = first.as_object_mut() {
            first.insert("hubs".to_owned(), json!(self.friends.all()));
        }
        first
    }

    pub(super) async fn leave(&self, member: Id) {
        // Nobody goes who is not here.
        let _ = self.ask(Ask::Take(Input::Leave { member })).await;
    }

    /// What a stage or a console sees first.
    pub(super) async fn look(&self, teaches: bool) -> Result<Json, No> {
        match self.ask(Ask::Look(teaches)).await? {
            Answer::Seen(first) => Ok(first),
            _ => Ok(Json::Null),
        }
    }

    // ---- what is said

    /// A student votes over a connection. The vote is on the disk before the answer is given.
    pub(super) async fn vote(&self, vote: Input, key: &str) -> Result<(), No> {
        self.ask(Ask::Take(vote)).await?;
        self.wire.wires.voted(key);
        Ok(())
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

    /// A student lets everybody see the packet of their vote.
    pub(super) async fn volunteer(&self, member: Id, key: &str) -> Result<(), No> {
        let offered = offered(&self.wire.wires.known(key));
        let (text, shown) = offered.map_err(|why| No::Refused(why.to_string()))?;
        self.ask(Ask::Volunteer { member, text, shown }).await.map(drop)
    }

    /// The packets that a display filter selects.
    pub(super) async fn select(&self, filter: &str) -> Result<Vec<u64>, No> {
        match self.ask(Ask::Select(filter.to_owned())).await? {
            Answer::Selected(packets) => Ok(packets),
            _ => Ok(Vec::new()),
        }
    }

    /// The teacher wants something.
    pub(super) async fn command(&self, command: Input) -> Result<(), No> {
        self.ask(Ask::Take(command)).await.map(drop)
    }

    /// A key at the terminal; what to say there.
    pub(super) async fn key(&self, key: char) -> Option<String> {
        match &self.holder {
            Holder::Here(owner) => owner.key(key).await,
            #[cfg(feature = "redis")]
            Holder::Far(..) => None,
        }
    }

    /// Something was refused.
    pub(super) fn refuse(&self, why: &str) {
        match &self.holder {
            Holder::Here(owner) => owner.refuse(why, 1),
            #[cfg(feature = "redis")]
            Holder::Far(carrier, _) => carrier.refuse(why),
        }
    }

    /// Its console shows something else now.
    pub(super) fn has_changed(&self) {
        match &self.holder {
            Holder::Here(owner) => owner.has_changed(),
            #[cfg(feature = "redis")]
            Holder::Far(..) => {}
        }
    }

    /// What the terminal shows, where the class is held here.
    pub(super) async fn panel(&self) -> Option<Panel> {
        match &self.holder {
            Holder::Here(owner) => Some(owner.panel().await),
            #[cfg(feature = "redis")]
            Holder::Far(..) => None,
        }
    }

    /// Another computer holds it.
    pub(super) fn is_far(&self) -> bool {
        !matches!(self.holder, Holder::Here(_))
    }
}
