//! The verdicts of `tcp.analysis` against tshark's, over conversations that nobody would design: two ends that
//! lose, repeat, overtake, stall, probe, reset and begin anew at random. `ANALYSIS_SEED=N` tries others.

mod common;

use common::has_tshark;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Field, Packet, RawFrame, Time, Value, show};
use osi_tutor::proto::walk;
use osi_tutor::rng::Rng;
use osi_tutor::source::file::Writer;
use std::path::Path;
use std::process::Command;

const CONVERSATIONS: u64 = 600;

/// What is compared; flags by presence, all others by value.
const FIELDS: &[&str] = &[
    "tcp.stream",
    "tcp.len",
    "tcp.seq",
    "tcp.nxtseq",
    "tcp.ack",
    "tcp.window_size",
    "tcp.window_size_scalefactor",
    "tcp.options.sack_le",
    "tcp.options.sack_re",
    "tcp.connection.syn",
    "tcp.connection.synack",
    "tcp.connection.fin",
    "tcp.connection.rst",
    "tcp.analysis",
    "tcp.analysis.flags",
    "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.spurious_retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.lost_segment",
    "tcp.analysis.ack_lost_segment",
    "tcp.analysis.duplicate_ack",
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.duplicate_ack_frame",
    "tcp.analysis.zero_window",
    "tcp.analysis.zero_window_probe",
    "tcp.analysis.zero_window_probe_ack",
    "tcp.analysis.window_update",
    "tcp.analysis.window_full",
    "tcp.analysis.keep_alive",
    "tcp.analysis.keep_alive_ack",
    "tcp.analysis.reused_ports",
    "tcp.analysis.acks_frame",
    "tcp.analysis.ack_rtt",
    "tcp.analysis.initial_rtt",
    "tcp.analysis.bytes_in_flight",
    "tcp.analysis.rto",
    "tcp.analysis.rto_frame",
    "data.len",
];

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// One end of a conversation, and what it believes.
#[derive(Default)]
struct End {
    first: u32,
    next: u32,
    expects: u32,
    window: u16,
    shift: Option<u8>,
    sent: Vec<(u32, usize, u8)>,
}

/// Two ends, client first, and the capture of what they send.
struct Scene<'a> {
    dice: &'a mut Rng,
    frames: &'a mut Vec<RawFrame>,
    now: i64,
    number: u32,
    sack: bool,
    ends: [End; 2],
}

impl Scene<'_> {
    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.dice.below(choices.len() as u64)).unwrap()]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.dice.below(100) < percent
    }

    fn wait(&mut self, micros: &[i64]) {
        self.now += self.one_of(micros) * 1000;
    }

    /// A segment of end `i`.
    fn send(&mut self, i: usize, seq: u32, flags: u8, len: usize, options: &[u8]) {
        let ack = if flags & ACK != 0 { self.ends[i].expects } else { 0 };
        let [_, b, c, d] = self.number.to_be_bytes();
        let (client, server) = ([10, b, c, d], [192, 0, 2, 1]);
        let (src, dst, sport, dport) =
            if i == 0 { (client, server, 51_000u16, 9_791u16) } else { (server, client, 9_791, 51_000) };
        let padded = options.len().next_multiple_of(4);
        let mut tcp = [sport.to_be_bytes(), dport.to_be_bytes()].concat();
        tcp.extend_from_slice(&seq.to_be_bytes());
        tcp.extend_from_slice(&ack.to_be_bytes());
        tcp.extend_from_slice(&[u8::try_from(5 + padded / 4).unwrap() << 4, flags]);
        tcp.extend_from_slice(&self.ends[i].window.to_be_bytes());
        tcp.extend_from_slice(&[0; 4]);
        tcp.extend_from_slice(options);
        tcp.resize(20 + padded, 1);
        tcp.resize(20 + padded + len, b'A');
        let mut header =
            etherparse::Ipv4Header::new(u16::try_from(tcp.len()).unwrap(), 64, 6.into(), src, dst).unwrap();
        header.header_checksum = header.calc_header_checksum();
        let mut bytes = vec![0; 12];
        bytes.extend_from_slice(&[8, 0]);
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(&tcp);
        let mut frame = RawFrame::whole(1, bytes);
        frame.time = Time(self.now);
        self.frames.push(frame);
    }

    fn syn(&mut self, i: usize) {
        let (first, shift) = (self.ends[i].first, self.ends[i].shift);
        let mut options = vec![2, 4, 5, 0xb4];
        options.extend(shift.into_iter().flat_map(|s| [3, 3, s]));
        self.send(i, first, if i == 0 { SYN } else { SYN | ACK }, 0, &options);
        self.ends[i].next = first.wrapping_add(1);
    }

    fn ack(&mut self, i: usize) {
        let (next, ack) = (self.ends[i].next, self.ends[i].expects);
        let mut blocks = Vec::new();
        if self.sack && self.chance(20) {
            let from = ack.wrapping_add(5);
            blocks = [&[1, 1, 5, 10][..], &from.to_be_bytes(), &from.wrapping_add(4).to_be_bytes()].concat();
        }
        self.send(i, next, ACK, 0, &blocks);
    }

    fn data(&mut self, i: usize, len: usize, flags: u8) {
        let seq = self.ends[i].next;
        self.send(i, seq, ACK | flags, len, &[]);
        let used = u32::try_from(len).unwrap() + u32::from(flags & FIN);
        self.ends[i].sent.push((seq, len, ACK | flags));
        self.ends[i].next = seq.wrapping_add(used);
    }

    fn opening(&mut self) {
        let latency = self.one_of(&[1000, 10_000, 50_000]);
        if self.chance(25) {
            // The capture begins in the middle.
            for i in [0, 1] {
                self.ends[i].next = self.ends[i].first.wrapping_add(1);
                self.ends[1 - i].expects = self.ends[i].next;
            }
            return;
        }
        self.syn(0);
        self.wait(&[latency]);
        if self.chance(10) {
            self.syn(0);
        }
        self.ends[1].expects = self.ends[0].next;
        if self.chance(95) {
            self.syn(1);
        }
        self.ends[1].next = self.ends[1].first.wrapping_add(1);
        self.wait(&[latency]);
        self.ends[0].expects = self.ends[1].next;
        if self.chance(90) {
            self.ack(0);
        }
    }

    /// Something happens.
    fn step(&mut self) {
        let i = usize::from(self.chance(50));
        let j = 1 - i;
        self.wait(&[100, 500, 2000, 4000, 15_000, 30_000, 200_000, 1_500_000]);
        match self.dice.below(100) {
            0..30 => {
                if self.chance(12) {
                    self.ends[i].next = self.ends[i].next.wrapping_add(self.dice.below(10).try_into().unwrap());
                }
                let (len, flags) =
                    (self.one_of(&[1, 1, 2, 5, 10, 100]), self.one_of(&[0, 0, PSH, PSH, PSH, PSH | FIN]));
                self.data(i, len, flags);
            }
            30..40 => self.again(i),
            40..62 => {
                let heard =
                    self.ends[j].sent.last().map(|&(seq, len, _)| seq.wrapping_add(u32::try_from(len).unwrap()));
                if self.chance(70) {
                    self.ends[i].expects = self.one_of(&[self.ends[j].next, heard.unwrap_or(self.ends[i].expects)]);
                }
                self.ack(i);
            }
            62..72 => {
                for _ in 0..=self.dice.below(3) {
                    self.ack(i);
                    self.wait(&[100, 1000, 10_000]);
                }
                let wanted = self.ends[i].expects;
                if let Some(&(seq, len, flags)) = self.ends[j].sent.iter().find(|&&(seq, ..)| seq == wanted) {
                    self.send(j, seq, flags, len, &[]);
                }
            }
            72..78 => {
                let (before, len) = (self.ends[i].next.wrapping_sub(1), self.one_of(&[0, 1]));
                self.send(i, before, ACK, len, &[]);
                self.wait(&[10_000]);
                self.ack(j);
            }
            78..86 => {
                self.ends[i].window = self.one_of(&[0, 0, 1, 5, 20, 100, 1000, 65_535]);
                self.ack(i);
            }
            86..92 => self.probe(i),
            92..95 => self.fill(i),
            95..97 => {
                let next = self.ends[i].next;
                let flags = self.one_of(&[RST, RST | ACK]);
                self.send(i, next, flags, 0, &[]);
            }
            97..99 => {
                let first = self.one_of(&[self.ends[0].first, self.ends[0].next, 77]);
                self.ends[0].first = first;
                self.ends[0].sent.clear();
                self.opening();
            }
            _ => {
                let (seq, flags) = (self.ends[i].next.wrapping_sub(7), self.one_of(&[ACK, 0, FIN | ACK, SYN | ACK]));
                self.send(i, seq, flags, 3, &[]);
            }
        }
    }

    fn again(&mut self, i: usize) {
        let sent = self.ends[i].sent.clone();
        if !sent.is_empty() {
            let (seq, len, flags) = self.one_of(&sent);
            self.send(i, seq, flags, len, &[]);
        }
    }

    /// A window that is shut, and one byte to learn whether it still is.
    fn probe(&mut self, i: usize) {
        let j = 1 - i;
        (self.ends[j].window, self.ends[j].expects) = (0, self.ends[i].next);
        self.ack(j);
        self.wait(&[200_000]);
        let next = self.ends[i].next;
        self.send(i, next, ACK, 1, &[]);
        self.wait(&[10_000]);
        if self.chance(50) {
            self.ends[j].expects = next.wrapping_add(1);
        }
        self.ack(j);
        if self.chance(50) {
            self.data(i, 3, 0);
        }
    }

    /// As much as the other end's window takes.
    fn fill(&mut self, i: usize) {
        let other = &self.ends[1 - i];
        let scaled = self.ends.iter().all(|e| e.shift.is_some());
        let window = u32::from(other.window) << if scaled { other.shift.unwrap_or(0) } else { 0 };
        let room = other.expects.wrapping_add(window).wrapping_sub(self.ends[i].next);
        if (1..1400).contains(&room) {
            self.data(i, room as usize, 0);
        }
    }
}

fn capture(seed: u64) -> Vec<RawFrame> {
    let (mut dice, mut frames) = (Rng::seeded(seed), Vec::new());
    for number in 0..u32::try_from(CONVERSATIONS).unwrap() {
        let now = i64::try_from(dice.below(100_000_000_000)).unwrap() / 1000 * 1000;
        let mut scene =
            Scene { dice: &mut dice, frames: &mut frames, now, number, sack: false, ends: Default::default() };
        scene.sack = scene.chance(50);
        for i in [0, 1] {
            let near_the_wrap = u32::MAX - u32::try_from(scene.dice.below(300)).unwrap();
            let anywhere = u32::try_from(scene.dice.below(1 << 32)).unwrap();
            scene.ends[i].first = scene.one_of(&[anywhere, near_the_wrap, 7]);
            scene.ends[i].window = scene.one_of(&[0, 1, 5, 20, 1000, 65_535]);
            scene.ends[i].shift = scene.one_of(&[None, Some(0), Some(1), Some(7)]);
        }
        scene.opening();
        for _ in 0..3 + scene.dice.below(22) {
            scene.step();
        }
    }
    frames.sort_by_key(|f| f.time.0);
    for (n, frame) in (1..).zip(&mut frames) {
        frame.number = n;
    }
    frames
}

/// A value as tshark prints it.
fn shown(field: &Field) -> String {
    match field.value {
        Value::None => "1".into(),
        Value::Bool(b) => u8::from(b).to_string(),
        Value::Uint(n) => n.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Nanos(n) => format!("{}.{:09}", n / 1_000_000_000, n % 1_000_000_000),
        ref other => panic!("{other:?} is not compared"),
    }
}

fn ours(frames: &[RawFrame]) -> Vec<String> {
    let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
    let line = |frame| {
        walk(frame, &mut tracker, &mut packet);
        let all = |name: &&str| {
            let mut values: Vec<_> = packet.fields.iter().filter(|f| f.def.name == *name).map(shown).collect();
            if name.starts_with("tcp.analysis") {
                // Wireshark says "duplicate ACK" twice, as a fact and as a judgement.
                values.dedup();
            }
            values.join(",")
        };
        FIELDS.iter().map(all).collect::<Vec<_>>().join("|")
    };
    frames.iter().map(line).collect()
}

fn tsharks(capture: &Path) -> Vec<String> {
    let mut run = Command::new("tshark");
    run.arg("-r").arg(capture).args(["-n", "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"]);
    run.args(FIELDS.iter().flat_map(|name| ["-e", name]));
    let text = String::from_utf8(run.output().unwrap().stdout).unwrap();
    text.lines().map(|line| line.replace("|1,1|", "|1|")).collect()
}

#[test]
fn every_verdict_is_tshark_s() {
    if !has_tshark() {
        return;
    }
    let seed = std::env::var("ANALYSIS_SEED").map_or(1, |s| s.parse().unwrap());
    let frames = capture(seed);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("analysis-{seed}.pcapng"));
    let mut writer = Writer::create(&path).unwrap();
    for frame in &frames {
        writer.write(frame).unwrap();
    }
    writer.flush().unwrap();
    let (ours, theirs) = (ours(&frames), tsharks(&path));
    assert_eq!(ours.len(), theirs.len());
    let differ: Vec<_> = (1..).zip(ours.iter().zip(&theirs)).filter(|(_, (a, b))| a != b).collect();
    let report: Vec<_> = differ.iter().take(5).map(|(n, (a, b))| format!("#{n}\n  ours   {a}\n  theirs {b}")).collect();
    assert!(differ.is_empty(), "{} of {} packets differ:\n{}", differ.len(), ours.len(), report.join("\n"));
    // What was never provoked was not compared.
    for (i, name) in FIELDS.iter().enumerate() {
        assert!(theirs.iter().any(|l| l.split('|').nth(i).is_some_and(|v| !v.is_empty())), "{name} never came up");
    }
}

/// After an Accurate ECN handshake three flags are a counter, and options can be asked for by name.
#[test]
fn accurate_ecn_makes_three_flags_a_counter() {
    const ECE: u8 = 0x40;
    const CWR: u8 = 0x80;
    let (mut dice, mut frames) = (Rng::seeded(1), Vec::new());
    let mut scene =
        Scene { dice: &mut dice, frames: &mut frames, now: 0, number: 1, sack: false, ends: Default::default() };
    scene.send(0, 9, SYN | CWR | ECE, 0, &[2, 4, 5, 0xb4]);
    scene.ends[1].expects = 10;
    scene.send(1, 99, SYN | ACK | CWR, 0, &[]);
    scene.ends[0].expects = 100;
    scene.send(0, 10, ACK | ECE, 0, &[254, 4, 1, 1]);
    for i in [0, 2] {
        frames[i].bytes[14 + 20 + 12] |= 1;
    }
    let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
    let mut told = Vec::new();
    for frame in &frames {
        walk(frame, &mut tracker, &mut packet);
        let mut line = String::new();
        for field in &packet.fields {
            let name = field.def.name;
            if ["tcp.flags.ae", "tcp.flags.cwr", "tcp.flags.ece", "tcp.flags.ace"].contains(&name) {
                line.extend([&name[10..], "=", &shown(field), " "]);
            } else if name == "tcp.flags.str" || (name.starts_with("tcp.options") && field.value == Value::None) {
                line += &name[4..];
                line.push(' ');
                show::value(&packet, field, &mut line);
                line.push(' ');
            }
        }
        told.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let right = [
        "ae=1 cwr=1 ece=1 flags.str ···ACE····S· options.mss",
        "ae=0 cwr=1 ece=0 flags.str ····C··A··S·",
        "ace=5 flags.str ···-5-·A···· options.experimental",
    ];
    assert_eq!(told, right);
}
