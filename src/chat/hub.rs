//! The messaging system itself, without any network: who is here, in which room, and what was said.
//!
//! [`Hub::hear`] takes what a member said and gives the answer for the member and what others are to be told.
//! Socket.IO and the plain WebSocket mode carry both. Everything is bounded; a member is known to others by a
//! number, never by the id of its connection, because that id opens the connection.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::words::{self, event};
use crate::serve::allowance::Allowance;

/// Members at a time.
pub(super) const MEMBERS: usize = 1000;
/// Rooms at a time.
pub(super) const ROOMS: usize = 64;
/// Messages of a room that are remembered.
pub(super) const HISTORY: usize = 50;
/// Bytes of these.
const REMEMBERED: usize = 48 << 10;
/// So many words a join counts for: its answer is as long as the room's history.
const JOIN: f64 = 4.0;
/// Words that a member may say at once, and then again each second.
const BURST: f64 = 40.0;
const RATE: f64 = 10.0;
/// A member who was refused so many words without a good one between is shown the door.
const PATIENCE: u32 = 200;
/// How large a tag a member may put on a message.
const TAG: u64 = 1 << 53;

/// Who is who. Given in order, and never twice.
pub(super) type Id = u64;

/// The messaging system.
#[derive(Debug, Default)]
pub(super) struct Hub {
    members: BTreeMap<Id, Member>,
    rooms: BTreeMap<String, Room>,
    last_member: Id,
    last_message: u64,
    /// How many times something was put to use: tells which room was idle for longest.
    uses: u64,
}

#[derive(Debug)]
struct Member {
    /// The name and the room, once it has joined.
    joined: Option<(String, String)>,
    words: Allowance,
}

#[derive(Debug, Default)]
struct Room {
    history: VecDeque<Json>,
    /// Of the history.
    bytes: usize,
    members: Vec<Id>,
    used: u64,
}

/// Something that members are to be told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tell {
    /// In which room.
    pub room: String,
    /// All but this one.
    pub except: Option<Id>,
    /// The event's name.
    pub event: &'static str,
    /// What it says.
    pub data: Json,
}

/// What comes of something heard.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The answer for the member.
    pub answer: Json,
    /// For others.
    pub tell: Vec<Tell>,
    /// The member is to be put out.
    pub out: bool,
}

impl Hub {
    /// A new member, in no room yet. `None` if there are too many.
    pub(super) fn enter(&mut self, now: Duration) -> Option<Id> {
        if self.members.len() >= MEMBERS {
            return None;
        }
        self.last_member += 1;
        self.members.insert(self.last_member, Member { joined: None, words: Allowance::new(BURST, RATE, now) });
        Some(self.last_member)
    }

    /// The room that a member is in.
    pub(super) fn room_of(&self, id: Id) -> Option<&str> {
        self.members.get(&id)?.joined.as_ref().map(|(_, room)| room.as_str())
    }

    /// What a member is called.
    pub(super) fn name_of(&self, id: Id) -> Option<&str> {
        self.members.get(&id)?.joined.as_ref().map(|(name, _)| name.as_str())
    }

    /// Who is in a room.
    pub(super) fn members_of(&self, room: &str) -> &[Id] {
        self.rooms.get(room).map_or(&[], |room| &room.members)
    }

    /// A member said something.
    pub(super) fn hear(&mut self, id: Id, event: &str, data: &Json, now: Duration) -> Outcome {
        let Some(member) = self.members.get_mut(&id) else { return refuse("you are not here any more") };
        if !member.words.takes(if event == event::JOIN { JOIN } else { 1.0 }, now) {
            let out = member.words.refused() >= PATIENCE;
            let why = "too fast: ten messages a second are enough for anyone";
            return Outcome { out, ..refuse(why) };
        }
        let outcome = match event {
            event::JOIN => self.join(id, data),
            event::SAY => self.say(id, data),
            event::TYPING => self.typing(id, data),
            _ => refuse("unknown event: join, say and typing are understood"),
        };
        if let Some(member) = self.members.get_mut(&id) {
            member.words.answered(outcome.answer.get("error").is_some());
            let out = member.words.refused() >= PATIENCE;
            return Outcome { out, ..outcome };
        }
        outcome
    }

    /// A member's connection is gone. `why` is one of our own words.
    pub(super) fn leave(&mut self, id: Id, why: &'static str) -> Vec<Tell> {
        let told = self.part(id, why);
        self.members.remove(&id);
        told.into_iter().collect()
    }

    fn join(&mut self, id: Id, data: &Json) -> Outcome {
        let text = |key| data.get(key).and_then(Json::as_str).and_then(words::name);
        let Some(wanted) = text("name") else { return refuse("a name is needed, of visible letters") };
        let room = text("room").unwrap_or_else(|| "lobby".to_owned());
        if !self.rooms.contains_key(&room) && self.rooms.len() >= ROOMS && !self.forget_a_room() {
            return refuse("there are too many rooms; join one that exists");
        }
        let mut tell: Vec<Tell> = self.part(id, "went to another room").into_iter().collect();
        let name = self.free_name(&wanted, &room);
        self.uses += 1;
        let here = self.rooms.entry(room.clone()).or_default();
        here.members.push(id);
        here.used = self.uses;
        let history = here.history.clone();
        if let Some(member) = self.members.get_mut(&id) {
            member.joined = Some((name.clone(), room.clone()));
        }
        let data = json!({ "id": id, "name": name });
        tell.push(Tell { room: room.clone(), except: Some(id), event: event::JOINED, data });
        let named = |&id: &Id| json!({ "id": id, "name": self.name_of(id).unwrap_or_default() });
        let names: Vec<Json> = self.members_of(&room).iter().map(named).collect();
        // The names of other rooms are for those inside them.
        let answer = json!({
            "you": id, "name": name, "room": room, "members": names, "history": history,
            "limits": { "name": words::NAME, "text": words::TEXT },
        });
        Outcome { answer, tell, ..Outcome::default() }
    }

    fn say(&mut self, id: Id, data: &Json) -> Outcome {
        let Some((name, room)) = self.members.get(&id).and_then(|m| m.joined.clone()) else {
            return refuse("join a room first");
        };
        let Some(text) = data.get("text").and_then(Json::as_str).and_then(words::message) else {
            return refuse(&format!("a message has 1 to {} letters, on one line", words::TEXT));
        };
        let Some(here) = self.rooms.get_mut(&room) else { return refuse("join a room first") };
        self.last_message += 1;
        self.uses += 1;
        here.used = self.uses;
        let number = self.last_message;
        let mut said = json!({ "id": number, "from": id, "name": name, "text": text });
        if let (Some(tag), Some(map)) =
            (data.get("tag").and_then(Json::as_u64).filter(|&t| t < TAG), said.as_object_mut())
        {
            map.insert("tag".to_owned(), tag.into());
        }
        here.remember(said.clone());
        let answer = json!({ "id": number, "sent": here.members.len() });
        let tell = vec![Tell { room, except: None, event: event::SAID, data: said }];
        Outcome { answer, tell, out: false }
    }

    fn typing(&mut self, id: Id, data: &Json) -> Outcome {
        let Some((name, room)) = self.members.get(&id).and_then(|m| m.joined.clone()) else {
            return refuse("join a room first");
        };
        let on = data.get("on").and_then(Json::as_bool).unwrap_or(true);
        let data = json!({ "id": id, "name": name, "on": on });
        let tell = vec![Tell { room, except: Some(id), event: event::TYPING, data }];
        Outcome { answer: json!({}), tell, ..Outcome::default() }
    }

    /// Takes a member out of its room, and says what the others are to be told.
    fn part(&mut self, id: Id, why: &'static str) -> Option<Tell> {
        let (name, room) = self.members.get_mut(&id)?.joined.take()?;
        if let Some(here) = self.rooms.get_mut(&room) {
            here.members.retain(|&m| m != id);
        }
        let data = json!({ "id": id, "name": name, "why": why });
        Some(Tell { room, except: Some(id), event: event::LEFT, data })
    }

    /// Drops the empty room that was idle for longest; whether there was one.
    fn forget_a_room(&mut self) -> bool {
        let empty = self.rooms.iter().filter(|(_, room)| room.members.is_empty());
        let Some(name) = empty.min_by_key(|(_, room)| room.used).map(|(name, _)| name.clone()) else { return false };
        self.rooms.remove(&name).is_some()
    }

    /// The name, with a number behind it if somebody in the room has it already.
    fn free_name(&self, wanted: &str, room: &str) -> String {
        let taken: Vec<&str> = self.members_of(room).iter().filter_map(|&m| self.name_of(m)).collect();
        if !taken.contains(&wanted) {
            return wanted.to_owned();
        }
        let short: String = wanted.chars().take(words::NAME - 5).collect();
        // As many numbers as there may be members: one is free.
        let numbered = (2..=MEMBERS + 1).map(|n| format!("{short} {n}")).find(|name| !taken.contains(&name.as_str()));
        numbered.unwrap_or_else(|| wanted.to_owned())
    }
}

impl Room {
    fn remember(&mut self, said: Json) {
        self.bytes += size(&said);
        self.history.push_back(said);
        while (self.history.len() > HISTORY || self.bytes > REMEMBERED)
            && let Some(old) = self.history.pop_front()
        {
            self.bytes -= size(&old);
        }
    }
}

/// Bytes of a message, about: its text is most of it.
fn size(said: &Json) -> usize {
    said.get("text").and_then(Json::as_str).map_or(0, str::len) + 100
}

fn refuse(why: &str) -> Outcome {
    Outcome { answer: json!({ "error": why }), ..Outcome::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn joined(hub: &mut Hub, name: &str, room: &str) -> (Id, Json) {
        let id = hub.enter(NOW).unwrap();
        let outcome = hub.hear(id, "join", &json!({ "name": name, "room": room }), NOW);
        (id, outcome.answer)
    }

    #[test]
    fn what_one_says_everybody_in_the_room_is_told_and_nobody_else() {
        let mut hub = Hub::default();
        let (ada, _) = joined(&mut hub, "Ada", "lab");
        let (bob, answer) = joined(&mut hub, "Bob", "lab");
        joined(&mut hub, "Eve", "hall");
        assert_eq!(answer["members"], json!([{ "id": ada, "name": "Ada" }, { "id": bob, "name": "Bob" }]));
        let said = hub.hear(ada, "say", &json!({ "text": "Hi", "tag": 7 }), NOW);
        assert_eq!(said.answer, json!({ "id": 1, "sent": 2 }));
        let data = json!({ "id": 1, "from": ada, "name": "Ada", "text": "Hi", "tag": 7 });
        assert_eq!(said.tell, [Tell { room: "lab".into(), except: None, event: "said", data }]);
        assert_eq!(hub.members_of("lab"), [ada, bob]);
    }

    #[test]
    fn who_comes_later_reads_what_was_said_last() {
        let mut hub = Hub::default();
        let (ada, _) = joined(&mut hub, "Ada", "lab");
        for n in 0..HISTORY + 20 {
            let now = Duration::from_secs(n as u64);
            assert!(hub.hear(ada, "say", &json!({ "text": format!("{n}") }), now).answer["sent"].is_u64());
        }
        let (_, answer) = joined(&mut hub, "Bob", "lab");
        let history = answer["history"].as_array().unwrap();
        assert_eq!((history.len(), &history[0]["text"]), (HISTORY, &json!("20")));
    }

    #[test]
    fn what_is_remembered_is_bounded_in_bytes_too() {
        let mut hub = Hub::default();
        let (ada, _) = joined(&mut hub, "Ada", "lab");
        for n in 0..HISTORY {
            let now = Duration::from_secs(n as u64);
            hub.hear(ada, "say", &json!({ "text": "\u{10348}".repeat(words::TEXT) }), now);
        }
        let (_, answer) = joined(&mut hub, "Bob", "lab");
        let history = answer["history"].to_string();
        assert!((REMEMBERED / 2..REMEMBERED).contains(&history.len()), "{}", history.len());
    }

    #[test]
    fn the_names_of_rooms_are_for_those_inside() {
        let mut hub = Hub::default();
        joined(&mut hub, "Ada", "the secret room");
        let (_, answer) = joined(&mut hub, "Eve", "hall");
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }

    #[test]
    fn two_members_of_one_name_can_be_told_apart() {
        let mut hub = Hub::default();
        let names = ["Ada", "A\u{200b}da", "Ada"].map(|name| joined(&mut hub, name, "lab").1["name"].clone());
        assert_eq!(names, ["Ada", "Ada 2", "Ada 3"]);
        assert_eq!(joined(&mut hub, "Ada", "hall").1["name"], "Ada");
    }

    #[test]
    fn a_flood_is_refused_and_who_does_not_stop_is_put_out() {
        let mut hub = Hub::default();
        let (ada, _) = joined(&mut hub, "Ada", "lab");
        let outcomes: Vec<Outcome> = (0..300).map(|_| hub.hear(ada, "say", &json!({ "text": "x" }), NOW)).collect();
        assert_eq!(outcomes.iter().filter(|o| o.answer["sent"].is_u64()).count(), 36);
        assert!(outcomes.last().unwrap().out && !outcomes[100].out);
        let (ben, _) = joined(&mut hub, "Ben", "lab");
        (0..100).for_each(|_| drop(hub.hear(ben, "say", &json!({ "text": "x" }), NOW)));
        let later = hub.hear(ben, "say", &json!({ "text": "x" }), Duration::from_secs(1));
        assert!(later.answer["sent"].is_u64() && !later.out, "who stops in time is heard again a second later");
    }

    #[test]
    fn rooms_are_bounded_and_an_empty_one_makes_way() {
        let mut hub = Hub::default();
        let first = joined(&mut hub, "a", "room 0").0;
        for n in 1..ROOMS {
            joined(&mut hub, "a", &format!("room {n}"));
        }
        assert!(joined(&mut hub, "a", "one more").1["error"].is_string());
        hub.leave(first, "left");
        assert_eq!(joined(&mut hub, "a", "one more").1["room"], "one more");
    }

    #[test]
    fn members_are_bounded() {
        let mut hub = Hub::default();
        let all: Vec<Option<Id>> = (0..=MEMBERS).map(|_| hub.enter(NOW)).collect();
        assert!(all[MEMBERS - 1].is_some() && all[MEMBERS].is_none());
    }

    #[test]
    fn what_makes_no_sense_is_answered_with_an_error() {
        let mut hub = Hub::default();
        let (ada, _) = joined(&mut hub, "Ada", "lab");
        for (event, data) in [
            ("say", json!(null)),
            ("say", json!({ "text": 7 })),
            ("say", json!({ "text": "\u{202e}\u{200b}" })),
            ("say", json!({ "text": "x".repeat(words::TEXT + 1) })),
            ("join", json!({ "name": [] })),
            ("nothing", json!({})),
        ] {
            let outcome = hub.hear(ada, event, &data, NOW);
            assert!(outcome.answer["error"].is_string() && outcome.tell.is_empty(), "{event} {data}");
        }
        assert_eq!(hub.name_of(ada), Some("Ada"), "a bad join changes nothing");
    }

    #[test]
    fn who_leaves_is_missed() {
        let mut hub = Hub::default();
        let (ada, _) = joined(&mut hub, "Ada", "lab");
        let told = hub.leave(ada, "the connection broke");
        assert_eq!(told[0].data, json!({ "id": ada, "name": "Ada", "why": "the connection broke" }));
        assert_eq!(told[0].room, "lab");
        assert!(hub.members_of("lab").is_empty());
    }
}
