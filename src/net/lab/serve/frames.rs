//! How long the WebSocket messages are that arrive on a stream — RFC 6455 §5.2.
//!
//! Libraries take messages of 64 MiB before they ask anyone. This reads nothing but lengths, while the bytes
//! pass by, and says stop as soon as a header promises too much.

/// The payload is longer than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Follows the frames of one direction. It begins at a frame's first byte.
#[derive(Debug)]
pub(super) struct Frames {
    most: u64,
    /// Payload of the message's earlier frames.
    before: u64,
    /// The header that has begun: at most 14 bytes.
    header: Vec<u8>,
    /// Payload bytes still to come.
    left: u64,
}

/// The longest header: two bytes, eight of length, four of masking key.
const LONGEST: usize = 14;

impl Frames {
    /// Messages may have so many bytes.
    pub(super) fn new(most: usize) -> Self {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        Self { most, before: 0, header: Vec::with_capacity(LONGEST), left: 0 }
    }

    /// Lets bytes pass.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            let payload = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= payload as u64;
            bytes = bytes.get(payload..).unwrap_or_default();
            let Some((&byte, rest)) = bytes.split_first() else { break };
            bytes = rest;
            self.header.push(byte);
            if let Some((control, last, length)) = read(&self.header) {
                self.header.clear();
                self.left = length;
                let whole = if control { length } else { self.before.saturating_add(length) };
                if whole > self.most {
                    return Err(TooLong);
                }
                if !control {
                    self.before = if last { 0 } else { whole };
                }
            }
        }
        Ok(())
    }
}

/// Of a whole header: whether the frame is a control frame, whether it ends its message, and its payload's length.
fn read(header: &[u8]) -> Option<(bool, bool, u64)> {
    let [first, second, rest @ ..] = header else { return None };
    let (length, rest) = match second & 0x7f {
        126 => {
            let (bytes, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*bytes)), rest)
        }
        127 => {
            let (bytes, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*bytes), rest)
        }
        short => (u64::from(short), rest),
    };
    let whole = second & 0x80 == 0 || rest.len() >= 4;
    whole.then_some((first & 0x08 != 0, first & 0x80 != 0, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::apps::websocket::{Frame, Opcode};

    fn frame(fin: bool, opcode: Opcode, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Frame { fin, opcode, mask: Some([1, 2, 3, 4]), payload: vec![b'x'; length] }.write(&mut out);
        out
    }

    /// Lets frames pass in pieces of `size` bytes.
    fn pass(frames: &[Vec<u8>], size: usize) -> Result<(), TooLong> {
        let mut watch = Frames::new(200);
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
            assert_eq!(pass(&[bad.get(..14).unwrap().to_vec()], 1), Err(TooLong), "{length}");
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
        assert_eq!(pass(&[first, ping, last], 5), Err(TooLong));
    }
}
