//! Who comes in as what, and what is heard of them: a student's votes, a teacher's commands, nothing from a stage.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;

use super::ask::No;
use super::house::House;
use super::room::Room;
use super::voice::{CONSOLES, Links, STAGES, STUDENTS};
use crate::classroom::session::{Command, Id, Input, TOKEN};
use crate::rng::Rng;
use crate::serve::allowance::Allowance;
use crate::serve::code;
use crate::serve::gate::NOWHERE;
use crate::serve::words::{self, Visitor, Word, Words};

/// Words that one may say at once, and then again each second: a vote may be changed often, but no finger is faster.
const BURST: f64 = 20.0;
const RATE: f64 = 4.0;
/// The teacher leads faster than that through pages that everybody knows.
const LEADS: f64 = 10.0;
/// Refused words that no good one made up for, after which a visitor is shown the door.
const PATIENCE: u32 = 100;

/// Why somebody without a code stays outside.
const WRONG_CODE: &str = "the room code is missing or wrong";

/// As what somebody comes in.
#[derive(Clone, Debug)]
enum Role {
    /// With the token, if any, of a member who comes back.
    Student(Option<String>),
    Stage,
    Teacher,
}

/// Whose connection it is.
struct Guest {
    role: Role,
    room: Arc<Room>,
    /// The number is a student's.
    visitor: Visitor<Id, Links>,
}

/// Waits for people.
#[cfg_attr(
    not(feature = "redis"),
    expect(
        clippy::unused_async,
        clippy::let_unit_value,
        reason = "only what reaches other computers has to be waited for"
    )
)]
pub(super) async fn listen(io: &SocketIo<Links>, house: &Arc<House>) {
    let entered = |socket: SocketRef<Links>| async move { welcome(socket).await };
    let house = Arc::clone(house);
    let enters = move |socket: SocketRef<Links>, TryData(auth): TryData<Json>| {
        let house = Arc::clone(&house);
        async move {
            match role(&house, &auth.unwrap_or_default()).await {
                Ok((role, room)) => {
                    hear(&socket, &room, role);
                    Ok(())
                }
                Err(why) => {
                    house.refuse(why.0, why.1);
                    Err(why.0)
                }
            }
        }
    };
    let all = io.ns("/", entered.with(enters));
    let nobody = io.ns(NOWHERE, || std::future::ready(()));
    // An adapter that reaches other computers first listens for them; ours does not fail.
    #[cfg(feature = "redis")]
    let _ = (all.await, nobody.await);
    #[cfg(not(feature = "redis"))]
    let ((), ()) = (all, nobody);
}

/// As what somebody with these credentials may come in, and where.
async fn role(house: &House, auth: &Json) -> Result<(Role, Arc<Room>), Outside> {
    let text = |key: &str| auth.get(key).and_then(Json::as_str).unwrap_or_default();
    match text("role") {
        "teach" => match house.led_by(text("secret")) {
            Some(room) => seated(room, Role::Teacher),
            None => Err(("this link doesn't lead the class", None)),
        },
        "stage" => match house.by_code(text("code")).await {
            Some(room) => seated(room, Role::Stage),
            None => Err((WRONG_CODE, None)),
        },
        "student" => {
            let token = auth.get("token").and_then(Json::as_str);
            // A member who comes back needs no code, and waits for nobody's guesses; a code that leads elsewhere counts.
            let back = match token {
                Some(token) => house.of_member(token).await,
                None => None,
            };
            let room = match back {
                Some(room) if room.knows_code(text("code")) => Some(room),
                _ => house.by_code(text("code")).await.or(back),
            };
            Ok((Role::Student(token.map(str::to_owned)), Arc::clone(room.ok_or((WRONG_CODE, None))?)))
        }
        _ => Err(("load the page again", None)),
    }
}

/// Why somebody stays outside, and of which class, if one was meant.
type Outside = (&'static str, Option<usize>);

fn seated(room: &Arc<Room>, role: Role) -> Result<(Role, Arc<Room>), Outside> {
    let full = ("too many stages and consoles are open; close one", Some(room.voice.number()));
    if room.seat() { Ok((role, Arc::clone(room))) } else { Err(full) }
}

/// Hears what comes over a connection, and its end.
fn hear(socket: &SocketRef<Links>, room: &Arc<Room>, role: Role) {
    let guest = Arc::new(Guest { role, room: Arc::clone(room), visitor: Visitor::hear(socket) });
    socket.extensions.insert(Arc::clone(&guest));
    let (room, pass, key) = (Arc::clone(room), words::pass(socket), socket.id.to_string());
    if let Some(pass) = &pass {
        pass.belongs_to(room.voice.number());
    }
    socket.on_disconnect(move || async move {
        room.wire(&key, false);
        pass.inspect(|pass| pass.is_here(false));
        match (&guest.role, guest.visitor.goes()) {
            (Role::Student(_), Some(&id)) => room.leave(id).await,
            (Role::Student(_), None) => {}
            (Role::Stage | Role::Teacher, _) => room.leave_seat(),
        }
    });
}

async fn welcome(socket: SocketRef<Links>) {
    let Some(guest) = socket.extensions.get::<Arc<Guest>>() else { return };
    let room = &guest.room;
    let Some(said) = guest.visitor.take() else { return };
    let pass = words::pass(&socket).inspect(|pass| pass.is_here(true));
    // Who hears first and asks then misses nothing: each page has a number, and the later one counts.
    let first = match &guest.role {
        Role::Student(token) => {
            let (token, fresh) = (token.clone().filter(|token| token.len() <= TOKEN), code::secret());
            let rooms = [Some(&fresh), token.as_ref()].into_iter().flatten().map(|token| room.voice.of(token));
            socket.join(rooms.chain([room.voice.all(STUDENTS)]).collect::<Vec<_>>());
            let joined = room.join(token, fresh, Rng::from_system().roll()).await;
            if let Ok((id, _)) = joined {
                room.wire(&socket.id.to_string(), true);
                if !guest.visitor.is(id) {
                    // It went before it had a number.
                    room.wire(&socket.id.to_string(), false);
                    pass.inspect(|pass| pass.is_here(false));
                    return room.leave(id).await;
                }
            }
            joined.map(|(_, first)| first)
        }
        Role::Stage => {
            socket.join(room.voice.all(STAGES));
            room.look(false).await
        }
        Role::Teacher => {
            socket.join(room.voice.all(CONSOLES));
            room.look(true).await
        }
    };
    match first {
        Ok(first) => {
            let _ = socket.emit("welcome", &room.with_hubs(first));
        }
        // It comes back by itself.
        Err(No::Lost) => {
            let _ = socket.disconnect();
            return;
        }
        Err(why) => {
            room.refuse(&why.to_string());
            let _ = socket.emit("refused", &json!({ "error": why.to_string() }));
            let _ = socket.disconnect();
            return;
        }
    }
    attend(&socket, room, &guest, said).await;
}

/// Takes somebody's words one by one.
async fn attend(socket: &SocketRef<Links>, room: &Room, guest: &Guest, mut words: Words<Links>) {
    let begun = Instant::now();
    let times = if matches!(guest.role, Role::Teacher) { LEADS } else { 1.0 };
    let mut allowance = Allowance::new(BURST * times, RATE * times, Duration::ZERO);
    while let Some(Word { event, data, ack }) = guest.visitor.next(&mut words).await {
        allowance.missed(words.missed());
        let answer = if allowance.takes(1.0, begun.elapsed()) {
            let answer = heard(room, guest, &socket.id.to_string(), (&event, data)).await;
            allowance.answered(answer.is_err());
            answer
        } else {
            Err("too fast".to_owned())
        };
        let _ = match answer {
            Ok(answer) => ack.send(&answer),
            Err(why) => {
                if matches!(guest.role, Role::Student(_)) {
                    room.refuse(&why);
                }
                ack.send(&json!({ "error": why }))
            }
        };
        if allowance.refused() >= PATIENCE {
            room.refuse("a flood: its connection was cut");
            words::dismiss(socket);
            return;
        }
    }
}

/// Somebody said something. A vote is for the member whose connection it came over, whatever it says.
async fn heard(room: &Room, guest: &Guest, key: &str, (event, data): (&str, Json)) -> Result<Json, String> {
    match (&guest.role, event, guest.visitor.id()) {
        (Role::Student(_), "vote", Some(&member)) => {
            let number = |key: &str| {
                let number = data.get(key).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
                number.ok_or_else(|| format!("a vote has a {key}"))
            };
            let given = data.get("given").and_then(Json::as_str).ok_or("a vote has an answer")?.to_owned();
            let sure = data.get("sure").and_then(Json::as_bool).unwrap_or(false);
            let slide = number("slide")?.checked_sub(1).ok_or("slides are counted from 1")?;
            let vote = Input::Vote { member, slide, round: number("round")?, given, sure };
            room.vote(vote, key).await.map_err(|why| why.to_string())?;
        }
        (Role::Student(_), "wire", Some(_)) => return room.crossings(key).await,
        (Role::Student(_), "volunteer", Some(&member)) => {
            room.volunteer(member, key).await.map_err(|why| why.to_string())?;
            // An answer that isn't a vote's.
            return Ok(json!({ "ok": true, "shown": true }));
        }
        (Role::Teacher, "command", _) => {
            let command: Command = serde_json::from_value(data).map_err(|_| "this is no command")?;
            room.command(Input::Command(command)).await.map_err(|why| why.to_string())?;
        }
        (Role::Teacher, "filter", _) => {
            let filter = data.as_str().ok_or("a filter is a text")?;
            return Ok(json!({ "ok": true, "packets": room.select(filter).await.map_err(|why| why.to_string())? }));
        }
        _ => return Err("nobody asked for this".to_owned()),
    }
    Ok(json!({ "ok": true }))
}
