//! TFTP — RFC 1350: files without login or directory, one block and one acknowledgment after the other. Machines
//! without a disk start with it. Only the request goes to port 69; the answer comes from a fresh port.
//!
//! ```text
//! | 1 read, 2 write | file name, 0 | mode, 0 | option, 0, value, 0 … |
//! | 3 data, 4 acknowledgment | block (16) | data … |
//! | 5 error | code (16) | message, 0 |           | 6 option acknowledgment | option, 0, value, 0 … |
//! ```

use super::Guess;
use super::prelude::*;

/// TFTP.
pub static ABOUT: Identity = Identity {
    name: "tftp",
    title: "Trivial File Transfer Protocol",
    osi: Osi::Application,
    spec: "RFC 1350",
    fields: FIELDS,
    summary: Some(summary),
};

const OPCODES: &[(u64, &str)] = &[
    (1, "Read Request"),
    (2, "Write Request"),
    (3, "Data Packet"),
    (4, "Acknowledgement"),
    (5, "Error Code"),
    (6, "Option Acknowledgement"),
];

const ERRORS: &[(u64, &str)] = &[
    (0, "Not defined"),
    (1, "File not found"),
    (2, "Access violation"),
    (3, "Disk full or allocation exceeded"),
    (4, "Illegal operation"),
    (5, "Unknown transfer ID"),
    (6, "File already exists"),
    (7, "No such user"),
    (8, "Option negotiation failed"),
];

fields! {
    OPCODE = u16_at(0, "tftp.opcode", "Opcode", "A request, a block, an acknowledgment or an error.").names(OPCODES);
    SOURCE = dynamic(Kind::Text, "tftp.source_file", "Source file", "The file that the client wants.");
    DESTINATION = dynamic(Kind::Text, "tftp.destination_file", "Destination file", "The file that the client wants to write.");
    TYPE   = dynamic(Kind::Text, "tftp.type", "Mode", "octet: bytes as they are; netascii: text.");
    OPTION_NAME = dynamic(Kind::Text, "tftp.option.name", "Option", "What the two may agree on: a block's size, for one.");
    OPTION_VALUE = dynamic(Kind::Text, "tftp.option.value", "Option value", "What is offered, or agreed on.");
    BLOCK  = u16_at(2, "tftp.block", "Block", "Which block this is, or which one has arrived; the first is 1.");
    ERROR_CODE = u16_at(2, "tftp.error.code", "Error code", "What went wrong.").names(ERRORS);
    ERROR_MESSAGE = dynamic(Kind::Text, "tftp.error.message", "Error message", "What went wrong, in words.");
}

/// The row. A request on another port is recognised by its mode.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(REQUESTS)], over: Over::Packet, dissect };

/// The row of a request on any port.
pub static GUESSED: Protocol = Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Datagram(guess), dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GUESSED];

/// Where a server waits.
const REQUESTS: u16 = 69;

/// A request names a file and a known mode.
fn guess(bytes: &[u8]) -> Guess {
    let [0, 1 | 2, rest @ ..] = bytes else { return Guess::No };
    let mut words = rest.split(|&b| b == 0);
    let (file, mode) = (words.next().unwrap_or(&[]), words.next().unwrap_or(&[]));
    let printable = !file.is_empty() && file.iter().all(|b| (0x20..0x7f).contains(b));
    let known = [&b"octet"[..], b"netascii", b"mail"].iter().any(|m| mode.eq_ignore_ascii_case(m));
    if printable && known && bytes.last() == Some(&0) { Guess::This } else { Guess::No }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let opcode = c.put(&OPCODE)?;
    match opcode {
        1 | 2 => {
            // The server answers from a port of its own choice (RFC 1350 §4).
            let ends = c.context.ends;
            if ends.dst_port == REQUESTS {
                c.expect(ends.src, ends.src_port, &PROTOCOL);
            }
            let at = text(c, if opcode == 1 { &SOURCE } else { &DESTINATION }, 2)?;
            let at = text(c, &TYPE, at)?;
            options(c, at)?;
        }
        3 | 4 => {
            c.put(&BLOCK)?;
            if opcode == 3 && c.len() > 4 {
                return Ok(Next::data(4));
            }
        }
        5 => {
            c.put(&ERROR_CODE)?;
            text(c, &ERROR_MESSAGE, 4)?;
        }
        6 => options(c, 2)?,
        _ => {}
    }
    Ok(Next::end(c.len()))
}

/// RFC 2347: pairs of texts.
fn options(c: &mut Cursor<'_>, mut at: usize) -> Result<(), Trouble> {
    while at < c.len() {
        at = text(c, &OPTION_NAME, at)?;
        at = text(c, &OPTION_VALUE, at)?;
    }
    Ok(())
}

/// A text that a zero ends; gives where the next one begins.
fn text(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize) -> Result<usize, Trouble> {
    let Some(len) = c.rest(at).iter().position(|&b| b == 0) else {
        return Err(c.missing(c.len() + 1));
    };
    let value = Value::Text(c.span(at, len));
    c.push(def, at, len + 1, value);
    Ok(at + len + 1)
}

/// `Read Request boot.img`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &OPCODE, out);
    show::parts(
        packet,
        layer,
        &[(" ", &SOURCE), (" ", &DESTINATION), (", block ", &BLOCK), (": ", &ERROR_MESSAGE)],
        out,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_on_any_port_needs_a_known_mode() {
        assert!(guess(b"\0\x01boot.img\0octet\0").is_mine());
        assert!(!guess(b"\0\x01boot.img\0tape\0").is_mine());
        assert!(!guess(b"\0\x01boot.img\0octet").is_mine());
        assert!(!guess(b"\0\x03\0\x01data").is_mine());
    }
}
