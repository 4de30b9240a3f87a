//! pcapng — draft-ietf-opsawg-pcapng: blocks of a type, a length, a body and the length again.
//!
//! Only what a reader of packets needs is read: sections, interfaces, packets and their comments.
//! The bodies are read here and not by `pcap_file`, which refuses text that is not UTF-8.

use super::{LONGEST_BLOCK, LONGEST_PACKET, Record, Window};
use crate::model::{Interface, LinkType, RawFrame, Time};
use std::sync::Arc;

// Types of blocks.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
pub(super) const SIMPLE: u32 = 3;
pub(super) const ENHANCED: u32 = 6;

// Options: of a packet, and of an interface.
pub(super) const COMMENT: u16 = 1;
const NAME: u16 = 2;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

/// More interfaces than any machine has; a section's packets from others cannot be read.
pub(super) const MOST_INTERFACES: usize = 1 << 17;
/// The most bytes of an interface's name that are kept; systems give it 16, or about 50 on Windows.
pub(super) const LONGEST_NAME: usize = 255;
/// The most bytes of comments kept for one packet: what one option can hold.
pub(super) const LONGEST_COMMENT: usize = u16::MAX as usize;

pub(super) struct Reader {
    big_endian: bool,
    interfaces: Vec<Described>,
}

#[derive(Clone)]
struct Described {
    link: LinkType,
    snaplen: u32,
    about: Arc<Interface>,
    resolution: u8,
    offset: i64,
}

impl Reader {
    /// Checks that a section begins here; `None` if not.
    pub(super) fn begin(window: &mut Window) -> Option<Self> {
        let big_endian = match window.seen().get(8..12)? {
            [0x1a, 0x2b, 0x3c, 0x4d] => true,
            [0x4d, 0x3c, 0x2b, 0x1a] => false,
            _ => return None,
        };
        Some(Self { big_endian, interfaces: Vec::new() })
    }

    pub(super) fn record(&mut self, seen: &[u8], frame: &mut RawFrame) -> Record {
        if seen.len() < 12 {
            return Record::Need(12);
        }
        let kind = self.u32(seen, 0);
        if kind == SECTION {
            match seen.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => self.big_endian = true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => self.big_endian = false,
                _ => return Record::Bad("a section does not say its byte order"),
            }
            self.interfaces.clear();
        }
        let total = self.u32(seen, 4) as usize;
        if !(12..=LONGEST_BLOCK).contains(&total) {
            return Record::Bad("a block's length cannot be right");
        }
        // Writers exist that forget to pad; the length counts as rounded up.
        let padded = total.next_multiple_of(4);
        let Some(body) = seen.get(8..padded - 4).filter(|_| seen.len() >= padded) else { return Record::Need(padded) };
        if self.u32(seen, padded - 4) as usize != total {
            return Record::Bad("a block's two lengths differ");
        }
        // Where a packet's bytes begin in its block.
        let at = 8 + if kind == SIMPLE { 4 } else { 20 };
        let packet = match kind {
            INTERFACE => {
                self.describe(body);
                return Record::Skip(padded);
            }
            OLD_PACKET => self.packet(body, u32::from(self.u16(body, 0)), frame),
            SIMPLE => self.simple(body, frame),
            ENHANCED => self.packet(body, self.u32(body, 0), frame),
            _ => return Record::Skip(padded),
        };
        match packet {
            Ok(()) => Record::Frame(padded, at),
            Err(why) => Record::Bad(why),
        }
    }

    /// An Interface Description Block.
    fn describe(&mut self, body: &[u8]) {
        if self.interfaces.len() >= MOST_INTERFACES {
            return;
        }
        let mut d = Described {
            link: LinkType(self.u16(body, 0)),
            snaplen: self.u32(body, 4),
            about: Arc::default(),
            resolution: 6,
            offset: 0,
        };
        if matches!(d.link.0, 12 | 14) {
            d.link = LinkType::RAW;
        }
        let mut name = String::new();
        self.options(body.get(8..).unwrap_or(&[]), |code, value| match (code, value) {
            (NAME, _) => {
                name.clear();
                append(value, LONGEST_NAME, &mut name);
            }
            (RESOLUTION, [r, ..]) => d.resolution = *r,
            (OFFSET, v) if v.len() == 8 => {
                let b = v.try_into().unwrap_or_default();
                d.offset = if self.big_endian { i64::from_be_bytes(b) } else { i64::from_le_bytes(b) };
            }
            _ => {}
        });
        let loopback = name == "lo" || name == "lo0";
        if name.is_empty() {
            name.push_str("unknown");
        }
        d.about = Arc::new(Interface { name, loopback });
        self.interfaces.push(d);
    }

    /// An Enhanced Packet Block, or the old Packet Block, which differs in its first word only.
    fn packet(&self, body: &[u8], interface: u32, frame: &mut RawFrame) -> Result<(), &'static str> {
        let Some(d) = self.interfaces.get(interface as usize) else {
            return Err("a packet names an interface that was not described");
        };
        let Some((&[_, _, _, _, h0, h1, h2, h3, l0, l1, l2, l3, k0, k1, k2, k3, w0, w1, w2, w3], _)) =
            body.split_first_chunk()
        else {
            return Err("a packet is longer than its block");
        };
        let (high, low) = (self.word([h0, h1, h2, h3]), self.word([l0, l1, l2, l3]));
        let (kept, len) = (self.word([k0, k1, k2, k3]), self.word([w0, w1, w2, w3]));
        let kept = kept as usize;
        let bytes = kept_bytes(body, 20, kept)?;
        frame.interface_id = Some(interface);
        frame.time = d.time(u64::from(high) << 32 | u64::from(low));
        frame.len = len;
        frame.bytes.clear();
        frame.bytes.extend_from_slice(bytes);
        frame.link = d.link;
        if frame.interface.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &d.about)) {
            frame.interface = Some(Arc::clone(&d.about));
        }
        frame.comment.clear();
        frame.remark = None;
        let Some(options) = body.get(20 + kept.next_multiple_of(4)..).filter(|options| !options.is_empty()) else {
            return Ok(());
        };
        self.options(options, |code, value| {
            if code == COMMENT {
                if !frame.comment.is_empty() && frame.comment.len() < LONGEST_COMMENT {
                    frame.comment.push('\n');
                }
                append(value, LONGEST_COMMENT, &mut frame.comment);
            }
        });
        frame.find_remark();
        Ok(())
    }

    /// A Simple Packet Block: no time, and the first interface.
    fn simple(&self, body: &[u8], frame: &mut RawFrame) -> Result<(), &'static str> {
        let Some(d) = self.interfaces.first() else { return Err("a packet comes before any interface") };
        let len = self.u32(body, 0);
        let snaplen = if d.snaplen == 0 { u32::MAX } else { d.snaplen };
        let kept = (len.min(snaplen) as usize).min(body.len().saturating_sub(4));
        frame.interface_id = Some(0);
        frame.time = Time::NONE;
        frame.len = len;
        frame.bytes.clear();
        frame.bytes.extend_from_slice(kept_bytes(body, 4, kept)?);
        frame.link = d.link;
        frame.interface = Some(Arc::clone(&d.about));
        (frame.remark, frame.comment) = (None, String::new());
        Ok(())
    }

    /// Options: code (2), length (2), value, padding to 4; code 0 ends them.
    fn options<'a>(&self, mut rest: &'a [u8], mut each: impl FnMut(u16, &'a [u8])) {
        while rest.len() >= 4 {
            let (code, len) = (self.u16(rest, 0), usize::from(self.u16(rest, 2)));
            let Some(value) = rest.get(4..4 + len).filter(|_| code != 0) else { return };
            each(code, value);
            rest = rest.get(4 + len.next_multiple_of(4)..).unwrap_or(&[]);
        }
    }

    fn u16(&self, bytes: &[u8], at: usize) -> u16 {
        let b = bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).unwrap_or_default();
        if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
    }

    fn u32(&self, bytes: &[u8], at: usize) -> u32 {
        self.word(bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).unwrap_or_default())
    }

    #[inline]
    fn word(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

impl Described {
    /// A stamp counts units since 1970: 10^-n seconds, or 2^-n where the top bit is set (`if_tsresol`).
    fn time(&self, stamp: u64) -> Time {
        // All but the strangest clocks: nothing that needs more than 64 bits.
        let units = match self.resolution {
            6 if self.offset == 0 => stamp.checked_mul(1_000),
            9 if self.offset == 0 => Some(stamp),
            _ => None,
        };
        if let Some(nanos) = units.and_then(|nanos| i64::try_from(nanos).ok()) {
            return Time(nanos);
        }
        let exponent = u32::from(self.resolution & 0x7f);
        let stamp = i128::from(stamp);
        let nanos = match self.resolution {
            6 => stamp * 1_000,
            9 => stamp,
            binary if binary & 0x80 != 0 => match 1_i128.checked_shl(exponent) {
                Some(units @ 1..) => stamp * 1_000_000_000 / units,
                // Units that nobody can count in say nothing.
                _ => return Time::NONE,
            },
            _ => match 10_i128.checked_pow(exponent) {
                Some(units) => stamp * 1_000_000_000 / units,
                None => return Time::NONE,
            },
        };
        Time::saturating(nanos + i128::from(self.offset) * 1_000_000_000)
    }
}

fn kept_bytes(body: &[u8], at: usize, kept: usize) -> Result<&[u8], &'static str> {
    if kept > LONGEST_PACKET {
        return Err("a packet claims to be longer than any packet");
    }
    body.get(at..at + kept).ok_or("a packet is longer than its block")
}

/// Appends text that may be anything, as far as `most` bytes in all allow.
fn append(value: &[u8], most: usize, text: &mut String) {
    let room = most.saturating_sub(text.len());
    // What isn't UTF-8 becomes longer, never shorter.
    let value = String::from_utf8_lossy(value.get(..room).unwrap_or(value));
    text.push_str(cut(&value, room));
}

/// The beginning of a text: whole characters, at most `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
