//! SMTP — RFC 5321. Mail is handed over in lines of text: a verb goes out, a number of three digits
//! and a sentence come back. After DATA come the lines of the mail, until one that is a single dot; after BDAT (RFC 3030)
//! as many bytes of it as the command says. At its end the mail is put together and read.

use super::pieces::{Fields, Pieces};
use super::prelude::*;
use super::words::{line, number, word};
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
    FRAGMENTS     = dynamic(Kind::Flag, "smtp.data.fragments", "Mail",         "It began after the answer to DATA, ends here, and is read below as a whole.");
    FRAGMENT      = dynamic(Kind::Frame, "smtp.data.fragment", "Piece",        "A frame that carried a piece of the mail.").detail();
    FRAGMENT_COUNT = derived(Kind::Uint(32), "smtp.data.fragment.count", "Pieces", "How many frames the mail came in.");
    MAIL_LENGTH   = derived(Kind::Uint(32), "smtp.data.reassembled.length", "Length of the mail", "Its head, an empty line and its text, in bytes.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::TcpPort(RELAY), Key::TcpPort(SUBMISSION)],
    over: Over::Stream(frame),
    dissect,
};

/// What one connection remembers.
#[derive(Clone, Debug, Default)]
struct Talk {
    mail: Mail,
    /// What the client's next lines are.
    secrets: Secrets,
    tls: Tls,
}

/// A mail that the client sends.
#[derive(Clone, Copy, Debug, Default)]
struct Mail {
    coming: Coming,
    /// Its last byte so far did not end a line.
    midline: bool,
    /// Which way it goes.
    forward: bool,
    /// What is here of it.
    pieces: Pieces,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Coming {
    #[default]
    No,
    /// Until a line that is a single dot.
    Lines,
    /// So many bytes, which may be the last ones.
    Chunk(usize, bool),
}

/// From which frames a mail is.
static PIECES: Fields = Fields { all: &FRAGMENTS, one: &FRAGMENT, count: &FRAGMENT_COUNT, length: &MAIL_LENGTH };

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
    let talk = ctx.dialogue.state::<Talk>();
    if talk.tls == Tls::Agreed {
        // RFC 3207 §4.
        return Framing::Switch(Key::TcpPort(443));
    }
    let mail = Some(talk.mail).filter(|mail| mail.forward == ctx.forward).unwrap_or_default();
    if matches!(mail.coming, Coming::Chunk(..)) {
        return Framing::Message(bytes.len());
    }
    if bytes.get(ctx.side.searched..).unwrap_or(&[]).contains(&b'\n') {
        // The dot that ends a mail may come in two segments.
        let held = [&b"\r\n.\r"[..], b"\r\n."].iter().find(|end| bytes.ends_with(end)).map_or(0, |end| end.len() - 2);
        return Framing::Message(bytes.len() - if mail.coming == Coming::Lines { held } else { 0 });
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
        let coming = c.stream().dialogue.state::<Talk>().mail.coming;
        if from_client && coming != Coming::No {
            let (more, ended) = gather(c, at, coming);
            at += more;
            if let Some(id) = ended.then(|| whole_mail(c)).flatten() {
                return Ok(Next::to(Key::Media("message/rfc822"), at).within(id).more(at));
            }
            continue;
        }
        let rest = c.rest(at);
        let (text, whole) = line(rest);
        let text = rest.get(..text).unwrap_or(&[]);
        if from_client {
            client(c, at, whole, text)?;
        } else {
            goes_on = server(c, at, whole, text, goes_on)?;
        }
        at += whole;
    }
    Ok(Next::end(len))
}

/// Puts by what is here of a mail. Gives how many bytes that were, its end included, and whether it has ended.
fn gather(c: &mut Cursor<'_>, at: usize, coming: Coming) -> (usize, bool) {
    let rest = c.rest(at);
    let mut mail = c.stream().dialogue.state::<Talk>().mail;
    let (len, dot, ended) = if let Coming::Chunk(left, last) = coming {
        let len = left.min(rest.len());
        mail.coming = if len == left { Coming::No } else { Coming::Chunk(left - len, last) };
        (len, 0, len == left && last)
    } else {
        let (len, dot) = lines(rest, mail.midline);
        mail.coming = if dot > 0 { Coming::No } else { Coming::Lines };
        mail.midline = len > 0 && rest.get(len - 1) != Some(&b'\n');
        (len, dot, dot > 0)
    };
    mail.pieces.add(c, at, len);
    if dot > 0 {
        c.push(&EOM, at + len, dot, Value::None);
    }
    c.stream().dialogue.state::<Talk>().mail = mail;
    (len + dot, ended)
}

/// How many bytes of lines of a mail are here, and how many the dot behind them has: 0, or 3 with the line's end. As
/// in Wireshark, an empty line before the dot goes with it.
fn lines(rest: &[u8], midline: bool) -> (usize, usize) {
    let mut at = if midline { line(rest).1 } else { 0 };
    while at < rest.len() {
        let from = rest.get(at..).unwrap_or(&[]);
        if let Some(end) = [&b".\r\n"[..], b"\r\n.\r\n"].iter().find(|end| from.starts_with(end)) {
            return (at, end.len());
        }
        at += line(from).1;
    }
    (at, 0)
}

/// The mail in a buffer of its own. Nothing where it was empty, or is not kept.
fn whole_mail(c: &mut Cursor<'_>) -> Option<u8> {
    std::mem::take(&mut c.stream().dialogue.state::<Talk>().mail).pieces.whole(c, &PIECES)
}

fn client(c: &mut Cursor<'_>, at: usize, whole: usize, text: &[u8]) -> Result<(), Trouble> {
    let memory = c.stream();
    let forward = memory.forward;
    let talk = memory.dialogue.state::<Talk>();
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
    talk.mail.forward = forward;
    if is(b"DATA") {
        talk.mail = Mail { coming: Coming::Lines, forward, ..Mail::default() };
    } else if let Some(chunk) = text.get(..5).filter(|verb| verb.eq_ignore_ascii_case(b"BDAT ")).and(text.get(5..)) {
        let (end, next) = word(chunk, 0);
        let last = chunk.get(next..).is_some_and(|rest| rest.eq_ignore_ascii_case(b"LAST"));
        if let Some(size) = chunk.get(..end).and_then(number::<u32>) {
            talk.mail.coming = Coming::Chunk(size as usize, last);
        }
    }
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

    #[test]
    fn the_dot_that_ends_a_mail_begins_a_line_and_has_it_for_itself() {
        assert_eq!(lines(b"a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n", false), (12, 3));
        assert_eq!(lines(b".\r\n", false), (0, 3));
        assert_eq!(lines(b".\r\n", true), (3, 0), "it belongs to the line before");
        assert_eq!(lines(b"a\r\n\r\n.\r\n", false), (3, 5));
        assert_eq!(lines(b"a\r\nb", false), (4, 0));
    }

    #[test]
    fn a_dot_in_two_segments_is_waited_for_only_in_a_mail() {
        let mut streams = Streams::default();
        assert_eq!(frame(&mut streams.view(true), b"a\r\n."), Framing::Message(4));
        streams.dialogue.state::<Talk>().mail = Mail { coming: Coming::Lines, forward: true, ..Mail::default() };
        assert_eq!(frame(&mut streams.view(true), b"a\r\n."), Framing::Message(3));
        assert_eq!(frame(&mut streams.view(true), b"a\r\n.\r"), Framing::Message(3));
        assert_eq!(frame(&mut streams.view(true), b"a\r\n.\r\n"), Framing::Message(6));
        assert_eq!(frame(&mut streams.view(false), b"a\r\n."), Framing::Message(4), "the server's");
    }
}
