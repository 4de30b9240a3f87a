//! Bytes of output, written into room that is there already: what is short is put in its place without an append.

use crate::model::short::{LENT, Short};

/// A text in room that a writer lends.
pub(super) type Pen<'a> = Short<&'a mut [u8; LENT]>;

/// Text in UTF-8 that grows at its end.
#[derive(Debug, Default)]
pub struct Ink {
    /// What is written, and room behind it.
    bytes: Vec<u8>,
    len: usize,
}

impl Ink {
    /// What is written.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Begins anew; keeps at most `keep` bytes of memory.
    pub fn clear(&mut self, keep: usize) {
        self.len = 0;
        self.bytes.truncate(keep);
        self.bytes.shrink_to(keep);
    }

    /// Appends a text of at most 255 bytes.
    #[inline]
    pub(super) fn short(&mut self, write: impl FnOnce(&mut Pen<'_>)) {
        if let Some(room) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut) {
            let mut pen = Pen::on(room);
            write(&mut pen);
            self.len += usize::from(pen.len());
            return;
        }
        self.grow(self.len + LENT);
        self.short(write);
    }

    /// Appends text or bytes.
    #[inline]
    pub fn add(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let end = self.len + text.len();
        if self.bytes.len() < end {
            self.grow(end);
        }
        if let Some(room) = self.bytes.get_mut(self.len..end) {
            room.copy_from_slice(text);
            self.len = end;
        }
    }

    /// Appends a number in decimal.
    pub(super) fn number(&mut self, n: u64) {
        self.short(|pen| pen.number(n));
    }

    /// Takes the last byte back if it is this one.
    #[inline]
    pub(super) fn take_back(&mut self, last: u8) {
        if self.bytes().last() == Some(&last) {
            self.len -= 1;
        }
    }

    #[cold]
    fn grow(&mut self, to: usize) {
        self.bytes.resize(to.max(2 * self.bytes.len()), b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_texts_follow_each_other_whatever_room_there_is() {
        let (mut ink, mut text) = (Ink::default(), String::new());
        for keep in [0, 1, 100_000] {
            for n in 0..600_usize {
                ink.number(n as u64);
                ink.short(|pen| pen.put(b", "));
                let long = "a".repeat(n);
                ink.add(&long);
                text.extend([&n.to_string(), ", ", &long]);
            }
            ink.add(",");
            ink.take_back(b';');
            ink.take_back(b',');
            assert_eq!(ink.bytes(), text.as_bytes());
            ink.clear(keep);
            text.clear();
            assert!(ink.bytes().is_empty() && ink.bytes.capacity() <= keep.max(200_000));
        }
    }
}
