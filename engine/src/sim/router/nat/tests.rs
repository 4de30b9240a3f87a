//! Translation, told as dialogues between a host inside and one outside.

use super::*;
use etherparse::{Ipv4Header, PacketBuilder, SlicedPacket};

const OWN: [u8; 4] = [192, 168, 1, 10];
const OTHER: [u8; 4] = [192, 168, 1, 11];
const ROUTER: [u8; 4] = [198, 51, 100, 1];
const REMOTE: [u8; 4] = [203, 0, 113, 80];

fn nat() -> Nat {
    Nat::new(0, 1, ROUTER.into())
}

fn tcp(from: ([u8; 4], u16), to: ([u8; 4], u16)) -> Vec<u8> {
    let mut packet = Vec::new();
    PacketBuilder::ipv4(from.0, to.0, 60).tcp(from.1, to.1, 1, 1024).syn().write(&mut packet, b"hello").unwrap();
    packet
}

fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16)) -> Vec<u8> {
    let mut packet = Vec::new();
    PacketBuilder::ipv4(from.0, to.0, 60).udp(from.1, to.1).write(&mut packet, b"hello").unwrap();
    packet
}

fn echo(from: [u8; 4], to: [u8; 4], id: u16, is_reply: bool) -> Vec<u8> {
    let mut packet = Vec::new();
    let build = PacketBuilder::ipv4(from, to, 60);
    let build = if is_reply { build.icmpv4_echo_reply(id, 1) } else { build.icmpv4_echo_request(id, 1) };
    build.write(&mut packet, b"hello").unwrap();
    packet
}

fn error(from: [u8; 4], to: [u8; 4], about: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    let kind = Icmpv4Type::DestinationUnreachable(etherparse::icmpv4::DestUnreachableHeader::Port);
    PacketBuilder::ipv4(from, to, 60).icmpv4(kind).write(&mut packet, about).unwrap();
    packet
}

fn out(nat: &mut Nat, mut packet: Vec<u8>) -> Option<Vec<u8>> {
    nat.translate_out(Duration::ZERO, &mut packet).map(|()| packet)
}

fn back(nat: &mut Nat, seconds: u64, mut packet: Vec<u8>) -> Option<Vec<u8>> {
    let inbound = nat.inbound(Duration::from_secs(seconds), &packet)?;
    Nat::translate_in(&mut packet, inbound)?;
    Some(packet)
}

/// What is built with the right addresses and ports has the right checksums: a translated packet must equal it.
#[test]
fn a_packet_goes_out_and_its_answer_comes_back_with_every_checksum_right() {
    let mut nat = nat();
    assert_eq!(out(&mut nat, tcp((OWN, 5000), (REMOTE, 80))), Some(tcp((ROUTER, 5000), (REMOTE, 80))));
    assert_eq!(back(&mut nat, 1, tcp((REMOTE, 80), (ROUTER, 5000))), Some(tcp((REMOTE, 80), (OWN, 5000))));
    assert_eq!(out(&mut nat, udp((OWN, 53), (REMOTE, 53))), Some(udp((ROUTER, 53), (REMOTE, 53))));
    assert_eq!(back(&mut nat, 1, udp((REMOTE, 53), (ROUTER, 53))), Some(udp((REMOTE, 53), (OWN, 53))));
    assert_eq!(out(&mut nat, echo(OWN, REMOTE, 7, false)), Some(echo(ROUTER, REMOTE, 7, false)));
    assert_eq!(back(&mut nat, 1, echo(REMOTE, ROUTER, 7, true)), Some(echo(REMOTE, OWN, 7, true)));
}

#[test]
fn two_hosts_with_the_same_port_get_two_outside() {
    let mut nat = nat();
    let one = out(&mut nat, tcp((OWN, 5000), (REMOTE, 80))).unwrap();
    let two = out(&mut nat, tcp((OTHER, 5000), (REMOTE, 80))).unwrap();
    let port = flow(&two).unwrap().from.1;
    assert_eq!(flow(&one).unwrap().from.1, 5000);
    assert_ne!(port, 5000);
    assert_eq!(back(&mut nat, 1, tcp((REMOTE, 80), (ROUTER, port))), Some(tcp((REMOTE, 80), (OTHER, 5000))));
    // The next segment of the same dialogue keeps its port.
    assert_eq!(flow(&out(&mut nat, tcp((OTHER, 5000), (REMOTE, 80))).unwrap()).unwrap().from.1, port);
}

#[test]
fn what_nobody_inside_asked_for_finds_no_line() {
    let mut nat = nat();
    assert_eq!(back(&mut nat, 0, tcp((REMOTE, 80), (ROUTER, 5000))), None);
    out(&mut nat, tcp((OWN, 5000), (REMOTE, 80))).unwrap();
    assert_eq!(back(&mut nat, 0, tcp((REMOTE, 81), (ROUTER, 5000))), None, "another port of the same host");
    assert_eq!(back(&mut nat, 0, udp((REMOTE, 80), (ROUTER, 5000))), None, "another protocol");
}

#[test]
fn an_icmp_error_finds_its_host_and_quotes_the_packet_as_that_host_sent_it() {
    let mut nat = nat();
    let sent = out(&mut nat, udp((OWN, 5000), (REMOTE, 9))).unwrap();
    let router_on_the_way = [192, 0, 2, 254];
    let heard = back(&mut nat, 1, error(router_on_the_way, ROUTER, &sent)).unwrap();
    assert_eq!(heard, error(router_on_the_way, OWN, &udp((OWN, 5000), (REMOTE, 9))));
    // Cut after the eight bytes that RFC 792 asks for, it is found just as well.
    let cut = back(&mut nat, 1, error(router_on_the_way, ROUTER, &sent[..28])).unwrap();
    assert_eq!(cut, error(router_on_the_way, OWN, &udp((OWN, 5000), (REMOTE, 9))[..28]));
    // The other way round: the host inside refuses what came to it.
    let came = back(&mut nat, 1, udp((REMOTE, 9), (ROUTER, 5000))).unwrap();
    let refused = out(&mut nat, error(OWN, REMOTE, &came)).unwrap();
    assert_eq!(refused, error(ROUTER, REMOTE, &udp((REMOTE, 9), (ROUTER, 5000))));
}

#[test]
fn later_fragments_follow_the_first() {
    let mut nat = nat();
    out(&mut nat, udp((OWN, 53), (REMOTE, 53))).unwrap();
    let whole = udp((REMOTE, 53), (ROUTER, 53));
    let piece = |offset: u16, more: bool, payload: &[u8]| {
        let mut header = Ipv4Header::from_slice(&whole).unwrap().0;
        header.identification = 9;
        header.fragment_offset = offset.try_into().unwrap();
        (header.more_fragments, header.dont_fragment) = (more, false);
        header.set_payload_len(payload.len()).unwrap();
        header.header_checksum = header.calc_header_checksum();
        [&header.to_bytes()[..], payload].concat()
    };
    assert_eq!(back(&mut nat, 0, piece(1, false, b"lo")), None, "the first has not come");
    let first = back(&mut nat, 0, piece(0, true, &whole[20..28])).unwrap();
    let second = back(&mut nat, 0, piece(1, false, b"hello")).unwrap();
    for packet in [first, second] {
        let ip = Ipv4Header::from_slice(&packet).unwrap().0;
        assert_eq!((ip.destination, ip.header_checksum), (OWN, ip.calc_header_checksum()));
    }
}

#[test]
fn a_silent_dialogue_is_forgotten() {
    let mut nat = nat();
    out(&mut nat, udp((OWN, 53), (REMOTE, 53))).unwrap();
    assert!(back(&mut nat, 119, udp((REMOTE, 53), (ROUTER, 53))).is_some());
    assert!(back(&mut nat, 238, udp((REMOTE, 53), (ROUTER, 53))).is_some(), "it was heard of at 119");
    assert!(back(&mut nat, 358, udp((REMOTE, 53), (ROUTER, 53))).is_none());
    assert!(nat.lines.is_empty() && nat.ports.is_empty());
}

#[test]
fn the_table_has_an_end_and_the_oldest_line_goes_first() {
    let mut nat = nat();
    for port in 0..=u16::try_from(MEMORY).unwrap() {
        let mut packet = tcp((OWN, 1000 + port), (REMOTE, 80));
        nat.translate_out(Duration::from_millis(port.into()), &mut packet).unwrap();
    }
    assert_eq!((nat.lines.len(), nat.ports.len()), (MEMORY, MEMORY));
    assert_eq!(back(&mut nat, 5, tcp((REMOTE, 80), (ROUTER, 1000))), None);
    assert!(back(&mut nat, 5, tcp((REMOTE, 80), (ROUTER, 1001))).is_some());
}

#[test]
fn noise_is_not_translated_and_does_no_harm() {
    let mut nat = nat();
    let whole = tcp((OWN, 5000), (REMOTE, 80));
    for end in 0..whole.len() {
        let _ = out(&mut nat, whole[..end].to_vec());
        let _ = back(&mut nat, 0, whole[..end].to_vec());
    }
    assert!(SlicedPacket::from_ip(&whole).is_ok());
}
