//! Syslog — RFC 5424, RFC 3164. Programs and devices send lines of their diaries to a server that keeps them.
//!
//! ```text
//! | < priority > | text … |           priority = 8 times facility plus severity
//! ```

use super::prelude::*;

/// Syslog.
pub static ABOUT: Identity = Identity {
    name: "syslog",
    title: "Syslog message",
    osi: Osi::Application,
    spec: "RFC 5424",
    fields: FIELDS,
    summary: None,
};

const FACILITIES: &[(u64, &str)] = &[
    (0, "KERN"),
    (1, "USER"),
    (2, "MAIL"),
    (3, "DAEMON"),
    (4, "AUTH"),
    (5, "SYSLOG"),
    (6, "LPR"),
    (7, "NEWS"),
    (8, "UUCP"),
    (9, "CRON"),
    (10, "AUTHPRIV"),
    (11, "FTP"),
    (16, "LOCAL0"),
    (17, "LOCAL1"),
    (18, "LOCAL2"),
    (19, "LOCAL3"),
    (20, "LOCAL4"),
    (21, "LOCAL5"),
    (22, "LOCAL6"),
    (23, "LOCAL7"),
];
const LEVELS: &[(u64, &str)] =
    &[(0, "EMERG"), (1, "ALERT"), (2, "CRIT"), (3, "ERR"), (4, "WARNING"), (5, "NOTICE"), (6, "INFO"), (7, "DEBUG")];

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let mut at = 0;
    // RFC 5424 §6.2.1: up to three digits.
    if let [b'<', rest @ ..] = c.rest(0) {
        let digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 && rest.get(digits) == Some(&b'>') {
            let priority = rest.iter().take(digits).fold(0, |n: u64, b| n * 10 + u64::from(b - b'0'));
            c.push(&FACILITY, 0, digits + 2, Value::Uint(priority >> 3));
            c.push(&LEVEL, 0, digits + 2, Value::Uint(priority & 7));
            at = digits + 2;
        }
    }
    if at < c.len() {
        c.read(&MESSAGE, at, c.len() - at)?;
    }
    Ok(Next::end(c.len()))
}

fields! {
    FACILITY = dynamic(Kind::Uint(8), "syslog.facility", "Facility", "Which part of the system speaks.").bits(0x3f8).names(FACILITIES);
    LEVEL = dynamic(Kind::Uint(8), "syslog.level", "Level", "How bad it is: 0 is worst, 7 is only for those who search.").bits(0x07).names(LEVELS);
    MESSAGE = dynamic(Kind::Text, "syslog.msg", "Message", "What is reported.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::UdpPort(514)], over: Over::Packet, dissect };

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Packet {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(514, 514).write(&mut out, body).unwrap();
        read(228, &out)
    }

    #[test]
    fn a_priority_is_two_numbers_in_one() {
        let p = datagram(b"<34>su: failed");
        assert_eq!(
            (p.uint(&FACILITY), p.uint(&LEVEL), p.octets(&MESSAGE)),
            (Some(4), Some(2), Some(&b"su: failed"[..]))
        );
    }

    #[test]
    fn without_a_priority_all_is_text() {
        for text in [&b"<3"[..], b"<>x", b"<1234>x", b"plain"] {
            assert_eq!(datagram(text).octets(&MESSAGE), Some(text));
        }
    }
}
