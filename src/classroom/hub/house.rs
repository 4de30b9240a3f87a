//! The classes of one server: one port for all, and each has its own code, its own link for the teacher, its own files.

use std::sync::Arc;

use super::room::Room;
use crate::serve::code::Code;

/// All rooms, and the codes that lead into them.
#[derive(Debug)]
pub(super) struct House {
    pub(super) rooms: Vec<Arc<Room>>,
    /// In the order of the rooms; none where the only room asks for none.
    codes: Option<Code>,
}

impl House {
    pub(super) fn new(rooms: Vec<Arc<Room>>) -> Self {
        let codes: Option<Vec<String>> = rooms.iter().map(|room| room.code().map(str::to_owned)).collect();
        Self { rooms, codes: codes.map(Code::of) }
    }

    /// The room that this code leads to. The answer may take its time.
    pub(super) async fn by_code(&self, guess: &str) -> Option<&Arc<Room>> {
        match &self.codes {
            Some(codes) => self.rooms.get(codes.which(guess).await?),
            None => self.rooms.first(),
        }
    }

    /// The room whose teacher has this secret.
    pub(super) fn led_by(&self, secret: &str) -> Option<&Arc<Room>> {
        self.rooms.iter().find(|room| room.leads(secret))
    }

    /// The room that had this member: a token is harder to guess than any code.
    pub(super) async fn of_member(&self, token: &str) -> Option<&Arc<Room>> {
        for room in &self.rooms {
            if room.knows(token).await {
                return Some(room);
            }
        }
        None
    }

    /// Something was refused that belongs to no room.
    pub(super) fn refuse(&self, why: &str) {
        self.rooms.iter().take(1).for_each(|room| room.refuse(why));
    }
}
