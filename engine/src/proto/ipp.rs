//! IPP — RFC 8010. How a computer asks a printer: an operation, attributes, then the document, inside HTTP.
//!
//! ```text
//! | version (2) | operation, or how it went (2) | request (4) |
//! | group tag (1), then attributes: value tag (1), name (2 + n), value (2 + n) | … | 3: end | document …
//! ```

use super::prelude::*;

/// IPP.
pub static ABOUT: Identity = Identity {
    name: "ipp",
    title: "Internet Printing Protocol",
    osi: Osi::Application,
    spec: "RFC 8010",
    fields: FIELDS,
    summary: None,
};

const OPERATIONS: &[(u64, &str)] = &[
    (2, "Print-Job"),
    (4, "Validate-Job"),
    (5, "Create-Job"),
    (6, "Send-Document"),
    (8, "Cancel-Job"),
    (9, "Get-Job-Attributes"),
    (10, "Get-Jobs"),
    (11, "Get-Printer-Attributes"),
];

fields! {
    VERSION      = u16_at(0, "ipp.version", "Version", "Which IPP it is: 0x0101 is 1.1.").hex();
    OPERATION_ID = dynamic(Kind::Hex(16), "ipp.operation_id", "Operation", "What the printer should do.").names(OPERATIONS);
    STATUS_CODE  = dynamic(Kind::Hex(16), "ipp.status_code", "Status", "How it went; 0 to 0xff mean well.");
    REQUEST_ID   = u32_at(4, "ipp.request_id", "Request ID", "An answer repeats its request's number.");
    NAME         = dynamic(Kind::Text, "ipp.name", "Attribute", "What an attribute is called.");
}

/// The row; HTTP bodies of this type come here.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Media("application/ipp")], over: Over::Packet, dissect };

/// The group tag that ends the attributes (RFC 8010 §3.5.1); greater tags from 0x10 on are values.
const END: u8 = 3;
const FIRST_VALUE: u8 = 0x10;
/// How many attributes are read.
const MOST: usize = 10_000;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&VERSION)?;
    let request = matches!(c.context.ends.dst_port, 80 | 631);
    c.read(if request { &OPERATION_ID } else { &STATUS_CODE }, 2, 2)?;
    c.put(&REQUEST_ID)?;
    let (len, mut at) = (c.len(), 8);
    for _ in 0..MOST {
        if at >= len {
            break;
        }
        let tag = c.u8(at)?;
        at += 1;
        if tag == END {
            return Ok(if at < len { Next::data(at) } else { Next::end(at) });
        }
        if tag < FIRST_VALUE {
            continue;
        }
        let name = usize::from(c.u16(at)?);
        if name > 0 {
            c.read(&NAME, at + 2, name)?;
        }
        at += 2 + name;
        at += 2 + usize::from(c.u16(at)?);
    }
    Ok(Next::end(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkType, Packet, RawFrame};
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

    fn read(ipp: &[u8]) -> Packet {
        let mut raw = RawFrame { link: LinkType(1), ..RawFrame::default() };
        let mut http =
            format!("POST / HTTP/1.1\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\r\n", ipp.len());
        let mut bytes = std::mem::take(&mut http).into_bytes();
        bytes.extend_from_slice(ipp);
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        builder.tcp(4000, 631, 1, 1000).write(&mut raw.bytes, &bytes).unwrap();
        raw.len = u32::try_from(raw.bytes.len()).unwrap();
        let mut packet = Packet::new();
        walk(&raw, &mut NoMemory::default(), &mut packet);
        packet
    }

    #[test]
    fn the_document_follows_the_attributes() {
        let p = read(b"\x01\x01\0\x02\0\0\0\x01\x01\x47\0\x04name\0\x02de\x03DOC");
        assert_eq!(p.octets(&NAME), Some(&b"name"[..]));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn an_attribute_that_is_cut_short_is_reported() {
        let p = read(b"\x01\x01\0\x02\0\0\0\x01\x01\x47\0\xff");
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
