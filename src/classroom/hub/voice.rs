//! Speaks to the connections of a class, by what they look at.

use std::fmt;

use serde::Serialize;
#[cfg(feature = "redis")]
use serde_json::json;
use socketioxide::SocketIo;

#[cfg(feature = "redis")]
pub(super) use super::far::{Links, State, alone};
#[cfg(feature = "redis")]
use crate::serve::Friends;

/// What carries the words of a class to its connections.
#[cfg(not(feature = "redis"))]
pub(super) type Links = socketioxide::adapter::LocalAdapter;
/// What it begins with.
#[cfg(not(feature = "redis"))]
pub(super) type State = ();

/// What it begins with where no other computer is reached.
#[cfg(not(feature = "redis"))]
pub(super) fn alone() {}

/// Everybody, by what they look at.
pub(super) const STUDENTS: &str = "students";
pub(super) const STAGES: &str = "stages";
pub(super) const CONSOLES: &str = "consoles";

/// The voice of one class.
#[derive(Clone)]
pub(super) struct Voice {
    io: SocketIo<Links>,
    /// Which of the server's classes it is: rooms of Socket.IO are called after it.
    number: usize,
    /// The connections of other computers hear it, too.
    far: bool,
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Voice {
    pub(super) fn new(io: SocketIo<Links>, number: usize, far: bool) -> Self {
        Self { io, number, far }
    }

    /// Which of the server's classes speaks.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The room of all who look at the same.
    pub(super) fn all(&self, who: &str) -> String {
        format!("{} {who}", self.number)
    }

    /// The room of one member, whatever connections it has: by its token, which is known before its number is.
    pub(super) fn of(&self, token: &str) -> String {
        format!("{} member {token}", self.number)
    }

    /// Says something to a room. Who cannot be reached is on the way out; the rest is served.
    pub(super) async fn say(&self, room: String, event: &str, data: &(impl Serialize + ?Sized)) {
        let to = self.io.to(room);
        let _ = if self.far { to } else { to.local() }.emit(event, data).await;
    }

    /// Tells the connections of this computer at which other ones the class is, too.
    #[cfg(feature = "redis")]
    pub(super) async fn hubs(&self, friends: &Friends) {
        self.near("hubs", &json!({ "hubs": friends.all() })).await;
    }

    /// Tells the connections of this computer that the class is interrupted, and why; or that it goes on.
    #[cfg(feature = "redis")]
    pub(super) async fn hold(&self, why: Option<&str>) {
        self.near("hold", &json!({ "why": why })).await;
    }

    #[cfg(feature = "redis")]
    async fn near(&self, event: &str, data: &serde_json::Value) {
        let rooms = [STUDENTS, STAGES, CONSOLES].map(|who| self.all(who));
        let _ = self.io.to(rooms).local().emit(event, data).await;
    }
}
