//! What JSON writes before and behind a value, kept: of each row and each protocol it's nearly always the same.

use super::ink::{Ink, Pen};
use crate::model::Span;
use crate::model::short::Short;

/// Places by which an address is found; a power of two, several times as many as there are rows.
const PLACES: usize = 1 << 13;
/// No row and no protocol is smaller, as most of both are addresses: each has another quotient.
const STEP: usize = size_of::<[usize; 8]>();

/// Where nothing lies, for what was never written.
const NOWHERE: Span = Span { buf: Span::TEXT, start: u32::MAX, len: u32::MAX };

/// The texts around values, by the address of the row or the protocol.
#[derive(Debug)]
pub(super) struct Known {
    /// Which of them; 0 for none.
    places: Vec<u16>,
    around: Vec<Around>,
    /// Which one was asked for last.
    last: usize,
    /// And which followed it before.
    next: usize,
}

/// The texts around the values of one row, or at the beginning of a layer.
#[derive(Debug)]
pub(super) struct Around {
    of: usize,
    /// What stands before it.
    pub(super) before: Short,
    /// What stands behind it.
    pub(super) behind: Short,
    /// Where it lay when that was written,
    span: Span,
    /// and how deep.
    depth: u8,
    /// Which one followed it last.
    next: u16,
}

impl Default for Known {
    fn default() -> Self {
        Self { places: vec![0; PLACES], around: vec![Around::of(0, Short::new())], last: 0, next: 0 }
    }
}

impl Known {
    /// What stands around the values of a row, or else what `before` makes, and nothing behind. Most rows follow the one
    /// that they followed before.
    #[inline]
    pub(super) fn of<T>(&mut self, row: &'static T, before: fn(&'static T) -> Short) -> Option<&mut Around> {
        const { assert!(size_of::<T>() >= STEP, "each has its place") };
        let of = std::ptr::from_ref(row).addr();
        if self.around.get(self.next).is_none_or(|around| around.of != of) {
            self.find(row, before);
        }
        let around = self.around.get_mut(self.next)?;
        (self.last, self.next) = (self.next, usize::from(around.next));
        Some(around)
    }

    /// Makes that of a row the next one after the last.
    #[inline(never)]
    fn find<T>(&mut self, row: &'static T, before: fn(&'static T) -> Short) {
        let of = std::ptr::from_ref(row).addr();
        let Some(place) = self.places.get_mut(of / STEP % PLACES) else { return };
        if self.around.get(usize::from(*place)).is_none_or(|around| around.of != of) {
            let around = Around::of(of, before(row));
            match (*place, u16::try_from(self.around.len())) {
                (0, Ok(free)) => {
                    *place = free;
                    self.around.push(around);
                }
                (at, _) => {
                    if let Some(known) = self.around.get_mut(usize::from(at)) {
                        *known = around;
                    }
                }
            }
        }
        if let Some(last) = self.around.get_mut(self.last) {
            last.next = *place;
        }
        self.next = usize::from(*place);
    }
}

impl Around {
    fn of(of: usize, before: Short) -> Self {
        Self { of, before, behind: Short::new(), span: NOWHERE, depth: 0, next: 0 }
    }

    /// Has what stands behind a value of this place and depth, as it was or as `write` writes it.
    #[inline]
    pub(super) fn see(&mut self, span: &Span, depth: u8, write: impl FnOnce(&mut Short)) {
        // Start and length are compared as one number.
        let range = |span: &Span| u64::from(span.start) | u64::from(span.len) << 32;
        if range(&self.span) != range(span) || self.span.buf != span.buf || self.depth != depth {
            self.behind.clear();
            write(&mut self.behind);
            self.moved(span, depth);
        }
    }

    #[inline(never)]
    fn moved(&mut self, span: &Span, depth: u8) {
        (self.span, self.depth) = (*span, depth);
    }

    /// Appends a value with what stands around it.
    #[inline]
    pub(super) fn write(&self, out: &mut Ink, value: impl FnOnce(&mut Pen<'_>)) {
        out.short(|pen| {
            pen.again(&self.before);
            value(pen);
            pen.again(&self.behind);
        });
    }

    /// The same of one in quotes.
    #[inline]
    pub(super) fn quoted(&self, out: &mut Ink, value: impl FnOnce(&mut Pen<'_>)) {
        self.write(out, |pen| {
            pen.put(b"\"");
            value(pen);
            pen.put(b"\"");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROWS: [[u8; STEP]; 2 * PLACES] = [[0; STEP]; 2 * PLACES];

    fn text(row: &'static [u8; STEP]) -> Short {
        let mut short = Short::new();
        short.number(std::ptr::from_ref(row).addr() as u64);
        short
    }

    #[test]
    fn rows_that_share_a_place_take_turns() {
        let mut known = Known::default();
        for _ in 0..3 {
            for row in [0, 1, PLACES, PLACES + 1].map(|n| &ROWS[n]) {
                let around = known.of(row, text).unwrap();
                assert_eq!(around.before.bytes(), text(row).bytes());
                assert!(around.behind.bytes().is_empty(), "a new one has nothing behind");
            }
        }
        assert_eq!(known.around.len(), 3, "two, and that of nothing");
    }

    #[test]
    fn what_stands_behind_is_written_again_in_another_place() {
        let (mut known, mut written) = (Known::default(), 0);
        let span = |buf, start, len| Span { buf, start, len };
        let places =
            [(span(0, 0, 0), 0), (span(0, 0, 0), 1), (span(0, 1, 0), 1), (span(1, 1, 0), 1), (span(1, 1, 1), 1)];
        for (span, depth) in places.into_iter().flat_map(|place| [place; 2]) {
            known.of(&ROWS[0], text).unwrap().see(&span, depth, |_| written += 1);
        }
        assert_eq!(written, places.len());
    }
}
