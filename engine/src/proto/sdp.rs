//! SDP — RFC 4566. What kind of media a call has, and at which address and port each side waits for them: lines of a
//! letter, an equals sign and a value.

use super::memory::Address;
use super::prelude::*;
use super::words::{line, number, word};

/// SDP.
pub static ABOUT: Identity = Identity {
    name: "sdp",
    title: "Session Description Protocol",
    osi: Osi::Application,
    spec: "RFC 4566",
    fields: FIELDS,
    summary: Some(summary),
};

fields! {
    VERSION      = dynamic(Kind::Text, "sdp.version",            "Version",        "Always 0.").detail();
    OWNER        = dynamic(Kind::Text, "sdp.owner",              "Owner",          "Who made this description, and which one of theirs it is.").detail();
    OWNER_NAME   = dynamic(Kind::Text, "sdp.owner.username",     "Owner's name",   "The owner's name on its machine, or a hyphen.").detail();
    OWNER_ID     = dynamic(Kind::Text, "sdp.owner.sessionid",    "Session ID",     "A number that no other session of the owner has.").detail();
    OWNER_VERSION = dynamic(Kind::Text, "sdp.owner.version",     "Session version", "Grows when the description is changed.").detail();
    OWNER_NET    = dynamic(Kind::Text, "sdp.owner.network_type", "Network",        "IN: the Internet.").detail();
    OWNER_TYPE   = dynamic(Kind::Text, "sdp.owner.address_type", "Address type",   "IP4 or IP6.").detail();
    OWNER_ADDRESS = dynamic(Kind::Text, "sdp.owner.address",     "Owner's address", "The machine that made the description.").detail();
    NAME         = dynamic(Kind::Text, "sdp.session_name",       "Session name",   "What the session is called, or a hyphen.").detail();
    INFO         = dynamic(Kind::Text, "sdp.session_info",       "Information",    "What the session is about.").detail();
    CONNECTION   = dynamic(Kind::Text, "sdp.connection_info",    "Connection",     "Where to send the media.").detail();
    NETWORK      = dynamic(Kind::Text, "sdp.connection_info.network_type", "Network", "IN: the Internet.").detail();
    ADDRESS_TYPE = dynamic(Kind::Text, "sdp.connection_info.address_type", "Address type", "IP4 or IP6.").detail();
    ADDRESS      = dynamic(Kind::Text, "sdp.connection_info.address", "Address",   "The address that waits for the media.");
    BANDWIDTH    = dynamic(Kind::Text, "sdp.bandwidth",          "Bandwidth",      "How much the media may take.").detail();
    MODIFIER     = dynamic(Kind::Text, "sdp.bandwidth.modifier", "Bandwidth of",   "AS: of one medium, CT: of all; in kilobits per second.").detail();
    AMOUNT       = dynamic(Kind::Text, "sdp.bandwidth.value",    "Bandwidth value", "How much it is.").detail();
    TIME         = dynamic(Kind::Text, "sdp.time",               "Time",           "From when to when the session lasts.").detail();
    START        = dynamic(Kind::Text, "sdp.time.start",         "Start",          "When it begins; 0: it has begun.").detail();
    STOP         = dynamic(Kind::Text, "sdp.time.stop",          "Stop",           "When it ends; 0: nobody knows yet.").detail();
    SESSION_ATTRIBUTE = dynamic(Kind::Text, "sdp.session_attr",  "Session attribute", "More about the whole session.").detail();
    SESSION_FIELD = dynamic(Kind::Text, "sdp.session_attr.field", "Attribute",     "What it is about.").detail();
    SESSION_VALUE = dynamic(Kind::Text, "sdp.session_attr.value", "Value",         "What it says.").detail();
    MEDIA        = dynamic(Kind::Text, "sdp.media",              "Media",          "One kind of media: which, where to, and in which codings.").detail();
    MEDIUM       = dynamic(Kind::Text, "sdp.media.media",        "Medium",         "audio, video and so on.");
    PORT_STRING  = dynamic(Kind::Text, "sdp.media.port_string",  "Port",           "The port, as text.").hidden().detail();
    PORT         = dynamic(Kind::Uint(16), "sdp.media.port",     "Port",           "The port that waits for this medium; 0 refuses it.");
    PROTO        = dynamic(Kind::Text, "sdp.media.proto",        "Carried by",     "RTP/AVP: in RTP, over UDP.").detail();
    TITLE        = dynamic(Kind::Text, "sdp.media_title",        "Title",          "What this medium is.").detail();
    ATTRIBUTE    = dynamic(Kind::Text, "sdp.media_attr",         "Media attribute", "More about this medium.").detail();
    FIELD        = dynamic(Kind::Text, "sdp.media_attribute.field", "Attribute",   "rtpmap says what a coding's number means.").detail();
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Media("application/sdp")], over: Over::Packet, dissect };

/// What was read so far of one medium.
#[derive(Default)]
struct Media {
    begun: bool,
    /// The port that waits for RTP.
    port: Option<u16>,
    /// Its own address, or the session's.
    address: Option<Address>,
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let (len, mut at) = (c.len(), 0);
    let (mut media, mut session) = (Media::default(), None);
    while at < len {
        let rest = c.rest(at);
        let (text_len, whole) = line(rest);
        let text = rest.get(..text_len).unwrap_or(&[]);
        if let [kind, b'=', value @ ..] = text {
            match kind {
                b'm' => {
                    announce(c, &media);
                    media = Media { begun: true, port: None, address: session };
                }
                b'c' if !media.begun => session = address_of(value),
                b'c' => media.address = address_of(value),
                _ => {}
            }
            if *kind == b'c' && !media.begun {
                media.address = session;
            }
            entry(c, at, *kind, value, &mut media)?;
        }
        at += whole;
    }
    announce(c, &media);
    Ok(Next::end(len))
}

/// The port of a medium is RTP's, and the next one RTCP's (RFC 3550 §11).
fn announce(c: &mut Cursor<'_>, media: &Media) {
    if let (Some(port @ 1..), Some(address)) = (media.port, media.address) {
        c.announce(address, port, "rtp");
        c.announce(address, port.saturating_add(1), "rtcp");
    }
}

/// RFC 4566 §5.7: the network, the kind of address, the address; behind a slash, what multicast needs.
fn address_of(value: &[u8]) -> Option<Address> {
    let text = value.split(|&b| b == b' ').nth(2)?.split(|&b| b == b'/').next()?;
    Some(match std::str::from_utf8(text).ok()?.parse().ok()? {
        std::net::IpAddr::V4(a) => Address::v4(a.octets()),
        std::net::IpAddr::V6(a) => Address::v6(a.octets()),
    })
}

fn entry(c: &mut Cursor<'_>, at: usize, kind: u8, value: &[u8], media: &mut Media) -> Result<(), Trouble> {
    let from = at + 2;
    let whole = |c: &mut Cursor<'_>, def| c.push(def, at, value.len() + 2, Value::Text(c.span(from, value.len())));
    match kind {
        b'v' => whole(c, &VERSION),
        b's' => whole(c, &NAME),
        b'i' => whole(c, if media.begun { &TITLE } else { &INFO }),
        b'o' => {
            whole(c, &OWNER);
            let parts: [&FieldDef; 6] =
                [&OWNER_NAME, &OWNER_ID, &OWNER_VERSION, &OWNER_NET, &OWNER_TYPE, &OWNER_ADDRESS];
            words(c, from, value, parts)?;
        }
        b'c' => {
            whole(c, &CONNECTION);
            let end = value.iter().position(|&b| b == b'/').unwrap_or(value.len());
            words(c, from, value.get(..end).unwrap_or(&[]), [&NETWORK, &ADDRESS_TYPE, &ADDRESS])?;
        }
        b't' => {
            whole(c, &TIME);
            words(c, from, value, [&START, &STOP])?;
        }
        b'b' => {
            whole(c, &BANDWIDTH);
            pair(c, from, value, &MODIFIER, Some(&AMOUNT))?;
        }
        b'a' if media.begun => {
            whole(c, &ATTRIBUTE);
            pair(c, from, value, &FIELD, None)?;
        }
        b'a' => {
            whole(c, &SESSION_ATTRIBUTE);
            pair(c, from, value, &SESSION_FIELD, Some(&SESSION_VALUE))?;
        }
        b'm' => {
            whole(c, &MEDIA);
            medium(c, from, value, media)?;
        }
        _ => {}
    }
    Ok(())
}

/// RFC 4566 §5.14: the medium, its port (and behind a slash how many), its carrier, the codings.
fn medium(c: &mut Cursor<'_>, from: usize, value: &[u8], media: &mut Media) -> Result<(), Trouble> {
    let (end, port_at) = word(value, 0);
    let (port_end, proto_at) = word(value, port_at);
    let (proto_end, _) = word(value, proto_at);
    let port = value.get(port_at..port_end).unwrap_or(&[]);
    let digits = port.split(|&b| b == b'/').next().unwrap_or(&[]);
    let number = number::<u16>(digits);
    if value.get(proto_at..proto_end).is_some_and(|p| p.starts_with(b"RTP/") || p.starts_with(b"UDP/TLS/RTP/")) {
        media.port = number;
    }
    c.nested(|c| {
        if end > 0 {
            c.read(&MEDIUM, from, end)?;
        }
        if let Some(n) = number {
            c.read(&PORT_STRING, from + port_at, digits.len())?;
            c.push(&PORT, from + port_at, digits.len(), Value::Uint(u64::from(n)));
        }
        if proto_end > proto_at {
            c.read(&PROTO, from + proto_at, proto_end - proto_at)?;
        }
        Ok(())
    })
}

/// One word for each row, as long as there are any.
fn words<const N: usize>(
    c: &mut Cursor<'_>,
    from: usize,
    value: &[u8],
    defs: [&'static FieldDef; N],
) -> Result<(), Trouble> {
    let mut at = 0;
    c.nested(|c| {
        for def in defs {
            let (end, next) = word(value, at);
            if end > at {
                c.read(def, from + at, end - at)?;
            }
            at = next;
        }
        Ok(())
    })
}

/// What is before a colon, and behind it; nothing where there is no colon.
fn pair(
    c: &mut Cursor<'_>,
    from: usize,
    value: &[u8],
    name: &'static FieldDef,
    rest: Option<&'static FieldDef>,
) -> Result<(), Trouble> {
    let Some(colon) = value.iter().position(|&b| b == b':') else { return Ok(()) };
    c.nested(|c| {
        c.read(name, from, colon)?;
        match rest {
            Some(def) if colon + 1 < value.len() => c.read(def, from + colon + 1, value.len() - colon - 1).map(drop),
            _ => Ok(()),
        }
    })
}

/// `10.0.0.1, audio 49170, video 51372`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let start = out.len();
    for f in packet.fields_of(layer) {
        let before = match f.def {
            def if def == &PORT => " ",
            def if def == &ADDRESS || def == &MEDIUM => ", ",
            _ => continue,
        };
        if out.len() > start {
            out.push_str(before);
        }
        show::value(packet, f, out);
        if out.len() > start + 200 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;

    fn read(bytes: &[u8]) -> Packet {
        message(&PROTOCOL, (5060, 5060), bytes)
    }

    #[test]
    fn each_medium_has_a_port_and_the_session_an_address() {
        let p = read(b"v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.1/127\r\na=tool:x\r\nm=audio 49170/2 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n");
        assert_eq!((p.uint(&PORT), p.octets(&ADDRESS)), (Some(49170), Some(&b"192.0.2.1"[..])));
        assert_eq!((p.octets(&OWNER_ADDRESS), p.octets(&SESSION_VALUE)), (Some(&b"192.0.2.9"[..]), Some(&b"x"[..])));
        assert_eq!((p.all(&ATTRIBUTE).count(), p.all(&FIELD).count()), (2, 1));
        assert_eq!(summary(&p), "192.0.2.1, audio 49170");
    }

    #[test]
    fn lines_cut_short_empty_or_strange_give_what_they_have() {
        for bytes in [
            &b"m="[..],
            b"m=audio",
            b"m=audio 99999999999 RTP/AVP",
            b"c=",
            b"c=IN IP4 x",
            b"o=\r\n=\r\n\r\nz=1\r\na=:",
            b"t=",
        ] {
            assert!(read(bytes).layers[0].trouble.is_none());
        }
        assert_eq!(read(b"m=audio 70000 RTP/AVP 0").uint(&PORT), None);
    }

    #[test]
    fn an_address_is_of_either_family() {
        assert_eq!(address_of(b"IN IP4 192.0.2.1/127/3"), Some(Address::v4([192, 0, 2, 1])));
        assert!(address_of(b"IN IP6 2001:db8::1").is_some());
        assert_eq!(address_of(b"IN IP4"), None);
    }
}
