//! Telnet — RFC 854. What is typed and what is shown, a password too, with commands between: a byte of ones (IAC), then
//! what to do, then perhaps an option.

use super::prelude::*;

/// Telnet.
pub static ABOUT: Identity = Identity {
    name: "telnet",
    title: "Telnet",
    osi: Osi::Application,
    spec: "RFC 854",
    fields: FIELDS,
    summary: Some(summary),
};

const COMMANDS: &[(u64, &str)] = &[
    (236, "End of File"),
    (237, "Suspend Process"),
    (238, "Abort Process"),
    (239, "End of Record"),
    (240, "Suboption End"),
    (241, "No Operation"),
    (242, "Data Mark"),
    (243, "Break"),
    (244, "Interrupt Process"),
    (245, "Abort Output"),
    (246, "Are You There?"),
    (247, "Escape Character"),
    (248, "Erase Line"),
    (249, "Go Ahead"),
    (250, "Suboption"),
    (251, "Will"),
    (252, "Won't"),
    (253, "Do"),
    (254, "Don't"),
];
const OPTIONS: &[(u64, &str)] = &[
    (0, "Binary Transmission"),
    (1, "Echo"),
    (3, "Suppress Go Ahead"),
    (5, "Status"),
    (6, "Timing Mark"),
    (24, "Terminal Type"),
    (31, "Negotiate About Window Size"),
    (32, "Terminal Speed"),
    (33, "Remote Flow Control"),
    (34, "Linemode"),
    (35, "X Display Location"),
    (36, "Environment Option"),
    (37, "Authentication Option"),
    (38, "Encryption Option"),
    (39, "New Environment Option"),
];

fields! {
    COMMAND = dynamic(Kind::Uint(8), "telnet.cmd", "Command", "Will and do ask for an option, won't and don't refuse it.").names(COMMANDS);
    OPTION  = dynamic(Kind::Uint(8), "telnet.subcmd", "Option", "What the command is about: echo, the terminal, the window's size.").names(OPTIONS);
    VALUE   = dynamic(Kind::Text, "telnet.string_subopt.value", "Value", "The terminal's type or speed.").detail();
    WIDTH   = dynamic(Kind::Uint(16), "telnet.naws_subopt.width", "Width", "Columns of the window.").detail();
    HEIGHT  = dynamic(Kind::Uint(16), "telnet.naws_subopt.height", "Height", "Lines of the window.").detail();
    DATA    = dynamic(Kind::Text, "telnet.data", "Data", "What is typed or shown, in the clear.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::TcpPort(23)], over: Over::Packet, dissect };

const IAC: u8 = 0xff;
const SUBOPTION: u64 = 250;
const TERMINAL_TYPE: u64 = 24;
const WINDOW_SIZE: u64 = 31;
const TERMINAL_SPEED: u64 = 32;
const DISPLAY: u64 = 35;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    let mut at = 0;
    while at < len {
        let end = at + until_command(c.rest(at));
        while at < end {
            let line = line(c.rest(at).get(..end - at).unwrap_or(&[]));
            c.read(&DATA, at, line)?;
            at += line;
        }
        if at < len {
            at = command(c, at)?;
        }
    }
    Ok(Next::end(len))
}

/// How many bytes come before a command; two bytes of ones are one byte of text.
fn until_command(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == IAC)) {
        at += found;
        if bytes.get(at + 1) != Some(&IAC) {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// RFC 854: a line ends with CR LF; a CR alone is CR NUL.
fn line(text: &[u8]) -> usize {
    let ends = |pair: &[u8]| matches!(pair, [b'\n', _] | [b'\r', b'\n' | 0]);
    match text.windows(2).position(ends) {
        Some(at) if text.get(at) == Some(&b'\n') => at + 1,
        Some(at) => at + 2,
        None => text.len(),
    }
}

/// Reads a command; gives where it ends.
fn command(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    match c.read(&COMMAND, at + 1, 1)? {
        SUBOPTION => {
            let option = c.read(&OPTION, at + 2, 1)?;
            let from = at + 3;
            let len = until_command(c.rest(from));
            c.nested(|c| suboption(c, option, from, len))?;
            Ok(from + len)
        }
        251..=254 => c.read(&OPTION, at + 2, 1).map(|_| at + 3),
        _ => Ok(at + 2),
    }
}

/// RFC 1091, RFC 1079 and RFC 1096 send a text, or ask for it; RFC 1073 sends two numbers.
fn suboption(c: &mut Cursor<'_>, option: u64, at: usize, len: usize) -> Result<(), Trouble> {
    match (option, len) {
        (TERMINAL_TYPE | TERMINAL_SPEED | DISPLAY, 1..) => {
            c.push(&OPTION, at, 1, Value::Uint(u64::from(c.u8(at)?)));
            if len > 1 { c.read(&VALUE, at + 1, len - 1).map(drop) } else { Ok(()) }
        }
        (WINDOW_SIZE, 4) => {
            c.read(&WIDTH, at, 2)?;
            c.read(&HEIGHT, at + 2, 2).map(drop)
        }
        _ => Ok(()),
    }
}

/// `Do Terminal Type, Will Echo`, `login: `
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let (start, mut shown) = (out.len(), 0);
    let fields = packet.fields_of(layer).iter().filter(|f| f.depth == 0);
    for f in fields {
        if out.len() > start {
            out.push_str(if f.def == &OPTION { " " } else { ", " });
        }
        shown += 1;
        if shown > 8 {
            out.push('…');
            return;
        }
        match f.value {
            Value::Text(text) => drop(show::escape_within(packet.bytes(text), 60, out)),
            Value::Uint(n) => match f.def.name_of(n) {
                Some(name) => out.push_str(name),
                None => show::number(n, out),
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;

    fn read(bytes: &[u8]) -> Packet {
        message(&PROTOCOL, (23, 40000), bytes)
    }

    #[test]
    fn options_are_agreed_on_and_told_more_about() {
        let p = read(b"\xff\xfd\x18\xff\xfb\xc8\xff\xfa\x18\0xterm\xff\xf0\xff\xfa\x1f\0\x50\0\x18\xff\xf0");
        assert_eq!((p.octets(&VALUE), p.uint(&WIDTH), p.uint(&HEIGHT)), (Some(&b"xterm"[..]), Some(80), Some(24)));
        assert_eq!(p.all(&COMMAND).count(), 6);
        assert!(summary(&p).starts_with("Do Terminal Type, Will 200, Suboption Terminal Type, "));
    }

    #[test]
    fn text_is_shown_line_by_line_with_bytes_of_ones_in_it() {
        let p = read(b"a\rb\r\0c\n\xff\xffd\xff\xf1e");
        assert_eq!(p.all(&DATA).count(), 4);
        assert_eq!(summary(&read(b"login: ")), "login: ");
    }

    #[test]
    fn a_command_cut_short_is_trouble() {
        for bytes in [&b"\xff"[..], b"\xff\xfb", b"a\xff\xfa"] {
            assert!(read(bytes).layers[0].trouble.is_some(), "{bytes:?}");
        }
        assert!(read(b"\xff\xfa\x18\0xt").layers[0].trouble.is_none());
    }
}
