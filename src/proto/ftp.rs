//! FTP — RFC 959, the control connection. Lines of text: a verb and its argument go out, a number of
//! three digits and a sentence come back. The files travel over connections of their own.

use super::prelude::*;

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
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::TcpPort(PORT)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let end = bytes.iter().position(|&b| b == b'\n').unwrap_or(bytes.len());
    let line = bytes.get(..end).unwrap_or(&[]);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if c.context.ends.dst_port == PORT {
        let verb = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
        if verb > 0 {
            c.read(&REQUEST_COMMAND, 0, verb)?;
        }
        argument(c, &REQUEST_ARG, verb + 1, line.len())?;
        return Ok(Next::end(bytes.len()));
    }
    match line {
        [a, b, d, ..] if [a, b, d].iter().all(|b| b.is_ascii_digit()) => {
            let code = [a, b, d].iter().fold(0, |n, &&b| n * 10 + u64::from(b - b'0'));
            c.push(&RESPONSE_CODE, 0, 3, Value::Uint(code));
            argument(c, &RESPONSE_ARG, 4, line.len())?;
        }
        _ => argument(c, &RESPONSE_ARG, 0, line.len())?,
    }
    Ok(Next::end(bytes.len()))
}

fn argument(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, end: usize) -> Result<(), Trouble> {
    if at < end { c.read(def, at, end - at).map(drop) } else { Ok(()) }
}
