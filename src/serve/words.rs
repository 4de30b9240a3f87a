//! What one says over Socket.IO, word by word and in order.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use socketioxide::adapter::{Adapter, LocalAdapter};
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::layer::SocketIoLayer;
use tokio::sync::{Notify, mpsc};

use super::gate::{HELLO, Pass};

/// The heartbeat: often enough that a lesson sees it.
const PING: Duration = Duration::from_secs(20);
/// How long a silent browser counts as here.
const PATIENCE: Duration = Duration::from_secs(15);
/// Packets that wait for a browser that is slow.
const WAITING: usize = 1024;
/// Words of one browser that wait for their turn.
const WORDS: usize = 64;

/// Something that was said.
pub struct Word<A: Adapter = LocalAdapter> {
    /// The name of the event.
    pub event: String,
    /// What it says.
    pub data: Json,
    /// Where the answer goes.
    pub ack: AckSender<A>,
}

/// The words of a connection, in order.
pub struct Words<A: Adapter = LocalAdapter> {
    from: mpsc::Receiver<Word<A>>,
    missed: Arc<AtomicU32>,
}

impl<A: Adapter> Words<A> {
    /// How many were refused, since this was last asked, because too many waited.
    pub fn missed(&self) -> u32 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

/// Whose connection it is: a number as soon as there is one, and what is said until somebody takes it.
pub struct Visitor<I, A: Adapter = LocalAdapter> {
    id: OnceLock<I>,
    gone: AtomicBool,
    /// Told when the connection has gone: what takes its words holds the connection, and must let go of it.
    going: Notify,
    words: Mutex<Option<Words<A>>>,
}

impl<I, A: Adapter> Visitor<I, A> {
    /// Somebody without a number, who is heard from now on. To be made before the browser is told that it is
    /// connected: what it says right after would find nobody listening.
    pub fn hear(socket: &SocketRef<A>) -> Self {
        let words = Mutex::new(Some(of(socket)));
        Self { id: OnceLock::new(), gone: AtomicBool::new(false), going: Notify::new(), words }
    }

    /// What is said; only once.
    pub fn take(&self) -> Option<Words<A>> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The number, if there is one.
    pub fn id(&self) -> Option<&I> {
        self.id.get()
    }

    /// Gives the number. `false`: the visitor went before there was one, and nobody else will say so.
    pub fn is(&self, id: I) -> bool {
        let _ = self.id.set(id);
        !self.gone.load(Ordering::SeqCst)
    }

    /// The connection has gone; the number, if there was one.
    pub fn goes(&self) -> Option<&I> {
        self.gone.store(true, Ordering::SeqCst);
        self.going.notify_one();
        self.id.get()
    }

    /// The next word; `None` once the connection has gone.
    pub async fn next(&self, words: &mut Words<A>) -> Option<Word<A>> {
        tokio::select! {
            biased;
            () = self.going.notified() => None,
            word = words.from.recv() => word,
        }
    }
}

/// The layer that answers below `/socket.io/`, and the handle to speak by. A message has at most `message` bytes.
/// `state` is what the adapter that reaches other servers begins with; the one that reaches none needs nothing.
pub fn layer<A: Adapter>(message: usize, state: A::State) -> (SocketIoLayer<A>, SocketIo<A>) {
    SocketIo::builder()
        .with_adapter::<A>(state)
        .ping_interval(PING)
        .ping_timeout(PATIENCE)
        .connect_timeout(HELLO)
        .max_payload(message as u64)
        .max_buffer_size(WAITING)
        .build_layer()
}

/// The words of a connection.
fn of<A: Adapter>(socket: &SocketRef<A>) -> Words<A> {
    let (to, from) = mpsc::channel::<Word<A>>(WORDS);
    let missed = Arc::new(AtomicU32::new(0));
    let words = Words { from, missed: Arc::clone(&missed) };
    // Each handler may run as a task of its own; one queue keeps the words in order.
    socket.on_fallback(move |Event(event): Event, TryData(data): TryData<Json>, ack: AckSender<A>| {
        let word = Word { event, data: data.unwrap_or_default(), ack };
        if let Err(mpsc::error::TrySendError::Full(word)) = to.try_send(word) {
            missed.fetch_add(1, Ordering::Relaxed);
            let _ = word.ack.send(&json!({ "error": "too fast" }));
        }
        std::future::ready(())
    });
    words
}

/// Shows somebody the door: says goodbye, and does not wait until a flood lets it be heard.
pub fn dismiss<A: Adapter>(socket: &SocketRef<A>) {
    let _ = socket.clone().disconnect();
    if let Some(pass) = pass(socket) {
        pass.hang_up();
    }
}

/// What the gate knows of a connection.
pub fn pass<A: Adapter>(socket: &SocketRef<A>) -> Option<Pass> {
    socket.req_parts().extensions.get().cloned()
}
