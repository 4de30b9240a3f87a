//! The chat over Socket.IO: socketioxide carries events, rooms and acknowledgments.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::layer::SocketIoLayer;
use socketioxide::socket::DisconnectReason;
use tokio::sync::mpsc;

use super::hub::{Id, Tell};
use super::server::{Chat, MESSAGE};

/// The heartbeat: often enough that a lesson sees it.
const PING: Duration = Duration::from_secs(20);
/// How long a silent browser counts as here.
const PATIENCE: Duration = Duration::from_secs(15);
/// Packets that wait for a browser that is slow.
const WAITING: usize = 1024;
/// Words of one member that wait for their turn.
const WORDS: usize = 64;

/// Something that a member said.
struct Word {
    event: String,
    data: Json,
    ack: AckSender,
}

/// The layer that answers below `/socket.io/`, and the handle to speak by.
pub(super) fn layer() -> (SocketIoLayer, SocketIo) {
    SocketIo::builder()
        .ping_interval(PING)
        .ping_timeout(PATIENCE)
        .max_payload(MESSAGE as u64)
        .max_buffer_size(WAITING)
        .build_layer()
}

/// Waits for members.
pub(super) fn listen(io: &SocketIo, chat: &Arc<Chat>) {
    let chat = Arc::clone(chat);
    io.ns("/", move |socket: SocketRef| {
        let (chat, member) = (Arc::clone(&chat), Arc::new(OnceLock::new()));
        // Before anything is waited for: what a client says right after its connect would find nobody listening.
        let words = hear(&socket, &chat, &member);
        async move { welcome(&socket, &chat, &member, words).await }
    });
}

/// Hears what comes over a connection, and its end.
fn hear(socket: &SocketRef, chat: &Arc<Chat>, member: &Arc<OnceLock<Id>>) -> mpsc::Receiver<Word> {
    let (to, from) = mpsc::channel::<Word>(WORDS);
    // Each handler may run as a task of its own; one queue keeps a member's words in order.
    socket.on_fallback(move |Event(event): Event, TryData(data): TryData<Json>, ack: AckSender| {
        let word = Word { event, data: data.unwrap_or_default(), ack };
        if let Err(mpsc::error::TrySendError::Full(word)) = to.try_send(word) {
            let _ = word.ack.send(&json!({ "error": "too fast" }));
        }
        std::future::ready(())
    });
    let (chat, member, key) = (Arc::clone(chat), Arc::clone(member), socket.id.to_string());
    socket.on_disconnect(move |reason: DisconnectReason| async move {
        if let Some(&id) = member.get() {
            chat.leave(id, &key, why(reason)).await;
        }
    });
    from
}

async fn welcome(socket: &SocketRef, chat: &Arc<Chat>, member: &OnceLock<Id>, words: mpsc::Receiver<Word>) {
    let key = socket.id.to_string();
    let Some(id) = chat.enter(&key, None).await else {
        let _ = socket.emit("refused", &json!({ "error": "too many are here" }));
        let _ = socket.clone().disconnect();
        return;
    };
    let _ = member.set(id);
    if !socket.connected() {
        // It went before it had a number.
        return chat.leave(id, &key, "the connection was lost").await;
    }
    let _ = socket.emit("welcome", &chat.welcome(&key));
    tokio::spawn(attend(socket.clone(), Arc::clone(chat), id, words));
}

/// Takes a member's words one by one.
async fn attend(socket: SocketRef, chat: Arc<Chat>, id: Id, mut words: mpsc::Receiver<Word>) {
    while let Some(Word { event, data, ack }) = words.recv().await {
        let moved = |to: &str| {
            socket.leave_all();
            socket.join([room(to), member(id)]);
        };
        let answer = |answer: &Json| {
            let _ = ack.send(answer);
        };
        if !chat.hear(id, &event, &data, moved, answer).await {
            let _ = socket.clone().disconnect();
            return;
        }
    }
}

/// Sends an event to each connection in a room.
pub(super) async fn tell(io: &SocketIo, tell: &Tell) {
    let to = io.to(room(&tell.room));
    let to = if let Some(id) = tell.except { to.except(member(id)) } else { to };
    // Who cannot be reached is on the way out; the rest has been served.
    let _ = to.emit(tell.event, &tell.data).await;
}

/// Rooms have names of their own, apart from the ids of connections.
fn room(name: &str) -> String {
    format!("room {name}")
}

/// A room of one, to leave a member out.
fn member(id: Id) -> String {
    format!("member {id}")
}

/// Why somebody went, in words that others read.
fn why(reason: DisconnectReason) -> &'static str {
    match reason {
        DisconnectReason::ClientNSDisconnect => "said goodbye",
        DisconnectReason::ServerNSDisconnect => "was put out",
        DisconnectReason::HeartbeatTimeout => "did not answer the heartbeat",
        DisconnectReason::ClosingServer => "the server ends",
        _ => "the connection was lost",
    }
}
