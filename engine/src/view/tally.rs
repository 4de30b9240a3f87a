//! What is said of packets besides the packets: how many were left out, given up, lost, or of no known kind.

use super::stats::grouped;
use crate::flow::Event;
use crate::model::LinkType;
use crate::proto::{Key, lookup};
#[cfg(feature = "live")]
use crate::source::live::Sum;
#[cfg(feature = "live")]
use std::fmt::Write as _;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Frames that came.
    pub frames: u64,
    /// Packets that were shown.
    pub shown: u64,
    /// Packets that were left out because they came faster than they could be shown.
    pub left_out: u64,
    /// As many were shown as were asked for.
    pub enough: bool,
    /// How often something was given up because memory was full, and how many bytes that was.
    given_up: (u64, usize),
    /// Which link types came.
    pub links: Links,
}

/// Says once which link type isn't read here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Links {
    last: Option<LinkType>,
    told: bool,
}

impl Links {
    /// A frame of this link type came: what is to be said of it.
    pub fn note(&mut self, link: LinkType) -> Option<String> {
        if self.last.replace(link) == Some(link) || lookup(Key::Link(link.0)).is_some() {
            return None;
        }
        let first = !std::mem::replace(&mut self.told, true);
        first.then(|| {
            let name = link.name().map(|name| format!(" ({name})")).unwrap_or_default();
            let LinkType(number) = link;
            format!("osi-tutor: link type {number}{name} isn't read here: its packets are counted, not explained")
        })
    }
}

impl Tally {
    /// What a frame changed in memory.
    pub fn note(&mut self, events: &[Event]) {
        for event in events {
            if let Event::GaveUp { bytes, full: true, .. } = event {
                self.given_up = (self.given_up.0 + 1, self.given_up.1 + bytes);
            }
        }
    }

    /// What was given up, and how it need not be: as much as `memory` MiB might wait.
    pub fn gave_up(&self, memory: u32) -> Option<String> {
        let (times, bytes) = self.given_up;
        let more = memory.saturating_mul(2);
        (times > 0).then(|| {
            format!(
                "osi-tutor: memory for unfinished messages was full: the oldest were given up {times} times, {bytes} bytes \
                 in all. --memory {more} lets more wait."
            )
        })
    }
}

/// How many packets came too fast to be shown, and where they are.
pub fn left_out(packets: u64, filed: bool) -> String {
    let mut text = String::from("skipped ");
    grouped(packets, &mut text);
    text.push_str(" on the screen");
    if filed {
        text.push_str(if packets == 1 { "; it is in the file" } else { "; all are in the file" });
    }
    text
}

/// That a link went down, or came back.
#[cfg(feature = "live")]
pub fn link_change(name: &str, up: bool) -> String {
    if up {
        format!("The link of {name} is up again.")
    } else {
        format!("The link of {name} went down; the capture waits for it to come back.")
    }
}

/// What was captured on an interface, what of it was shown on the screen if there is one, and what was lost.
#[cfg(feature = "live")]
pub fn captured(name: &str, sum: &Sum, shown: Option<&Tally>, written: bool) -> String {
    let packets = if sum.captured == 1 { "packet" } else { "packets" };
    let mut text = format!("{} {packets} captured on {name}", sum.captured);
    if let Some(tally) = shown {
        let _ = write!(text, ", {} shown", tally.shown);
        let more = tally.left_out + if tally.enough { 0 } else { sum.unseen };
        if more > 0 {
            let _ = write!(text, ", {}", left_out(more, written));
        }
    } else if written {
        let _ = write!(text, ", {} written", sum.wanted);
    }
    if let Some(dropped) = sum.dropped {
        let _ = write!(text, ", {dropped} dropped by the kernel");
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_type_that_is_not_read_is_told_once() {
        let mut links = Links::default();
        assert_eq!(links.note(LinkType(1)), None);
        assert!(links.note(LinkType(147)).is_some_and(|told| told.contains("link type 147")));
        assert_eq!(links.note(LinkType(148)), None);
    }

    #[test]
    fn what_was_left_out_is_grouped_and_says_where_it_is() {
        assert_eq!(left_out(1, true), "skipped 1 on the screen; it is in the file");
        assert_eq!(left_out(12_345, true), "skipped 12,345 on the screen; all are in the file");
        assert_eq!(left_out(7, false), "skipped 7 on the screen");
    }

    #[test]
    fn what_memory_had_to_give_up_is_told_with_a_way_out() {
        let tally = Tally { given_up: (3, 900), ..Tally::default() };
        assert!(
            tally.gave_up(160).is_some_and(|told| told.contains("3 times, 900 bytes") && told.contains("--memory 320"))
        );
        assert_eq!(Tally::default().gave_up(160), None);
    }
}
