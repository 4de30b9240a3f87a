//! SSH — RFC 4253. Each side says which version it speaks; packets follow, soon encrypted.
//!
//! ```text
//! | "SSH-2.0-software" CR LF |
//! | packet length (4) | padding length (1) | message (1) | … | padding |   until NEWKEYS, then secrets
//! ```

use super::prelude::*;
use super::{Framing, StreamCtx};

/// SSH.
pub static ABOUT: Identity = Identity {
    name: "ssh",
    title: "Secure Shell",
    osi: Osi::Application,
    spec: "RFC 4253",
    fields: FIELDS,
    summary: None,
};

const MESSAGES: &[(u64, &str)] = &[
    (1, "Disconnect"),
    (2, "Ignore"),
    (3, "Unimplemented"),
    (4, "Debug"),
    (20, "Key exchange: what I can"),
    (21, "New keys: encrypted from here on"),
    (30, "Key exchange: client's half"),
    (31, "Key exchange: server's half"),
    (32, "Key exchange: client's half in the group"),
    (33, "Key exchange: server's half in the group"),
    (34, "Key exchange: which group"),
];

fields! {
    PROTOCOL_   = dynamic(Kind::Text, "ssh.protocol", "Protocol", "The version of SSH, and the program that speaks it.");
    PACKET_LENGTH = dynamic(Kind::Uint(32), "ssh.packet_length", "Packet length", "Bytes of the packet, this number not counted.");
    PADDING_LENGTH = dynamic(Kind::Uint(8), "ssh.padding_length", "Padding length", "Bytes of filler at the packet's end.");
    MESSAGE_CODE = dynamic(Kind::Uint(8), "ssh.message_code", "Message", "What the packet is for.").names(MESSAGES);
    ENCRYPTED   = dynamic(Kind::Bytes, "ssh.encrypted_packet", "Encrypted packet", "What only the two ends can read.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(22), Key::TcpPort(29418)], over: Over::Stream(frame), dissect };

/// RFC 4253 §4.2: a version line has at most 255 bytes.
const LONGEST_LINE: usize = 255;
/// RFC 4253 §6.1: what every program must take in.
const LONGEST_PACKET: usize = 35_000;
const NEW_KEYS: u8 = 21;

/// What comes next from one side.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    Version,
    Clear,
    Encrypted,
}

/// All whole packets that are here are one message; encrypted bytes have no end that could be seen.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match *ctx.side.state::<Phase>() {
        Phase::Version if bytes.starts_with(b"SSH-") => {
            match bytes.iter().take(LONGEST_LINE).position(|&b| b == b'\n') {
                Some(i) => Framing::Message(i + 1),
                None if bytes.len() >= LONGEST_LINE || ctx.ended => Framing::Message(bytes.len()),
                None => Framing::NeedMore,
            }
        }
        Phase::Version if b"SSH-".starts_with(bytes) => Framing::NeedMore,
        // A connection whose beginning was not seen.
        Phase::Version | Phase::Encrypted => Framing::Message(bytes.len()),
        Phase::Clear => {
            let mut whole = 0;
            loop {
                let rest = bytes.get(whole..).unwrap_or(&[]);
                match packet(rest) {
                    Some(n) if n > LONGEST_PACKET => return Framing::Message(bytes.len()),
                    Some(n) if n > rest.len() && whole == 0 => return Framing::Begun(n),
                    Some(n) if n <= rest.len() => whole += n,
                    None if whole == 0 => return Framing::Begun(0),
                    _ => return Framing::Message(whole),
                }
                // What follows the new keys is encrypted.
                if rest.get(5) == Some(&NEW_KEYS) {
                    return Framing::Message(whole);
                }
            }
        }
    }
}

/// The length of the packet that starts here, its length included.
fn packet(bytes: &[u8]) -> Option<usize> {
    let head: &[u8; 4] = bytes.first_chunk()?;
    Some(4usize.saturating_add(u32::from_be_bytes(*head) as usize))
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let len = bytes.len();
    let stage = *c.stream().side.state::<Phase>();
    if c.context.continuation {
        // The beginning of a packet whose end has not come.
        return Ok(Next::end(len));
    }
    if bytes.starts_with(b"SSH-") && stage == Phase::Version {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // SSH 1 had other packets than RFC 4253; "1.99" means both.
        let old = line.starts_with(b"SSH-1.") && !line.starts_with(b"SSH-1.99");
        *c.stream().side.state() = if old { Phase::Encrypted } else { Phase::Clear };
        c.read(&PROTOCOL_, 0, line.len())?;
        return Ok(Next::end(len));
    }
    let mut at = 0;
    while stage == Phase::Clear && at < len {
        let Some(n) = packet(c.rest(at)).filter(|&n| n >= 6 && at + n <= len) else { break };
        c.read(&PACKET_LENGTH, at, 4)?;
        c.read(&PADDING_LENGTH, at + 4, 1)?;
        let message = c.read(&MESSAGE_CODE, at + 5, 1)?;
        at += n;
        if message == u64::from(NEW_KEYS) {
            *c.stream().side.state() = Phase::Encrypted;
        }
    }
    if at < len {
        *c.stream().side.state() = Phase::Encrypted;
        c.read(&ENCRYPTED, at, len - at)?;
    }
    Ok(Next::end(len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    #[test]
    fn the_version_line_comes_alone_and_packets_follow() {
        let mut streams = Streams::default();
        assert_eq!(frame(&mut streams.view(true), b"SSH-2.0-x\r\n\0\0"), Framing::Message(11));
        *streams.view(true).side.state() = Phase::Clear;
        assert_eq!(frame(&mut streams.view(true), b"\0\0\0\x06\x04\x14abcd"), Framing::Message(10));
        assert_eq!(frame(&mut streams.view(true), b"\0\0\0\x07\x04\x14abcd"), Framing::Begun(11));
    }
}
