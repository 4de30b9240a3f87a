//! What every connection of the chat shares: who is here, their feeds, and what carries words to them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::sync::Mutex as AsyncMutex;

use super::carrier::Carrier;
use super::feed::Feeds;
use super::hub::{Hub, Id, Outcome, Tell};
use super::words::event;
use crate::serve::code::Code;

/// Bytes of one message from a browser: 1000 letters, however they are escaped.
pub(super) const MESSAGE: usize = 16 << 10;
/// What one hears who gives no code, or another one.
pub(super) const WRONG_CODE: &str = "the room code is missing or wrong";

/// What every handler shares.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) hub: AsyncMutex<Hub>,
    pub(super) feeds: Arc<Feeds>,
    pub(super) carrier: Carrier,
    pub(super) code: Option<Code>,
    pub(super) begun: Instant,
    pub(super) capture: Json,
}

impl Chat {
    /// Since the server began.
    pub(super) fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// What a new member hears first.
    pub(super) fn welcome(&self, key: &str) -> Json {
        json!({ "capture": self.capture, "key": key })
    }

    /// Whether somebody who gives this code may come in.
    pub(super) async fn admits(&self, guess: &str) -> bool {
        match &self.code {
            Some(code) => code.admits(guess).await,
            None => true,
        }
    }

    /// A new member, unless there are too many.
    pub(super) async fn enter(&self, key: &str, peer: Option<SocketAddr>) -> Option<Id> {
        let id = self.hub.lock().await.enter(self.now())?;
        self.feeds.open(key, id, peer);
        Some(id)
    }

    /// A member said something. The answer is given while nobody else can speak, so that no message is missed
    /// between the history and the first one told.
    pub(super) async fn hear(
        &self,
        id: Id,
        event: &str,
        data: &Json,
        moved: impl FnOnce(&str),
        answer: impl FnOnce(&Json),
    ) -> bool {
        let mut hub = self.hub.lock().await;
        let Outcome { answer: words, tell, out, .. } = hub.hear(id, event, data, self.now());
        self.tell(&hub, &tell).await;
        if event == event::JOIN
            && let Some(room) = hub.room_of(id)
        {
            moved(room);
        }
        answer(&words);
        !out
    }

    /// A member's connection has gone.
    pub(super) async fn leave(&self, id: Id, key: &str, why: &'static str) {
        let mut hub = self.hub.lock().await;
        let tell = hub.leave(id, why);
        self.tell(&hub, &tell).await;
        self.feeds.close(key);
    }

    /// Tells a room.
    async fn tell(&self, hub: &Hub, all: &[Tell]) {
        for tell in all {
            self.carrier.tell(hub.members_of(&tell.room), tell).await;
        }
    }
}
