//! Text or bytes that are looked for in the frames, from the chosen packet on, a few frames at a time so that keys are heard.

use super::{Browser, Pane};
use crate::browse::closest;
use crate::browse::store::Window;
use crate::model::RawFrame;
use std::time::Instant;

/// Frames that are looked through before the clock is asked again.
const ASK: usize = 64;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    bytes: Vec<u8>,
    /// Small letters are large ones, too.
    any_case: bool,
}

/// A search at work.
pub(super) struct Seek {
    /// The place in what is shown that is looked at next, and how many are left.
    at: usize,
    left: usize,
    down: bool,
    /// It went past the end, and on from the other one.
    around: bool,
    frame: RawFrame,
    window: Window,
}

impl Needle {
    /// `GET /`, `"GET /"` (capital letters are capital), `16:03:01`, `0x160301`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let hex = |digits: &str| u8::from_str_radix(digits, 16).ok();
        if let Some(digits) = text.strip_prefix("0x") {
            let pairs = || (0..digits.len()).step_by(2).map(|at| digits.get(at..at + 2).and_then(hex));
            let bytes = pairs().collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty());
            let bytes = bytes.ok_or("Hexadecimal digits come in pairs, as in 0x160301")?;
            return Ok(Self { bytes, any_case: false });
        }
        let digits: Option<Vec<u8>> = text.split(':').map(|part| hex(part).filter(|_| part.len() == 2)).collect();
        if let Some(bytes) = digits.filter(|bytes| bytes.len() > 1) {
            return Ok(Self { bytes, any_case: false });
        }
        let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match quoted.unwrap_or(text) {
            "" => Err("Text is needed, or bytes, as in 16:03:01 or 0x160301".to_owned()),
            wanted => Ok(Self { bytes: wanted.as_bytes().to_vec(), any_case: quoted.is_none() }),
        }
    }

    /// Where it begins in some bytes.
    fn place(&self, bytes: &[u8]) -> Option<usize> {
        let is = |run: &[u8]| if self.any_case { run.eq_ignore_ascii_case(&self.bytes) } else { run == self.bytes };
        bytes.windows(self.bytes.len()).position(is)
    }
}

impl Seek {
    /// How many frames are still to be looked through.
    pub(super) fn left(&self) -> usize {
        self.left
    }
}

impl Browser {
    /// Looks for what was typed: in the chosen packet first.
    pub(super) fn find(&mut self, text: &str) -> Result<(), String> {
        self.needle = Some(Needle::read(text)?);
        self.seek(self.chosen, true);
        Ok(())
    }

    /// The next match, or the one before.
    pub(super) fn next_match(&mut self, down: bool) {
        let all = self.shown().max(1);
        match self.needle {
            Some(_) => self.seek((self.chosen + if down { 1 } else { all - 1 }) % all, down),
            None => self.notice = "Nothing is looked for yet: F asks for text or bytes".into(),
        }
    }

    fn seek(&mut self, at: usize, down: bool) {
        let around = if down { at < self.chosen } else { at > self.chosen };
        let (frame, window) = (RawFrame::default(), Window::default());
        self.landing = None;
        self.seek = Some(Seek { at, left: self.shown(), down, around, frame, window });
    }

    /// Goes on with a search until `until`. Whether it has to go on.
    pub(super) fn seek_on(&mut self, until: Instant) -> bool {
        let (Some(mut seek), Some(needle)) = (self.seek.take(), self.needle.clone()) else { return false };
        let all = self.shown();
        for looked in 1.. {
            if seek.left == 0 || seek.at >= all {
                self.notice = "None of the packets shown has it in its bytes".into();
                return false;
            }
            let read =
                self.place(seek.at).is_some_and(|place| self.store.frame(place, &mut seek.frame, &mut seek.window));
            if let Some(byte) = needle.place(&seek.frame.bytes).filter(|_| read) {
                self.choose(seek.at);
                self.landing = u32::try_from(byte).ok();
                let last = byte + needle.bytes.len() - 1;
                let place = if byte == last { format!("byte {byte}") } else { format!("bytes {byte} to {last}") };
                let around = if seek.around { ", past the end" } else { "" };
                self.notice = format!("Found{around}: {place} of the frame");
                return false;
            }
            seek.left -= 1;
            let next = if seek.down { seek.at + 1 } else { seek.at + all - 1 } % all;
            seek.around |= if seek.down { next < seek.at } else { next > seek.at };
            seek.at = next;
            if looked % ASK == 0 && Instant::now() >= until {
                self.seek = Some(seek);
                return true;
            }
        }
        false
    }

    /// Once the packet that was found has been read, its bytes are chosen.
    pub(super) fn land(&mut self) {
        let Some((byte, look)) = self.landing.zip(self.seen()) else { return };
        let owner = look.owner(0, byte);
        self.landing = None;
        if let Some(owner) = owner.filter(|owner| !self.open.contains(owner)) {
            self.open.push(owner);
        }
        let lines = self.lines();
        let of_frame = || lines.iter().position(|line| line.span.is_some_and(|span| span.buf == 0));
        self.line = closest(&lines, 0, byte).or_else(of_frame).unwrap_or(0);
        (self.byte, self.pane) = (byte, Pane::Bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_text_or_bytes() {
        let read = |text| Needle::read(text).map(|needle| (needle.bytes, needle.any_case));
        assert_eq!(read(" get /"), Ok((b"get /".to_vec(), true)));
        assert_eq!(read("\"GET\""), Ok((b"GET".to_vec(), false)));
        assert_eq!(read("16:03:01"), Ok((vec![0x16, 3, 1], false)));
        assert_eq!(read("0x1603"), Ok((vec![0x16, 3], false)));
        assert_eq!(read("12:3"), Ok((b"12:3".to_vec(), true)), "no bytes, and so text");
        for wrong in ["", "  ", "\"\"", "0x", "0x1", "0xzz", "0x1é"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn small_letters_find_large_ones_unless_the_text_is_quoted() {
        assert_eq!(Needle::read("host:").unwrap().place(b"GET\r\nHost: a"), Some(5));
        assert_eq!(Needle::read("\"host:\"").unwrap().place(b"GET\r\nHost: a"), None);
        assert_eq!(Needle::read("longer than it").unwrap().place(b"short"), None);
    }
}
