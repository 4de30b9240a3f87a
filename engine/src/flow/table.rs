//! The table of conversations: who talks to whom, within bounds.
//!
//! When it is full, a conversation goes that was not heard of for longest, roughly: a hand goes round the
//! table and takes the first that nobody spoke in since it came by last ("second chance").

use super::held::Held;
use super::past::Past;
use super::track::Track;
use crate::model::Time;
use crate::proto::memory::{Address, Conversation, ConversationKind, Ends};
use crate::proto::{Protocol, Streams};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

/// The conversations of a tracker. A copy of it has to find its places again.
pub(super) struct Table {
    most: usize,
    hasher: DefaultHashBuilder,
    /// Places in `held`, found by their keys.
    places: HashTable<u32>,
    held: Held<Talking, 16>,
    /// Copies that were made: what is changed is counted once for each.
    copies: u32,
    /// About how many bytes have changed since the last copy.
    changed: usize,
    hand: usize,
    /// How many of each kind there were.
    numbers: [u32; 3],
}

/// A conversation of any kind.
#[derive(Clone)]
pub(super) struct Talking {
    /// What its protocols remember; made when one first asks.
    pub streams: Option<Arc<Streams>>,
    pub of: Of,
    key: Slim,
    number: u32,
    /// The last copy of the table before it was changed.
    copied: u32,
    /// Whether the first packet went from the low end to the high one.
    low_first: bool,
    /// Somebody spoke since the hand came by.
    heard: bool,
    renumbered: Renumbered,
    /// Since which frame it is in the queue of those in which bytes wait, if it is.
    pub queued: Past,
}

/// What only some kinds have.
#[derive(Clone)]
pub(super) enum Of {
    Datagrams(Datagrams),
    Tcp(Track),
}

/// A conversation without connection.
#[derive(Clone, Default)]
pub(super) struct Datagrams {
    /// When its first packet came, and the one before; for those that ask.
    paced: Option<(Time, Time)>,
    /// Who reads its datagrams, whatever the ports say.
    pub claimed: Option<&'static Protocol>,
    /// The number that the other direction has, and when its packets came.
    other: Option<(u32, Option<(Time, Time)>)>,
}

/// Whether the second packet counts as another conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renumbered {
    No,
    AtNext,
    Done,
    /// One of its ends was announced when it began: each direction has a number.
    EachDirection,
}

/// Both ends, the smaller first, so that both directions find the same conversation.
#[derive(Clone, Copy)]
struct Key {
    addresses: [Address; 2],
    ports: [u16; 2],
    kind: ConversationKind,
}

/// A key as it is kept: IPv4 addresses need a quarter of the room.
#[derive(Clone)]
struct Slim {
    addresses: Addresses,
    ports: [u16; 2],
    kind: ConversationKind,
}

#[derive(Clone)]
enum Addresses {
    V4([u32; 2]),
    Longer(Arc<[Address; 2]>),
}

/// A conversation that made room.
pub(super) struct Removed {
    pub conversation: Conversation,
    pub talking: Talking,
    /// The table was full; else its own ends began anew.
    pub crowded: bool,
}

impl Table {
    /// An empty one for at most so many conversations.
    pub(super) fn new(most: usize) -> Self {
        let (hasher, places) = (DefaultHashBuilder::default(), HashTable::new());
        Self { most: most.max(1), hasher, places, held: Held::new(), copies: 0, changed: 0, hand: 0, numbers: [0; 3] }
    }

    /// The conversation of these ends.
    pub(super) fn find(&mut self, kind: ConversationKind, ends: &Ends) -> Option<Conversation> {
        let (low_first, key) = Key::of(kind, ends);
        let held = &self.held;
        let is = |&place: &u32| held.get(place as usize).is_some_and(|t| t.key.is(&key));
        let &slot = self.places.find(self.hasher.hash_one(key), is)?;
        let mut talking = self.held.get(slot as usize)?;
        if !talking.heard || talking.renumbered == Renumbered::AtNext {
            self.wake(slot);
            talking = self.held.get(slot as usize)?;
        }
        Some(Conversation { kind, number: talking.number, slot, forward: talking.low_first == low_first })
    }

    /// Takes note that somebody spoke in a conversation, which may get another number by that.
    fn wake(&mut self, slot: u32) {
        let Some(talking) = self.held.get_mut(slot as usize) else { return };
        talking.heard = true;
        if talking.renumbered == Renumbered::AtNext {
            talking.renumbered = Renumbered::Done;
            if let Of::Datagrams(datagrams) = &mut talking.of {
                datagrams.paced = None;
            }
            if let Some(next) = self.numbers.get_mut(talking.key.kind as usize) {
                talking.number = *next;
                *next = next.saturating_add(1);
            }
        }
    }

    /// See [`Table::begin_as`]; it gets the next number.
    #[cfg(test)]
    fn begin(&mut self, kind: ConversationKind, ends: &Ends) -> (Conversation, Option<Removed>) {
        let before = self.find(kind, ends);
        self.begin_as(kind, ends, before, None)
    }

    /// Begins a conversation of these ends, with the next number if none is given; theirs of `before`, or else one that was not heard of for
    /// long, makes room where it must.
    pub(super) fn begin_as(
        &mut self,
        kind: ConversationKind,
        ends: &Ends,
        before: Option<Conversation>,
        number: Option<u32>,
    ) -> (Conversation, Option<Removed>) {
        let (low_first, key) = Key::of(kind, ends);
        let number = number.unwrap_or_else(|| self.next_number(kind));
        let new = Talking {
            streams: None,
            of: Of::Datagrams(Datagrams::default()),
            key: Slim::of(&key),
            number,
            copied: self.copies,
            low_first,
            heard: true,
            renumbered: Renumbered::No,
            queued: Past::NONE,
        };
        let before = before.map(|c| c.slot);
        let place = before.or_else(|| (self.held.len() >= self.most).then(|| self.oldest()));
        let Some(slot) = place else {
            let slot = u32::try_from(self.held.len()).unwrap_or(u32::MAX);
            self.held.push(new);
            self.enter(slot, key);
            return (Conversation { kind, number, slot, forward: true }, None);
        };
        let conversation = Conversation { kind, number, slot, forward: true };
        let Some(old) = self.held.get_mut(slot as usize) else { return (conversation, None) };
        let talking = std::mem::replace(old, new);
        if before.is_none() {
            if let Ok(entry) = self.places.find_entry(self.hasher.hash_one(talking.key.full()), |&place| place == slot)
            {
                entry.remove();
            }
            self.enter(slot, key);
        }
        let gone = Conversation { kind: talking.key.kind, number: talking.number, slot, forward: true };
        (conversation, Some(Removed { conversation: gone, talking, crowded: before.is_none() }))
    }

    /// The conversation behind a handle, unless it made room for another.
    pub(super) fn get(&self, c: Conversation) -> Option<&Talking> {
        self.held.get(c.slot as usize).filter(|t| t.is(c))
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, c: Conversation) -> Option<&mut Talking> {
        let talking = self.held.get_mut(c.slot as usize).filter(|t| t.is(c))?;
        if talking.copied != self.copies {
            talking.copied = self.copies;
            self.changed += talking.size();
        }
        Some(talking)
    }

    /// The conversation at a place, whichever it is, as its first sender's handle.
    pub(super) fn at(&self, slot: u32) -> Option<(Conversation, &Talking)> {
        let talking = self.held.get(slot as usize)?;
        Some((Conversation { kind: talking.key.kind, number: talking.number, slot, forward: true }, talking))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many there may be.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// About how many bytes were changed since this was asked last; a copy has been made.
    pub(super) fn changed(&mut self) -> usize {
        self.copies = self.copies.wrapping_add(1);
        std::mem::take(&mut self.changed) + self.held.changed()
    }

    /// See [`Held::share`].
    pub(super) fn share(&mut self) {
        self.held.share();
    }

    /// Leaves out of a copy what is in the frames.
    pub(super) fn lighten(&mut self, slot: u32, since: Past) {
        let queued = self.at(slot).filter(|(_, talking)| talking.queued == since).map(|(c, _)| c);
        if let Some(track) = queued.and_then(|c| self.get_mut(c)?.track_mut()) {
            track.lighten();
        }
    }

    /// After this, a copy finds its conversations.
    pub(super) fn find_again(&mut self) {
        let Self { hasher, held, places, .. } = self;
        places.clear();
        places.reserve(held.len(), |&place| held.get(place as usize).map_or(0, |t| hasher.hash_one(t.key.full())));
        for (place, talking) in (0..).zip(held.iter()) {
            let rehash = |&place: &u32| held.get(place as usize).map_or(0, |t| hasher.hash_one(t.key.full()));
            places.insert_unique(hasher.hash_one(talking.key.full()), place, rehash);
        }
    }

    fn enter(&mut self, slot: u32, key: Key) {
        let (hasher, held) = (&self.hasher, &self.held);
        let rehash = |&place: &u32| held.get(place as usize).map_or(0, |t| hasher.hash_one(t.key.full()));
        self.places.insert_unique(hasher.hash_one(key), slot, rehash);
    }

    /// The same conversation under the number of this direction.
    pub(super) fn turn(&mut self, c: Conversation, number: u32) -> Conversation {
        if let Some(talking) = self.get_mut(c).filter(|t| t.number != number) {
            if let Of::Datagrams(datagrams) = &mut talking.of {
                let here = (talking.number, datagrams.paced);
                datagrams.paced = datagrams.other.filter(|(other, _)| *other == number).and_then(|(_, paced)| paced);
                datagrams.other = Some(here);
            }
            talking.number = number;
        }
        Conversation { number, ..c }
    }

    pub(super) fn next_number(&mut self, kind: ConversationKind) -> u32 {
        let Some(n) = self.numbers.get_mut(kind as usize) else { return 0 };
        let number = *n;
        *n = n.saturating_add(1);
        number
    }

    /// Where the hand finds one that may go. It goes round once at most: then nobody is left unmarked.
    fn oldest(&mut self) -> u32 {
        loop {
            let place = self.hand % self.held.len().max(1);
            self.hand = place + 1;
            if self.held.get(place).is_none_or(|talking| !talking.heard) {
                return u32::try_from(place).unwrap_or(u32::MAX);
            }
            if let Some(talking) = self.held.get_mut(place) {
                talking.heard = false;
            }
        }
    }
}

impl Clone for Table {
    fn clone(&self) -> Self {
        let Self { most, copies, hand, numbers, .. } = *self;
        let (hasher, held) = (self.hasher.clone(), self.held.clone());
        Self { most, hasher, places: HashTable::new(), held, copies, changed: 0, hand, numbers }
    }
}

impl Talking {
    /// What is kept of a TCP connection.
    pub(super) fn track(&self) -> Option<&Track> {
        if let Of::Tcp(track) = &self.of { Some(track) } else { None }
    }

    /// The same, to change it.
    pub(super) fn track_mut(&mut self) -> Option<&mut Track> {
        if let Of::Tcp(track) = &mut self.of { Some(track) } else { None }
    }

    /// Who talks, the sender of the first packet first.
    pub(super) fn ends(&self) -> Ends {
        let Key { addresses: [low, high], ports, .. } = self.key.full();
        let ends = Ends { src: low, dst: high, src_port: ports[0], dst_port: ports[1] };
        if self.low_first { ends } else { ends.flipped() }
    }

    /// The ports alone.
    pub(super) fn ports(&self) -> (u16, u16) {
        let [low, high] = self.key.ports;
        if self.low_first { (low, high) } else { (high, low) }
    }

    /// What its protocols remember, to change it.
    pub(super) fn streams_mut(&mut self) -> &mut Streams {
        Arc::make_mut(self.streams.get_or_insert_with(Arc::default))
    }

    /// About how many bytes it takes beside itself, but for those that are in the frames.
    fn size(&self) -> usize {
        let streams = if self.streams.is_some() { 2 * size_of::<Streams>() } else { 0 };
        streams + self.track().map_or(0, Track::size)
    }

    /// The next packet will count as another conversation.
    pub(super) fn renumber(&mut self) {
        if self.renumbered == Renumbered::No {
            self.renumbered = Renumbered::AtNext;
        }
    }

    /// One of its ends was announced.
    pub(super) fn announce(&mut self) {
        self.renumbered = Renumbered::EachDirection;
    }

    /// See [`Talking::announce`].
    pub(super) fn was_announced(&self) -> bool {
        self.renumbered == Renumbered::EachDirection
    }

    /// See [`Memory::pace`](crate::proto::Memory::pace).
    pub(super) fn pace(&mut self, now: Time, counts: bool) -> (Option<i64>, Option<i64>) {
        let Of::Datagrams(Datagrams { paced, .. }) = &mut self.of else { return (None, None) };
        let (first, before) = *paced.get_or_insert((now, now));
        if counts {
            *paced = Some((first, now));
        }
        (now.since(first), now.since(before))
    }

    fn is(&self, c: Conversation) -> bool {
        self.number == c.number && self.key.kind == c.kind
    }
}

impl Key {
    #[inline]
    fn of(kind: ConversationKind, ends: &Ends) -> (bool, Self) {
        let Ends { src, dst, src_port, dst_port } = *ends;
        let low_first = if src == dst { src_port <= dst_port } else { src < dst };
        let (addresses, ports) =
            if low_first { ([src, dst], [src_port, dst_port]) } else { ([dst, src], [dst_port, src_port]) };
        (low_first, Self { addresses, ports, kind })
    }
}

impl Hash for Key {
    /// Three numbers: the derived way is twice as long, for it tells how many there are of each.
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let [low, high] = self.addresses;
        let [a, b] = self.ports.map(u64::from);
        hasher.write_u128(low.0);
        hasher.write_u128(high.0);
        hasher.write_u64(a << 32 | b << 16 | self.kind as u64);
    }
}

impl Slim {
    fn of(key: &Key) -> Self {
        let Key { addresses, ports, kind } = *key;
        let [low, high] = addresses.map(Address::octets_v4);
        let addresses = match low.zip(high) {
            Some((low, high)) => Addresses::V4([low, high].map(u32::from_be_bytes)),
            None => Addresses::Longer(Arc::new(addresses)),
        };
        Self { addresses, ports, kind }
    }

    fn full(&self) -> Key {
        let addresses = match &self.addresses {
            Addresses::V4(both) => both.map(|address| Address::v4(address.to_be_bytes())),
            Addresses::Longer(both) => **both,
        };
        Key { addresses, ports: self.ports, kind: self.kind }
    }

    #[inline]
    fn is(&self, key: &Key) -> bool {
        let [low, high] = key.addresses;
        let same = match &self.addresses {
            &Addresses::V4([a, b]) => Address::v4(a.to_be_bytes()) == low && Address::v4(b.to_be_bytes()) == high,
            Addresses::Longer(both) => **both == key.addresses,
        };
        same && self.ports == key.ports && self.kind == key.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(n: u16) -> Ends {
        Ends { src: Address::v4([10, 0, 0, 1]), dst: Address::v4([10, 0, 0, 2]), src_port: n, dst_port: 80 }
    }

    #[test]
    fn both_directions_are_one_conversation() {
        let mut table = Table::new(8);
        let (c, _) = table.begin(ConversationKind::Tcp, &ends(5));
        let back = table.find(ConversationKind::Tcp, &ends(5).flipped()).unwrap();
        assert_eq!((back.slot, back.number, back.forward), (c.slot, c.number, false));
        assert!(table.find(ConversationKind::Udp, &ends(5)).is_none());
    }

    #[test]
    fn the_one_not_heard_of_for_longest_makes_room() {
        let mut table = Table::new(3);
        let all = [1, 2, 3].map(|n| table.begin(ConversationKind::Tcp, &ends(n)).0);
        // All were heard of once; the hand takes that mark off and comes back to the first.
        let (_, gone) = table.begin(ConversationKind::Tcp, &ends(4));
        assert_eq!(gone.map(|g| g.conversation.number), Some(0));
        table.find(ConversationKind::Tcp, &ends(2));
        let (_, gone) = table.begin(ConversationKind::Tcp, &ends(5));
        assert_eq!(gone.map(|g| g.conversation.number), Some(2), "the second was heard of again");
        assert!(table.get(all[0]).is_none() && table.get(all[1]).is_some());
        assert!(
            table.find(ConversationKind::Tcp, &ends(1)).is_none()
                && table.find(ConversationKind::Tcp, &ends(5)).is_some()
        );
    }

    #[test]
    fn ports_used_again_are_another_conversation_in_the_same_place() {
        let mut table = Table::new(3);
        let (first, _) = table.begin(ConversationKind::Tcp, &ends(1));
        let (second, gone) = table.begin(ConversationKind::Tcp, &ends(1));
        assert_eq!((second.number, second.slot), (1, first.slot));
        assert_eq!(gone.map(|g| g.conversation.number), Some(0));
        assert!(table.get(first).is_none());
    }

    #[test]
    fn a_conversation_has_a_clock_of_its_own() {
        let mut table = Table::new(3);
        let [one, other] = [1, 2].map(|n| table.begin(ConversationKind::Udp, &ends(n)).0);
        let mut pace = |c, time| table.get_mut(c).unwrap().pace(time, true);
        assert_eq!(pace(one, Time(100)), (Some(0), Some(0)));
        assert_eq!(pace(other, Time(120)), (Some(0), Some(0)));
        assert_eq!(pace(one, Time(130)), (Some(30), Some(30)));
        assert_eq!(pace(one, Time(170)), (Some(70), Some(40)));
        assert_eq!(pace(one, Time::NONE), (None, None), "this packet has no time");
        assert_eq!(pace(one, Time(180)), (Some(80), None), "the one before had none");
    }

    #[test]
    fn a_direction_may_have_a_number_and_a_clock_of_its_own() {
        let mut table = Table::new(3);
        let there = table.begin(ConversationKind::Udp, &ends(1)).0;
        table.get_mut(there).unwrap().pace(Time(100), true);
        let back = table.turn(there, 1);
        assert_eq!((back.number, back.slot), (1, there.slot));
        assert_eq!(table.get_mut(back).unwrap().pace(Time(150), true), (Some(0), Some(0)));
        let again = table.turn(back, 0);
        assert_eq!(table.get_mut(again).unwrap().pace(Time(160), true), (Some(60), Some(60)));
    }

    #[test]
    fn an_empty_datagram_is_not_the_one_before() {
        let mut table = Table::new(3);
        let c = table.begin(ConversationKind::Udp, &ends(1)).0;
        let mut pace = |time, counts| table.get_mut(c).unwrap().pace(time, counts);
        pace(Time(100), true);
        pace(Time(130), false);
        assert_eq!(pace(Time(150), true), (Some(50), Some(50)));
    }

    /// A million of them are held to 300 MB with all that belongs to them, so none grows by oversight.
    #[test]
    fn a_conversation_is_small() {
        use crate::flow::{message::Messages, sending::Sending, tcp::Direction};
        let sizes = [
            ("a conversation", size_of::<Talking>(), 216),
            ("a direction", size_of::<Direction>(), 112),
            ("what it has sent", size_of::<Sending>(), 48),
            ("messages that wait", size_of::<Messages>(), 216),
            ("what protocols remember", size_of::<Streams>(), 184),
        ];
        let too_large: Vec<_> = sizes.into_iter().filter(|(_, size, most)| size > most).collect();
        assert!(too_large.is_empty(), "what, its bytes, the most: {too_large:?}");
    }
}
