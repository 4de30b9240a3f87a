//! What one says over Socket.IO, word by word and in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::layer::SocketIoLayer;
use tokio::sync::mpsc;

use super::gate::Pass;

/// The heartbeat: often enough that a lesson sees it.
const PING: Duration = Duration::from_secs(20);
/// How long a silent browser counts as here.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a browser may take from its handshake to its connect. Until then socketioxide keeps a session,
/// even one that has ended.
const HELLO: Duration = Duration::from_secs(5);
/// Packets that wait for a browser that is slow.
const WAITING: usize = 1024;
/// Words of one browser that wait for their turn.
const WORDS: usize = 64;

/// Something that was said.
pub struct Word {
    /// The name of the event.
    pub event: String,
    /// What it says.
    pub data: Json,
    /// Where the answer goes.
    pub ack: AckSender,
}

/// The words of a connection, in order.
pub struct Words {
    from: mpsc::Receiver<Word>,
    missed: Arc<AtomicU32>,
}

impl Words {
    /// The next one; `None` once the connection is gone.
    pub async fn recv(&mut self) -> Option<Word> {
        self.from.recv().await
    }

    /// How many were refused, since this was last asked, because too many waited.
    pub fn missed(&self) -> u32 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

/// The layer that answers below `/socket.io/`, and the handle to speak by. A message has so many bytes at most.
pub fn layer(message: usize) -> (SocketIoLayer, SocketIo) {
    SocketIo::builder()
        .ping_interval(PING)
        .ping_timeout(PATIENCE)
        .connect_timeout(HELLO)
        .max_payload(message as u64)
        .max_buffer_size(WAITING)
        .build_layer()
}

/// The words of a connection. To be called before the browser is told that it is connected: what it says right after
/// would find nobody listening.
pub fn of(socket: &SocketRef) -> Words {
    let (to, from) = mpsc::channel::<Word>(WORDS);
    let missed = Arc::new(AtomicU32::new(0));
    let words = Words { from, missed: Arc::clone(&missed) };
    // Each handler may run as a task of its own; one queue keeps the words in order.
    socket.on_fallback(move |Event(event): Event, TryData(data): TryData<Json>, ack: AckSender| {
        let word = Word { event, data: data.unwrap_or_default(), ack };
        if let Err(mpsc::error::TrySendError::Full(word)) = to.try_send(word) {
            missed.fetch_add(1, Ordering::Relaxed);
            let _ = word.ack.send(&json!({ "error": "too fast" }));
        }
        std::future::ready(())
    });
    words
}

/// What the gate knows of a connection.
pub fn pass(socket: &SocketRef) -> Option<Pass> {
    socket.req_parts().extensions.get().cloned()
}
