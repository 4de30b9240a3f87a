//! What a QUIC connection's packets say about the next ones: ids, keys, and how far the handshake's bytes have come.

use super::keys::Keys;
use crate::proto::stream::StreamCtx;

/// The longest connection id (RFC 9000 §17.2).
pub(super) const LONGEST_ID: usize = 20;
/// The longest handshake that is put together.
const LONGEST_HANDSHAKE: usize = 1 << 17;
/// The most pieces that wait for one before them.
const MOST_HELD: usize = 64;

/// A connection id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id {
    len: usize,
    bytes: [u8; LONGEST_ID],
}

/// What a long header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) kind: LongType,
    pub(super) dcid: Id,
    pub(super) scid: Id,
}

/// What a packet with a long header is, whatever its version numbers that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LongType {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
}

/// What is remembered of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection {
    /// Whether the client is the one that sent the conversation's first packet; `None` before an Initial packet.
    client_forward: Option<bool>,
    version: u32,
    /// The id that the keys come from; none after a Retry, until the client has begun again.
    initial: Option<Id>,
    client: Id,
    server: Option<Id>,
    keys: Option<[Keys; 2]>,
    sides: [Side; 2],
    /// Memory that is used again and again.
    header: Vec<u8>,
    pub(super) plain: Vec<u8>,
    pub(super) ready: Vec<u8>,
}

/// What one side has sent.
#[derive(Clone, Debug, Default)]
struct Side {
    /// The highest packet number so far.
    largest: u64,
    /// How many of the handshake's bytes have come without a gap.
    next: u64,
    /// Pieces behind a gap.
    held: Vec<(u64, Vec<u8>)>,
    /// The beginning of a handshake message whose end has not come.
    begun: Vec<u8>,
}

/// An Initial packet whose protection is off. Its bytes are in [`Connection::plain`], the handshake's in `ready`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    pub(super) first: u8,
    pub(super) number: u64,
    pub(super) number_len: usize,
    /// Every bit of the payload was as the sender made it.
    pub(super) intact: bool,
    /// Where in the payload the handshake's bytes stand, if one frame has all of them.
    pub(super) piece: Option<(usize, usize)>,
}

impl Id {
    /// Of at most 20 bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut id = Self { len: bytes.len().min(LONGEST_ID), ..Self::default() };
        id.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        id
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

impl Connection {
    /// How long the id is that the packets of this direction carry.
    pub(super) fn id_len(ctx: &mut StreamCtx<'_>) -> usize {
        let forward = ctx.forward;
        let connection: &mut Self = ctx.dialogue.carrier();
        match connection.client_forward {
            Some(client) if client == forward => connection.server.map_or(0, |id| id.len),
            Some(_) => connection.client.len,
            None => 0,
        }
    }

    /// Takes note of a long header.
    pub(super) fn note(&mut self, forward: bool, h: &Header) {
        let from_server = self.client_forward.is_some_and(|client| client != forward);
        match h.kind {
            LongType::Initial => self.initial(forward, from_server, h),
            LongType::Retry if from_server => {
                // The client begins again, with keys from the id that this packet gives it (RFC 9001 §5.2).
                self.initial = None;
                self.server = Some(h.scid);
            }
            LongType::Handshake if from_server => drop(self.server.get_or_insert(h.scid)),
            _ => {}
        }
    }

    fn initial(&mut self, forward: bool, from_server: bool, h: &Header) {
        let known = match self.client_forward {
            None => false,
            Some(_) if from_server => self.client.len == 0 || self.client == h.dcid,
            Some(_) => {
                self.initial.is_none() || self.initial == Some(h.dcid) || self.server == Some(h.dcid) || h.dcid.len == 0
            }
        };
        if !known {
            // The ports are used again, or a version was negotiated.
            *self = Self {
                client_forward: Some(forward),
                version: h.version,
                client: h.scid,
                header: std::mem::take(&mut self.header),
                plain: std::mem::take(&mut self.plain),
                ready: std::mem::take(&mut self.ready),
                ..Self::default()
            };
        }
        if from_server && known {
            self.server.get_or_insert(h.scid);
            if self.version != h.version {
                // The server has chosen another version that the client can speak, too (RFC 9368 §2.3).
                self.version = h.version;
                self.keys = self.initial.and_then(|id| Keys::initial(h.version, id.bytes()));
            }
        } else if self.initial.is_none() {
            (self.initial, self.server, self.client) = (Some(h.dcid), None, h.scid);
            self.keys = Keys::initial(self.version, h.dcid.bytes());
        }
    }

    /// Takes the protection off an Initial packet: `packet` is all of it, its number stands at `at`.
    pub(super) fn open(&mut self, forward: bool, packet: &[u8], at: usize) -> Option<Opened> {
        let side = usize::from(self.client_forward.is_some_and(|client| client != forward));
        let keys = self.keys.as_ref()?.get(side)?;
        let sides = self.sides.get_mut(side)?;
        let mask = keys.mask(*packet.get(at + 4..)?.first_chunk()?);
        // RFC 9001 §5.4.1: the low four bits of a long header, and the packet number.
        let first = packet.first()? ^ mask[0] & 0x0f;
        let number_len = usize::from(first & 3) + 1;
        self.header.clear();
        self.header.extend_from_slice(packet.get(..at + number_len)?);
        *self.header.first_mut()? = first;
        let mut truncated = 0;
        for (b, m) in self.header.get_mut(at..)?.iter_mut().zip(mask.iter().skip(1)) {
            *b ^= m;
            truncated = truncated << 8 | u64::from(*b);
        }
        let number = whole_number(sides.largest, truncated, 8 * number_len);
        self.plain.clear();
        self.plain.extend_from_slice(packet.get(at + number_len..)?);
        self.ready.clear();
        let mut piece = None;
        let intact = keys.open(number, &self.header, &mut self.plain);
        if intact {
            sides.largest = sides.largest.max(number);
            piece = sides.gather(&self.plain, &mut self.ready);
        }
        Some(Opened { first, number, number_len, intact, piece })
    }
}

impl Side {
    /// Takes the CRYPTO frames of a packet, and gives those bytes of the handshake that come next.
    ///
    /// A message that goes on in a later packet is given with that packet, from its beginning.
    ///
    /// Says where in `plain` they stand, if one frame has all of them.
    fn gather(&mut self, plain: &[u8], ready: &mut Vec<u8>) -> Option<(usize, usize)> {
        let mut rest = plain;
        let mut piece = None;
        while let Some((frame, after)) = super::frames::next(rest) {
            if let Some((offset, data)) = frame {
                self.add(offset, data, ready);
                let end = plain.len() - after.len();
                piece = Some((end - data.len(), end)).filter(|_| ready.len() == data.len());
            }
            rest = after;
        }
        if ready.is_empty() {
            return None;
        }
        let fresh = ready.len();
        piece = piece.filter(|_| self.begun.is_empty());
        self.begun.extend_from_slice(ready);
        let whole = whole_messages(&self.begun);
        if whole > 0 {
            ready.clear();
            ready.extend_from_slice(&self.begun);
            self.begun.drain(..whole);
        }
        if self.begun.len() > LONGEST_HANDSHAKE || fresh > LONGEST_HANDSHAKE {
            self.begun.clear();
        }
        piece
    }

    fn add(&mut self, offset: u64, data: &[u8], ready: &mut Vec<u8>) {
        if offset > self.next {
            let waiting: usize = self.held.iter().map(|(_, d)| d.len()).sum();
            if self.held.len() < MOST_HELD && waiting + data.len() <= LONGEST_HANDSHAKE {
                self.held.push((offset, data.to_vec()));
            }
            return;
        }
        self.take(offset, data, ready);
        while let Some(i) = self.held.iter().position(|(at, _)| *at <= self.next) {
            let (at, data) = self.held.swap_remove(i);
            self.take(at, &data, ready);
        }
    }

    /// Of a piece that leaves no gap, what is new.
    fn take(&mut self, offset: u64, data: &[u8], ready: &mut Vec<u8>) {
        let seen = usize::try_from(self.next.saturating_sub(offset)).unwrap_or(usize::MAX);
        if let Some(new) = data.get(seen..) {
            ready.extend_from_slice(new);
            self.next = self.next.saturating_add(new.len() as u64);
        }
    }
}

/// How many bytes the whole handshake messages have that stand at the beginning (RFC 8446 §4: type, 24 bits of length).
fn whole_messages(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&[_, high, middle, low]) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let end = at + 4 + (u32::from_be_bytes([0, high, middle, low]) as usize);
        if end > bytes.len() {
            break;
        }
        at = end;
    }
    at
}

/// RFC 9000 §A.3: the number nearest to the next expected one that ends in these bits.
fn whole_number(largest: u64, truncated: u64, bits: usize) -> u64 {
    let window = 1u64 << bits;
    let expected = largest.saturating_add(1);
    let candidate = expected & !(window - 1) | truncated;
    if candidate.saturating_add(window / 2) <= expected {
        candidate.saturating_add(window)
    } else if candidate > expected.saturating_add(window / 2) && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}
