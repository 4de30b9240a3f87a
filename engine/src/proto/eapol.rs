//! EAPOL — IEEE 802.1X. A port of a switch, or a Wi-Fi, lets nobody in before he has said who he is; in Wi-Fi the keys are
//! agreed on in such frames, too.
//!
//! ```text
//! | version (8) | type (8) | length (16) | EAP packet, or key … |
//! ```

use super::prelude::*;

/// EAPOL.
pub static ABOUT: Identity = Identity {
    name: "eapol",
    title: "802.1X Authentication",
    osi: Osi::Link,
    spec: "IEEE 802.1X",
    fields: EAPOL_FIELDS,
    summary: None,
};

/// EAP.
pub static EAP: Identity = Identity {
    name: "eap",
    title: "Extensible Authentication Protocol",
    osi: Osi::Link,
    spec: "RFC 3748",
    fields: EAP_FIELDS,
    summary: None,
};

const TYPES: &[(u64, &str)] =
    &[(0, "EAP Packet"), (1, "Start"), (2, "Logoff"), (3, "Key"), (4, "Encapsulated ASF Alert")];
const CODES: &[(u64, &str)] = &[(1, "Request"), (2, "Response"), (3, "Success"), (4, "Failure")];

fn eapol(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const EAP_PACKET: u64 = 0;
    const KEY: u64 = 3;
    c.put(&VERSION)?;
    let kind = c.put(&TYPE)?;
    c.put(&LENGTH)?;
    let len = c.uint(&LENGTH);
    c.limit(4 + len, &LENGTH);
    if kind == EAP_PACKET && len > 0 {
        return Ok(Next::row(&EAP_PROTOCOL, 4));
    }
    if kind == KEY {
        c.read(&DESCRIPTOR, 4, 1)?;
    }
    Ok(Next::end(c.len()))
}

fields! {
    VERSION = u8_at(0, "eapol.version", "Version", "Which edition of 802.1X the sender follows.");
    TYPE = u8_at(1, "eapol.type", "Type", "A step of the login, or a key.").names(TYPES);
    LENGTH = u16_at(2, "eapol.len", "Length", "Bytes that follow.");
    DESCRIPTOR = dynamic(Kind::Uint(8), "eapol.keydes.type", "Key descriptor", "How the key is written: 2 is today's Wi-Fi.");
    CODE = u8_at(0, "eap.code", "Code", "A question, an answer, or the end.").names(CODES);
    ID = u8_at(1, "eap.id", "ID", "The answer repeats the question's.");
    EAP_LENGTH = u16_at(2, "eap.len", "Length", "Bytes of the whole packet.");
}
static EAPOL_FIELDS: &[&FieldDef] = &[&VERSION, &TYPE, &LENGTH, &DESCRIPTOR];
static EAP_FIELDS: &[&FieldDef] = &[&CODE, &ID, &EAP_LENGTH];

/// The row of EAPOL.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::EtherType(0x888e), Key::EtherType(0x88c7)],
    over: Over::Packet,
    dissect: eapol,
};

/// The row of EAP; RADIUS asks for it by its number in PPP, too.
pub static EAP_PROTOCOL: Protocol = Protocol {
    about: &EAP,
    follows: &[Key::Ppp(0xc227)],
    over: Over::Packet,
    dissect: |c| c.fixed(EAP_FIELDS).map(|()| Next::end(c.len())),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &EAP_PROTOCOL];

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        [&[2; 12][..], &[0x88, 0x8e], body].concat()
    }

    #[test]
    fn an_answer_stands_inside() {
        let p = read(1, &frame(&[1, 0, 0, 5, 2, 7, 0, 5, 1]));
        assert_eq!((p.uint(&TYPE), p.uint(&CODE), p.uint(&ID)), (Some(0), Some(2), Some(7)));
        assert!(read(1, &frame(&[1, 0])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
