//! A value on its way through a filter, and bytes that are made for it.

use std::fmt::{self, Write as _};

/// One value of one packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// A number, a truth value, or nanoseconds.
    Int(i128),
    Bytes(&'a [u8]),
    Text(&'a [u8]),
    Net(&'a [u8], u8),
    /// What a calculation without a result gives, such as a division by zero.
    Nothing,
}

/// Takes values one by one; true means that it has seen enough.
pub(super) type Taker<'a> = &'a mut dyn FnMut(Item<'_>) -> bool;

impl<'a> Item<'a> {
    pub(super) const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Int(_) | Self::Nothing => None,
            Self::Bytes(b) | Self::Text(b) | Self::Net(b, _) => Some(b),
        }
    }
}

/// Bytes made for one comparison: on the stack while they are few.
pub(super) struct Scratch {
    inline: [u8; 256],
    len: usize,
    spilled: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { inline: [0; 256], len: 0, spilled: Vec::new() }
    }
}

impl Scratch {
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        match self.inline.get_mut(self.len..end) {
            Some(room) if self.spilled.is_empty() => room.copy_from_slice(bytes),
            _ => {
                if self.spilled.is_empty() {
                    self.spilled.extend_from_slice(self.inline.get(..self.len).unwrap_or(&[]));
                }
                self.spilled.extend_from_slice(bytes);
            }
        }
        self.len = end;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        if self.spilled.is_empty() { self.inline.get(..self.len).unwrap_or(&[]) } else { &self.spilled }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        if self.spilled.is_empty() { self.inline.get_mut(..self.len).unwrap_or(&mut []) } else { &mut self.spilled }
    }
}

/// Appends a number in decimal.
pub(super) fn write_to(out: &mut Scratch, n: u64) {
    // Writing to a scratch cannot fail.
    let _ = write!(out, "{n}");
}

impl fmt::Write for Scratch {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_leaves_the_stack_and_stays_whole() {
        let mut scratch = Scratch::default();
        for _ in 0..100 {
            scratch.extend(b"12345");
        }
        assert_eq!(scratch.bytes().len(), 500);
        assert!(scratch.bytes().chunks(5).all(|c| c == b"12345"));
    }
}
