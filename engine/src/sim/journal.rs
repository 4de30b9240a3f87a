//! What devices did with packets, for whoever follows one of them. Nothing is kept unless somebody does.

use std::net::IpAddr;

/// What a device did with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A switch knew behind which port the receiver is.
    Switched,
    /// A switch sent it out everywhere else.
    Flooded,
    /// A router passed it on.
    Routed {
        /// The next router, or the receiver itself.
        next: IpAddr,
        /// The length of the prefix that matched in its table.
        prefix: u8,
    },
    /// It waits until the next hop's link address is known.
    Waits {
        /// Whose.
        next: IpAddr,
    },
    /// A router wrote another address and port into it.
    Translated,
    /// A router cut it into so many pieces.
    Fragmented(usize),
    /// It got no further.
    Dropped(&'static str),
    /// A router answered with an ICMP error.
    Refused(&'static str),
    /// A router was itself the receiver.
    Answered,
    /// A host's stack took it.
    Delivered,
    /// It was lost on the link to this device.
    Lost,
}

/// What happened at one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which packet.
    pub id: u64,
    /// Which device: hosts come first, then switches, then routers.
    pub device: usize,
    /// What was done.
    pub deed: Deed,
}

/// Collects notes while somebody asks for them.
#[derive(Debug, Default)]
pub(super) struct Journal {
    open: bool,
    pub(super) device: usize,
    notes: Vec<Note>,
}

impl Journal {
    /// Begins to keep notes.
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    /// Whether somebody reads them.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn note(&mut self, id: u64, deed: Deed) {
        if self.open && id != 0 {
            self.notes.push(Note { id, device: self.device, deed });
        }
    }

    /// What was noted since the last time.
    pub(super) fn take(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }
}
