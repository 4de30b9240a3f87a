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
    AUTH_BOTH     = dynamic(Kind::Text, "smtp.auth.username_password", "Name and password", "Both together, in base 64, which hides nothing.");
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
    /// What the client's next lines are.
    secrets: Secrets,
    tls: Tls,
}

/// What a client owes that wants to prove who it is (RFC 4954).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Secrets {
    #[default]
    None,
    Username,
    Password,
    Both,
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

/// What is here is one message as soon as it holds a whole line: Wireshark takes the last line, too, as it is.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.dialogue.state::<Talk>().tls == Tls::Agreed {
        // RFC 3207 §4.
        return Framing::Switch(Key::TcpPort(443));
    }
    if bytes.get(ctx.side.searched..).unwrap_or(&[]).contains(&b'\n') {
        return Framing::Message(bytes.len());
    }
    ctx.side.searched = bytes.len();
    Framing::NeedMore
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let from_client = matches!(c.context.ends.dst_port, RELAY | SUBMISSION);
    let len = c.len();
    let mut at = 0;
    let mut goes_on = false;
    while at < len {
        let rest = c.rest(at);
        let whole = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |i| i + 1);
        let line = rest.get(..whole).unwrap_or(&[]);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if from_client {
            client(c, at, whole, text)?;
        } else {
            goes_on = server(c, at, whole, text, goes_on)?;
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
    if talk.secrets != Secrets::None && text != b"QUIT" && text != b"*" {
        let (def, then) = match talk.secrets {
            Secrets::Username => (&AUTH_USERNAME, Secrets::Password),
            Secrets::Both => (&AUTH_BOTH, Secrets::None),
            _ => (&AUTH_PASSWORD, Secrets::None),
        };
        talk.secrets = then;
        return c.read(def, at, text.len()).map(drop);
    }
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    // Wireshark takes four letters for the verb, whatever their sense: STARTTLS is STAR, and TLS its parameter.
    let verb = 4.min(text.len());
    let letters = text.iter().take(verb).all(u8::is_ascii_alphabetic);
    if !letters || !is(b"STARTTLS") && !matches!(text.get(4), None | Some(b' ')) || text.is_empty() {
        // A line of a mail whose DATA was not seen.
        return Ok(());
    }
    talk.mail = is(b"DATA");
    talk.tls = if is(b"STARTTLS") { Tls::Asked } else { Tls::Off };
    talk.secrets = match () {
        () if is(b"AUTH LOGIN") => Secrets::Username,
        () if is(b"AUTH PLAIN") => Secrets::Both,
        () => Secrets::None,
    };
    c.read(&COMMAND_LINE, at, whole)?;
    c.nested(|c| {
        c.read(&REQ_COMMAND, at, verb)?;
        if verb + 1 < text.len() {
            c.read(&REQ_PARAMETER, at + verb + 1, text.len() - verb - 1)?;
        }
        Ok(())
    })
}

/// RFC 5321 §4.2.1: a hyphen behind the number says that another line follows.
///
/// Says whether it does; `continues` says whether the line before did.
fn server(c: &mut Cursor<'_>, at: usize, whole: usize, text: &[u8], continues: bool) -> Result<bool, Trouble> {
    let [a, b, d, rest @ ..] = text else { return Ok(continues) };
    if ![a, b, d].iter().all(|b| b.is_ascii_digit()) {
        return Ok(continues);
    }
    let code = [a, b, d].iter().fold(0, |n, &&b| n * 10 + u64::from(b - b'0'));
    let memory = c.stream();
    let talk = memory.dialogue.state::<Talk>();
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
        Ok(rest.first() == Some(&b'-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    #[test]
    fn a_message_needs_one_whole_line() {
        let mut streams = Streams::default();
        assert_eq!(frame(&mut streams.view(true), b"RS"), Framing::NeedMore);
        assert_eq!(frame(&mut streams.view(true), b"RSET\r\nNOOP\r\nQU"), Framing::Message(14));
    }
}
