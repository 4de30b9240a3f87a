//! The classes of one server: one port for all, and each has its own code, its own link for the teacher, its own files.

use std::sync::Arc;

use super::refusals::Refusals;
use super::room::Room;
use super::standing::Standing;
use crate::serve::code::Code;

/// All rooms, and the codes that lead into them.
#[derive(Debug)]
pub(super) struct House {
    pub(super) rooms: Vec<Arc<Room>>,
    /// In the order of the rooms; none where the only room asks for none.
    codes: Option<Code>,
    /// What was refused before anybody knew which class was meant: the rooms' consoles show it, too.
    pub(super) refused: Arc<Refusals>,
}

impl House {
    pub(super) fn new(rooms: Vec<Arc<Room>>, refused: Arc<Refusals>) -> Self {
        let codes = good(&rooms);
        let codes = rooms.iter().all(|room| room.standing().code.is_some()).then(|| Code::of(codes));
        Self { rooms, codes, refused }
    }

    /// Where all classes are.
    pub(super) fn standings(&self) -> Vec<Standing> {
        self.rooms.iter().map(|room| room.standing()).collect()
    }

    /// Other codes let somebody in now.
    pub(super) fn codes_changed(&self) {
        if let Some(codes) = &self.codes {
            codes.set(good(&self.rooms));
        }
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

    /// Something was refused, in this room if one was meant.
    pub(super) fn refuse(&self, why: &str, number: Option<usize>) {
        if let Some(room) = number.and_then(|number| self.rooms.get(number)) {
            return room.refuse(why);
        }
        // Who holds the classes hears of it all.
        if let Some(room) = self.rooms.first().filter(|room| room.is_far()) {
            return room.refuse(why);
        }
        self.refused.note(why, 1);
        self.rooms.iter().for_each(|room| room.has_changed());
    }
}

/// The codes that let somebody in, and to which room.
fn good(rooms: &[Arc<Room>]) -> Vec<(String, usize)> {
    let of = |(at, room): (usize, &Arc<Room>)| room.good_codes().into_iter().map(move |code| (code, at));
    rooms.iter().enumerate().flat_map(of).collect()
}
