//! A vote is a packet: each student sees their own as it crossed the wire, layer by layer, and a volunteer's is shown
//! on the stage, its addresses masked. Of everything that is captured, only votes and their acknowledgments are kept, a
//! few for each connection that is here.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use super::session::{Id, Session};
use crate::model::{Layer, Osi, Packet, show};
use crate::proto::{http, socketio, websocket};
use crate::serve::mirror::{Owner, Shows};
use crate::tutor::{Audience, Moment, Texts};
use crate::view::mask::Mask;
use crate::view::scene::resolved::Layers;

/// The packets of one connection that are kept: two votes, and what the server said to them.
const KEPT: usize = 4;
/// Bytes of a frame that are shown.
const BYTES: usize = 1024;
/// Letters of what a packet says that are shown.
const SAID: usize = 300;
/// The answer to a vote that counts.
const COUNTED: &[u8] = br#"{"ok":true}"#;

/// A vote, or the answer to it, as it crossed the wire.
#[derive(Clone, Debug, Serialize)]
pub struct Crossing {
    /// The server sent it: it is the answer.
    pub down: bool,
    /// Bytes on the wire.
    pub len: u32,
    /// What it says of the class: the vote, or that it counts.
    pub said: String,
    /// What a student should know of it.
    pub told: Vec<&'static str>,
    /// Its seven layers, each with what is said of it.
    pub layers: Layers,
    /// The frame; without what is not shown: addresses, on the stage.
    pub bytes: Vec<Option<u8>>,
    /// Where those are.
    #[serde(skip)]
    addresses: Vec<Range<u32>>,
    /// Its request names the session, and whoever has that name can speak for it.
    #[serde(skip)]
    named: bool,
    /// The vote, to the letter.
    #[serde(skip)]
    text: String,
}

/// The crossings of each connection that is here, by its session.
#[derive(Debug, Default)]
pub struct Wires {
    table: Mutex<HashMap<String, Kept>>,
    /// Captures that have ended, and why.
    broken: Mutex<Option<String>>,
    came: Notify,
}

/// What is kept of a connection.
#[derive(Debug, Default)]
struct Kept {
    crossings: VecDeque<Crossing>,
    /// Votes that count, and answers to them that were captured.
    votes: u64,
    answers: u64,
}

/// Why a packet isn't shown to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unshown {
    /// There is none.
    #[error("no packet of a vote of yours was captured on this connection")]
    None,
    /// It says what was voted.
    #[error("the packet says how you voted; it can be shown once the answer is")]
    Early,
    /// It went by polling.
    #[error("your vote went by polling, and its request names your session; only a vote over WebSocket is shown")]
    Named,
    /// It is not the vote that counts, or more than that.
    #[error("this isn't the vote that counts")]
    Other,
    /// Another volunteer was first.
    #[error("another volunteer's packet is on the stage")]
    Taken,
}

impl Wires {
    /// A connection is here.
    pub fn open(&self, key: &str) {
        self.table().insert(key.to_owned(), Kept::default());
    }

    /// A vote that came over it counts.
    pub fn voted(&self, key: &str) {
        if let Some(kept) = self.table().get_mut(key) {
            kept.votes += 1;
        }
    }

    /// It has gone.
    pub fn close(&self, key: &str) {
        self.table().remove(key);
    }

    /// Its crossings, as soon as the last vote has its answer.
    pub async fn of(&self, key: &str) -> Vec<Crossing> {
        loop {
            let came = self.came.notified();
            if self.table().get(key).is_none_or(|kept| kept.answers >= kept.votes) {
                return self.known(key);
            }
            came.await;
        }
    }

    /// The crossings that are known by now.
    pub fn known(&self, key: &str) -> Vec<Crossing> {
        self.table().get(key).map(|kept| kept.crossings.iter().cloned().collect()).unwrap_or_default()
    }

    /// Why less is captured than at the beginning.
    pub fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn give(&self, key: &str, crossing: Crossing) {
        // Who is not here, or not any more, keeps nothing.
        if let Some(kept) = self.table().get_mut(key) {
            kept.answers += u64::from(crossing.down);
            if kept.crossings.len() >= KEPT {
                kept.crossings.pop_front();
            }
            kept.crossings.push_back(crossing);
        }
        self.came.notify_waiters();
    }

    fn table(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one capture sees of the class.
#[derive(Debug)]
pub struct Sight {
    wires: Arc<Wires>,
    texts: Arc<Texts>,
    audience: Audience,
    mask: Mask,
}

impl Sight {
    /// It goes there.
    pub fn new(wires: Arc<Wires>, texts: Arc<Texts>, audience: Audience) -> Self {
        Self { wires, texts, audience, mask: Mask::default() }
    }
}

impl Shows for Sight {
    type Entry = Crossing;

    fn describe(&mut self, moment: &Moment<'_>, down: bool, _: SocketAddr) -> Option<Crossing> {
        let packet = moment.packet;
        let text = vote(packet, down)?;
        let polled = packet.layer(&http::ABOUT).is_some();
        let masked = packet
            .layer(&websocket::ABOUT)
            .is_some_and(|layer| packet.field_in(layer, &websocket::MASKED_PAYLOAD).is_some());
        let mut said = String::new();
        show::escape_within(&text, SAID, &mut said);
        let bytes = packet.frame();
        Some(Crossing {
            down,
            len: packet.len,
            said,
            told: told(down, polled, masked),
            layers: Layers::unfolded(moment, self.audience, &self.texts),
            bytes: bytes.iter().take(BYTES).copied().map(Some).collect(),
            addresses: self.mask.bytes(packet, 0),
            named: polled,
            text: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    fn give(&mut self, owner: &Owner, crossing: Crossing) {
        if let Owner::Session(key) = owner {
            self.wires.give(key, crossing);
        }
    }

    fn broken(&mut self, why: &str) {
        *self.wires.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }
}

/// What a packet says of a vote: on its way up the vote itself, on its way down that it counts.
fn vote(packet: &Packet, down: bool) -> Option<Vec<u8>> {
    let of = |layer: &Layer| {
        if !std::ptr::eq(layer.proto, &raw const socketio::ABOUT) {
            return None;
        }
        let kind = socketio::Type::of_value(packet.uint_in(layer, &socketio::TYPE)?)?;
        let argument = packet.octets_in(layer, &socketio::ARGUMENT)?;
        match kind {
            socketio::Type::Event if !down => {
                (packet.octets_in(layer, &socketio::EVENT)? == b"vote").then(|| argument.to_vec())
            }
            socketio::Type::Ack if down => (argument == COUNTED).then(|| argument.to_vec()),
            _ => None,
        }
    };
    packet.layers.iter().find_map(of)
}

/// What a student should know of it.
fn told(down: bool, polled: bool, masked: bool) -> Vec<&'static str> {
    let mut told = vec![match (down, polled) {
        (true, _) => "The server says that your vote counts. It wrote the vote to its disk first.",
        (false, true) => {
            "Nothing in it says your pseudonym. The request names your session: so the server knows whose vote it is."
        }
        (false, false) => {
            "No byte in it says who you are. The server knows whose vote it is by the connection: both addresses, both ports."
        }
    }];
    if masked {
        told.push(
            "The browser combined each byte of the text with one of four key bytes (XOR). The key is in the frame, so it hides nothing.",
        );
    }
    told.push("Nothing is encrypted: anyone who can listen on the way can read it.");
    told
}

impl Crossing {
    /// Its addresses are hidden: for a screen that others look at.
    fn masked(&self) -> Self {
        let (mut shown, mut mask) = (self.clone(), Mask::default());
        // What the application says is the vote, which holds nobody's address.
        let lower = |layer: u8| layer <= Osi::Transport.number();
        for row in shown.layers.rows.iter_mut().filter(|row| lower(row.layer)) {
            row.what = mask.text(&row.what);
            row.short = mask.text(&row.short);
            row.why = row.why.as_deref().map(|why| mask.text(why));
        }
        for range in &self.addresses {
            let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX).min(shown.bytes.len());
            let (start, end) = (place(range.start), place(range.end));
            shown.bytes.get_mut(start..end).into_iter().flatten().for_each(|byte| *byte = None);
        }
        shown
    }
}

/// What a student may show everybody of these: the vote to the letter, and its packet without addresses.
///
/// # Errors
/// There is none that may be shown.
pub fn offered(crossings: &[Crossing]) -> Result<(String, Json), Unshown> {
    let crossing = crossings.iter().rfind(|crossing| !crossing.down).ok_or(Unshown::None)?;
    if crossing.named {
        return Err(Unshown::Named);
    }
    let shown = serde_json::to_value(crossing.masked()).map_err(|_| Unshown::Other)?;
    Ok((crossing.text.clone(), shown))
}

impl Session {
    /// Whether the packet of a member's vote is for all to see. It is the very vote that counts, to the letter, and its
    /// answer is shown already: the stage gives nothing away, and shows nobody's free text.
    ///
    /// # Errors
    /// Why it isn't shown.
    pub fn volunteered(&self, member: Id, text: &str) -> Result<(), Unshown> {
        let said: Json = serde_json::from_str(text).map_err(|_| Unshown::Other)?;
        let number = |key: &str| said.get(key).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
        let (slide, round) = (number("slide").ok_or(Unshown::Other)?, number("round").ok_or(Unshown::Other)?);
        let (given, sure) = self.voted(member, slide, round).ok_or(Unshown::Other)?;
        let whole = format!(r#"{{"slide":{slide},"round":{round},"given":{},"sure":{sure}}}"#, json!(given));
        if whole != text {
            return Err(Unshown::Other);
        }
        if self.is_revealed_at(slide) { Ok(()) } else { Err(Unshown::Early) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::deck::{Deck, Slide};
    use super::super::session::{Command, Input};
    use super::*;
    use crate::ask::{Choice, Task};
    use crate::flow::{Limits, Tracker};
    use crate::model::RawFrame;
    use crate::proto::walk;
    use etherparse::PacketBuilder;

    /// A vote of this text that crossed an ordinary network.
    fn crossing(text: &str) -> Crossing {
        let mut raw = RawFrame::whole(1, Vec::new());
        let to = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 7], [2, 0, 0, 0, 0, 9]);
        let tcp = to.ipv4([192, 168, 7, 20], [192, 168, 7, 1], 64).tcp(50_000, 8080, 1, 1000).ack(1);
        tcp.write(&mut raw.bytes, b"the vote, masked").unwrap();
        raw.len = u32::try_from(raw.bytes.len()).unwrap();
        let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
        walk(&raw, &mut tracker, &mut packet);
        let texts = Texts::english();
        Crossing {
            down: false,
            len: packet.len,
            said: text.to_owned(),
            told: told(false, false, true),
            layers: Layers::unfolded(&Moment::new(&packet, &tracker), Audience::Student, &texts),
            bytes: packet.frame().iter().copied().map(Some).collect(),
            addresses: Mask::default().bytes(&packet, 0),
            named: false,
            text: text.to_owned(),
        }
    }

    /// A class of one, who voted for the second choice of the only slide.
    fn voted() -> Session {
        let choices = ["SYN", "ACK"].map(|text| Choice { text: text.into(), betrays: None }).to_vec();
        let slide = Slide { task: Some(Task::Choose { choices, right: 0 }), ..Slide::default() };
        let deck = Deck { slides: vec![slide], ..Deck::default() };
        let mut session = Session::new(Arc::new(deck), 9);
        let vote = Input::Vote { member: 1, slide: 0, round: 1, given: "2".into(), sure: true };
        let join = Input::Join { token: None, fresh: "t".into(), dice: 1 };
        for input in [join, Input::Command(Command::Next), Input::Command(Command::Open), vote] {
            session.take(&input, 1).unwrap();
        }
        session
    }

    fn shown(session: &Session, member: Id, crossings: &[Crossing]) -> Result<Json, Unshown> {
        let (text, shown) = offered(crossings)?;
        session.volunteered(member, &text).map(|()| shown)
    }

    const VOTE: &str = r#"{"slide":1,"round":1,"given":"2","sure":true}"#;

    #[test]
    fn a_volunteers_packet_is_shown_without_addresses() {
        let mut session = voted();
        session.take(&Input::Command(Command::Reveal), 2).unwrap();
        let own = serde_json::to_value(crossing(VOTE)).unwrap();
        assert!(own.to_string().contains("192.168.7.20"), "it's the student's own: {own}");
        let shown = shown(&session, 1, &[crossing(VOTE)]).unwrap();
        let text = shown.to_string();
        for hidden in ["192.168.7", "02:00:00:00:00:07", "02:00:00:00:00:09"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        assert!(text.contains("ip-1") && text.contains("50000"), "{text}");
        let bytes = shown["bytes"].as_array().unwrap();
        let nulls: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at].is_null()).collect();
        assert_eq!(nulls, (0..12).chain(26..34).collect::<Vec<_>>(), "both MAC and both IP addresses");
        assert_eq!(shown["layers"]["rows"].as_array().unwrap().len(), 7);
    }

    #[test]
    fn the_stage_shows_only_the_very_vote_that_counts_once_the_answer_is_shown() {
        let mut session = voted();
        assert_eq!(shown(&session, 1, &[crossing(VOTE)]), Err(Unshown::Early));
        session.take(&Input::Command(Command::Reveal), 2).unwrap();
        assert_eq!(shown(&session, 1, &[]), Err(Unshown::None));
        assert_eq!(shown(&session, 2, &[crossing(VOTE)]), Err(Unshown::Other), "nobody shows another's");
        for text in [
            r#"{"slide":1,"round":1,"given":"1","sure":true}"#,
            r#"{"slide":1,"round":1,"given":"rude","given":"2","sure":true}"#,
            r#"{"slide":1,"round":1,"given":"2","sure":true,"x":"rude"}"#,
            r#"{"slide":2,"round":1,"given":"2","sure":true}"#,
            "rude",
        ] {
            assert_eq!(shown(&session, 1, &[crossing(text)]), Err(Unshown::Other), "{text}");
        }
        let polled = Crossing { named: true, ..crossing(VOTE) };
        assert_eq!(shown(&session, 1, &[polled]), Err(Unshown::Named));
        let answer = Crossing { down: true, ..crossing("") };
        assert!(shown(&session, 1, &[crossing(VOTE), answer]).is_ok());
    }

    #[test]
    fn a_connection_keeps_few_packets_and_none_before_it_is_here_or_after() {
        let wires = Wires::default();
        wires.give("a", crossing("1"));
        assert!(wires.known("a").is_empty());
        wires.open("a");
        (0..9).for_each(|n| wires.give("a", crossing(&n.to_string())));
        let known: Vec<String> = wires.known("a").into_iter().map(|crossing| crossing.text).collect();
        assert_eq!(known, ["5", "6", "7", "8"]);
        assert!(wires.known("b").is_empty());
        wires.close("a");
        wires.give("a", crossing("9"));
        assert!(wires.table().is_empty());
    }
}
