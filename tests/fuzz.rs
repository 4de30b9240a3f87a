//! The fuzz targets' checks, on stable Rust and without libFuzzer: over the kept seeds (`fuzz/corpus`) and over
//! seeded random changes of them. `fuzz/README.md` says how to fuzz in earnest.
//!
//! `cargo test --test fuzz -- --ignored make_the_seeds` writes the seeds anew from the captures and lessons.

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "to the fuzz targets it is a library")]
mod checks;

use osi_tutor::lesson::COURSE;
use osi_tutor::model::RawFrame;
use osi_tutor::rng::Rng;
use osi_tutor::sim::scenario::READY;
use osi_tutor::source::file::File;
use osi_tutor::source::{Source, Step};
use std::fs;
use std::path::{Path, PathBuf};

/// Changed inputs that each target is given.
const ROUNDS: usize = 300;
/// The same for those that take long.
const FEWER_ROUNDS: usize = 15;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every seed, then changes of them: bytes overwritten, cut out, doubled, and two inputs joined.
fn drive(target: &str) {
    let seeds: Vec<Vec<u8>> = files(&root().join("fuzz/corpus").join(target))
        .iter()
        .filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-")))
        .map(|file| fs::read(file).unwrap())
        .collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in &seeds {
        checks::run(target, seed);
    }
    let mut random = Rng::seeded(7);
    let rounds = if matches!(target, "views" | "scenario" | "screens") { FEWER_ROUNDS } else { ROUNDS };
    for _ in 0..rounds {
        let mut pick = |below: usize| usize::try_from(random.below(below.max(1) as u64)).unwrap();
        let mut input = seeds[pick(seeds.len())].clone();
        for _ in 0..=pick(6) {
            let (at, to) = (pick(input.len()), pick(input.len()));
            match pick(5) {
                0 => input.truncate(at),
                1 => drop(input.drain(at.min(to)..at.max(to))),
                2 => input.extend_from_within(at.min(to)..at.max(to)),
                3 => {
                    let other = &seeds[pick(seeds.len())];
                    let from = pick(other.len());
                    input.extend_from_slice(&other[from..]);
                }
                _ => {
                    let value = u8::try_from(pick(256)).unwrap();
                    input.get_mut(at).into_iter().for_each(|byte| *byte = value);
                }
            }
            input.truncate(8192);
        }
        checks::run(target, &input);
    }
}

#[test]
fn any_frame_is_read_and_shown() {
    drive("frame");
}

#[test]
fn any_order_of_segments_gives_the_same_stream() {
    drive("stream");
}

#[test]
fn any_bytes_are_a_capture_or_a_mistake() {
    drive("file");
}

#[test]
fn any_packets_are_drawn_in_every_view() {
    drive("views");
}

#[test]
fn any_text_is_a_filter_or_a_mistake() {
    drive("filter");
}

#[test]
fn any_text_is_a_lesson_or_a_mistake() {
    drive("lesson");
}

#[test]
fn any_scenario_runs_whatever_befalls_its_frames() {
    drive("scenario");
}

#[test]
fn any_stranger_is_endured() {
    drive("peers");
}

#[test]
fn any_keys_at_any_size_keep_every_screen_whole() {
    drive("screens");
}

#[test]
#[ignore = "writes the seeds anew"]
fn make_the_seeds() {
    let keep = |target: &str, seeds: &[Vec<u8>]| {
        let folder = root().join("fuzz/corpus").join(target);
        fs::create_dir_all(&folder).unwrap();
        // What fuzzing found has a name, not a number, and stays.
        let numbered = |name: &str| name.strip_prefix("seed-").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
        for old in files(&folder).iter().filter(|f| f.file_name().is_some_and(|n| numbered(&n.to_string_lossy()))) {
            fs::remove_file(old).unwrap();
        }
        for (n, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{n:02}")), seed).unwrap();
        }
    };
    let captures: Vec<PathBuf> = files(&root().join("tests/captures"))
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e != "md"))
        .collect();
    let mut frames: Vec<Vec<u8>> = Vec::new();
    let (mut heads, mut talks) = (Vec::new(), Vec::new());
    for capture in &captures {
        // The first packets of a file are a file, too.
        heads.push(fs::read(capture).unwrap().into_iter().take(1500).collect());
        let (mut source, mut frame) = (File::open(capture).unwrap(), RawFrame::default());
        let mut talk = Vec::new();
        while matches!(source.next(&mut frame), Ok(Step::Frame)) {
            let known = frames.iter().any(|f: &Vec<u8>| f.len() == frame.bytes.len() + 3);
            if !known && frames.len() < 24 {
                frames.push([&[0, 0, 128], &frame.bytes[..]].concat());
            }
            let length = u16::try_from(frame.bytes.len()).unwrap_or(u16::MAX);
            let link = checks::packets::LINKS.iter().position(|&link| link == frame.link.0).unwrap();
            if talk.len() < 1200 && length < 1500 {
                talk.push(u8::try_from(link).unwrap());
                talk.extend(length.to_be_bytes());
                talk.extend(&frame.bytes);
            }
        }
        talks.push(talk);
    }
    keep("views", &talks);
    keep("frame", &frames);
    keep("file", &heads);
    let filters = fs::read_to_string(root().join("tests/filter/filters.txt")).unwrap();
    let lines: Vec<Vec<u8>> =
        filters.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(Into::into).collect();
    keep("filter", &lines.into_iter().step_by(5).take(30).collect::<Vec<_>>());
    let scenario = files(&root().join("lessons/scenarios")).first().map(|f| fs::read(f).unwrap()).unwrap();
    let lesson = COURSE.first().unwrap().1.as_bytes();
    keep("lesson", &[lesson[..lesson.len().min(2000)].to_vec(), scenario]);
    let scenarios: Vec<Vec<u8>> = READY
        .iter()
        .map(|(_, text)| [b"..d.l.2.c.o\n", text.as_bytes()].concat())
        .filter(|text| text.len() < 2500)
        .collect();
    keep("scenario", &scenarios);
    keep("peers", &[
        b"\x00\x20GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"\x01\x40HTTP/1.1 200 OK\r\nContent-Length: 79\r\n\r\n0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":9}".to_vec(),
        b"\x02\x03\x81\x85\x01\x02\x03\x04ieohn\x02\x01a".to_vec(),
        b"\x03\x04\x81\x85\x01\x02\x03\x04ieohn\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8".to_vec(),
        b"\x04\x0051-/chat,3[\"hey\",{\"_placeholder\":true,\"num\":0}]".to_vec(),
        b"\x04\x00GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"\x05\0{\"who\":0,\"event\":\"join\",\"data\":{\"name\":\"Ada\",\"room\":\"r\"}}\n{\"who\":0,\"event\":\"say\",\"data\":{\"text\":\"hey\",\"tag\":1}}\n{\"who\":1,\"event\":\"typing\",\"data\":{}}".to_vec(),
        b"\x06\0{\"event\":\"welcome\",\"data\":{\"key\":\"k\",\"capture\":{\"on\":true}}}\n{\"event\":\"said\",\"data\":{\"id\":1,\"name\":\"Ada\",\"text\":\"hey\"}}\n{\"kind\":\"packet\",\"time\":\"1.5\",\"line\":\"TCP [SYN]\",\"why\":\"opens\",\"hex\":\"00ff\",\"peel\":[{\"event\":\"said\",\"id\":1,\"steps\":[{\"title\":\"Room\",\"bytes\":[[0,1]]}]}]}".to_vec(),
    ]);
    let screens = [
        (0, "↓↓⇥4↓↓yJH⇥→→↓↑←⇱⇲zzoe⎋?⇟⇞⎋mPmP"),
        (1, ".↓./tcp.po⇥ == 80⏎⎋:12⏎*uUlsftr⎋a"),
        (0, "px0⎋⎋p1⏎⎋⎋x⇥⇥⏎⎋w/tmp/x⏎/nonsense==⏎⎋⎋q"),
        (2, "→1→⇥⇥→0→1→12⏎⎋0 →mPbdov:9⏎?⎋"),
        (6, "→→0 0→ 0→ 0→ →0→⇥x⏎⎋0:19⏎ abv"),
        (3, "1⏎ ↓⏎ ⎋0 12⏎ ⎋0 *→→⏎ "),
    ];
    keep("screens", &screens.map(|(which, keys)| checks::screens::spelt(which, keys)));
    let http = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\n\r\n";
    let plan = [[0, 20, 30, 1], [0, 0, 25, 0], [0, 10, 20, 1], [0, 45, 99, 1]].concat();
    let stream = |isn: u32, acks: u8| [&isn.to_be_bytes()[..], &[4, acks], &plan, http].concat();
    keep("stream", &[stream(7, 0), stream(u32::MAX - 20, 0), stream(0xf000_0000, 1)]);
}
