//! What a text is made of: the values that its sentences mention, as numbers that are quickly compared.

use crate::model::{Field, Identity, Packet, Value};

/// Words of the values of one text; a text of more is said anew each time.
const MOST_WORDS: usize = 128;

/// All that a text depends on beside its entry.
#[derive(Debug)]
pub(super) struct MadeOf {
    words: [u64; MOST_WORDS],
    /// How many of them; more than there is room for, where they don't tell all.
    len: usize,
    text: String,
}

impl Default for MadeOf {
    fn default() -> Self {
        Self { words: [0; MOST_WORDS], len: 0, text: String::new() }
    }
}

impl MadeOf {
    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a field's value, or that there is no such field.
    pub(super) fn field(&mut self, packet: &Packet, field: Option<&Field>) {
        let (kind, n) = match field.map(|field| field.value) {
            None => (0, 0),
            Some(Value::None) => (1, 0),
            Some(Value::Bool(b)) => (2, u64::from(b)),
            Some(Value::Uint(n)) => (3, n),
            Some(Value::Int(n)) => (4, n.cast_unsigned()),
            Some(Value::Nanos(n)) => (5, n.cast_unsigned()),
            Some(Value::Bytes(slice)) => return self.slice(6, packet.bytes(slice)),
            Some(Value::Text(slice)) => return self.slice(7, packet.bytes(slice)),
        };
        self.add(kind);
        self.add(n);
    }

    /// Adds a number, or that there is none.
    pub(super) fn number(&mut self, n: Option<u64>) {
        self.add(u64::from(n.is_some()));
        self.add(n.unwrap_or(0));
    }

    /// Adds a text that `write` appends, or that there is none.
    pub(super) fn text(&mut self, write: impl FnOnce(&mut String) -> Option<()>) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let kind = if write(&mut text).is_some() { 8 } else { 9 };
        self.slice(kind, text.as_bytes());
        self.text = text;
    }

    /// Adds a protocol: each is one static row.
    pub(super) fn identity(&mut self, about: &'static Identity) {
        self.add(std::ptr::from_ref(about).addr() as u64);
    }

    fn slice(&mut self, kind: u64, bytes: &[u8]) {
        self.add(kind);
        self.add(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks();
        for &word in words {
            self.add(u64::from_ne_bytes(word));
        }
        if !rest.is_empty() {
            self.add(rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
        }
    }

    #[inline]
    fn add(&mut self, word: u64) {
        if let Some(place) = self.words.get_mut(self.len) {
            *place = word;
        }
        self.len += 1;
    }

    /// All of it; `None` if that is too much.
    pub(super) fn all(&self) -> Option<&[u64]> {
        self.words.get(..self.len)
    }
}
