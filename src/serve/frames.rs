//! How long the WebSocket messages are that arrive on a stream, and how they begin — RFC 6455 §5.2.
//!
//! Libraries take messages of 64 MiB before they ask anyone, and read what no page of ours sends. This looks at
//! lengths and first letters, while the bytes pass by, and says stop before anybody keeps them.

use std::fmt::Debug;
use std::sync::Arc;

use crate::proto::websocket::wire::{Header, LONGEST, masked};

/// Whether a message may pass.
pub trait Judge: Debug + Send + Sync {
    /// Of a message that is not text.
    fn takes_binary(&self) -> bool;
    /// Of a text that begins so. At most two bytes are shown, fewer if it has no more.
    fn takes_text(&self, begins: &[u8]) -> bool;
}

/// Why a message may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The payload is longer than may be.
    TooLong,
    /// The judge does not want it.
    Unwanted,
}

/// Follows the frames of one direction. It begins at a frame's first byte.
#[derive(Debug)]
pub struct Frames {
    most: u64,
    judge: Option<Arc<dyn Judge>>,
    /// Payload of the message's earlier frames.
    before: u64,
    /// The header that has begun: at most 14 bytes.
    header: Vec<u8>,
    /// The frame whose payload is passing.
    frame: Header,
    /// Payload bytes still to come.
    left: u64,
    /// How the text begins that is passing; nothing once it was judged.
    begins: Option<Vec<u8>>,
}

/// Opcodes (RFC 6455 §11.8).
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CONTROL: u8 = 8;

impl Frames {
    /// Messages may have so many bytes, and begin as the judge likes it.
    pub fn new(most: usize, judge: Option<Arc<dyn Judge>>) -> Self {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let header = Vec::with_capacity(LONGEST);
        Self { most, judge, before: 0, header, frame: Header::default(), left: 0, begins: None }
    }

    /// Lets bytes pass.
    ///
    /// # Errors
    /// The message that they belong to may not pass.
    pub fn pass(&mut self, mut bytes: &[u8]) -> Result<(), Refused> {
        while !bytes.is_empty() {
            let payload = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (here, rest) = bytes.split_at(payload);
            self.payload(here)?;
            let Some((&byte, rest)) = rest.split_first() else { break };
            bytes = rest;
            self.header.push(byte);
            if let Some(header) = Header::read(&self.header) {
                self.header.clear();
                self.begin(header)?;
            }
        }
        Ok(())
    }

    /// A frame begins.
    fn begin(&mut self, header: Header) -> Result<(), Refused> {
        (self.frame, self.left) = (header, header.payload);
        if header.opcode >= CONTROL {
            return if header.payload > self.most { Err(Refused::TooLong) } else { Ok(()) };
        }
        let whole = self.before.saturating_add(header.payload);
        if whole > self.most {
            return Err(Refused::TooLong);
        }
        self.before = if header.fin { 0 } else { whole };
        if header.opcode == BINARY && self.judge.as_ref().is_some_and(|judge| !judge.takes_binary()) {
            return Err(Refused::Unwanted);
        }
        if header.opcode == TEXT {
            self.begins = Some(Vec::with_capacity(2));
        }
        self.judge_text()
    }

    /// Payload passes.
    fn payload(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        if bytes.is_empty() {
            return Ok(());
        }
        let at = self.frame.payload - self.left;
        self.left -= bytes.len() as u64;
        if self.frame.opcode < CONTROL
            && let Some(begins) = &mut self.begins
        {
            let mut key = self.frame.mask.unwrap_or_default();
            key.rotate_left(usize::try_from(at % 4).unwrap_or_default());
            let clear = masked(bytes, key);
            begins.extend(clear.take(2 - begins.len().min(2)));
        }
        self.judge_text()
    }

    /// Asks the judge as soon as enough of the text is there.
    fn judge_text(&mut self) -> Result<(), Refused> {
        let ends = self.frame.opcode < CONTROL && self.frame.fin && self.left == 0;
        let Some(begins) = self.begins.take_if(|begins| begins.len() >= 2 || ends) else { return Ok(()) };
        match &self.judge {
            Some(judge) if !judge.takes_text(&begins) => Err(Refused::Unwanted),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::websocket::{Frame, Opcode};

    fn frame(fin: bool, opcode: Opcode, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Frame { fin, opcode, mask: Some([1, 2, 3, 4]), payload: vec![b'x'; length] }.write(&mut out);
        out
    }

    /// Lets frames pass in pieces of `size` bytes.
    fn pass(frames: &[Vec<u8>], size: usize) -> Result<(), Refused> {
        let mut watch = Frames::new(200, None);
        frames.concat().chunks(size).try_for_each(|piece| watch.pass(piece))
    }

    #[test]
    fn messages_up_to_the_bound_pass_however_they_are_cut() {
        let good = [0, 1, 125, 126, 200].map(|n| frame(true, Opcode::Text, n));
        for size in [1, 2, 3, 7, 1000] {
            assert_eq!(pass(&good, size), Ok(()), "pieces of {size}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_stopped_at_its_header() {
        for length in [201, 70_000] {
            let bad = frame(true, Opcode::Text, length);
            assert_eq!(pass(&[bad.get(..14).unwrap().to_vec()], 1), Err(Refused::TooLong), "{length}");
        }
    }

    #[test]
    fn fragments_count_together_and_a_control_frame_between_them_does_not() {
        let (first, last) = (frame(false, Opcode::Text, 150), frame(true, Opcode::Continuation, 51));
        let ping = frame(true, Opcode::Ping, 100);
        assert_eq!(
            pass(&[first.clone(), ping.clone(), frame(true, Opcode::Continuation, 50), first.clone()], 5),
            Ok(())
        );
        assert_eq!(pass(&[first, ping, last], 5), Err(Refused::TooLong));
    }

    /// Writes down how texts begin; takes none that begins with `b`.
    #[derive(Debug, Default)]
    struct Begins(std::sync::Mutex<Vec<String>>);

    impl Judge for Begins {
        fn takes_binary(&self) -> bool {
            false
        }

        fn takes_text(&self, begins: &[u8]) -> bool {
            self.0.lock().unwrap().push(String::from_utf8_lossy(begins).into_owned());
            begins.first() != Some(&b'b')
        }
    }

    /// Text frames pass in pieces of `size` bytes; how they begin.
    fn judged(frames: &[(bool, Opcode, &str)], size: usize) -> (Result<(), Refused>, Vec<String>) {
        let judge = Arc::new(Begins::default());
        let mut watch = Frames::new(200, Some(Arc::clone(&judge) as Arc<dyn Judge>));
        let mut bytes = Vec::new();
        for &(fin, opcode, text) in frames {
            Frame { fin, opcode, mask: Some([1, 2, 3, 4]), payload: text.into() }.write(&mut bytes);
        }
        let done = bytes.chunks(size).try_for_each(|piece| watch.pass(piece));
        let begins = judge.0.lock().unwrap().clone();
        (done, begins)
    }

    #[test]
    fn each_message_is_judged_once_by_how_it_begins_however_it_is_cut() {
        use Opcode::{Continuation, Ping, Text};
        let frames = [
            (true, Text, "42[\"say\"]"),
            (false, Text, "4"),
            (true, Ping, "bb"),
            (false, Continuation, ""),
            (true, Continuation, "0{}"),
            (true, Text, "2"),
            (true, Text, ""),
            (true, Text, "3probe"),
        ];
        for size in [1, 2, 3, 7, 1000] {
            let (done, begins) = judged(&frames, size);
            assert_eq!((done, begins.join("|").as_str()), (Ok(()), "42|40|2||3p"), "pieces of {size}");
        }
    }

    #[test]
    fn what_the_judge_does_not_want_goes_no_further() {
        for size in [1, 5, 1000] {
            assert_eq!(judged(&[(true, Opcode::Text, "bAAAA")], size).0, Err(Refused::Unwanted));
            assert_eq!(judged(&[(true, Opcode::Binary, "")], size).0, Err(Refused::Unwanted));
        }
    }
}
