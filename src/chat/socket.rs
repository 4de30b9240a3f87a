//! The chat over Socket.IO: socketioxide carries events, rooms and acknowledgments.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::socket::DisconnectReason;

use super::carrier::{room_name, room_of_one};
use super::hub::Id;
use super::room::{Chat, WRONG_CODE};
use super::words::event;
use crate::serve::gate::NOWHERE;
use crate::serve::words::{self, Visitor, Word, Words};

/// A member's connection.
type Member = Visitor<Id>;

/// Waits for members.
pub(super) fn listen(io: &SocketIo, chat: &Arc<Chat>) {
    let (before, after) = (Arc::clone(chat), Arc::clone(chat));
    let entered = move |socket: SocketRef| {
        let chat = Arc::clone(&after);
        async move { welcome(socket, chat).await }
    };
    // Before the client is told that it is connected: what it says right after would find nobody listening.
    let enters = move |socket: SocketRef, TryData(auth): TryData<Json>| {
        let chat = Arc::clone(&before);
        async move {
            let auth = auth.unwrap_or_default();
            if !chat.admits(auth.get("code").and_then(Json::as_str).unwrap_or_default()).await {
                return Err(WRONG_CODE);
            }
            hear(&socket, &chat);
            Ok(())
        }
    };
    io.ns("/", entered.with(enters));
    io.ns(NOWHERE, || std::future::ready(()));
}

/// Hears what comes over a connection, and its end.
fn hear(socket: &SocketRef, chat: &Arc<Chat>) {
    let member = Arc::new(Member::hear(socket));
    socket.extensions.insert(Arc::clone(&member));
    let (chat, key, pass) = (Arc::clone(chat), socket.id.to_string(), words::pass(socket));
    socket.on_disconnect(move |reason: DisconnectReason| async move {
        pass.inspect(|pass| pass.is_here(false));
        if let Some(&id) = member.goes() {
            chat.leave(id, &key, why(reason)).await;
        }
    });
}

async fn welcome(socket: SocketRef, chat: Arc<Chat>) {
    let Some(member) = socket.extensions.get::<Arc<Member>>() else { return };
    let (key, Some(said)) = (socket.id.to_string(), member.take()) else { return };
    let Some(id) = chat.enter(&key, None).await else {
        let _ = socket.emit(event::REFUSED, &json!({ "error": "too many are here" }));
        let _ = socket.disconnect();
        return;
    };
    let pass = words::pass(&socket).inspect(|pass| pass.is_here(true));
    if !member.is(id) {
        // It went before it had a number.
        pass.inspect(|pass| pass.is_here(false));
        return chat.leave(id, &key, "the connection was lost").await;
    }
    let _ = socket.emit(event::WELCOME, &chat.welcome(&key));
    attend(&socket, &chat, id, &member, said).await;
}

/// Takes a member's words one by one.
async fn attend(socket: &SocketRef, chat: &Chat, id: Id, member: &Member, mut words: Words) {
    while let Some(Word { event, data, ack }) = member.next(&mut words).await {
        let moved = |to: &str| {
            socket.leave_all();
            socket.join([room_name(to), room_of_one(id)]);
        };
        let answer = |answer: &Json| {
            let _ = ack.send(answer);
        };
        if !chat.hear(id, &event, &data, moved, answer).await {
            words::dismiss(socket);
            return;
        }
    }
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
