//! pcap — draft-ietf-opsawg-pcap: a header of 24 bytes, then records of a header of 16 and the packet.

use super::{LONGEST_PACKET, Record, Window};
use crate::model::{LinkType, RawFrame, Time};
use pcap_file::pcap::{PcapParseError, PcapParser};
use pcap_file::{DataLink, pcap::PcapTsResolution};

pub(super) struct Reader {
    parser: PcapParser,
    link: LinkType,
    nanos_per_unit: i64,
}

impl Reader {
    /// Reads the header; `None` if it is none.
    pub(super) fn begin(window: &mut Window) -> Option<Self> {
        let (rest, parser) = PcapParser::new(window.seen()).ok()?;
        let used = window.seen().len() - rest.len();
        window.start += used;
        let header = parser.header();
        // The upper half of the word holds the length of a frame check sequence, not the type.
        let link = LinkType((u32::from(header.datalink) & 0xffff) as u16);
        let link = if header.datalink == DataLink::from(12) || header.datalink == DataLink::from(14) {
            LinkType::RAW
        } else {
            link
        };
        let nanos_per_unit = if header.ts_resolution == PcapTsResolution::MicroSecond { 1_000 } else { 1 };
        Some(Self { parser, link, nanos_per_unit })
    }

    pub(super) fn record(&mut self, seen: &[u8], frame: &mut RawFrame) -> Record {
        match self.parser.next_raw_packet(seen) {
            Ok((rest, record)) => {
                if record.data.len() > LONGEST_PACKET {
                    return Record::Bad("a record claims to be longer than any packet");
                }
                frame.time = Time::new(i64::from(record.ts_sec), i64::from(record.ts_frac) * self.nanos_per_unit);
                frame.len = record.orig_len;
                frame.bytes.clear();
                frame.bytes.extend_from_slice(&record.data);
                frame.link = self.link;
                Record::Frame(seen.len() - rest.len())
            }
            // The parser counts without the record's own header once it has seen that.
            Err(PcapParseError::IncompleteBuffer(need, _)) if need <= 16 && seen.len() < 16 => Record::Need(16),
            Err(PcapParseError::IncompleteBuffer(need, _)) if need <= LONGEST_PACKET => Record::Need(need + 16),
            Err(_) => Record::Bad("a record claims to be longer than any packet"),
        }
    }
}
