//! What carries words to members: Socket.IO's rooms, or a queue for each plain WebSocket.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use tokio::sync::mpsc;

use super::hub::{Id, Tell};

/// What carries words to members.
#[derive(Debug)]
pub(super) enum Carrier {
    SocketIo(SocketIo),
    Plain(Mutex<HashMap<Id, mpsc::Sender<Utf8Bytes>>>),
}

impl Carrier {
    /// Tells a room, whose members are these. Who cannot keep up is let go.
    pub(super) async fn tell(&self, room: &[Id], tell: &Tell) {
        match self {
            Self::SocketIo(io) => {
                let to = io.to(room_name(&tell.room));
                let to = if let Some(id) = tell.except { to.except(room_of_one(id)) } else { to };
                // Who cannot be reached is on the way out; the rest has been served.
                let _ = to.emit(tell.event, &tell.data).await;
            }
            Self::Plain(members) => {
                let text = frame(tell.event, &tell.data);
                let mut members = members.lock().unwrap_or_else(PoisonError::into_inner);
                for id in room.iter().filter(|&&id| tell.except != Some(id)) {
                    if members.get(id).is_some_and(|to| to.try_send(text.clone()).is_err()) {
                        members.remove(id);
                    }
                }
            }
        }
    }
}

/// Rooms have names of their own, apart from the ids of connections.
pub(super) fn room_name(name: &str) -> String {
    format!("room {name}")
}

/// A room of one, to leave a member out.
pub(super) fn room_of_one(id: Id) -> String {
    format!("member {id}")
}

/// An event in the framing of the plain mode.
pub(super) fn frame(event: &str, data: &Json) -> Utf8Bytes {
    json!({ "event": event, "data": data }).to_string().into()
}
