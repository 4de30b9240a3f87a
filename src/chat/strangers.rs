//! What strangers say to the hub and to the terminal, without a network: for those who test it with any bytes.

use std::time::Duration;

use serde_json::Value as Json;

use super::hub::{Hub, Id};
use super::join;

/// Events (`{"who":0,"event":"say","data":{}}`) that three members send; gives all that is told to anyone.
pub fn hears(events: &[Json]) -> Vec<Json> {
    let (mut hub, mut now, mut told) = (Hub::default(), Duration::ZERO, Vec::new());
    let mut members: Vec<Id> = (0..3).filter_map(|_| hub.enter(now)).collect();
    for event in events {
        now += Duration::from_millis(70);
        let who = event.get("who").and_then(Json::as_u64).unwrap_or_default();
        let Some(&id) = usize::try_from(who).ok().and_then(|who| members.get(who)) else { continue };
        let name = event.get("event").and_then(Json::as_str).unwrap_or_default();
        let outcome = hub.hear(id, name, event.get("data").unwrap_or(&Json::Null), now);
        told.push(outcome.answer);
        told.extend(outcome.tell.into_iter().map(|tell| tell.data));
        if outcome.out {
            told.extend(hub.leave(id, "was put out").into_iter().map(|tell| tell.data));
            members.retain(|&other| other != id);
        }
    }
    told
}

/// Events and entries of a feed that a server sends; gives every line that a terminal then shows.
pub fn shows(said: &[Json]) -> Vec<String> {
    join::lines(said)
}
