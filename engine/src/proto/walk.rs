//! The walk: who comes after whom, from the first byte of a frame to the last message it completes.

use super::cursor::{Context, Cursor};
use super::memory::{Memory, Segment};
use super::stream::Place;
use super::table::numbered;
use super::{Guess, Joined, Key, Next, Over, Protocol, To, data, datagram_guesses, frame, lookup};
use crate::model::{
    Buffer, BufferKind, FieldDef, Layer, Osi, Packet, Piece, RawFrame, Span, Trouble, Value, Why, clamp,
};

/// How many layers may stand inside each other. Real traffic needs about a dozen.
const DEEPEST: u8 = 100;
/// How many packets of one protocol may stand behind each other in one message.
const MOST_PARTS: usize = 1000;

/// Dissects `raw` into `packet`, which it empties first.
///
/// Never fails: a damaged packet keeps the layers read so far, and the damaged one says what is wrong.
pub fn walk(raw: &RawFrame, memory: &mut dyn Memory, packet: &mut Packet) {
    begin(raw, packet);
    if let Some(b) = packet.buffer_mut(0) {
        b.bytes.extend_from_slice(&raw.bytes);
    }
    follow(raw, memory, packet);
}

/// The same, without a copy: the frame's bytes move into the packet, and `raw` keeps the packet's old ones.
pub fn walk_moving(raw: &mut RawFrame, memory: &mut dyn Memory, packet: &mut Packet) {
    begin(raw, packet);
    if let Some(b) = packet.buffer_mut(0) {
        std::mem::swap(&mut b.bytes, &mut raw.bytes);
    }
    follow(raw, memory, packet);
}

/// Empties the packet and notes what the capture says of the frame.
fn begin(raw: &RawFrame, packet: &mut Packet) {
    packet.clear();
    packet.number = raw.number;
    packet.time = raw.time;
    packet.len = raw.len;
    packet.cap_len = clamp(raw.bytes.len());
    packet.link = raw.link;
    let same = match (&packet.interface, &raw.interface) {
        (Some(a), Some(b)) => std::sync::Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    if !same {
        packet.interface.clone_from(&raw.interface);
    }
    packet.interface_id = raw.interface_id;
    packet.checksum_pending = raw.checksum_pending;
    packet.remark = raw.remark;
    packet.add_buffer(BufferKind::Frame);
}

/// Dissects the frame, which is the packet's first buffer by now.
fn follow(raw: &RawFrame, memory: &mut dyn Memory, packet: &mut Packet) {
    frame::describe(raw, memory, packet);
    let first = lookup(Key::Link(raw.link.0)).unwrap_or(&data::PROTOCOL);
    let len = packet.frame().len();
    let reach = Reach { start: 0, end: len, claimed: len.max(raw.len as usize), claimed_by: None };
    let bytes = packet.lend(0);
    let mut walker = Walker { memory, packet, segment: Segment::default() };
    walker.chain(&bytes, 0, first, reach, Context { via: u32::from(raw.link.0), ..Context::default() }, 0);
    packet.give_back(0, bytes);
    super::trailer::add(packet);
}

/// Reads on where [`walk`] found nobody: the bytes of the innermost layer, if they are plain data, are read by `row`, and by
/// whoever it says comes next. For protocols that are not in the [`REGISTRY`](super::REGISTRY): their owner knows when to ask.
///
/// Gives whether there were such bytes.
pub fn walk_on(row: &'static Protocol, memory: &mut dyn Memory, packet: &mut Packet) -> bool {
    let unread = |l: &&Layer| std::ptr::eq(l.proto, &raw const data::ABOUT) && !l.quoted;
    let Some(Layer { span, fields, .. }) = packet.layers.last().filter(unread).cloned() else { return false };
    packet.layers.pop();
    packet.fields.truncate(fields.start as usize);
    let (start, end) = (span.start as usize, span.end() as usize);
    // What the capture cut off was promised all the same.
    let cut = span.buf == 0 && span.end() == packet.cap_len;
    let claimed = if cut { end.max(packet.len as usize) } else { end };
    let bytes = packet.lend(span.buf);
    let mut walker = Walker { memory, packet, segment: Segment::default() };
    walker.chain(&bytes, span.buf, row, Reach { start, end, claimed, claimed_by: None }, Context::default(), 0);
    packet.give_back(span.buf, bytes);
    true
}

/// What belongs to one layer.
#[derive(Clone, Copy)]
struct Reach {
    start: usize,
    end: usize,
    claimed: usize,
    claimed_by: Option<&'static FieldDef>,
}

struct Walker<'a> {
    memory: &'a mut dyn Memory,
    packet: &'a mut Packet,
    /// The piece of a stream that the innermost layer so far carries.
    segment: Segment,
}

impl Walker<'_> {
    /// Dissects one layer after the other in one buffer, until one says that nothing follows.
    fn chain(
        &mut self,
        bytes: &[u8],
        buf: u8,
        mut row: &'static Protocol,
        mut reach: Reach,
        mut context: Context,
        mut nesting: u8,
    ) {
        let (mut parts, mut outer) = (0, None);
        loop {
            let mut c = Cursor {
                bytes,
                buf,
                start: reach.start,
                own: bytes.get(reach.start..reach.end).unwrap_or(&[]),
                claimed: reach.claimed,
                claimed_by: reach.claimed_by,
                packet: self.packet,
                memory: self.memory,
                depth: 0,
                doubt: None,
                segment: &mut self.segment,
                context: &mut context,
            };
            let Some(Turn { next, whole, inner }) = straight(&mut c, &mut row, &mut outer, &mut nesting) else {
                return;
            };
            if let Some(len) = next.more {
                let end = whole.start.saturating_add(len as usize).min(whole.end);
                let part = Reach { end: inner.end.min(end), claimed: end, ..inner };
                self.payload(bytes, buf, next, part, context, nesting);
                parts += 1;
                if end >= whole.end {
                    return;
                }
                if parts >= MOST_PARTS {
                    return too_much(self.packet, "one message holds more packets than are shown here");
                }
                (reach, context) = (Reach { start: end, ..whole }, outer.unwrap_or(context));
                nesting -= 1;
                continue;
            }
            if next.buffer.is_some() {
                return self.payload(bytes, buf, next, inner, context, nesting);
            }
            match next.to {
                To::Stream(joined) => return self.deliver(bytes, buf, inner, joined, context, nesting),
                To::Ports(a, b) => {
                    let payload = bytes.get(inner.start..inner.end).unwrap_or(&[]);
                    row = self.datagram(payload, a, b, &mut context);
                }
                to => match choose(to, &mut context) {
                    Some(following) => row = following,
                    None => return,
                },
            }
            let missing = inner.claimed > inner.end && !matches!(next.to, To::Data);
            if inner.start >= inner.end && !missing && !next.empty {
                return;
            }
            reach = inner;
        }
    }

    /// Who reads a datagram: whoever has claimed its conversation, then whoever follows one of its ports, then
    /// whoever says that the bytes are his.
    fn datagram(&mut self, payload: &[u8], a: u16, b: u16, context: &mut Context) -> &'static Protocol {
        let conversation = context.conversation;
        // A row that can tell its bytes is believed for no other reason.
        let willing = |row: &&Protocol| !matches!(row.over, Over::Datagram(look) if !look(payload).is_mine());
        if let Some(row) = conversation.and_then(|c| self.memory.claimed(c)).filter(willing) {
            return row;
        }
        for port in [a.min(b), a.max(b)] {
            if let Some(row) = lookup(Key::UdpPort(port)).filter(willing) {
                context.via = u32::from(port);
                return row;
            }
        }
        context.via = 0;
        for (row, guess) in datagram_guesses() {
            match guess(payload) {
                Guess::No => {}
                Guess::This => return row,
                Guess::Follow(next) => {
                    if let Some(c) = conversation {
                        self.memory.claim(c, next);
                    }
                    return row;
                }
            }
        }
        &data::PROTOCOL
    }

    /// Dissects what one layer carries, which lies behind its header or in a buffer of its own.
    fn payload(&mut self, bytes: &[u8], buf: u8, next: Next, reach: Reach, mut context: Context, nesting: u8) {
        let Some(id) = next.buffer else {
            if let Some(row) = choose(next.to, &mut context).filter(|_| reach.start < reach.end || next.empty) {
                self.chain(bytes, buf, row, reach, context, nesting);
            }
            return;
        };
        let whole = self.packet.lend(id);
        if let Some(joined) = next.joined {
            self.join(joined, id, whole.len(), BufferKind::Defragmented);
        }
        let (start, end) = next.part.map_or((0, whole.len()), |(start, end)| (start as usize, end as usize));
        let inner = Reach { start, end: end.min(whole.len()), claimed: end, claimed_by: None };
        if let Some(row) = choose(next.to, &mut context) {
            self.chain(&whole, id, row, inner, context, nesting);
        }
        self.packet.give_back(id, whole);
    }

    /// Dissects the messages that a segment completes.
    fn deliver(&mut self, bytes: &[u8], buf: u8, reach: Reach, joined: &'static Joined, context: Context, nesting: u8) {
        let segment = Segment { in_frame: buf == 0, ..self.segment };
        let payload = bytes.get(reach.start..reach.end).unwrap_or(&[]);
        let Some(conversation) = context.conversation else {
            return self.undelivered(bytes, buf, reach, context, nesting);
        };
        let here = Piece { frame: self.packet.number, start: clamp(reach.start), len: clamp(payload.len()) };
        loop {
            let id = self.packet.add_buffer(BufferKind::Reassembled);
            // Out of buffers, messages still come, but a joined one has no place to go and is skipped.
            let delivery = match id.and_then(|id| self.packet.buffer_mut(id)) {
                Some(whole) => self.memory.deliver(conversation, &segment, payload, here, whole),
                None => self.memory.deliver(conversation, &segment, payload, here, &mut Buffer::default()),
            };
            let Some(delivery) = delivery else {
                self.packet.drop_buffer_if(id);
                return;
            };
            let last = delivery.last;
            let row = delivery.protocol.unwrap_or(&data::PROTOCOL);
            let inner = Context { continuation: delivery.continuation, ..context };
            match (delivery.place, id) {
                (Place::Payload(range), _) => {
                    self.packet.drop_buffer_if(id);
                    let (start, end) = (reach.start + range.start, reach.start + range.end);
                    // A message that ends where the capture cut the segment was promised more.
                    let claimed = if end == reach.end { reach.claimed.max(end) } else { end };
                    self.chain(
                        bytes,
                        buf,
                        row,
                        Reach { start, end, claimed, claimed_by: reach.claimed_by },
                        inner,
                        nesting,
                    );
                }
                (Place::Whole, Some(id)) => {
                    let whole = self.packet.lend(id);
                    self.join(joined, id, whole.len(), BufferKind::Reassembled);
                    let all = Reach { start: 0, end: whole.len(), claimed: whole.len(), claimed_by: None };
                    self.chain(&whole, id, row, all, inner, nesting);
                    self.packet.give_back(id, whole);
                }
                (Place::Whole, None) => {}
            }
            if last {
                return self.memory.delivered();
            }
        }
    }

    /// Without a memory, the payload of a segment is taken for one message of its port's protocol.
    fn undelivered(&mut self, bytes: &[u8], buf: u8, reach: Reach, context: Context, nesting: u8) {
        if reach.start < reach.end {
            let row = choose(To::Ports(context.ends.src_port, context.ends.dst_port).over_tcp(), &mut { context });
            // Of the middle of a stream that somebody quotes there is nothing to say.
            let row = row.unwrap_or(&data::PROTOCOL);
            if !(context.quoted && std::ptr::eq(row.about, &raw const data::ABOUT)) {
                self.chain(bytes, buf, row, reach, context, nesting);
            }
        }
    }

    /// Adds the layer that says which frames gave the bytes of a buffer.
    fn join(&mut self, joined: &'static Joined, id: u8, len: usize, kind: BufferKind) {
        let before = clamp(self.packet.fields.len());
        let span = Span { buf: id, start: 0, len: clamp(len) };
        let count = self.packet.buffers().get(usize::from(id)).map_or(0, |b| b.sources.len());
        let mut at = 0;
        for i in 0..count {
            let Some(piece) = self.packet.buffers().get(usize::from(id)).and_then(|b| b.sources.get(i)).copied() else {
                break;
            };
            let span = Span { buf: id, start: at, len: piece.len };
            at = at.saturating_add(piece.len);
            self.packet.fields.push(crate::model::Field {
                def: joined.frame,
                value: Value::Uint(piece.frame),
                span,
                depth: 0,
            });
        }
        for (def, n) in [(joined.count, count), (joined.length, len)] {
            self.packet.fields.push(crate::model::Field {
                def,
                value: Value::Uint(n as u64),
                span: Span::default(),
                depth: 0,
            });
        }
        if let Some(b) = self.packet.buffer_mut(id) {
            b.kind = kind;
        }
        let fields = before..clamp(self.packet.fields.len());
        self.packet.layers.push(Layer {
            proto: joined.about,
            span,
            end: span.end(),
            fields,
            trouble: None,
            quoted: false,
        });
    }
}

/// Something else follows a layer than the bytes behind its header.
struct Turn {
    next: Next,
    /// The layer, and what it carries.
    whole: Reach,
    inner: Reach,
}

/// Dissects one layer after the other, until something else follows than the bytes behind its header, or nothing.
/// `outer` becomes what the last one was told, where it may be put together of several messages.
#[inline]
fn straight(
    c: &mut Cursor<'_>,
    row: &mut &'static Protocol,
    outer: &mut Option<Context>,
    nesting: &mut u8,
) -> Option<Turn> {
    loop {
        *nesting += 1;
        if *nesting > DEEPEST {
            too_much(c.packet, "more layers stand inside each other than are followed here");
            return None;
        }
        let whole = Reach::of(c);
        // Only applications' messages stand behind each other: for others, no context is copied.
        if row.about.osi > Osi::Transport {
            *outer = Some(*c.context);
        } else {
            *outer = None;
        }
        let done = layer(c, row);
        let next = done.as_ref().ok()?;
        if !next.plain || matches!(next.to, To::Stream(_) | To::Ports(..)) {
            return Some(Turn { next: *next, whole, inner: Reach::of(c) });
        }
        if let To::Instead(other) = next.to {
            whole.begin(c);
            *row = other;
            continue;
        }
        *row = choose(next.to, c.context)?;
        if c.is_empty() && (!c.is_cut() || matches!(next.to, To::Data)) {
            return None;
        }
    }
}

impl Reach {
    /// What is left to a cursor.
    #[inline]
    fn of(c: &Cursor<'_>) -> Self {
        Self { start: c.start, end: c.end(), claimed: c.claimed, claimed_by: c.claimed_by }
    }

    /// Moves a cursor there, in its own buffer.
    fn begin(self, c: &mut Cursor<'_>) {
        (c.start, c.claimed, c.claimed_by) = (self.start, self.claimed, self.claimed_by);
        c.own = c.bytes.get(self.start..self.end).unwrap_or(&[]);
    }
}

/// The innermost layer says that not everything is shown.
fn too_much(packet: &mut Packet, why: &'static str) {
    if let Some(l) = packet.layers.last_mut() {
        l.trouble = l.trouble.or(Some(Trouble::Unshown(Why(why))));
    }
}

/// Dissects one layer, and moves the cursor to its payload.
#[inline]
fn layer(c: &mut Cursor<'_>, row: &'static Protocol) -> Result<Next, Trouble> {
    let (before, quoted) = (clamp(c.packet.fields.len()), c.context.quoted);
    (c.depth, c.doubt) = (0, None);
    let done = (row.dissect)(c);
    let (own, shown, mut trouble) = match &done {
        Ok(Next { to: To::Instead(_), .. }) => return done,
        Ok(next) => (next.header.min(c.len()), next.shown, c.doubt),
        Err(trouble) => (c.len(), None, Some(*trouble)),
    };
    // A quotation ends where its sender cut it (RFC 1812 §4.3.2.3, RFC 4443 §3): what is missing is no lie.
    if quoted && matches!(trouble, Some(Trouble::LengthLies { .. })) {
        trouble = None;
    }
    let len = shown.map_or(own, |len| (len as usize).min(c.len()));
    let (start, end, fields) = (clamp(c.start), clamp(c.end()), clamp(c.packet.fields.len()));
    c.packet.layers.push_with(|| Layer {
        proto: row.about,
        span: Span { buf: c.buf, start, len: clamp(len) },
        end,
        fields: before..fields,
        trouble,
        quoted,
    });
    c.start += own;
    c.own = c.own.get(own..).unwrap_or(&[]);
    done
}

impl To {
    fn over_tcp(self) -> Self {
        match self {
            Self::Ports(a, b) => {
                let (low, high) = (a.min(b), a.max(b));
                lookup(Key::TcpPort(low)).or_else(|| lookup(Key::TcpPort(high))).map_or(Self::Data, Self::Row)
            }
            other => other,
        }
    }
}

/// Who comes next, and by which number it was found. `None` when nothing does.
fn choose(to: To, context: &mut Context) -> Option<&'static Protocol> {
    match to {
        To::End | To::Stream(..) => None,
        To::Data => Some(&data::PROTOCOL),
        To::Row(row) | To::Instead(row) => Some(row),
        To::Key(key) => {
            let (number, row) = numbered(key);
            context.via = number;
            Some(row.unwrap_or(&data::PROTOCOL))
        }
        To::Ports(a, b) => {
            let (port, row) = by_port(a, b).unwrap_or((0, &data::PROTOCOL));
            context.via = u32::from(port);
            Some(row)
        }
    }
}

/// Who follows one of two UDP ports, the lower one first, and by which.
fn by_port(a: u16, b: u16) -> Option<(u16, &'static Protocol)> {
    [a.min(b), a.max(b)].into_iter().find_map(|p| lookup(Key::UdpPort(p)).map(|row| (p, row)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::cut;
    use super::super::{NoMemory, udp};
    use super::*;
    use crate::model::{Identity, Osi, field::row};
    use etherparse::PacketBuilder;

    static ROLL: FieldDef = row::u16_at(0, "dice.roll", "Roll", "What the dice show.");
    static ABOUT: Identity =
        Identity { name: "dice", title: "Dice", osi: Osi::Application, spec: "none", fields: &[&ROLL], summary: None };
    static DICE: Protocol = Protocol { about: &ABOUT, follows: &[], over: Over::Packet, dissect };

    fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
        c.fixed(ABOUT.fields)?;
        Ok(Next::data(2))
    }

    /// A datagram of which the capture kept all but the last `less` bytes, read on.
    fn thrown(body: &[u8], less: usize) -> (bool, Packet) {
        let mut frame = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(49152, 49153).write(&mut frame, body).unwrap();
        let mut packet = cut(228, &frame, frame.len() - less);
        (walk_on(&DICE, &mut NoMemory::default(), &mut packet), packet)
    }

    #[test]
    fn a_protocol_of_ones_own_reads_what_nobody_claimed() {
        let (read, packet) = thrown(&[0, 6, 0xff], 0);
        let names: Vec<&str> = packet.layers.iter().map(|l| l.proto.name).collect();
        assert_eq!((read, packet.uint(&ROLL), &names[2..]), (true, Some(6), &["udp", "dice", "data"][..]));
        assert_eq!(packet.octets(&data::DATA), Some(&[0xff][..]));
        assert_eq!(packet.all(&data::LEN).count(), 1, "the fields of the data before are gone");
    }

    #[test]
    fn what_the_capture_cut_off_is_no_lie_and_what_was_never_there_is() {
        let trouble = |body: &[u8], less| thrown(body, less).1.layers.last().unwrap().trouble;
        assert_eq!(trouble(&[0, 6], 1), Some(Trouble::CutByCapture { need: 2, have: 1 }));
        assert_eq!(trouble(&[0], 0), Some(Trouble::LengthLies { need: 2, have: 1, claimed_by: None }));
    }

    #[test]
    fn what_is_read_already_stays() {
        let (read, packet) = thrown(&[], 0);
        assert!(!read && packet.layers.last().is_some_and(|l| std::ptr::eq(l.proto, &raw const udp::ABOUT)));
    }
}
