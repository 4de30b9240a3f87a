//! Speaks to the connections of a class, by what they look at.

use std::fmt;

use serde::Serialize;
use socketioxide::SocketIo;
use socketioxide::adapter::LocalAdapter;

/// What carries the words of one hub to its connections.
pub(super) type Links = LocalAdapter;

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
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Voice {
    pub(super) fn new(io: SocketIo<Links>, number: usize) -> Self {
        Self { io, number }
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
        let _ = self.io.to(room).emit(event, data).await;
    }
}
