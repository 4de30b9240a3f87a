//! pcap — draft-ietf-opsawg-pcap: a header of 24 bytes, then records of a header of 16 and the packet.
//!
//! The magic number at the start tells the byte order, the unit of the times, and which of the variants it is that
//! others have written: some with longer record headers, whose numbers nobody needs to read the packets.

use super::{LONGEST_PACKET, Record, Window};
use crate::model::{LinkType, RawFrame, Time};

/// Bytes of the file's header, and of a record's in the usual form.
const HEADER: usize = 24;
const RECORD: usize = 16;

/// A way to write the format.
struct Form {
    magic: u32,
    /// Nanoseconds in the unit of a record's fraction.
    unit: i64,
    /// Bytes between the file's header and the first record.
    gap: usize,
    /// Bytes that record headers may have beyond the usual ones: the first that makes sense of the file holds.
    more: &'static [usize],
}

/// What is known by its magic number. Wireshark's wiretap reads these, too.
const FORMS: &[Form] = &[
    // The usual form; ss990417 and Nokia's firewalls wrote longer records under the same number.
    Form { magic: 0xa1b2_c3d4, unit: 1_000, gap: 0, more: &[0, 8, 4] },
    Form { magic: 0xa1b2_3c4d, unit: 1, gap: 0, more: &[0] },
    // Alexey Kuznetsov's: interface, protocol and direction; ss990915 adds two processors.
    Form { magic: 0xa1b2_cd34, unit: 1_000, gap: 0, more: &[8, 12] },
    // Ixia's, by hardware and by software: the file's size is behind the header.
    Form { magic: 0x1c00_01ac, unit: 1, gap: 4, more: &[0] },
    Form { magic: 0x1c00_01ab, unit: 1, gap: 4, more: &[0] },
];
/// How many records are looked at to tell variants apart, and how many bytes of the file.
const LOOKED_AT: usize = 8;
const LOOK: usize = 1 << 16;
/// A snapshot length beyond any packet means nothing.
const MOST: u32 = 262_144;

pub(super) struct Reader {
    big_endian: bool,
    unit: i64,
    /// Bytes of a record's header.
    head: usize,
    link: LinkType,
}

impl Reader {
    /// Reads the header; `None` if it is none.
    ///
    /// # Errors
    /// The input cannot be read.
    pub(super) fn begin(window: &mut Window) -> std::io::Result<Option<Self>> {
        let Some(form) = [true, false].into_iter().find_map(|big_endian| {
            let magic = word(window.seen(), 0, big_endian)?;
            FORMS.iter().find(|f| f.magic == magic).map(|f| (f, big_endian))
        }) else {
            return Ok(None);
        };
        let (form, big_endian) = form;
        let Some(link) = word(window.seen(), 20, big_endian) else { return Ok(None) };
        // The upper half of the word holds the length of a frame check sequence, not the type.
        let link = match link & 0xffff {
            12 | 14 => LinkType::RAW,
            n => LinkType(u16::try_from(n).unwrap_or_default()),
        };
        if form.more.len() > 1 || form.gap > 0 {
            window.fill(LOOK)?;
        }
        let start = HEADER + form.gap;
        let records = window.seen().get(start..).unwrap_or(&[]);
        let usual = form.more.first().copied().unwrap_or_default();
        let most = word(window.seen(), 16, big_endian).unwrap_or_default().clamp(1 << 16, MOST) as usize;
        let more =
            form.more.iter().copied().find(|&more| makes_sense(records, RECORD + more, (most, form.unit), big_endian));
        window.start += start.min(window.seen().len());
        Ok(Some(Self { big_endian, unit: form.unit, head: RECORD + more.unwrap_or(usual), link }))
    }

    pub(super) fn record(&mut self, seen: &[u8], frame: &mut RawFrame) -> Record {
        if seen.len() < self.head {
            return Record::Need(self.head);
        }
        let number = |at| word(seen, at, self.big_endian).unwrap_or_default();
        let kept = number(8) as usize;
        if kept > LONGEST_PACKET {
            return Record::Bad("a record claims to be longer than any packet");
        }
        let end = self.head + kept;
        let Some(bytes) = seen.get(self.head..end) else { return Record::Need(end) };
        frame.time = Time::new(i64::from(number(0)), i64::from(number(4)) * self.unit);
        frame.len = number(12);
        frame.bytes.clear();
        frame.bytes.extend_from_slice(bytes);
        frame.link = self.link;
        Record::Frame(end, self.head)
    }
}

/// The number of four bytes at `at`.
fn word(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let b = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(if big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
}

/// Whether the first records can have headers of this length: packets of at most so many bytes, not longer than they
/// were.
fn makes_sense(mut records: &[u8], head: usize, (most, unit): (usize, i64), big_endian: bool) -> bool {
    let all = records.len() >= LOOK / 2;
    for _ in 0..LOOKED_AT {
        if records.is_empty() {
            return true;
        }
        let number = |at| word(records, at, big_endian);
        let (Some(kept), Some(len), Some(fraction)) = (number(8), number(12), number(4)) else { return false };
        if kept as usize > most
            || len as usize > LONGEST_PACKET
            || kept > len
            || i64::from(fraction) * unit >= 1_000_000_000
        {
            return false;
        }
        match records.get(head + kept as usize..) {
            Some(rest) => records = rest,
            // It goes on beyond what is looked at; a file that ends here would be cut.
            None => return all,
        }
    }
    true
}
