//! What was said, kept for a while: a packet mostly says what a packet before it said, with the same values.

use super::index::Index;
use super::made_of::MadeOf;
use super::seven::{about, is_read, verdict};
use super::text::Place;
use super::{Audience, Here, MOST_LAYERS, Moment, Texts, Truth};
use crate::model::Osi;

/// Texts of one entry side by side.
const SIDES: usize = 4;
/// Bytes of the longest text that is kept.
const LONGEST: usize = 4096;
/// Bytes by which their memory grows.
const STEP: usize = 256;

/// What is said of one packet after the other; the memory of the last serves the next.
#[derive(Debug, Default)]
pub struct Told {
    index: Index,
    /// Which layers stand on each of the seven.
    layers: [Vec<usize>; 7],
    /// What each of the seven said last, and where that is.
    places: [(&'static str, Place); 7],
    kept: Kept,
}

/// One packet, and what there is to say of it.
#[derive(Debug)]
pub struct Telling<'a> {
    moment: &'a Moment<'a>,
    audience: Audience,
    texts: &'a Texts,
    index: &'a Index,
    is_read: bool,
    layers: &'a [Vec<usize>; 7],
    places: &'a mut [(&'static str, Place); 7],
    kept: &'a mut Kept,
}

/// Something to say: how we know, of which layer it is, and which entry says it.
#[derive(Clone, Copy, Debug)]
pub struct Saying {
    /// How we know.
    pub truth: Truth,
    layer: usize,
    place: Place,
}

/// How texts looked when they were said last.
#[derive(Debug, Default)]
struct Kept {
    /// Those of each entry, side by side; empty where nothing is kept.
    looks: Vec<Look>,
    /// The text that is said now, what it's made of, and how it looks.
    text: String,
    made_of: MadeOf,
    look: String,
}

/// How a text looked, and the values that it was made of.
#[derive(Debug, Default)]
struct Look {
    made_of: Option<Vec<u64>>,
    look: String,
}

impl Told {
    /// Keeps what it says: for many packets, told to one audience.
    pub fn keep(&mut self, texts: &Texts) {
        self.kept.looks.resize_with(SIDES * texts.len(), Look::default);
    }

    /// One packet after another.
    pub fn tell<'a>(&'a mut self, moment: &'a Moment<'a>, audience: Audience, texts: &'a Texts) -> Telling<'a> {
        let Self { index, layers, places, kept } = self;
        index.fill(moment.packet);
        layers.iter_mut().for_each(Vec::clear);
        for (at, layer) in moment.packet.layers.iter().enumerate().filter(|(_, layer)| !layer.quoted) {
            if let Some(standing) = layers.get_mut(layer.proto.osi as usize - 1) {
                standing.push(at);
            }
        }
        Telling { moment, audience, texts, index, is_read: is_read(moment.packet.link), layers, places, kept }
    }
}

impl Telling<'_> {
    /// What one of the seven is here, or why it can't be seen.
    pub fn row(&mut self, osi: Osi) -> Option<Saying> {
        let layers = self.layers.get(osi as usize - 1)?;
        let here = about(self.moment, layers, self.index)?;
        let (key, truth) = verdict(osi, self.is_read, &here, layers);
        let known = self.places.get_mut(osi as usize - 1)?;
        if !std::ptr::eq(known.0, key) {
            *known = (key, self.texts.place(key)?);
        }
        Some(Saying { truth, layer: here.index, place: known.1 })
    }

    /// Gives all that there is to note of a layer, each as `draw` draws it; see [`explain`](super::explain).
    pub fn notes(&mut self, layer: usize, draw: impl Fn(Truth, &str, &mut String), mut give: impl FnMut(&str)) {
        let Some(here) = Here::noted(self.moment, layer, self.index).filter(|_| layer < MOST_LAYERS) else { return };
        let mut silent = true;
        let mut say = |truth, place| {
            let look = self.kept.say(place, self.audience, self.texts, &here, |text, out| {
                // Nothing is said where this packet has nothing of what the sentences mention.
                if !text.is_empty() {
                    draw(truth, text, out);
                }
            });
            silent &= look.is_empty();
            give(look);
        };
        self.texts.holding(&here, |rule, place| say(rule.truth, place));
        if silent && let Some(place) = self.texts.basic(&here) {
            let look = self.kept.say(place, self.audience, self.texts, &here, |text, out| {
                if !text.is_empty() {
                    draw(Truth::Observed, text, out);
                }
            });
            give(look);
        }
    }

    /// A text as `draw` draws it.
    pub fn say(&mut self, saying: Saying, draw: impl FnOnce(&str, &mut String)) -> &str {
        match Here::noted(self.moment, saying.layer, self.index) {
            Some(here) => self.kept.say(saying.place, self.audience, self.texts, &here, draw),
            None => "",
        }
    }
}

impl Look {
    /// Word by word: these were written just now, one by one, and what reads several at once waits for them (measured: a
    /// fourteenth of all time).
    #[inline]
    fn is_made_of(&self, all: &[u64]) -> bool {
        self.made_of.as_ref().is_some_and(|own| own.len() == all.len() && own.iter().zip(all).all(|(a, b)| a == b))
    }
}

impl Kept {
    /// A text: as it looked, if it is kept, else as `draw` draws it.
    fn say(
        &mut self,
        place: Place,
        audience: Audience,
        texts: &Texts,
        here: &Here<'_>,
        draw: impl FnOnce(&str, &mut String),
    ) -> &str {
        let Self { looks, text, made_of, look } = self;
        let looks = looks.get_mut(SIDES * place.0..SIDES * (place.0 + 1)).unwrap_or_default();
        if !looks.is_empty() {
            made_of.clear();
            texts.made_of(place, audience, here, made_of);
            let known = made_of.all().and_then(|all| looks.iter().position(|look| look.is_made_of(all)));
            if let Some(known) = known {
                return looks.get(known).map_or("", |known| &known.look);
            }
        }
        text.clear();
        texts.fill(place, audience, here, text);
        look.clear();
        draw(text, look);
        let (Some(made_of), true) = (made_of.all(), !looks.is_empty() && look.len() <= LONGEST) else { return look };
        // The eldest makes room.
        looks.rotate_right(1);
        let Some(first) = looks.first_mut() else { return look };
        first.look.clear();
        first.look.reserve(look.len().next_multiple_of(STEP));
        first.look.push_str(look);
        let kept = first.made_of.get_or_insert_default();
        kept.clear();
        kept.reserve(made_of.len().next_multiple_of(STEP / 8));
        kept.extend_from_slice(made_of);
        look
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Limits, Tracker};
    use crate::model::{Packet, RawFrame};
    use crate::proto::walk;
    use crate::tutor::explain;
    use etherparse::PacketBuilder;

    fn frame(ttl: u8, port: u16, seq: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], ttl);
        ip.tcp(port, 80, seq, 9).ack(seq).write(&mut bytes, data).unwrap();
        bytes
    }

    #[test]
    fn what_was_kept_is_said_of_a_packet_of_which_it_is_true() {
        let texts = Texts::english();
        let (mut told, mut tracker, mut packet) = (Told::default(), Tracker::new(Limits::default()), Packet::new());
        told.keep(&texts);
        let (mut notes, mut drawn) = (0, std::cell::Cell::new(0));
        for n in 0..64 {
            let bytes = frame(n % 2 + 8, u16::from(n % 3) + 9, u32::from(n % 5), &b"a message"[..usize::from(n % 7)]);
            walk(&RawFrame::whole(n.into(), bytes), &mut tracker, &mut packet);
            let moment = Moment::new(&packet, &tracker);
            let all = explain(&moment, Audience::Student, &texts);
            notes += all.len();
            let mut telling = told.tell(&moment, Audience::Student, &texts);
            for layer in 0..packet.layers.len() {
                let mut out = String::new();
                let draw = |_, text: &str, out: &mut String| {
                    drawn.set(drawn.get() + 1);
                    out.extend([text, "\n"]);
                };
                telling.notes(layer, draw, |note| out.push_str(note));
                let of_layer = all.iter().filter(|note| note.layer == layer);
                assert_eq!(out, of_layer.flat_map(|note| [note.text.as_str(), "\n"]).collect::<String>());
            }
            for row in crate::tutor::seven(&moment, Audience::Student, &texts) {
                let said = telling.row(row.osi).unwrap();
                let text = telling.say(said, |text, out| out.push_str(text));
                assert_eq!((said.truth, text), (row.truth, row.text.as_str()));
            }
        }
        assert!(*drawn.get_mut() < notes / 2, "{drawn:?} of {notes}");
    }
}
