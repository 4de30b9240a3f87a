//! How a datagram is recognised by its bytes; and the protocols with several rows, of which one leads to another.

use crate::proto::Guess;
use crate::proto::prelude::*;

/// RPC's directory, on its own port.
pub(super) static PORTMAP: Protocol = Protocol {
    about: &Identity {
        name: "rpc",
        title: "Remote Procedure Call",
        osi: Osi::Session,
        spec: "RFC 5531",
        fields: &[],
        summary: None,
    },
    follows: &[Key::UdpPort(111)],
    over: Over::Packet,
    dissect: super::UNREAD,
};

/// `RakNet` on its own port.
pub(super) static RAKNET_PORT: Protocol = Protocol {
    about: &Identity {
        name: "raknet",
        title: "RakNet game networking protocol",
        osi: Osi::Transport,
        spec: "RakNet",
        fields: &[],
        summary: None,
    },
    follows: &[Key::UdpPort(19132)],
    over: Over::Packet,
    dissect: super::UNREAD,
};

/// Google's QUIC, once its first packet was seen.
pub(super) static GQUIC: Protocol = Protocol {
    about: &Identity {
        name: "gquic",
        title: "GQUIC (Google Quick UDP Internet Connections)",
        osi: Osi::Transport,
        spec: "Google",
        fields: &[],
        summary: None,
    },
    follows: &[],
    over: Over::Packet,
    dissect: super::UNREAD,
};

/// A call on another port than the directory's.
pub(super) static RPC: Protocol =
    Protocol { about: PORTMAP.about, follows: &[Key::Guess], over: Over::Datagram(rpc), dissect: PORTMAP.dissect };

/// What follows it.
pub(super) static RPC_FOLLOWED: Protocol =
    Protocol { about: PORTMAP.about, follows: &[], over: Over::Datagram(rpc_followed), dissect: PORTMAP.dissect };

/// `RakNet` on another port.
pub(super) static RAKNET: Protocol = Protocol {
    about: RAKNET_PORT.about,
    follows: &[Key::Guess],
    over: Over::Datagram(raknet),
    dissect: RAKNET_PORT.dissect,
};

/// Google's QUIC, by its first packet.
pub(super) static GQUIC_GUESSED: Protocol =
    Protocol { about: GQUIC.about, follows: &[Key::Guess], over: Over::Datagram(google_quic), dissect: GQUIC.dissect };

pub(super) const fn if_follow(mine: bool, next: &'static Protocol) -> Guess {
    if mine { Guess::Follow(next) } else { Guess::No }
}

pub(super) const fn if_this(mine: bool) -> Guess {
    if mine { Guess::This } else { Guess::No }
}

/// One of the messages of `WireGuard` (its paper, §5.4), whose lengths are fixed.
pub(super) fn wireguard(bytes: &[u8]) -> Guess {
    let [kind @ 1..=4, 0, 0, 0, ..] = bytes else { return Guess::No };
    if_this(match kind {
        1 => bytes.len() == 148,
        2 => bytes.len() == 92,
        3 => bytes.len() == 64,
        _ => bytes.len() >= 32,
    })
}

/// Six bytes of ones, then sixteen times the address of who shall wake.
pub(super) fn magic_packet(bytes: &[u8]) -> Guess {
    let Some((&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff], rest)) = bytes.split_first_chunk() else { return Guess::No };
    let Some(address) = rest.get(..6) else { return Guess::No };
    if_this(rest.get(..96).is_some_and(|all| all.chunks(6).all(|a| a == address)))
}

/// RFC 5531 §9: a call of version 2 to one of the programs that have a number of Sun's.
pub(super) fn rpc(bytes: &[u8]) -> Guess {
    let [_, _, _, _, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, high, low, 0, 0, 0, _, ..] = *bytes else { return Guess::No };
    if_follow((0x86a0..0x8800).contains(&u16::from_be_bytes([high, low])), &RPC_FOLLOWED)
}

/// Another call, or an answer: 1, then whether it was accepted.
pub(super) fn rpc_followed(bytes: &[u8]) -> Guess {
    match *bytes {
        [_, _, _, _, 0, 0, 0, 1, 0, 0, 0, 0 | 1, ..] => Guess::This,
        _ => rpc(bytes),
    }
}

/// A message before a connection is established has sixteen fixed bytes in it.
pub(super) fn raknet(bytes: &[u8]) -> Guess {
    const MAGIC: &[u8] = b"\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78";
    let at = match bytes.first() {
        Some(1 | 2) => 9,
        Some(0x1c) => 17,
        Some(5..=8) => 1,
        _ => return Guess::No,
    };
    if_follow(bytes.get(at..).is_some_and(|rest| rest.starts_with(MAGIC)), &RAKNET_PORT)
}

/// ISO 13818-1 §2.4.3: packets of 188 bytes, each with one byte to find it by.
pub(super) fn transport_stream(bytes: &[u8]) -> Guess {
    let mut packets = bytes.chunks(188);
    if_this(bytes.first() == Some(&0x47) && packets.all(|p| p.len() == 188 && p.first() == Some(&0x47)))
}

/// BEP 5: a bencoded dictionary of a question, an answer or an error.
pub(super) fn bt_dht(bytes: &[u8]) -> Guess {
    let starts = [&b"d1:ad"[..], b"d1:rd", b"d2:ip", b"d1:el"];
    if_this(bytes.first() == Some(&b'd') && starts.iter().any(|s| bytes.starts_with(s)))
}

/// QUIC before there was a standard: flags, an id of eight bytes, and a version like Q043; Q046 has a long header.
pub(super) fn google_quic(bytes: &[u8]) -> Guess {
    let mine = match *bytes {
        [flags, _, _, _, _, _, _, _, _, b'Q', b'0', b'2'..=b'4', _, ..] if flags & 0x09 == 0x09 => true,
        [flags, b'Q', b'0', b'4', b'6', _, _, _, _, _, _, _, _, ..] => flags & 0xc0 == 0xc0,
        _ => false,
    };
    if_follow(mine, &GQUIC)
}

/// The connectionless form (C706 §12.5): version 4, a type, flags, and how the sender writes numbers.
pub(super) fn dce_rpc(bytes: &[u8]) -> Guess {
    let [4, kind @ 0..=19, flags, 0..=3, order, float @ 0..=3, ..] = *bytes else { return Guess::No };
    let _ = (kind, float);
    if_this(bytes.len() >= 80 && flags & 1 == 0 && order & 0xee == 0)
}

/// RFC 3489 §11.1: a type, and a length that is right; without the cookie that STUN has had since.
pub(super) fn classic_stun(bytes: &[u8]) -> Guess {
    let [0 | 1, kind, high, low, ..] = *bytes else { return Guess::No };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if_this(matches!(kind, 1 | 2 | 0x11 | 0x12) && bytes.len() == len + 20)
}

/// RFC 3435 §3.1: a verb of four letters, or an answer's three digits.
pub(super) fn mgcp(bytes: &[u8]) -> Guess {
    let Some((word, [b' ', ..])) = bytes.split_at_checked(4).filter(|(w, _)| w.iter().all(u8::is_ascii_uppercase))
    else {
        return if_this(matches!(bytes, [a, b, c, b' ', ..] if [a, b, c].iter().all(|d| d.is_ascii_digit())));
    };
    if_this(matches!(word, b"EPCF" | b"CRCX" | b"MDCX" | b"DLCX" | b"RQNT" | b"NTFY" | b"AUEP" | b"AUCX" | b"RSIP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_marks_must_fit() {
        let all: [(crate::proto::Look, Vec<u8>); 6] = [
            (wireguard, [&[1, 0, 0, 0][..], &[7; 144]].concat()),
            (magic_packet, [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1].repeat(16)].concat()),
            (transport_stream, [&[0x47][..], &[0; 187]].concat()),
            (classic_stun, [&[0, 1, 0, 0][..], &[0; 16]].concat()),
            (google_quic, b"\x0dabcdefghQ039\x01".to_vec()),
            (mgcp, b"RSIP 1 a@b MGCP 1.0\r\n".to_vec()),
        ];
        for (guess, mut bytes) in all {
            assert!(guess(&bytes).is_mine());
            bytes.truncate(3);
            assert!(!guess(&bytes).is_mine());
        }
    }
}
