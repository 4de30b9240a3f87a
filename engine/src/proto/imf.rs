//! Internet Message Format — RFC 5322: a mail as it is written. Lines that each begin with a name and a colon, an empty
//! line, and then the text. What carries mails (SMTP, IMAP, HTTP) says where one begins and ends.

use super::prelude::*;
use super::words::line;

/// A mail.
pub static ABOUT: Identity = Identity {
    name: "imf",
    title: "Internet Message Format",
    osi: Osi::Application,
    spec: "RFC 5322",
    fields: FIELDS,
    summary: Some(summary),
};

fields! {
    RETURN_PATH = dynamic(Kind::Text, "imf.return_path", "Return path", "Where errors go: the address of the envelope, not of the letter.");
    DELIVERED_TO = dynamic(Kind::Text, "imf.delivered_to", "Delivered to", "Whose mailbox it was put into.");
    RECEIVED    = dynamic(Kind::Text, "imf.received",    "Received",    "A server that it came through; each adds its line at the top.");
    DATE        = dynamic(Kind::Text, "imf.date",        "Date",        "When the writer says that it was sent.");
    FROM        = dynamic(Kind::Text, "imf.from",        "From",        "Who says to have written it. Nobody checks that here.");
    SENDER      = dynamic(Kind::Text, "imf.sender",      "Sender",      "Who sent it for the writers.");
    REPLY_TO    = dynamic(Kind::Text, "imf.reply_to",    "Reply to",    "Where answers should go.");
    TO          = dynamic(Kind::Text, "imf.to",          "To",          "Whom it is written to. The envelope decides who gets it.");
    CC          = dynamic(Kind::Text, "imf.cc",          "Copy",        "Who gets a copy, for all to see.");
    BCC         = dynamic(Kind::Text, "imf.bcc",         "Blind copy",  "Who gets a copy without the others knowing.");
    SUBJECT     = dynamic(Kind::Text, "imf.subject",     "Subject",     "What it is about.");
    MESSAGE_ID  = dynamic(Kind::Text, "imf.message_id",  "Message ID",  "A name that no other mail has.");
    IN_REPLY_TO = dynamic(Kind::Text, "imf.in_reply_to", "In reply to", "The mail that it answers.");
    REFERENCES  = dynamic(Kind::Text, "imf.references",  "References",  "The mails of the conversation before it.");
    MIME_VERSION = dynamic(Kind::Text, "imf.mime_version", "MIME version", "1.0: its parts are described as MIME does (RFC 2045).");
    CONTENT_TYPE = dynamic(Kind::Text, "imf.content.type", "Content type", "What the text is: plain, HTML, or several parts.");
    TYPE        = dynamic(Kind::Text, "imf.content.type.type", "Type", "The kind of data alone.");
    PARAMETERS  = dynamic(Kind::Text, "imf.content.type.parameters", "Parameters", "How to read it: the charset, for instance, or the line between parts.");
    TRANSFER    = dynamic(Kind::Text, "imf.content.transfer_encoding", "Transfer encoding", "How it was made fit for lines of letters: base64, for one.");
    CONTENT_ID  = dynamic(Kind::Text, "imf.content.id",  "Content ID",  "A name by which other parts mention it.");
    DESCRIPTION = dynamic(Kind::Text, "imf.content.description", "Description", "What it is, in words.");
    LANGUAGE    = dynamic(Kind::Text, "imf.content_language", "Language", "Which language it is in.");
    USER_AGENT  = dynamic(Kind::Text, "imf.user_agent",  "User agent",  "The program that it was written with.");
    MAILER      = dynamic(Kind::Text, "imf.ext.mailer",  "Mailer",      "The program that it was written with.");
    KEYWORDS    = dynamic(Kind::Text, "imf.keywords",    "Keywords",    "Words to find it by.");
    COMMENTS    = dynamic(Kind::Text, "imf.comments",    "Comments",    "A remark on it.");
    IMPORTANCE  = dynamic(Kind::Text, "imf.importance",  "Importance",  "How important the writer finds it.");
    PRIORITY    = dynamic(Kind::Text, "imf.priority",    "Priority",    "How urgent the writer finds it.");
    PRECEDENCE  = dynamic(Kind::Text, "imf.precedence",  "Precedence",  "Whether it is one of many: bulk or list.");
    SENSITIVITY = dynamic(Kind::Text, "imf.sensitivity", "Sensitivity", "How confidential the writer wants it to be.");
    EXPIRES     = dynamic(Kind::Text, "imf.expires",     "Expires",     "When it is of no more use.");
    AUTO        = dynamic(Kind::Text, "imf.autosubmitted", "Automatic", "Whether a program wrote it, so that no program answers it.");
    LINES       = dynamic(Kind::Text, "imf.lines",       "Lines",       "How many lines its text has.");
    THREAD      = dynamic(Kind::Text, "imf.thread-index", "Thread index", "Its place in a conversation, as Outlook counts.");
    ORIGINAL_TO = dynamic(Kind::Text, "imf.ext.original-to", "Original receiver", "The address before it was forwarded.");
    VIRUS       = dynamic(Kind::Text, "imf.ext.virus_scanned", "Virus check", "Who searched it for viruses.");
    RESENT_DATE = dynamic(Kind::Text, "imf.resent.date", "Resent date", "When it was passed on.");
    RESENT_FROM = dynamic(Kind::Text, "imf.resent.from", "Resent from", "Who passed it on.");
    RESENT_SENDER = dynamic(Kind::Text, "imf.resent.sender", "Resent sender", "Who sent it for the one who passed it on.");
    RESENT_TO   = dynamic(Kind::Text, "imf.resent.to",   "Resent to",   "Whom it was passed on to.");
    RESENT_CC   = dynamic(Kind::Text, "imf.resent.cc",   "Resent copy", "Who got a copy when it was passed on.");
    RESENT_ID   = dynamic(Kind::Text, "imf.resent.message_id", "Resent ID", "The name that it got when it was passed on.");
    EXTENSION   = dynamic(Kind::Text, "imf.extension",   "Other line",  "A line that no standard gives a meaning.");
    EXTENSION_TYPE = dynamic(Kind::Text, "imf.extension.type", "Name", "What comes before the colon.").detail();
    EXTENSION_VALUE = dynamic(Kind::Text, "imf.extension.value", "Value", "What comes after it.").detail();
    MAILBOX_ITEM = dynamic(Kind::Text, "imf.mailbox_list.item", "Mailbox", "One of the mailboxes of this line.").detail();
    ADDRESS_ITEM = dynamic(Kind::Text, "imf.address_list.item", "Address", "One of the addresses of this line: a mailbox, or a group of them.").detail();
    DISPLAY_NAME = dynamic(Kind::Text, "imf.display_name", "Name", "The name that people read.").detail();
    ADDRESS     = dynamic(Kind::Text, "imf.address",     "Address",     "The address itself.").detail();
    TEXT        = dynamic(Kind::Text, "imf.message_text", "Text", "What the writer wrote: everything after the first empty line.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Media("message/rfc822")], over: Over::Packet, dissect };

/// How the value of a line is read further.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Mailbox,
    Mailboxes,
    Addresses,
    Type,
}

/// The lines that have a field.
static LINES_OF: &[(&str, &FieldDef, Shape)] = &[
    ("return-path", &RETURN_PATH, Shape::Plain),
    ("delivered-to", &DELIVERED_TO, Shape::Mailbox),
    ("received", &RECEIVED, Shape::Plain),
    ("date", &DATE, Shape::Plain),
    ("from", &FROM, Shape::Mailboxes),
    ("sender", &SENDER, Shape::Mailbox),
    ("reply-to", &REPLY_TO, Shape::Addresses),
    ("to", &TO, Shape::Addresses),
    ("cc", &CC, Shape::Addresses),
    ("bcc", &BCC, Shape::Addresses),
    ("subject", &SUBJECT, Shape::Plain),
    ("message-id", &MESSAGE_ID, Shape::Plain),
    ("in-reply-to", &IN_REPLY_TO, Shape::Plain),
    ("references", &REFERENCES, Shape::Plain),
    ("mime-version", &MIME_VERSION, Shape::Plain),
    ("content-type", &CONTENT_TYPE, Shape::Type),
    ("content-transfer-encoding", &TRANSFER, Shape::Plain),
    ("content-id", &CONTENT_ID, Shape::Plain),
    ("content-description", &DESCRIPTION, Shape::Plain),
    ("content-language", &LANGUAGE, Shape::Plain),
    ("user-agent", &USER_AGENT, Shape::Plain),
    ("x-mailer", &MAILER, Shape::Plain),
    ("keywords", &KEYWORDS, Shape::Plain),
    ("comments", &COMMENTS, Shape::Plain),
    ("importance", &IMPORTANCE, Shape::Plain),
    ("priority", &PRIORITY, Shape::Plain),
    ("precedence", &PRECEDENCE, Shape::Plain),
    ("sensitivity", &SENSITIVITY, Shape::Plain),
    ("expires", &EXPIRES, Shape::Plain),
    ("autosubmitted", &AUTO, Shape::Plain),
    ("lines", &LINES, Shape::Plain),
    ("thread-index", &THREAD, Shape::Plain),
    ("x-original-to", &ORIGINAL_TO, Shape::Plain),
    ("x-virus-scanned", &VIRUS, Shape::Plain),
    ("resent-date", &RESENT_DATE, Shape::Plain),
    ("resent-from", &RESENT_FROM, Shape::Mailboxes),
    ("resent-sender", &RESENT_SENDER, Shape::Mailbox),
    ("resent-to", &RESENT_TO, Shape::Addresses),
    ("resent-cc", &RESENT_CC, Shape::Addresses),
    ("resent-message-id", &RESENT_ID, Shape::Plain),
];

/// How many lines, and how many addresses, of a mail are looked at.
const MOST: usize = 1000;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let (mut at, mut named, mut addresses) = (0, None, MOST);
    for passed in 0.. {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let (len, whole) = folded(rest);
        if len == 0 {
            // The empty line; where there is no other line, it is the text's.
            at += if passed > 0 { whole } else { 0 };
            break;
        }
        let text = rest.get(..len).unwrap_or(&[]);
        let Some(colon) = text.iter().position(|&b| b == b':') else { break };
        if passed == MOST {
            c.doubt(c.unshown("the mail has more lines before its text than are shown here"));
            break;
        }
        named = header(c, at, rest.get(..whole).unwrap_or(&[]), colon, len, &mut addresses)?.or(named);
        at += whole;
    }
    if at == bytes.len() {
        return Ok(Next::end(at));
    }
    if let Some((from, len)) = named {
        c.context.media = c.keep(bytes.get(from..from + len).unwrap_or(&[]));
        if let Some(row) = crate::proto::media(bytes.get(from..from + len).unwrap_or(&[])).filter(|row| !row.is_data())
        {
            return Ok(Next::row(row, at));
        }
    }
    c.read(&TEXT, at, bytes.len() - at)?;
    Ok(Next::end(bytes.len()))
}

/// The line that begins here with those that go on with it, as they begin with a blank (RFC 5322 §2.2.3): how long its
/// text is, and how long with its end.
fn folded(rest: &[u8]) -> (usize, usize) {
    let (mut len, mut whole) = line(rest);
    while len > 0 && matches!(rest.get(whole), Some(b' ' | b'\t')) {
        let (more, next) = line(rest.get(whole..).unwrap_or(&[]));
        (len, whole) = (whole + more, whole + next);
    }
    (len, whole)
}

/// Writes one line. Gives where its media type is, if it names one with parameters.
fn header(
    c: &mut Cursor<'_>,
    at: usize,
    whole: &[u8],
    colon: usize,
    len: usize,
    addresses: &mut usize,
) -> Result<Option<(usize, usize)>, Trouble> {
    let value = whole.get(colon + 1..).unwrap_or(&[]);
    let blank = value.len() - value.trim_ascii_start().len();
    let from = colon + 1 + if blank == value.len() { 0 } else { blank };
    let name = whole.get(..colon).unwrap_or(&[]);
    let row = LINES_OF.iter().find(|(of, ..)| name.trim_ascii_end().eq_ignore_ascii_case(of.as_bytes()));
    let Some(&(_, def, shape)) = row else {
        c.read(&EXTENSION, at, len)?;
        c.nested(|c| {
            c.read(&EXTENSION_TYPE, at, colon)?;
            c.read(&EXTENSION_VALUE, at + from, len.saturating_sub(from))
        })?;
        return Ok(None);
    };
    c.read(def, at + from, len.saturating_sub(from))?;
    // Wireshark lets the last one of a list have the line's end.
    let value = whole.get(from..).unwrap_or(&[]);
    c.nested(|c| match shape {
        Shape::Plain => Ok(None),
        Shape::Mailbox => mailbox(c, at + from, value).map(|()| None),
        Shape::Mailboxes => list(c, at + from, value, false, addresses).map(|()| None),
        Shape::Addresses => list(c, at + from, value, true, addresses).map(|()| None),
        Shape::Type => media_type(c, at + from, value.get(..len.saturating_sub(from)).unwrap_or(&[])),
    })
}

/// Addresses with commas between (§3.4). A group has a name, a colon, and mailboxes.
fn list(c: &mut Cursor<'_>, at: usize, value: &[u8], groups: bool, left: &mut usize) -> Result<(), Trouble> {
    let def = if groups { &ADDRESS_ITEM } else { &MAILBOX_ITEM };
    let mut from = 0;
    for item in value.split(|&b| b == b',') {
        let Some(fewer) = left.checked_sub(1) else {
            c.doubt(c.unshown("the mail names more addresses than are shown here"));
            break;
        };
        *left = fewer;
        c.read(def, at + from, item.len())?;
        c.nested(|c| match item.iter().position(|&b| b == b':').filter(|_| groups) {
            None => mailbox(c, at + from, item),
            Some(colon) => {
                let name = item.get(..colon).unwrap_or(&[]);
                let start = name.len() - name.trim_ascii_start().len();
                c.read(&DISPLAY_NAME, at + from + start, colon - start)?;
                let rest = item.get(colon + 1..).unwrap_or(&[]);
                let start = colon + 1 + rest.len() - rest.trim_ascii_start().len();
                match item.get(start..) {
                    None | Some([] | [b';', ..]) => Ok(()),
                    Some(member) => c.nested(|c| {
                        c.read(&MAILBOX_ITEM, at + from + start, member.len())?;
                        c.nested(|c| mailbox(c, at + from + start, member))
                    }),
                }
            }
        })?;
        from += item.len() + 1;
    }
    Ok(())
}

/// An address, or a name with an address in angle brackets.
fn mailbox(c: &mut Cursor<'_>, at: usize, item: &[u8]) -> Result<(), Trouble> {
    let Some(open) = item.iter().position(|&b| b == b'<') else {
        return c.read(&ADDRESS, at, item.len()).map(drop);
    };
    let name = item.get(..open).unwrap_or(&[]);
    let start = name.len() - name.trim_ascii_start().len();
    let name = name.trim_ascii();
    if !name.is_empty() {
        c.read(&DISPLAY_NAME, at + start, name.len())?;
    }
    let address = item.get(open + 1..).unwrap_or(&[]);
    match address.iter().position(|&b| b == b'>') {
        Some(len) => c.read(&ADDRESS, at + open + 1, len).map(drop),
        None => Ok(()),
    }
}

/// As in Wireshark, a type without parameters decides nothing.
fn media_type(c: &mut Cursor<'_>, at: usize, value: &[u8]) -> Result<Option<(usize, usize)>, Trouble> {
    let Some(len) = value.iter().position(|&b| b == b';') else { return Ok(None) };
    c.read(&TYPE, at, len)?;
    let rest = value.get(len + 1..).unwrap_or(&[]);
    c.read(&PARAMETERS, at + len + 1, line(rest).0)?;
    Ok(Some((at, value.len())))
}

/// `Mail from ann@example.org to bob@example.net, subject: a lesson`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    out.push_str("Mail");
    show::parts(packet, layer, &[(" from ", &FROM), (" to ", &TO), (", subject: ", &SUBJECT)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;

    fn read(mail: &[u8]) -> Packet {
        message(&PROTOCOL, (25, 40000), mail)
    }

    #[test]
    fn a_line_goes_on_in_the_next_and_the_text_follows_the_empty_one() {
        let p = read(b"Subject: two\r\n lines\r\nFROM: a@example.org\r\n\r\nHello: you\r\n");
        assert_eq!(p.octets(&SUBJECT), Some(&b"two\r\n lines"[..]));
        assert_eq!((p.octets(&FROM), p.octets(&TEXT)), (Some(&b"a@example.org"[..]), Some(&b"Hello: you\r\n"[..])));
        assert_eq!(summary(&p), "Mail from a@example.org, subject: two\\r\\n lines");
    }

    #[test]
    fn addresses_have_names_and_stand_in_groups() {
        let p = read(b"To: Ann B <a@example.org>, b@example.org,Team: c@example.org;\r\nCc: none:;\r\n\r\n");
        let all = |def| p.all(def).map(|f| String::from_utf8_lossy(p.bytes(f.span)).into_owned()).collect::<Vec<_>>();
        assert_eq!(all(&DISPLAY_NAME), ["Ann B", "Team", "none"]);
        assert_eq!(all(&ADDRESS), ["a@example.org", " b@example.org", "c@example.org;\r\n"]);
    }

    #[test]
    fn a_text_without_a_head_and_a_head_without_a_text_are_read() {
        assert_eq!(read(b"no colon\r\n").octets(&TEXT), Some(&b"no colon\r\n"[..]));
        assert_eq!(read(b"\r\nhi\r\n").octets(&TEXT), Some(&b"\r\nhi\r\n"[..]));
        for mail in [&b"To: a"[..], b"To:", b"To:\r\n", b"To: \r\n\r\n", b":", b"Content-Type: a/b;"] {
            assert_eq!(read(mail).octets(&TEXT), None, "{mail:?}");
        }
        assert_eq!(read(b"To: a").octets(&TO), Some(&b"a"[..]));
    }

    #[test]
    fn what_has_no_end_is_bounded() {
        let p = read(&b"a:\r\n".repeat(3 * MOST));
        assert_eq!(p.all(&EXTENSION).count(), MOST);
        let p = read(&[&b"To: "[..], &b",".repeat(3 * MOST)].concat());
        assert_eq!(p.all(&ADDRESS_ITEM).count(), MOST);
    }

    #[test]
    fn a_type_with_parameters_says_who_reads_the_text() {
        let p = read(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n");
        assert_eq!((p.octets(&TYPE), p.octets(&TEXT)), (Some(&b"multipart/mixed"[..]), None));
        let p = read(b"Content-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n");
        assert_eq!((p.octets(&TYPE), p.octets(&TEXT)), (Some(&b"text/plain"[..]), Some(&b"hi\r\n"[..])));
    }
}
