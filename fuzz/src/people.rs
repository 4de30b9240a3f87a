//! What people write by hand: filters, lessons, scenarios, faults.

use super::drawn;
use super::packets::TEXTS;
use etherparse::PacketBuilder;
use osi_tutor::ask::Key;
use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::lesson::Lesson;
use osi_tutor::lesson::find::Finder;
use osi_tutor::lesson::player::{Input, Player};
use osi_tutor::model::{Packet, RawFrame};
use osi_tutor::proto::walk;
use osi_tutor::sim::scenario::Scenario;
use osi_tutor::sim::{Fate, Simulation};
use osi_tutor::source::{Source, Step};
use osi_tutor::tutor::Audience;
use osi_tutor::view::scene::Stage;
use osi_tutor::view::{Theme, prose};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Frames of one simulation.
const MOST_FRAMES: u64 = 300;

/// A filter: reading it never panics, what is printed of it reads back as the same, and it can be asked.
pub fn filter(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else { return };
    match Filter::parse(source) {
        Err(error) => assert!(!error.to_string().is_empty() && !error.caret().is_empty()),
        Ok(filter) => {
            let printed = filter.to_string();
            let again = Filter::parse(&printed).unwrap_or_else(|e| panic!("{printed:?} does not read back: {e}"));
            assert!(again == filter && again.to_string() == printed, "{printed:?} reads back as another filter");
            for packet in &*PACKETS {
                assert_eq!(filter.matches(packet), again.matches(packet), "{printed}");
            }
        }
    }
}

/// A segment, a datagram and an ARP request, to ask filters about.
static FRAMES: LazyLock<Vec<RawFrame>> = LazyLock::new(|| {
    let hosts = || PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    let (mut segment, mut datagram) = (Vec::new(), Vec::new());
    hosts().tcp(40_000, 80, 1, 100).write(&mut segment, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("it fits");
    let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
    hosts().udp(40_000, 53).write(&mut datagram, query).expect("it fits");
    let arp = "ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002";
    let arp = (0..arp.len()).step_by(2).map(|i| u8::from_str_radix(&arp[i..i + 2], 16).expect("hex")).collect();
    (1..).zip([segment, datagram, arp]).map(|(number, bytes)| RawFrame::whole(number, bytes)).collect()
});

/// What they say.
static PACKETS: LazyLock<Vec<Packet>> = LazyLock::new(|| {
    let mut tracker = Tracker::new(Limits::default());
    let read = |frame: &RawFrame| {
        let mut packet = Packet::new();
        walk(frame, &mut tracker, &mut packet);
        packet
    };
    FRAMES.iter().map(read).collect()
});

/// A lesson, and its prose.
pub fn lesson(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Lesson::parse("10-fuzz.md", text) {
        Ok(lesson) => played(&lesson),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let mut drawn = String::new();
    for columns in [1, 80] {
        prose::markdown(text, columns, &Theme::new(false), &mut drawn);
    }
    drawn::lines(&drawn);
}

/// A lesson that parses is drawn, page by page, whether its packets are there or not.
fn played(lesson: &Lesson) {
    let mut finder = Finder::new(lesson);
    let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
    for frame in &*FRAMES {
        walk(frame, &mut tracker, &mut packet);
        finder.take(&packet, &tracker);
    }
    let trace = finder.finish();
    for audience in Audience::ALL {
        let mut player = Player::new(lesson, trace.clone(), "from a test".to_owned(), audience);
        let stage = Stage::new(Theme::new(false), Arc::clone(&TEXTS));
        let mut out = String::new();
        for page in 0..lesson.pages.len() as u64 {
            for input in [
                Input::Key(Key::Choose(0)),
                Input::Key(Key::Type('1')),
                Input::Key(Key::Enter),
                Input::Hint,
                Input::Skip,
                Input::Next,
            ] {
                stage.draw(&player.step(input, page), &mut out);
            }
        }
        drawn::lines(&out);
    }
}

/// A scenario and what befalls its frames: a byte for each (the first line, in letters), then TOML.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (fates, plan) = text.split_once('\n').unwrap_or(("", text));
    let scenario = match Scenario::parse("fuzz.toml", plan) {
        Ok(scenario) => scenario,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut fates: Vec<u8> = fates.bytes().rev().collect();
    let fault = move |_: &RawFrame| match fates.pop() {
        Some(b'd') => Fate::Drop,
        Some(b'l') => Fate::Delay(Duration::from_millis(300)),
        Some(b'2') => Fate::Duplicate,
        Some(b'c') => Fate::Corrupt,
        Some(b'o') => Fate::Overtake,
        _ => Fate::Deliver,
    };
    let mut world = Simulation::new(&scenario, 7).with_fault(Box::new(fault)).with_notes();
    let (mut tracker, mut packet, mut raw) = (Tracker::new(Limits::default()), Packet::new(), RawFrame::default());
    for number in 1..=MOST_FRAMES {
        match world.next(&mut raw) {
            Ok(Step::Frame) => {}
            _ => break,
        }
        assert_eq!(raw.number, number, "frames are counted from 1");
        walk(&raw, &mut tracker, &mut packet);
        super::packets::check(&packet, &tracker, number <= 2);
        world.notes();
    }
    world.endpoints();
}
