//! What was written, kept for a while: most of a packet was said of a packet before it.

/// Kinds of paragraphs that are told apart; a power of two, several times what a capture usually has.
const KINDS: usize = 256;
/// Paragraphs of one kind side by side.
const SIDES: usize = 4;
/// Bytes of the longest paragraph that is kept.
const LONGEST_WRAPPED: usize = 4096;
/// Bytes by which their memory grows.
const STEP: usize = 256;

/// What paragraphs looked like when they were wrapped.
#[derive(Debug, Default)]
pub(super) struct Paragraphs(Vec<Paragraph>);

#[derive(Debug, Default)]
struct Paragraph {
    kind: usize,
    text: String,
    wrapped: String,
}

impl Paragraphs {
    pub(super) fn new() -> Self {
        Self((0..KINDS * SIDES).map(|_| Paragraph::default()).collect())
    }

    /// Appends a text as it was wrapped, if that is kept, else as `write` appends it. One kind looks always the same.
    pub(super) fn wrapped(&mut self, kind: usize, text: &str, out: &mut String, write: impl FnOnce(&mut String)) {
        let place = kind.wrapping_mul(0x9e37_79b9) / KINDS % KINDS * SIDES;
        let Some(kept) = self.0.get_mut(place..place + SIDES) else { return write(out) };
        if let Some(known) = kept.iter().find(|known| known.kind == kind && known.text == text) {
            return out.push_str(&known.wrapped);
        }
        let from = out.len();
        write(out);
        let wrapped = out.get(from..).unwrap_or_default();
        if wrapped.len() <= LONGEST_WRAPPED {
            // The eldest makes room.
            kept.rotate_right(1);
            if let Some(first) = kept.first_mut() {
                first.kind = kind;
                keep(text, &mut first.text);
                keep(wrapped, &mut first.wrapped);
            }
        }
    }
}

/// Writes a text in the place of another, whose memory grows in steps.
pub(super) fn keep(text: &str, into: &mut String) {
    into.clear();
    if into.capacity() < text.len() {
        into.reserve(text.len().next_multiple_of(STEP) + STEP);
    }
    into.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_kept_by_its_kind_and_its_text() {
        let (mut paragraphs, mut written) = (Paragraphs::new(), 0);
        let long = "a".repeat(LONGEST_WRAPPED + 1);
        for _ in 0..2 {
            for (kind, text) in [(1, "one"), (1, "two"), (2, "one"), (1 + (KINDS << 8), "one"), (3, long.as_str())] {
                let mut out = String::new();
                paragraphs.wrapped(kind, text, &mut out, |out| {
                    written += 1;
                    out.extend([&kind.to_string(), text]);
                });
                assert_eq!(out, format!("{kind}{text}"));
            }
        }
        assert_eq!(written, 6, "only the long one is written again");
        for n in 0..2 * SIDES {
            paragraphs.wrapped(1, &n.to_string(), &mut String::new(), |out| out.push('a'));
        }
        paragraphs.wrapped(1, "two", &mut String::new(), |_| written += 1);
        assert_eq!(written, 7, "the eldest are forgotten");
    }
}
