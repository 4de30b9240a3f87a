//! Capture files that are unlike others: no times, other link types, longer record headers, long names, many
//! interfaces. Each is built here, byte by byte.

use osi_tutor::model::{Interface, LinkType, RawFrame, Time};
use osi_tutor::source::file::{File, Writer};
use osi_tutor::source::{Source, Step};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// An Ethernet frame that nobody reads further.
const FRAME: [u8; 14] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];

#[derive(Clone, Copy)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn word(self, n: u32) -> [u8; 4] {
        match self {
            Self::Big => n.to_be_bytes(),
            Self::Little => n.to_le_bytes(),
        }
    }

    fn half(self, n: u16) -> [u8; 2] {
        match self {
            Self::Big => n.to_be_bytes(),
            Self::Little => n.to_le_bytes(),
        }
    }

    fn block(self, kind: u32, mut body: Vec<u8>) -> Vec<u8> {
        body.resize(body.len().next_multiple_of(4), 0);
        let total = self.word(u32::try_from(body.len() + 12).unwrap());
        [&self.word(kind)[..], &total, &body, &total].concat()
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut all = [&self.half(code)[..], &self.half(u16::try_from(value.len()).unwrap()), value].concat();
        all.resize(all.len().next_multiple_of(4), 0);
        all
    }

    fn section(self) -> Vec<u8> {
        let head = [&self.word(0x1a2b_3c4d)[..], &self.half(1), &self.half(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, head)
    }

    fn interface(self, link: u16, options: &[u8]) -> Vec<u8> {
        self.block(1, [&self.half(link)[..], &[0, 0], &self.word(0), options].concat())
    }

    fn packet(self, interface: u32, stamp: u64, options: &[u8]) -> Vec<u8> {
        let (high, low) = (u32::try_from(stamp >> 32).unwrap(), u32::try_from(stamp & 0xffff_ffff).unwrap());
        let mut data = FRAME.to_vec();
        data.resize(16, 0);
        let words = [interface, high, low, 14, 14].map(|n| self.word(n)).concat();
        self.block(6, [&words[..], &data, options].concat())
    }

    fn simple(self) -> Vec<u8> {
        self.block(3, [&self.word(14)[..], &FRAME].concat())
    }

    /// A pcap file of records with so many bytes more in their headers.
    fn pcap(self, magic: u32, gap: usize, more: usize) -> Vec<u8> {
        let head = [&self.word(magic)[..], &self.half(2), &self.half(4), &[0; 8], &self.word(65_535), &self.word(1)];
        let mut all = [&head.concat()[..], &vec![0; gap]].concat();
        for second in 1..=3 {
            all.extend([second, 5, 14, 14].map(|n| self.word(n)).concat());
            all.extend(vec![0; more]);
            all.extend(FRAME);
        }
        all
    }
}

fn frames(bytes: &[u8]) -> Vec<RawFrame> {
    let mut file = File::read(Box::new(std::io::Cursor::new(bytes.to_vec())), "test").unwrap();
    let (mut all, mut frame) = (Vec::new(), RawFrame::default());
    while file.next(&mut frame).unwrap() == Step::Frame {
        all.push(frame.clone());
    }
    all
}

/// A file in the temporary folder that goes with the test.
struct Kept(PathBuf);

impl Kept {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("osi-tutor-files-{}-{name}", std::process::id())))
    }

    fn with(name: &str, bytes: &[u8]) -> Self {
        let kept = Self::new(name);
        std::fs::write(&kept.0, bytes).unwrap();
        kept
    }

    /// What the program says of it.
    fn read(&self, command: &str, args: &[&str]) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
            .arg(command)
            .arg(&self.0)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Two packets without a time, one with, one without.
fn untimed() -> Vec<u8> {
    let order = Order::Little;
    let timed = order.packet(0, 1_700_000_000_000_000, &[]);
    [order.section(), order.interface(1, &[]), order.simple(), order.simple(), timed, order.simple()].concat()
}

#[test]
fn a_packet_without_a_time_gets_none_anywhere() {
    let kept = Kept::with("untimed", &untimed());
    let json = kept.read("read", &["--json"]);
    let times: Vec<bool> = json.lines().map(|line| line.contains("time_epoch")).collect();
    assert_eq!(times, [false, false, true, false]);
    assert_eq!(kept.read("read", &["--json", "-Y", "frame.time_epoch"]).lines().count(), 1);
    for args in [&["--brief"][..], &[], &["--json"]] {
        let text = kept.read("read", args);
        assert!(!text.contains("1970") && !text.contains("1700000000.000000000 s"), "{text}");
    }
    assert!(kept.read("read", &["--brief"]).starts_with("    1           -  "));
    assert!(kept.read("stats", &[]).contains("0.000000 s"));
}

/// TCP segments, of which those at even places have no time.
fn half_timed() -> Vec<u8> {
    let order = Order::Little;
    let mut file = [order.section(), order.interface(1, &[])].concat();
    for n in 0..6_u32 {
        let back = n % 4 > 1;
        let builder = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6]);
        let (from, to) = if back { ([192, 0, 2, 2], [192, 0, 2, 1]) } else { ([192, 0, 2, 1], [192, 0, 2, 2]) };
        let (source, destination) = if back { (80, 40_000) } else { (40_000, 80) };
        let (mine, yours) = if back { (500, 100 + n) } else { (100 + n, 500) };
        let mut frame = Vec::new();
        let segment = builder.ipv4(from, to, 64).tcp(source, destination, mine, 1000).ack(yours);
        segment.write(&mut frame, if back { b"" } else { b"x" }).unwrap();
        let len = order.word(u32::try_from(frame.len()).unwrap());
        if n % 2 == 0 {
            file.extend(order.block(3, [&len[..], &frame].concat()));
        } else {
            let stamp = 1_700_000_000_000_000 + u64::from(n);
            let [high, low] = [stamp >> 32, stamp & 0xffff_ffff].map(|half| order.word(u32::try_from(half).unwrap()));
            file.extend(order.block(6, [&order.word(0)[..], &high, &low, &len, &len, &frame].concat()));
        }
    }
    file
}

#[test]
fn between_a_packet_with_a_time_and_one_without_is_no_duration() {
    let kept = Kept::with("half-timed", &half_timed());
    for line in kept.read("read", &["--json"]).lines() {
        let packet: serde_json::Value = serde_json::from_str(line).unwrap();
        let number = packet["frame"]["number"].as_u64().unwrap();
        assert_eq!(packet["frame"].get("time_relative").is_some(), number.is_multiple_of(2), "{line}");
        assert_eq!(packet["frame"].get("time_delta"), None, "the packet before it has none: {line}");
        assert!(!["tcp.time_relative", "tcp.time_delta", "ack_rtt"].iter().any(|name| line.contains(name)), "{line}");
    }
    let stats: serde_json::Value = serde_json::from_str(&kept.read("stats", &["--json"])).unwrap();
    assert_eq!(stats["conversations"]["tcp"]["rows"][0]["duration"], "0.000004000");
    let ladder = kept.read("ladder", &[]);
    assert!(ladder.contains("-  ├") && ladder.contains("0.000002"), "{ladder}");
    assert!(!ladder.contains("1700000000"), "{ladder}");
    let without =
        Kept::with("never-timed", &[Order::Big.section(), Order::Big.interface(1, &[]), Order::Big.simple()].concat());
    assert!(without.read("stats", &[]).starts_with("1 frame, 14 bytes, no times\n"));
    let stats: serde_json::Value = serde_json::from_str(&without.read("stats", &["--json"])).unwrap();
    assert!(stats["first"].is_null() && stats["conversations"]["eth"]["rows"][0].get("start").is_none(), "{stats}");
}

#[test]
fn what_has_no_time_is_written_without_one() {
    let (kept, again) = (Kept::with("untimed-from", &untimed()), Kept::new("untimed-to"));
    kept.read("read", &["-w", again.0.to_str().unwrap()]);
    let found = frames(&std::fs::read(&again.0).unwrap());
    assert_eq!(found.iter().map(|f| f.time.is_known()).collect::<Vec<_>>(), [false, false, true, false]);
    assert_eq!(found[2].time, Time::new(1_700_000_000, 0));
    // Of an interface that is not the section's first.
    let other = Kept::new("untimed-other");
    let mut writer = Writer::create(&other.0).unwrap();
    for link in [LinkType::ETHERNET, LinkType::RAW] {
        for time in [Time(-7), Time::NONE] {
            writer.write(&RawFrame { link, time, ..RawFrame::whole(1, FRAME.to_vec()) }).unwrap();
        }
    }
    writer.flush().unwrap();
    let found = frames(&std::fs::read(&other.0).unwrap());
    let all: Vec<_> = found.iter().map(|f| (f.link, f.time)).collect();
    let (ethernet, raw) = (LinkType::ETHERNET, LinkType::RAW);
    assert_eq!(all, [(ethernet, Time(-7)), (ethernet, Time::NONE), (raw, Time(-7)), (raw, Time::NONE)]);
}

#[test]
fn what_was_cut_is_written_as_cut_with_a_time_or_without() {
    let kept = Kept::new("untimed-cut");
    let mut writer = Writer::create(&kept.0).unwrap();
    let all: Vec<RawFrame> = [(1500, Time::NONE), (14, Time::NONE), (1500, Time(5)), (1500, Time::NONE), (60, Time(9))]
        .map(|(len, time)| RawFrame { len, time, ..RawFrame::whole(1, FRAME.to_vec()) })
        .into();
    for frame in &all {
        writer.write(frame).unwrap();
    }
    drop(writer);
    let said = |f: &RawFrame| (f.len, f.time, f.bytes.clone());
    let again = frames(&std::fs::read(&kept.0).unwrap());
    assert!(again.iter().map(said).eq(all.iter().map(said)), "{again:?}");
}

#[test]
fn ever_new_interfaces_begin_a_section_where_one_is_full() {
    let frame = |n: i64| RawFrame {
        time: Time(n),
        interface: Some(Arc::new(Interface { name: format!("if{n}"), loopback: false })),
        ..RawFrame::whole(1, vec![1])
    };
    let (kept, most) = (Kept::new("sections"), 1 << 17);
    let mut writer = Writer::create(&kept.0).unwrap();
    for n in 0..most + 2 {
        writer.write(&frame(n)).unwrap();
    }
    drop(writer);
    let found = frames(&std::fs::read(&kept.0).unwrap());
    let wanted = (0..most + 2).map(frame);
    assert!(found.iter().map(|f| (f.time, f.interface.clone())).eq(wanted.map(|f| (f.time, f.interface))));
}

#[test]
fn a_link_type_that_is_not_read_says_so_and_claims_nothing() {
    for (link, name) in [(220, "220 (USB_LINUX_MMAPPED)"), (195, "195 (IEEE802_15_4_WITHFCS)"), (999, "999")] {
        let order = Order::Big;
        let file = [order.section(), order.interface(link, &[]), order.packet(0, 1, &[])].concat();
        let kept = Kept::with(&format!("link-{link}"), &file);
        let text = kept.read("read", &[]).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("link type is {name}")), "{text}");
        assert!(!text.contains("begin with a higher layer"), "{text}");
        assert!(kept.read("read", &["--brief"]).contains(&format!("link type {name} isn't read here")));
        for command in ["read", "stats"] {
            let out = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg(command).arg(&kept.0).output().unwrap();
            let said = String::from_utf8(out.stderr).unwrap();
            assert_eq!(said.matches(&format!("link type {name} isn't read here")).count(), 1, "{said}");
        }
    }
}

#[test]
fn variants_of_pcap_are_told_by_their_magic_and_their_records() {
    // The magic, bytes before the first record, bytes more in each record's header, nanoseconds a unit.
    let forms = [
        (0xa1b2_c3d4, 0, 0, 1_000),
        (0xa1b2_c3d4, 0, 8, 1_000),
        (0xa1b2_c3d4, 0, 4, 1_000),
        (0xa1b2_3c4d, 0, 0, 1),
        (0xa1b2_cd34, 0, 8, 1_000),
        (0xa1b2_cd34, 0, 12, 1_000),
        (0x1c00_01ac, 4, 0, 1),
        (0x1c00_01ab, 4, 0, 1),
    ];
    for order in [Order::Big, Order::Little] {
        for (magic, gap, more, unit) in forms {
            let found = frames(&order.pcap(magic, gap, more));
            let times: Vec<_> = found.iter().map(|f| f.time).collect();
            assert_eq!(times, [1, 2, 3].map(|s| Time::new(s, 5 * unit)), "{magic:x} +{more}");
            assert!(found.iter().all(|f| f.bytes == FRAME && f.len == 14), "{magic:x} +{more}");
        }
    }
}

#[test]
fn times_of_any_resolution_and_order_are_read() {
    // `if_tsresol`, the stamp, what it is.
    let cases = [
        (0, 7, Time::new(7, 0)),
        (3, 7_250, Time::new(7, 250_000_000)),
        (12, 7_000_000_001_000, Time::new(7, 1)),
        (0x8a, (7 << 10) + 512, Time::new(7, 500_000_000)),
        (0xa0, (7 << 32) + (1 << 31), Time::new(7, 500_000_000)),
        (0x80, 7, Time::new(7, 0)),
    ];
    let mut file = Vec::new();
    for order in [Order::Big, Order::Little, Order::Big] {
        file.extend(order.section());
        for (interface, (resolution, stamp, _)) in (0..).zip(cases) {
            let offset = match order {
                Order::Big => 100_i64.to_be_bytes(),
                Order::Little => 100_i64.to_le_bytes(),
            };
            let options = [order.option(9, &[resolution]), order.option(14, &offset)].concat();
            file.extend(order.interface(1, &options));
            file.extend(order.packet(interface, stamp, &[]));
        }
    }
    let found: Vec<_> = frames(&file).iter().map(|f| f.time).collect();
    let wanted: Vec<_> = cases.iter().map(|(.., t)| Time(t.0 + 100_000_000_000)).collect();
    assert_eq!(found, wanted.repeat(3));
}

#[test]
fn long_names_and_comments_are_cut_and_written_again() {
    let order = Order::Little;
    let long = vec![0xff; 65_532];
    let name = order.option(2, &long);
    let comment = order.option(1, &long);
    let file = [order.section(), order.interface(1, &name), order.packet(0, 1, &comment)].concat();
    let found = frames(&file);
    assert_eq!(found[0].interface.as_ref().unwrap().name, "\u{fffd}".repeat(85));
    assert_eq!(found[0].comment, "\u{fffd}".repeat(21_845));
    let kept = Kept::new("long");
    let mut writer = Writer::create(&kept.0).unwrap();
    writer.write(&found[0]).unwrap();
    writer.flush().unwrap();
    let again = frames(&std::fs::read(&kept.0).unwrap());
    assert_eq!((&again[0].comment, &again[0].interface), (&found[0].comment, &found[0].interface));
}

#[test]
fn each_of_many_interfaces_is_written_once() {
    let order = Order::Little;
    let mut file = order.section();
    let many = 80_000;
    for n in 0..many {
        file.extend(order.interface(1, &order.option(2, format!("if{n}").as_bytes())));
        file.extend(order.packet(n, 1, &[]));
    }
    let found = frames(&file);
    let kept = Kept::new("many");
    let mut writer = Writer::create(&kept.0).unwrap();
    for frame in found.iter().chain(&found) {
        writer.write(frame).unwrap();
    }
    writer.flush().unwrap();
    let again = frames(&std::fs::read(&kept.0).unwrap());
    assert_eq!(again.len(), 2 * many as usize);
    assert!(again.iter().zip(found.iter().chain(&found)).all(|(a, b)| a.interface == b.interface));
}
