//! SMTP — RFC 5321. Mail is handed over in lines of text: a verb goes out, a number of three digits
//! and a sentence come back. After DATA come the lines of the mail, until one that is a single dot.

use super::prelude::*;
use super::{Framing, StreamCtx};

/// SMTP.
pub static ABOUT: Identity = Identity {
    name: "smtp",
    title: "Simple Mail Transfer Protocol",
    osi: Osi::Application,
    spec: "RFC 5321",
    fields: FIELDS,
    summary: None,
};

const RELAY: u16 = 25;
const SUBMISSION: u16 = 587;

fields! {
    COMMAND_LINE  = dynamic(Kind::Text, "smtp.command_line",  "Command line", "What the client says.");
    REQ_COMMAND   = dynamic(Kind::Text, "smtp.req.command",   "Command",      "What the client wants done: EHLO, MAIL, RCPT, DATA and so on.");
    REQ_PARAMETER = dynamic(Kind::Text, "smtp.req.parameter", "Parameter",    "With what, or for whom.");
    AUTH_USERNAME = dynamic(Kind::Text, "smtp.auth.username", "User name",    "Who the client is, in base 64, which hides nothing.");
    AUTH_PASSWORD = dynamic(Kind::Text, "smtp.auth.password", "Password",     "The password, in base 64, which hides nothing.");
    RESPONSE      = dynamic(Kind::Text, "smtp.response",      "Response",     "What the server says.");
    RESPONSE_CODE = dynamic(Kind::Uint(32), "smtp.response.code", "Response code", "How it went: 2 done, 3 go on, 4 try later, 5 refused.");
    RSP_PARAMETER = dynamic(Kind::Text, "smtp.rsp.parameter", "Response text", "The same in words.");
    EOM           = dynamic(Kind::Flag, "smtp.eom",           "End of mail",  "A dot alone on its line ends the mail.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::TcpPort(RELAY), Key::TcpPort(SUBMISSION)],
    over: Over::Stream(frame),
    dissect,
};

/// What one connection remembers.
#[derive(Debug, Default)]
struct Talk {
    /// The client sends the lines of a mail.
    mail: bool,
    /// How many lines of `AUTH LOGIN` the client still owes: user name, password.
    secrets: u8,
    /// The server goes on with a response of several lines.
    goes_on: bool,
    tls: Tls,
}

/// How far both ends are with STARTTLS (RFC 3207).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tls {
    #[default]
    Off,
    /// The client's last command asked for it.
    Asked,
    /// The server has agreed: from here on, TLS.
    Agreed,
}

/// All whole lines that are here are one message.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.dialogue.state::<Talk>().tls == Tls::Agreed {
        // RFC 3207 §4.
        return Framing::Switch(Key::TcpPort(443));
    }
    let fresh = bytes.get(ctx.side.searched..).unwrap_or(&[]);
    match fresh.iter().rposition(|&b| b == b'\n') {
        Some(i) => Framing::Message(ctx.side.searched + i + 1),
        None if ctx.ended => Framing::Message(bytes.len()),
        None => {
            ctx.side.searched = bytes.len();
            Framing::NeedMore
        }
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let from_client = matches!(c.context.ends.dst_port, RELAY | SUBMISSION);
    let len = c.len();
    let mut at = 0;
    while at < len {
        let rest = c.rest(at);
        let whole = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |i| i + 1);
        let line = rest.get(..whole).unwrap_or(&[]);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if from_client {
            client(c, at, whole, text)?;
        } else {
            server(c, at, whole, text)?;
        }
        at += whole;
    }
    Ok(Next::end(len))
}

fn client(c: &mut Cursor<'_>, at: usize, whole: usize, text: &[u8]) -> Result<(), Trouble> {
    let memory = c.stream();
    let talk = memory.dialogue.state::<Talk>();
    if talk.mail {
        if text == b"." {
            talk.mail = false;
            c.push(&EOM, at, whole, Value::None);
        }
        return Ok(());
    }
    if talk.secrets > 0 && text != b"QUIT" && text != b"*" {
        let def = if talk.secrets == 2 { &AUTH_USERNAME } else { &AUTH_PASSWORD };
        talk.secrets -= 1;
        return c.read(def, at, text.len()).map(drop);
    }
    let verb = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    talk.mail = is(b"DATA");
    talk.tls = if is(b"STARTTLS") { Tls::Asked } else { Tls::Off };
    talk.secrets = if is(b"AUTH LOGIN") { 2 } else { 0 };
    c.read(&COMMAND_LINE, at, whole)?;
    c.nested(|c| {
        if verb > 0 {
            c.read(&REQ_COMMAND, at, verb)?;
        }
        if verb + 1 < text.len() {
            c.read(&REQ_PARAMETER, at + verb + 1, text.len() - verb - 1)?;
        }
        Ok(())
    })
}

/// RFC 5321 §4.2.1: a hyphen behind the number says that another line follows.
fn server(c: &mut Cursor<'_>, at: usize, whole: usize, text: &[u8]) -> Result<(), Trouble> {
    let [a, b, d, rest @ ..] = text else { return Ok(()) };
    if ![a, b, d].iter().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    let code = [a, b, d].iter().fold(0, |n, &&b| n * 10 + u64::from(b - b'0'));
    let memory = c.stream();
    let talk = memory.dialogue.state::<Talk>();
    let continues = std::mem::replace(&mut talk.goes_on, rest.first() == Some(&b'-'));
    if talk.tls == Tls::Asked && code == 220 {
        talk.tls = Tls::Agreed;
    }
    if !continues {
        c.read(&RESPONSE, at, whole)?;
    }
    c.nested(|c| {
        if !continues {
            c.push(&RESPONSE_CODE, at, 3, Value::Uint(code));
        }
        if rest.len() > 1 {
            c.read(&RSP_PARAMETER, at + 4, rest.len() - 1)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    #[test]
    fn all_whole_lines_are_one_message() {
        let mut streams = Streams::default();
        assert_eq!(frame(&mut streams.view(true), b"RS"), Framing::NeedMore);
        assert_eq!(frame(&mut streams.view(true), b"RSET\r\nNOOP\r\nQU"), Framing::Message(12));
    }
}
