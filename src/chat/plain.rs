//! The same chat in a framing of our own over a plain WebSocket, to be held beside Socket.IO: what that adds, one has
//! to write oneself here.
//!
//! Each text message is one JSON object: `{"event":"say","data":{…},"id":3}` and for an answer `{"ack":3,"data":{…}}`.
//! There is no polling, no upgrade probe, no namespace; the heartbeat is the ping of RFC 6455.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value as Json, json};
use socketioxide::socket::Sid;
use tokio::sync::mpsc;
use tokio::time::interval;

use super::carrier::{Carrier, frame};
use super::hub::Id;
use super::room::{Chat, MESSAGE, WRONG_CODE};
use super::words::event;
use crate::serve::Peer;

/// The heartbeat, as often as Socket.IO's.
const PING: Duration = Duration::from_secs(20);
/// Messages that wait for a browser that is slow; then it is let go.
const WAITING: usize = 1024;

/// A browser asks to switch to WebSocket.
pub(super) async fn chat(
    State(chat): State<Arc<Chat>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    uri: Uri,
    upgrade: WebSocketUpgrade,
) -> Response {
    let code = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("code=")));
    if !chat.admits(code.unwrap_or_default()).await {
        return (StatusCode::FORBIDDEN, format!("{WRONG_CODE}\n")).into_response();
    }
    // Known before the answer leaves, so that its packet finds its owner.
    let key = Sid::new().to_string();
    let Some(id) = chat.enter(&key, Some(peer.address)).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many are here\n").into_response();
    };
    let failed = (Arc::clone(&chat), key.clone());
    upgrade
        .max_message_size(MESSAGE)
        .on_failed_upgrade(move |_| {
            let (chat, key) = failed;
            tokio::spawn(async move { chat.leave(id, &key, "the connection was lost").await });
        })
        .on_upgrade(move |socket| async move {
            let why = attend(&chat, socket, id, &key).await;
            if let Carrier::Plain(members) = &chat.carrier {
                members.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            }
            chat.leave(id, &key, why).await;
        })
        .into_response()
}

/// Carries words both ways until one end has had enough; why it ended.
async fn attend(chat: &Chat, mut socket: WebSocket, id: Id, key: &str) -> &'static str {
    let (to, mut words) = mpsc::channel(WAITING);
    let _ = to.try_send(frame(event::WELCOME, &chat.welcome(key)));
    // The table holds the only way in: who is taken out of it hears no more, and goes.
    let way = to.downgrade();
    if let Carrier::Plain(members) = &chat.carrier {
        members.lock().unwrap_or_else(PoisonError::into_inner).insert(id, to);
    }
    let mut quiet = interval(PING);
    let mut heard_pong = true;
    quiet.tick().await;
    loop {
        tokio::select! {
            word = words.recv() => {
                let Some(word) = word else { return "the connection was lost" };
                if socket.send(Message::Text(word)).await.is_err() {
                    return "the connection was lost";
                }
            }
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => {
                    if !hear(chat, id, &text, &way).await {
                        return "was put out";
                    }
                }
                Some(Ok(Message::Close(_))) => return "said goodbye",
                Some(Ok(Message::Pong(_))) => heard_pong = true,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return "the connection was lost",
            },
            _ = quiet.tick() => {
                if !std::mem::take(&mut heard_pong) {
                    return "did not answer the heartbeat";
                }
                if socket.send(Message::Ping(Bytes::from_static(b"alive?"))).await.is_err() {
                    return "the connection was lost";
                }
            }
        }
    }
}

/// One message of a member; whether it may stay.
async fn hear(chat: &Chat, id: Id, text: &str, way: &mpsc::WeakSender<Utf8Bytes>) -> bool {
    let word: Json = serde_json::from_str(text).unwrap_or_default();
    let event = word.get("event").and_then(Json::as_str).unwrap_or_default();
    let data = word.get("data").unwrap_or(&Json::Null);
    let answer = |answer: &Json| {
        if let (Some(ack), Some(to)) = (word.get("id").and_then(Json::as_u64), way.upgrade()) {
            let _ = to.try_send(json!({ "ack": ack, "data": answer }).to_string().into());
        }
    };
    chat.hear(id, event, data, |_| (), answer).await
}
