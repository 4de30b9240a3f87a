//! What holds for all bytes, proven on many: nothing panics, spans stay inside, a cut frame is a
//! beginning of the whole one, what others build is read back, a stream's bytes and messages do not
//! depend on how it was cut up, and a filter that is printed is the same filter.

#![expect(clippy::cast_possible_truncation, reason = "a test's packets are small")]

#[path = "../fuzz/src/lib.rs"]
#[expect(dead_code, unreachable_pub, reason = "to the fuzz targets it is a library, and here two of them are asked")]
mod checks;

use etherparse::PacketBuilder;
use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{BufferKind, Kind, Layer, LinkType, Packet, Piece, RawFrame, Span, Time, Value};
use osi_tutor::proto::{Key, Memory, NoMemory, ethernet, http, ipv4, ipv6, ipv6_extension, lookup, tcp, udp, walk};
use osi_tutor::sim::Simulation;
use osi_tutor::sim::scenario::Scenario;
use osi_tutor::source::file::File;
use osi_tutor::source::{Source, Step};
use osi_tutor::view::{Theme, brief::Brief, json};
use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire;
use std::path::Path;
use std::sync::LazyLock;

/// Real frames: what the simulator makes and what our captures hold.
static FRAMES: LazyLock<Vec<RawFrame>> = LazyLock::new(|| {
    let scenario = Scenario::ready("two-hosts").expect("a ready scenario").expect("its file is right");
    let mut all = Vec::new();
    drain(&mut Simulation::new(&scenario, 7), &mut all);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    for file in std::fs::read_dir(folder).expect("captures").map(|f| f.expect("a file").path()) {
        if file.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            drain(&mut File::open(&file).expect("a capture"), &mut all);
        }
    }
    for frame in &mut all {
        frame.number = 1;
    }
    all
});

fn drain(source: &mut dyn Source, all: &mut Vec<RawFrame>) {
    let mut frame = RawFrame::default();
    while matches!(source.next(&mut frame), Ok(Step::Frame)) {
        all.push(frame.clone());
    }
}

fn dissect(frame: &RawFrame, memory: &mut dyn Memory) -> Packet {
    let mut packet = Packet::new();
    walk(frame, memory, &mut packet);
    packet
}

/// Every span and every value lies in a buffer, layers and fields in order; and every view can show it.
fn check(packet: &Packet) {
    let inside = |s: Span| {
        let len =
            if s.buf == Span::TEXT { packet.text.len() } else { packet.buffers()[usize::from(s.buf)].bytes.len() };
        assert!(s.end() as usize <= len, "{s:?} does not lie in its {len} bytes");
    };
    for layer in &packet.layers {
        inside(layer.span);
        assert!(layer.fields.start <= layer.fields.end && layer.fields.end as usize <= packet.fields.len());
        for field in packet.fields_of(layer) {
            assert!(field.span.len == 0 || field.span.buf != Span::TEXT, "{}", field.def.name);
            inside(field.span);
            match field.value {
                Value::Bytes(s) => {
                    inside(s);
                    let len = match field.def.kind {
                        Kind::Ether => 6,
                        Kind::Ipv4 => 4,
                        Kind::Ipv6 => 16,
                        _ => s.len,
                    };
                    assert_eq!(s.len, len, "{}", field.def.name);
                }
                Value::Text(s) => inside(s),
                _ => {}
            }
        }
    }
    let (mut line, mut object) = (String::new(), String::new());
    Brief::new(Theme::new(false), Some(80)).line(packet, &mut line);
    assert!(!line.trim_end_matches('\n').chars().any(char::is_control), "{line:?}");
    json::line(packet, None, &mut object);
    let parsed: serde_json::Value = serde_json::from_str(&object).expect("JSON");
    assert_eq!(parsed["v"], 1);
}

/// Changes of single bytes, at places that the frame's length is divided by.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)
}

fn links() -> impl Strategy<Value = u16> {
    prop_oneof![prop::sample::select(vec![0u16, 1, 9, 101, 105, 108, 113, 127, 228, 229, 276]), any::<u16>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(link in links(), bytes in prop::collection::vec(any::<u8>(), 0..300), more in 0u32..100) {
        let frame = RawFrame { number: 1, len: bytes.len() as u32 + more, bytes, link: LinkType(link), ..RawFrame::default() };
        check(&dissect(&frame, &mut NoMemory::default()));
        check(&dissect(&frame, &mut Tracker::new(Limits::default())));
    }

    #[test]
    fn no_damage_to_real_frames_panics(
        from in any::<prop::sample::Index>(),
        damage in prop::collection::vec(changes(), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        // Several in a row, so that the damage reaches what is remembered.
        let start = from.index(FRAMES.len());
        let mut tracker = Tracker::new(Limits::default());
        for (n, changes) in damage.iter().enumerate() {
            let mut frame = FRAMES[(start + n) % FRAMES.len()].clone();
            for (at, value) in changes {
                if !frame.bytes.is_empty() {
                    let at = at.index(frame.bytes.len());
                    frame.bytes[at] = *value;
                }
            }
            if let Some(cut) = cut {
                frame.bytes.truncate(cut.index(frame.bytes.len() + 1));
            }
            frame.number = n as u64 + 1;
            check(&dissect(&frame, &mut tracker));
        }
    }

    #[test]
    fn a_cut_frame_gives_a_beginning_of_the_whole_ones_layers(which in any::<prop::sample::Index>(), keep in any::<prop::sample::Index>()) {
        let whole = &FRAMES[which.index(FRAMES.len())];
        let mut cut = whole.clone();
        cut.bytes.truncate(keep.index(whole.bytes.len() + 1));
        let (whole, cut) = (dissect(whole, &mut NoMemory::default()), dissect(&cut, &mut NoMemory::default()));
        // A first fragment ends them: whole, it waits for the others; cut, it is read as far as it goes.
        let first = |p: &Packet| {
            let more = |l: &Layer| {
                let marks = [&ipv4::FLAGS_MF, &ipv6_extension::FRAGHDR_MORE];
                marks.iter().any(|def| p.uint_in(l, def) == Some(1))
            };
            p.layers.iter().position(more).map_or(p.layers.len(), |at| at + 1)
        };
        let names = |p: &Packet| p.layers.iter().take(first(p)).map(|l| l.proto.name).collect::<Vec<_>>();
        let (all, some) = (names(&whole), names(&cut));
        // The last layer may be the bytes that nobody can name any more.
        let known = some.strip_suffix(&["data"]).unwrap_or(&some);
        prop_assert!(all.starts_with(known), "{some:?} is no beginning of {all:?}");
        check(&cut);
    }

    #[test]
    fn what_etherparse_builds_is_read_back(
        macs in any::<[[u8; 6]; 2]>(), addresses in any::<[[u8; 4]; 2]>(), ttl in any::<u8>(), ports in any::<[u16; 2]>(),
        seq in any::<u32>(), window in any::<u16>(), payload in prop::collection::vec(any::<u8>(), 0..64), over_udp in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        let packet = PacketBuilder::ethernet2(macs[0], macs[1]).ipv4(addresses[0], addresses[1], ttl);
        if over_udp {
            packet.udp(ports[0], ports[1]).write(&mut bytes, &payload).unwrap();
        } else {
            packet.tcp(ports[0], ports[1], seq, window).write(&mut bytes, &payload).unwrap();
        }
        let frame = RawFrame { number: 1, len: bytes.len() as u32, bytes, ..RawFrame::default() };
        let p = dissect(&frame, &mut NoMemory::default());
        prop_assert_eq!(p.octets(&ethernet::DST), Some(&macs[1][..]));
        prop_assert_eq!(p.octets(&ipv4::SRC), Some(&addresses[0][..]));
        prop_assert_eq!(p.octets(&ipv4::DST), Some(&addresses[1][..]));
        prop_assert_eq!(p.uint(&ipv4::TTL), Some(u64::from(ttl)));
        prop_assert_eq!(p.uint(&ipv4::CHECKSUM_STATUS), Some(1));
        if over_udp {
            prop_assert_eq!(p.uint(&udp::SRCPORT), Some(u64::from(ports[0])));
            prop_assert_eq!(p.uint(&udp::LENGTH), Some(payload.len() as u64 + 8));
        } else {
            prop_assert_eq!(p.uint(&tcp::DSTPORT), Some(u64::from(ports[1])));
            prop_assert_eq!(p.uint(&tcp::SEQ_RAW), Some(u64::from(seq)));
            prop_assert_eq!(p.uint(&tcp::WINDOW_SIZE_VALUE), Some(u64::from(window)));
            prop_assert_eq!(p.uint(&tcp::LEN), Some(payload.len() as u64));
            prop_assert_eq!(p.uint(&tcp::CHECKSUM_STATUS), Some(1));
        }
    }

    #[test]
    fn what_smoltcp_builds_is_read_back(
        macs in any::<[[u8; 6]; 2]>(), addresses in any::<[[u8; 16]; 2]>(), ttl in any::<u8>(), ports in any::<[u16; 2]>(),
        seq in any::<u32>(), window in any::<u16>(), mss in any::<u16>(), stamp in any::<[u32; 2]>(),
        payload in prop::collection::vec(any::<u8>(), 0..64), over_v4 in any::<bool>(), over_udp in any::<bool>(),
    ) {
        let built = Built { macs, addresses, ttl, ports, seq, window, mss, stamp, payload: &payload };
        let bytes = if over_udp { built.datagram(over_v4) } else { built.segment(over_v4) };
        let frame = RawFrame { number: 1, len: bytes.len() as u32, bytes, ..RawFrame::default() };
        let p = dissect(&frame, &mut NoMemory::default());
        prop_assert_eq!(p.octets(&ethernet::SRC), Some(&macs[0][..]));
        if over_v4 {
            prop_assert_eq!(p.octets(&ipv4::SRC), Some(&addresses[0][..4]));
            prop_assert_eq!(p.octets(&ipv4::DST), Some(&addresses[1][..4]));
            prop_assert_eq!(p.uint(&ipv4::TTL), Some(u64::from(ttl)));
            prop_assert_eq!(p.uint(&ipv4::CHECKSUM_STATUS), Some(1));
        } else {
            prop_assert_eq!(p.octets(&ipv6::SRC), Some(&addresses[0][..]));
            prop_assert_eq!(p.octets(&ipv6::DST), Some(&addresses[1][..]));
            prop_assert_eq!(p.uint(&ipv6::HLIM), Some(u64::from(ttl)));
        }
        if over_udp {
            prop_assert_eq!(p.uint(&udp::SRCPORT), Some(u64::from(built.port(0))));
            prop_assert_eq!(p.uint(&udp::DSTPORT), Some(u64::from(built.port(1))));
            prop_assert_eq!(p.uint(&udp::LENGTH), Some(payload.len() as u64 + 8));
            prop_assert_eq!(p.uint(&udp::CHECKSUM_STATUS), Some(1));
        } else {
            prop_assert_eq!(p.uint(&tcp::SRCPORT), Some(u64::from(built.port(0))));
            prop_assert_eq!(p.uint(&tcp::DSTPORT), Some(u64::from(built.port(1))));
            prop_assert_eq!(p.uint(&tcp::SEQ_RAW), Some(u64::from(seq)));
            prop_assert_eq!(p.uint(&tcp::WINDOW_SIZE_VALUE), Some(u64::from(window)));
            prop_assert_eq!(p.uint(&tcp::LEN), Some(payload.len() as u64));
            prop_assert_eq!(p.uint(&tcp::CHECKSUM_STATUS), Some(1));
            let value = |name: &str| p.fields.iter().find(|f| f.def.name == name).map(|f| f.value);
            prop_assert_eq!(value("tcp.options.mss_val"), Some(Value::Uint(u64::from(mss))));
            prop_assert_eq!(value("tcp.options.timestamp.tsval"), Some(Value::Uint(u64::from(stamp[0]))));
            prop_assert_eq!(value("tcp.options.timestamp.tsecr"), Some(Value::Uint(u64::from(stamp[1]))));
        }
    }

    /// Any segments of a stream, some of them with other bytes: what is told is what a naive table of places holds.
    #[test]
    fn a_streams_bytes_are_those_that_came(
        isn in any::<u32>(), acks in 0u8..16,
        plan in prop::collection::vec(any::<[u8; 4]>(), 0..32),
        said in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        let head = [&isn.to_be_bytes()[..], &[plan.len() as u8, acks]].concat();
        checks::packets::stream(&[head, plan.concat(), said].concat());
    }

    #[test]
    fn a_printed_filter_reads_back_as_itself(text in filters()) {
        prop_assert!(Filter::parse(&text).is_ok(), "{text}: {}", Filter::parse(&text).unwrap_err());
        checks::people::filter(text.as_bytes());
    }

    #[test]
    fn a_streams_messages_do_not_depend_on_its_segments(
        isn in any::<u32>(),
        bodies in prop::collection::vec(0usize..60, 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        twice in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        order in any::<u64>(),
    ) {
        let stream: Vec<u8> = bodies.iter().enumerate().flat_map(|(n, &len)| {
            let body = vec![b'a' + n as u8; len];
            [format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: {len}\r\n\r\n").into_bytes(), body].concat()
        }).collect();
        let mut at: Vec<usize> = cuts.iter().map(|c| c.index(stream.len())).chain([0, stream.len()]).collect();
        at.sort_unstable();
        at.dedup();
        let mut pieces: Vec<(usize, usize)> = at.windows(2).map(|w| (w[0], w[1])).collect();
        // Some come twice, and two in a row once more as one.
        let again: Vec<_> = twice.iter().map(|i| {
            let i = i.index(pieces.len());
            (pieces[i].0, pieces[(i + 1).min(pieces.len() - 1)].1)
        }).collect();
        pieces.extend(again);
        shuffle(&mut pieces, order);
        // What is behind a hole does not wait for it.
        let mut found = messages(isn, &stream, &pieces);
        found.sort();
        let expected: Vec<_> = (0..bodies.len()).map(|n| format!("/{n}")).collect();
        prop_assert_eq!(found, expected);
    }
}

/// What smoltcp is told to build.
struct Built<'a> {
    macs: [[u8; 6]; 2],
    addresses: [[u8; 16]; 2],
    ttl: u8,
    ports: [u16; 2],
    seq: u32,
    window: u16,
    mss: u16,
    stamp: [u32; 2],
    payload: &'a [u8],
}

impl Built<'_> {
    /// smoltcp builds nothing for port 0.
    fn port(&self, i: usize) -> u16 {
        self.ports[i].max(1)
    }

    fn address(&self, i: usize, v4: bool) -> wire::IpAddress {
        let all = self.addresses[i];
        if v4 { wire::IpAddress::v4(all[0], all[1], all[2], all[3]) } else { wire::IpAddress::Ipv6(all.into()) }
    }

    /// The headers below the transport, and room for so many bytes above them.
    fn under(&self, v4: bool, next_header: wire::IpProtocol, payload_len: usize) -> (Vec<u8>, usize) {
        let (src, dst) = (self.address(0, v4), self.address(1, v4));
        let ip = wire::IpRepr::new(src, dst, next_header, payload_len, self.ttl);
        let start = 14 + ip.header_len();
        let mut bytes = vec![0; start + payload_len];
        wire::EthernetRepr {
            src_addr: wire::EthernetAddress(self.macs[0]),
            dst_addr: wire::EthernetAddress(self.macs[1]),
            ethertype: if v4 { wire::EthernetProtocol::Ipv4 } else { wire::EthernetProtocol::Ipv6 },
        }
        .emit(&mut wire::EthernetFrame::new_unchecked(&mut bytes[..14]));
        ip.emit(&mut bytes[14..], &ChecksumCapabilities::default());
        (bytes, start)
    }

    fn datagram(&self, v4: bool) -> Vec<u8> {
        let repr = wire::UdpRepr { src_port: self.port(0), dst_port: self.port(1) };
        let (mut bytes, start) = self.under(v4, wire::IpProtocol::Udp, 8 + self.payload.len());
        repr.emit(
            &mut wire::UdpPacket::new_unchecked(&mut bytes[start..]),
            &self.address(0, v4),
            &self.address(1, v4),
            self.payload.len(),
            |room| room.copy_from_slice(self.payload),
            &ChecksumCapabilities::default(),
        );
        bytes
    }

    fn segment(&self, v4: bool) -> Vec<u8> {
        let repr = wire::TcpRepr {
            src_port: self.port(0),
            dst_port: self.port(1),
            control: wire::TcpControl::Syn,
            seq_number: wire::TcpSeqNumber(self.seq.cast_signed()),
            ack_number: None,
            window_len: self.window,
            window_scale: Some(7),
            max_seg_size: Some(self.mss),
            sack_permitted: true,
            sack_ranges: [None; 3],
            timestamp: Some(wire::TcpTimestampRepr::new(self.stamp[0], self.stamp[1])),
            payload: self.payload,
        };
        let (mut bytes, start) = self.under(v4, wire::IpProtocol::Tcp, repr.buffer_len());
        repr.emit(
            &mut wire::TcpPacket::new_unchecked(&mut bytes[start..]),
            &self.address(0, v4),
            &self.address(1, v4),
            &ChecksumCapabilities::default(),
        );
        bytes
    }
}

/// Filters of all shapes: comparisons, sets, slices, presence, joined in any depth.
fn filters() -> impl Strategy<Value = String> {
    let number =
        (prop::sample::select(vec!["tcp.port", "ip.ttl", "udp.length", "frame.len", "ip.hdr_len"]), any::<u8>());
    let compare = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "ge"]);
    let leaf = prop_oneof![
        prop::sample::select(vec!["tcp", "udp.stream", "tcp.flags.syn", "http.host", "dns"]).prop_map(str::to_owned),
        (number.clone(), compare).prop_map(|((name, n), op)| format!("{name} {op} {n}")),
        (number, any::<[u8; 2]>()).prop_map(|((name, n), [a, b])| format!(
            "{name} in {{{n}, {}..{}}}",
            a.min(b),
            a.max(b)
        )),
        (any::<[u8; 4]>(), 1u8..=32).prop_map(|([a, b, c, d], bits)| format!("ip.src == {a}.{b}.{c}.{d}/{bits}")),
        (0u8..6, 1u8..4, any::<[u8; 1]>())
            .prop_map(|(at, n, [v])| format!("eth.src[{at}:{n}] == {}", vec![format!("{v:02x}"); n.into()].join(":"))),
        "[ -~]{0,12}".prop_map(|text| format!("http.host contains {text:?}")),
        "[a-z.*]{1,8}".prop_map(|text| format!("http.host matches \"a{text}\"").replace("**", "*")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let joined = prop::sample::select(vec!["&&", "||", "and", "or", "xor", "^^"]);
        prop_oneof![
            inner.clone().prop_map(|f| format!("!({f})")),
            inner.clone().prop_map(|f| format!("not {f}")),
            inner.clone().prop_map(|f| format!("({f})")),
            (inner.clone(), joined, inner).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        ]
    })
}

/// Fisher and Yates's shuffle, steered by the bits of a number.
fn shuffle(pieces: &mut [(usize, usize)], mut order: u64) {
    for i in (1..pieces.len()).rev() {
        pieces.swap(i, (order % (i as u64 + 1)) as usize);
        order = order.rotate_right(7) ^ i as u64;
    }
}

/// The targets of the requests that a client's pieces of a stream give, after a handshake.
fn messages(isn: u32, stream: &[u8], pieces: &[(usize, usize)]) -> Vec<String> {
    let (mut tracker, mut packet, mut found, mut number) =
        (Tracker::new(Limits::default()), Packet::new(), Vec::new(), 0);
    let mut send = |from_client: bool, syn: bool, seq: u32, ack: u32, payload: &[u8]| {
        let (src, dst, sport, dport) = if from_client { (1, 2, 40_000, 80) } else { (2, 1, 80, 40_000) };
        let tcp = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, src], [10, 0, 0, dst], 64);
        let tcp = tcp.tcp(sport, dport, seq, 64_000);
        let tcp = if syn { tcp.syn() } else { tcp };
        let tcp = if from_client && syn { tcp } else { tcp.ack(ack) };
        let mut bytes = Vec::new();
        tcp.write(&mut bytes, payload).expect("a segment fits");
        number += 1;
        let len = bytes.len() as u32;
        let frame =
            RawFrame { number, time: Time(number.cast_signed() * 1_000_000), len, bytes, ..RawFrame::default() };
        walk(&frame, &mut tracker, &mut packet);
        check(&packet);
        let targets = packet.all(&http::URI).filter_map(|f| match f.value {
            Value::Text(s) | Value::Bytes(s) => Some(String::from_utf8_lossy(packet.bytes(s)).into_owned()),
            _ => None,
        });
        found.extend(targets);
    };
    send(true, true, isn, 0, b"");
    send(false, true, 500, isn.wrapping_add(1), b"");
    send(true, false, isn.wrapping_add(1), 501, b"");
    for &(from, to) in pieces {
        send(true, false, isn.wrapping_add(1).wrapping_add(from as u32), 501, &stream[from..to]);
    }
    found
}

/// Encrypted bytes look like anything: on ports that nobody follows, no protocol may take them for its own.
/// What a buffer says of its origin is true: the bytes that it names are its own.
#[test]
fn the_bytes_that_a_buffer_is_made_of_are_where_it_says() {
    let mut checked = std::collections::BTreeMap::new();
    for path in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")).unwrap() {
        let path = path.unwrap().path();
        if !path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            continue;
        }
        let mut frames = Vec::new();
        drain(&mut File::open(&path).unwrap(), &mut frames);
        let mut tracker = Tracker::new(Limits::default());
        for frame in &frames {
            let packet = dissect(frame, &mut tracker);
            for buffer in packet.buffers().iter().skip(1).filter(|b| !b.sources.is_empty()) {
                let piece = |p: &Piece| {
                    let from = &frames[usize::try_from(p.frame).unwrap() - 1];
                    from.bytes[p.start as usize..(p.start + p.len) as usize].to_vec()
                };
                let bytes = buffer.sources.iter().map(piece).collect::<Vec<_>>().concat();
                let (at, kind) = (format!("{} frame {}", path.display(), frame.number), buffer.kind);
                *checked.entry(format!("{kind:?}")).or_insert(0) += 1;
                match kind {
                    BufferKind::Unmasked => assert_eq!(bytes.len(), buffer.bytes.len(), "{at}"),
                    _ if kind.keeps_places() => assert_eq!(bytes, buffer.bytes, "{at} {kind:?}"),
                    _ => assert!(!bytes.is_empty(), "{at}"),
                }
            }
        }
    }
    let kinds: Vec<_> = checked.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["Dechunked", "Decoded", "Defragmented", "Inflated", "Reassembled", "Unmasked"], "{checked:?}");
}

#[test]
fn random_payloads_are_claimed_in_less_than_one_of_100_000_cases() {
    const CASES: u32 = 200_000;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut flow = Tracker::new(Limits::default());
    let (mut frame, mut packet) = (RawFrame::default(), Packet::new());
    let (mut claimed, mut all) = (Vec::new(), 0);
    let mut payload = Vec::new();
    for case in 0..CASES {
        let (length, ports) = (random() % 400 + 1, random());
        payload.clear();
        while (payload.len() as u64) < length {
            payload.extend(random().to_be_bytes());
        }
        payload.truncate(length as usize);
        let [src, dst] = [ports as u16 | 0xc000, (ports >> 16) as u16 | 0xc000];
        let followed = |key: fn(u16) -> Key| [src, dst].iter().any(|&port| lookup(key(port)).is_some());
        let over_tcp = case % 2 == 1;
        if followed(if over_tcp { Key::TcpPort } else { Key::UdpPort }) {
            continue;
        }
        all += 1;
        let ip = PacketBuilder::ipv4((case ^ 0x0a00_0000).to_be_bytes(), [192, 0, 2, 1], 64);
        frame.bytes.clear();
        let written = if over_tcp {
            ip.tcp(src, dst, 1, 1000).ack(1).write(&mut frame.bytes, &payload)
        } else {
            ip.udp(src, dst).write(&mut frame.bytes, &payload)
        };
        written.expect("memory");
        (frame.number, frame.link, frame.len) = (u64::from(case) + 1, LinkType(228), frame.bytes.len() as u32);
        walk(&frame, &mut flow, &mut packet);
        let last = packet.layers.last().map_or("nothing", |layer| layer.proto.name);
        if !matches!(last, "data" | "tcp") {
            claimed.push(last);
        }
    }
    assert!(claimed.len() <= all / 100_000, "{} of {all} were claimed: {claimed:?}", claimed.len());
}

/// Wherever two segments meet, also inside the empty line that ends a head: the first may come last.
#[test]
fn a_request_is_found_wherever_a_hole_cut_the_stream() {
    let request = |(n, body): (usize, &&str)| {
        format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let stream = ["aaaa", "", ""].iter().enumerate().map(request).collect::<String>().into_bytes();
    for cut in 1..stream.len() {
        let mut found = messages(0, &stream, &[(cut, stream.len()), (0, cut)]);
        found.sort();
        assert_eq!(found, ["/0", "/1", "/2"], "cut before {:?}", stream[cut..].escape_ascii().to_string());
    }
}
