//! FTP — RFC 959, the control connection. Lines of text: a verb and its argument go out, a number of
//! three digits and a sentence come back. The files travel over connections of their own.

use super::memory::Address;
use super::prelude::*;
use super::{Framing, StreamCtx};

/// FTP.
pub static ABOUT: Identity = Identity {
    name: "ftp",
    title: "File Transfer Protocol",
    osi: Osi::Application,
    spec: "RFC 959",
    fields: FIELDS,
    summary: None,
};

const PORT: u16 = 21;

fields! {
    REQUEST_COMMAND = dynamic(Kind::Text,     "ftp.request.command", "Command",  "What the client wants done: USER, PASS, RETR and so on.");
    REQUEST_ARG     = dynamic(Kind::Text,     "ftp.request.arg",     "Argument", "To what, or to whom; even a password is in the clear.");
    RESPONSE_CODE   = dynamic(Kind::Uint(32), "ftp.response.code",   "Reply code", "How it went: 2 done, 3 more is needed, 4 and 5 refused.");
    RESPONSE_ARG    = dynamic(Kind::Text,     "ftp.response.arg",    "Reply text", "The same in words.");
}

/// The row. Each segment is read for itself, and only its first line, as Wireshark does.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(PORT)], over: Over::Stream(frame), dissect };

/// The connection of a file; its fields are not Wireshark's to name, for the bytes are the file's.
pub static DATA_ABOUT: Identity = Identity {
    name: "ftp-data",
    title: "FTP Data",
    osi: Osi::Application,
    spec: "RFC 959 §3.2",
    fields: &[],
    summary: None,
};

/// Its row: the server's port for it, from which it connects to what PORT and EPRT name, and whatever a reply to
/// PASV or EPSV announces. A server that connects from another port is not recognised, as Wireshark has it.
pub static DATA: Protocol = Protocol {
    about: &DATA_ABOUT,
    follows: &[Key::TcpPort(20)],
    over: Over::Packet,
    dissect: |c| Ok(Next::end(c.len())),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &DATA];

/// How far both ends are with TLS (RFC 4217 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tls {
    #[default]
    Off,
    Asked,
    Agreed,
}

fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if *ctx.dialogue.state::<Tls>() == Tls::Agreed {
        Framing::Switch(Key::TcpPort(443))
    } else {
        Framing::Message(bytes.len())
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let end = bytes.iter().position(|&b| b == b'\n').unwrap_or(bytes.len());
    let line = bytes.get(..end).unwrap_or(&[]);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if c.context.ends.dst_port == PORT {
        request(c, line)?;
    } else {
        response(c, line)?;
    }
    Ok(Next::end(bytes.len()))
}

fn request(c: &mut Cursor<'_>, line: &[u8]) -> Result<(), Trouble> {
    let verb = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    let word = line.get(..verb).unwrap_or(&[]);
    let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
    *c.stream().dialogue.state() = if is(b"AUTH") { Tls::Asked } else { Tls::Off };
    if verb > 0 {
        c.read(&REQUEST_COMMAND, 0, verb)?;
    }
    argument(c, &REQUEST_ARG, verb + 1, line.len())
}

fn response(c: &mut Cursor<'_>, line: &[u8]) -> Result<(), Trouble> {
    let [a, b, d, rest @ ..] = line else { return argument(c, &RESPONSE_ARG, 0, line.len()) };
    if ![a, b, d].iter().all(|b| b.is_ascii_digit()) {
        return argument(c, &RESPONSE_ARG, 0, line.len());
    }
    let code = [a, b, d].iter().fold(0, |n, &&b| n * 10 + u64::from(b - b'0'));
    let tls: &mut Tls = c.stream().dialogue.state();
    if code == 234 && *tls == Tls::Asked {
        *tls = Tls::Agreed;
    }
    let server = c.context.ends.src;
    let announced = match code {
        227 => rest.iter().position(u8::is_ascii_digit).and_then(|at| numbers(rest.get(at..).unwrap_or(&[]))),
        229 => rest.split(|&b| b == b'|').nth(3).and_then(decimal).map(|port| (server, port)),
        _ => None,
    };
    if let Some((address, port)) = announced {
        c.expect(address, port, &DATA);
    }
    c.push(&RESPONSE_CODE, 0, 3, Value::Uint(code));
    argument(c, &RESPONSE_ARG, 4, line.len())
}

/// RFC 959 §4.1.2: the address's four bytes and the port's two, in decimal, with commas.
fn numbers(text: &[u8]) -> Option<(Address, u16)> {
    let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b',').unwrap_or(text.len());
    let mut bytes = [0; 6];
    let mut pieces = text.get(..end)?.split(|&b| b == b',');
    for byte in &mut bytes {
        *byte = u8::try_from(decimal(pieces.next()?)?).ok()?;
    }
    let [a, b, c, d, high, low] = bytes;
    Some((Address::v4([a, b, c, d]), u16::from_be_bytes([high, low])))
}

fn decimal(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn argument(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, end: usize) -> Result<(), Trouble> {
    if at < end { c.read(def, at, end - at).map(drop) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_address_is_read() {
        let here = Address::v4([10, 0, 0, 1]);
        assert_eq!(numbers(b"10,0,0,1,199,17).\r"), Some((here, 50961)));
        for bad in [&b""[..], b"10,0,0,1,199", b"10,0,0,1,299,17", b"|"] {
            assert_eq!(numbers(bad), None, "{bad:?}");
        }
    }
}
