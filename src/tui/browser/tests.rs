use super::sift::Sift;
use super::{Browser, Options, Pane, Views, Wish};
use crate::browse::Look;
use crate::browse::pass::{Index, Lines, Walk};
use crate::browse::store::{Batch, Store};
use crate::filter::Filter;
use crate::flow::Limits;
use crate::model::{Kind, Osi, RawFrame};
use crate::rng::Rng;
use crate::source::file::File;
use crate::source::{Again, Source, Step};
use crate::tty::table::{named, on, rows};
use crate::tutor::{Audience, Texts};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn options() -> Options {
    let page = |what: &'static str| -> super::View {
        Arc::new(move |source, stream, _| {
            let (mut frame, mut n) = (RawFrame::default(), 0);
            while source.next(&mut frame).map_err(|e| e.to_string())? == Step::Frame {
                n += 1;
            }
            Ok(format!("{what} of stream {stream} in {n} packets"))
        })
    };
    Options {
        origin: "From the file websocket.pcap".into(),
        filter: String::new(),
        columns: String::new(),
        audience: Audience::Student,
        texts: Texts::english(),
        limits: Limits::default(),
        room: 1 << 24,
        color: false,
        views: Views {
            ladder: page("ladder"),
            follow: page("follow"),
            datagrams: page("datagrams"),
            stats: page("stats"),
            plot: page("plot"),
            hops: Some(Arc::new(|number, _| Ok(format!("hops of packet {number}")))),
            field: Box::new(|name| Some(format!("{name} means something"))),
            broken: Some(Box::new(|fault, columns| match fault {
                "nonsense" => Err("that is no fault".to_owned()),
                fault => Ok(format!("{fault} in {columns} columns")),
            })),
            write: Arc::new(|source, _| {
                let (mut frame, mut n) = (RawFrame::default(), 0);
                while source.next(&mut frame).map_err(|e| e.to_string())? == Step::Frame {
                    n += 1;
                }
                Ok(n)
            }),
        },
    }
}

fn frames(capture: &str) -> Vec<RawFrame> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(capture);
    let mut file = File::open(&path).unwrap();
    let mut all = Vec::new();
    loop {
        let mut frame = RawFrame::default();
        match file.next(&mut frame).unwrap() {
            Step::Frame => all.push(frame),
            Step::Idle => {}
            Step::End => return all,
        }
    }
}

fn browser(capture: &str) -> Browser {
    let mut browser = Browser::new(options());
    feed(&mut browser, &frames(capture));
    browser.ended(None);
    settle(&mut browser);
    browser
}

/// Frames that come, as the source's thread hands them on.
fn feed(browser: &mut Browser, frames: &[RawFrame]) {
    let mut index = index(browser);
    feed_more(browser, &mut index, frames);
}

fn index(browser: &Browser) -> Index {
    Index::new(Limits::default(), browser.options.room, false, browser.store.block())
}

fn feed_more(browser: &mut Browser, index: &mut Index, frames: &[RawFrame]) {
    browser.patience = Duration::from_mins(1);
    let mut batch = Batch::default();
    for frame in frames {
        index.take(frame, 0, &mut batch);
    }
    browser.take(batch);
}

fn settle(browser: &mut Browser) {
    while browser.work(Instant::now() + Duration::from_secs(1)) {}
}

fn press(browser: &mut Browser, keys: &str) -> Wish {
    let mut last = Wish::None;
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\x1b' => KeyCode::Esc,
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            '→' => KeyCode::Right,
            '←' => KeyCode::Left,
            c => KeyCode::Char(c),
        };
        last = browser.key(KeyEvent::new(code, KeyModifiers::NONE));
        settle(browser);
    }
    last
}

fn screen(browser: &mut Browser, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| browser.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

fn golden(name: &str, screen: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, screen);
    });
}

/// A capture's name, its frames, where each has its bytes, and the file if they stay there.
type Capture = (String, Vec<RawFrame>, Vec<u64>, Option<Arc<dyn Again>>);

/// All captures that can be read.
fn captures() -> Vec<Capture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(mut file) = File::open(&path) else { continue };
        let (mut frames, mut places) = (Vec::new(), Vec::new());
        let mut frame = RawFrame::default();
        while let Ok(Step::Frame) = file.next(&mut frame) {
            frames.push(frame.clone());
            places.push(file.place());
        }
        all.push((path.display().to_string(), frames, places, file.again()));
    }
    assert!(all.len() > 50, "{}", all.len());
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// A store of these frames in blocks of so many.
fn stored(frames: &[RawFrame], places: &[u64], again: Option<Arc<dyn Again>>, block: usize) -> Store {
    let mut index = Index::new(Limits::default(), 1 << 30, again.is_some(), block);
    let mut store = Store::new(Limits::default(), again, block);
    for (frames, places) in frames.chunks(5).zip(places.chunks(5)) {
        let mut batch = Batch::default();
        for (frame, &at) in frames.iter().zip(places) {
            index.take(frame, at, &mut batch);
        }
        store.add(batch);
    }
    store
}

#[test]
fn a_packet_read_from_a_checkpoint_is_what_a_walk_from_the_beginning_shows() {
    let texts = Texts::english();
    let told = |walk: &Walk, at| {
        let (look, tracker) = (Look::at(at, walk.here(), Audience::Student, &texts), &walk.here().tracker);
        let connection = tracker.current().and_then(|current| tracker.connection(current));
        let buffers = walk.packet().buffers().to_vec();
        format!("{:#?}\n{buffers:?}\n{:?}\n{connection:#?}", look.lines(&Osi::ALL), tracker.events())
    };
    let mut compared = 0;
    for (name, frames, places, again) in captures() {
        // The longest have nothing in their later packets that the first don't have.
        let most = frames.len().min(1500);
        let (frames, places) = (&frames[..most], &places[..most]);
        // Small blocks, so that something is in the middle at many checkpoints.
        let store = stored(frames, places, again, 11);
        assert_eq!(store.len(), frames.len(), "{name}");
        let mut slow = Walk::of(&store);
        let mut whole = Vec::new();
        while slow.step(&store) {
            whole.push(told(&slow, whole.len()));
        }
        assert_eq!(whole.len(), frames.len(), "{name}: every byte is there");
        // From the last block to the first: each is begun at its checkpoint.
        let mut fast = Walk::of(&store);
        for block in (0..store.len().div_ceil(11)).rev() {
            fast.approach(&store, block * 11);
            assert_eq!(fast.next(), block * 11);
            for (at, whole) in whole.iter().enumerate().skip(block * 11).take(11) {
                assert!(fast.step(&store));
                let now = told(&fast, at);
                let other = now.lines().zip(whole.lines()).find(|(now, whole)| now != whole);
                assert!(now == *whole, "{name}, packet {}: {other:?}", at + 1);
                compared += 1;
            }
        }
    }
    assert!(compared > 3_000, "{compared}");
}

#[test]
fn threads_that_filter_blocks_find_what_one_walk_finds() {
    // Some of them are decided by what is read for a line, too.
    for filter in [
        "tcp.flags.syn == 1",
        "frame.number > 20 && http",
        "tcp.analysis.flags",
        "ip || arp",
        "nbns",
        "tcp.analysis.retransmission || http.request || dns.qry.name contains \"example\"",
        "!(tcp.len > 0) && tcp.payload[0:1] != 47 || len(udp.payload) == 20",
    ] {
        for (name, frames, places, again) in captures() {
            let store = stored(&frames, &places, again, 7);
            let parsed = Filter::parse(filter).unwrap();
            let (mut walk, mut found) = (Walk::of(&store), Vec::new());
            while walk.step(&store) {
                if parsed.matches(walk.packet()) {
                    found.push(u32::try_from(walk.next() - 1).unwrap());
                }
            }
            let mut sift = Sift::new(filter, parsed, &store);
            while sift.work(&store, Instant::now() + Duration::from_mins(1)) {}
            assert_eq!(sift.found(), found, "{filter} on {name}");
            assert_eq!((sift.seen(), sift.count()), (store.len(), found.len()));
            let (mut lines, mut walk) = (Lines::default(), Walk::of(&store));
            for &at in &found {
                let at = at as usize;
                assert!(lines.make(&mut walk, &store, at, &mut || false));
                let line = lines.get(at).unwrap();
                assert!(sift.line(at).is_none_or(|kept| kept.columns() == line.columns()), "{name}: {at}");
            }
            assert!(found.first().is_none_or(|&at| sift.line(at as usize).is_some()), "the first are kept");
        }
    }
}

#[test]
fn every_frame_is_in_one_share_and_the_last_shares_are_small() {
    for (blocks, threads) in [(1, 1), (2, 2), (122, 2), (122, 8), (1000, 3)] {
        let (mut at, mut shares) = (0, Vec::new());
        while at < blocks * 7 {
            let to = super::sift::share(at, blocks * 7, 7, threads);
            assert!(to > at && to.is_multiple_of(7) && to <= blocks * 7, "{at} to {to} of {blocks}");
            shares.push((to - at) / 7);
            at = to;
        }
        assert!(shares.is_sorted_by(|a, b| a >= b) && shares.last() == Some(&1), "{shares:?}");
        assert!(shares.len() <= 16 * threads + blocks / 16, "few of {blocks} blocks begin at a checkpoint: {shares:?}");
    }
}

#[test]
fn what_is_unusual_is_known_without_details() {
    let unusual = Filter::parse(crate::filter::UNUSUAL).unwrap();
    let mut found = [0, 0];
    for (name, frames, places, again) in captures() {
        let store = stored(&frames, &places, again, 100);
        let mut walk = Walk::of(&store);
        while walk.step(&store) {
            let at = walk.next() - 1;
            let odd = store.get(at).unwrap().odd;
            assert_eq!(odd, unusual.matches(walk.packet()), "{name}, packet {}", at + 1);
            found[usize::from(odd)] += 1;
        }
    }
    assert!(found.iter().all(|&n| n > 100), "{found:?}");
}

#[test]
fn each_size_shows_the_list_the_seven_layers_and_the_bytes() {
    for (name, width, height) in [("browser-60x20", 60, 20), ("browser-80x24", 80, 24), ("browser-120x40", 120, 40)] {
        let mut browser = browser("websocket.pcap");
        press(&mut browser, "↓↓↓\t4");
        golden(name, &screen(&mut browser, width, height));
    }
}

#[test]
fn a_room_sees_fewer_columns_and_pseudonyms() {
    for (name, width, height) in [("room-60x20", 60, 20), ("room-80x24", 80, 24), ("room-120x40", 120, 40)] {
        let mut browser = browser("websocket.pcap");
        press(&mut browser, "↓↓↓\t3mP");
        browser.notice.clear();
        golden(name, &screen(&mut browser, width, height));
    }
}

#[test]
fn with_masks_on_no_page_shows_an_address_or_a_name_that_a_field_says() {
    for (name, all, ..) in captures() {
        let mut browser = Browser::new(options());
        feed(&mut browser, &all);
        settle(&mut browser);
        press(&mut browser, "1234567m");
        let mut hidden = std::collections::BTreeSet::new();
        for at in (0..all.len()).step_by(1 + all.len() / 4) {
            browser.choose(at);
            settle(&mut browser);
            let look = browser.seen().unwrap();
            for field in &look.packet.fields {
                let mut text = String::new();
                crate::model::show::value(&look.packet, field, &mut text);
                let bare = text.split(['/', ' ', '<']).next().unwrap_or("").trim_end_matches('.').to_lowercase();
                let dotted = ["dns.qry.name", "http.host", "tls.handshake.extensions_server_name"];
                let says = match field.def.kind {
                    Kind::Ipv4 => bare.parse().is_ok_and(|ip: Ipv4Addr| {
                        !ip.is_loopback() && !ip.is_multicast() && !ip.is_broadcast() && !ip.is_unspecified()
                    }),
                    Kind::Ether => !bare.starts_with("00:00:00") && !bare.starts_with("ff:ff") && bare.starts_with('0'),
                    _ => dotted.contains(&field.def.name) && bare.contains(".example") && !bare.contains('@'),
                };
                if says && !bare.starts_with("01:") && !bare.starts_with("03:") {
                    hidden.insert(bare);
                }
            }
            for pane in ["", "\t", "\t"] {
                press(&mut browser, pane);
                let drawn = screen(&mut browser, 120, 150).to_lowercase();
                for text in &hidden {
                    assert!(!drawn.contains(text), "{name}, packet {}: {text}\n{drawn}", at + 1);
                }
            }
            browser.pane = Pane::List;
        }
    }
}

#[test]
fn a_pseudonym_hides_the_bytes_too_and_what_is_copied_stays() {
    let mut browser = browser("websocket.pcap");
    press(&mut browser, "m3\t");
    let address = browser.lines().iter().position(|line| line.right == "ip.src");
    browser.line = browser.lines().iter().position(|line| line.right == "ipv6.src").or(address).unwrap();
    let drawn = screen(&mut browser, 140, 60);
    assert!(drawn.contains("·· ·· ·· ··"), "{drawn}");
    let Wish::Copy(filter) = press(&mut browser, "y") else { panic!("nothing was copied") };
    assert!(filter.contains(".src == ") && !filter.contains("ip-"), "{filter}");
    let Wish::Copy(bytes) = press(&mut browser, "H") else { panic!("nothing was copied") };
    assert!(bytes.len().is_multiple_of(8) && bytes.chars().all(|c| c.is_ascii_hexdigit()), "{bytes}");
    let Wish::Copy(json) = press(&mut browser, "J") else { panic!("nothing was copied") };
    assert!(json.starts_with("{\"v\":1") && json.contains("tcp.srcport"), "{json}");
}

#[test]
fn a_file_that_grows_or_is_cut_while_it_is_open_is_a_sentence_in_the_footer() {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/websocket.pcap");
    let path = std::env::temp_dir().join(format!("osi-tutor-browser-{}.pcap", std::process::id()));
    std::fs::copy(from, &path).unwrap();
    let mut file = File::open(&path).unwrap();
    let again = file.again();
    assert!(again.is_some(), "a file's bytes can be read again");
    let mut browser = Browser::over(options(), again, 4);
    browser.patience = Duration::from_mins(1);
    let mut index = Index::new(Limits::default(), 1 << 20, true, 4);
    let (mut batch, mut frame) = (Batch::default(), RawFrame::default());
    while file.next(&mut frame).unwrap() == Step::Frame {
        index.take(&frame, file.place(), &mut batch);
    }
    browser.take(batch);
    browser.ended(None);
    settle(&mut browser);
    assert!(screen(&mut browser, 100, 30).contains("? help"));
    let open = std::fs::File::options().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut &open, &[0; 16]).unwrap();
    settle(&mut browser);
    assert!(screen(&mut browser, 120, 30).contains("has grown by 16 bytes"));
    open.set_len(500).unwrap();
    settle(&mut browser);
    let told = screen(&mut browser, 120, 30);
    assert!(told.contains("The file was cut by"), "{told}");
    press(&mut browser, "G");
    let drawn = screen(&mut browser, 120, 30);
    assert!(drawn.contains("no longer in the file"), "{drawn}");
    press(&mut browser, "g");
    assert!(screen(&mut browser, 120, 30).contains("7 Application"), "what is left can be looked at");
    let _ = std::fs::remove_file(&path);
}

#[test]
fn a_link_that_goes_down_and_comes_back_is_a_sentence_in_the_footer() {
    let mut browser = Browser::new(options()).following();
    feed(&mut browser, &frames("websocket.pcap"));
    browser.link(true);
    settle(&mut browser);
    let drawn = screen(&mut browser, 100, 30);
    assert!(drawn.contains("The link went down; the capture waits") && drawn.contains("link down"), "{drawn}");
    press(&mut browser, "↑");
    assert!(screen(&mut browser, 100, 30).contains("link down"), "the title says it as long as it is so");
    browser.link(false);
    let drawn = screen(&mut browser, 100, 30);
    assert!(drawn.contains("The link came back") && !drawn.contains("link down"), "{drawn}");
}

#[test]
fn escape_stops_a_filter_that_is_at_work_and_keeps_the_one_before() {
    let all = frames("socketio.pcapng");
    let mut browser = Browser::over(options(), None, 4);
    feed(&mut browser, &all);
    settle(&mut browser);
    press(&mut browser, "/http\n");
    let before = browser.shown();
    press(&mut browser, "/");
    browser.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
    assert!(screen(&mut browser, 100, 30).ends_with("Filter:\n"), "Ctrl-U empties the line");
    browser.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    browser.filter("tcp").unwrap();
    let drawn = screen(&mut browser, 160, 30);
    assert!(drawn.contains(&format!("filtering: 0 of {}", all.len())), "{drawn}");
    browser.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    settle(&mut browser);
    assert_eq!(browser.shown(), before);
    assert!(screen(&mut browser, 100, 30).contains("Stopped; still shown by http"));
}

#[test]
fn a_filter_is_tried_as_it_is_typed_and_keeps_the_old_result_while_it_is_wrong() {
    let mut browser = browser("socketio.pcapng");
    let all = browser.shown();
    press(&mut browser, "/http.request");
    let some = browser.shown();
    assert!(0 < some && some < all, "{some} of {all}");
    // Enter doesn't begin again what was tried while it was typed.
    browser.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    assert!(browser.next.is_none() && browser.typing.is_none());
    press(&mut browser, "/.nosuch");
    assert_eq!(browser.shown(), some);
    assert!(screen(&mut browser, 120, 24).contains("http.request.nosuch"));
    press(&mut browser, "\x1b\x1b");
    assert_eq!(browser.shown(), all, "Esc leaves the line, then the filter");
}

#[test]
fn tab_completes_a_fields_name() {
    let mut browser = browser("websocket.pcap");
    press(&mut browser, "/websocket.payload_l\t");
    assert_eq!(browser.typing.as_ref().unwrap().text, "websocket.payload_length");
    press(&mut browser, "\x1b\x1b/tcp.port\t");
    assert_eq!(browser.typing.as_ref().unwrap().text, "tcp.port", "an alias is a name, too");
}

#[test]
fn a_line_and_its_bytes_choose_each_other() {
    let mut browser = browser("websocket.pcap");
    press(&mut browser, "\t4");
    let named = |browser: &Browser, name: &str| browser.lines().iter().position(|line| line.right == name);
    let port = named(&browser, "tcp.dstport").unwrap();
    while browser.line != port {
        press(&mut browser, "↓");
    }
    assert_eq!(browser.byte, 36);
    assert_eq!(press(&mut browser, "y"), Wish::Copy("tcp.dstport == 8000".into()));
    press(&mut browser, "\t→→");
    assert_eq!(browser.lines()[browser.line].right, "tcp.seq_raw", "two bytes further is the sequence number");
    for _ in 0..20 {
        press(&mut browser, "←");
    }
    assert_eq!(browser.lines()[browser.line].osi, crate::model::Osi::Network, "the layer of a byte unfolds");
}

#[test]
fn going_back_one_by_one_shows_what_going_forward_showed() {
    let mut browser = browser("websocket.pcap");
    let seen = |browser: &mut Browser| {
        let look = browser.seen().unwrap();
        (look.index, look.rows.clone(), look.stream)
    };
    let mut there = Vec::new();
    for _ in 0..browser.shown() {
        there.push(seen(&mut browser));
        press(&mut browser, "↓");
    }
    browser.recent.clear();
    settle(&mut browser);
    for wanted in there.iter().rev() {
        assert_eq!(&seen(&mut browser), wanted);
        press(&mut browser, "↑");
    }
}

#[test]
fn a_pause_holds_the_list_and_loses_nothing() {
    let all = frames("websocket.pcap");
    let mut browser = Browser::new(options()).following();
    let mut index = index(&browser);
    feed_more(&mut browser, &mut index, &all[..5]);
    settle(&mut browser);
    assert_eq!(browser.chosen, 4, "what is newest is chosen");
    press(&mut browser, ".");
    feed_more(&mut browser, &mut index, &all[5..]);
    settle(&mut browser);
    assert_eq!((browser.shown(), browser.chosen), (5, 4));
    let drawn = screen(&mut browser, 80, 24);
    assert!(drawn.contains(&format!("paused, {} more wait", all.len() - 5)), "{drawn}");
    press(&mut browser, ".");
    assert_eq!(browser.shown(), all.len());
}

#[test]
fn what_finds_no_room_is_counted() {
    let mut browser = Browser::new(Options { room: 500, ..options() });
    let all = frames("websocket.pcap");
    feed(&mut browser, &all);
    let kept = browser.store.len();
    assert!(kept < all.len() && browser.refused == (all.len() - kept) as u64);
    assert!(screen(&mut browser, 100, 24).contains("more not kept"));
}

#[test]
fn every_key_of_the_table_does_something() {
    let mut browser = browser("socketio.pcapng");
    press(&mut browser, "↓↓↓");
    for (keys, says) in [
        ("r", "hops of packet 4"),
        ("t", "plot of stream 0"),
        ("l", "ladder of stream 0"),
        ("f", "follow of stream 0"),
        ("s", "stats of stream 0"),
        ("?", "one up, one down"),
    ] {
        press(&mut browser, keys);
        assert!(screen(&mut browser, 80, 24).contains(says), "{keys}");
        press(&mut browser, "\x1b");
    }
    press(&mut browser, ":100\n");
    assert_eq!(browser.chosen, 99);
    press(&mut browser, ":9999\n");
    assert!(browser.notice.contains("9999"));
    press(&mut browser, "*g");
    press(&mut browser, "u");
    assert!(browser.chosen > 0, "the mark is found");
    press(&mut browser, "w/tmp/x\n");
    assert!(browser.notice.contains("209 packets"), "{}", browser.notice);
    press(&mut browser, "a");
    assert!(browser.notice.contains("engineer"));
    assert_eq!(press(&mut browser, "q"), Wish::Quit);
}

/// What reads a frame whenever the test lets it, and all the rest once the test has hung up; and both ends of that.
fn gated() -> (Sender<()>, Receiver<()>, impl Fn(&mut dyn Source) -> u64 + Send + Sync) {
    let ((go, gate), (tell, told)) = (channel(), channel());
    let gate = Mutex::new(gate);
    let read = move |source: &mut dyn Source| {
        let (mut frame, mut n) = (RawFrame::default(), 0);
        loop {
            let _ = gate.lock().unwrap().recv();
            if source.next(&mut frame).unwrap() != Step::Frame {
                return n;
            }
            n += 1;
            let _ = tell.send(());
        }
    };
    (go, told, read)
}

#[test]
fn a_page_is_made_behind_the_screen_which_says_how_far_it_is() {
    let (go, told, read) = gated();
    let mut options = options();
    options.views.ladder = Arc::new(move |source, _, _| Ok(format!("{} packets were read", read(source))));
    let mut browser = Browser::new(options);
    feed(&mut browser, &frames("websocket.pcap"));
    settle(&mut browser);
    let key = |browser: &mut Browser, code| {
        browser.key(KeyEvent::new(code, KeyModifiers::NONE));
        browser.work(Instant::now());
    };
    let read_three = || {
        for _ in 0..3 {
            go.send(()).unwrap();
            told.recv().unwrap();
        }
    };
    key(&mut browser, KeyCode::Char('l'));
    read_three();
    let drawn = screen(&mut browser, 120, 30);
    assert!(drawn.contains("Ladder: 3 of 50 packets read, Esc stops it"), "{drawn}");
    key(&mut browser, KeyCode::Down);
    assert_eq!((browser.chosen, browser.page.is_none()), (1, true), "other keys are heard meanwhile");
    key(&mut browser, KeyCode::Esc);
    assert!(screen(&mut browser, 120, 30).contains("packets read, stopping"));
    go.send(()).unwrap();
    settle(&mut browser);
    assert!(browser.page.is_none() && browser.notice == "Ladder: stopped", "{}", browser.notice);
    // Where somebody types when it's ready, it waits.
    key(&mut browser, KeyCode::Char('l'));
    read_three();
    key(&mut browser, KeyCode::Char('/'));
    drop(go);
    settle(&mut browser);
    assert!(browser.page.is_none());
    press(&mut browser, "\x1b");
    assert!(screen(&mut browser, 120, 30).contains("50 packets were read"));
}

#[test]
fn what_is_written_when_escape_stops_it_is_said() {
    let (go, told, read) = gated();
    let mut options = options();
    options.views.write = Arc::new(move |source, _| Ok(read(source)));
    let mut browser = Browser::new(options);
    feed(&mut browser, &frames("websocket.pcap"));
    settle(&mut browser);
    browser.write("some.pcapng");
    go.send(()).unwrap();
    told.recv().unwrap();
    browser.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    go.send(()).unwrap();
    settle(&mut browser);
    assert_eq!(browser.notice, "Stopped: the first 1 of 50 packets are in some.pcapng");
}

#[test]
fn a_udp_conversation_is_followed_as_a_connection_is() {
    let mut browser = browser("dns.pcap");
    press(&mut browser, "/udp\nf");
    let told = screen(&mut browser, 80, 24);
    assert!(told.contains("datagrams of stream 0"), "{told}");
    press(&mut browser, "\x1bl");
    assert!(browser.notice.contains("no TCP connection"), "{}", browser.notice);
}

#[test]
fn text_and_bytes_are_found_in_the_frames_shown_and_n_goes_on() {
    let mut browser = browser("websocket.pcap");
    press(&mut browser, "Fget /chat\n");
    assert_eq!((browser.chosen, browser.pane), (3, Pane::Bytes), "{}", browser.notice);
    // The frame begins with 66 bytes of headers.
    assert_eq!(browser.byte, 66, "{}", browser.notice);
    assert!(browser.notice.contains("bytes 66 to 74 of the frame"), "{}", browser.notice);
    assert!(browser.lines()[browser.line].span.is_some_and(|span| span.start <= 66), "its line is chosen");
    press(&mut browser, "n");
    assert!(browser.chosen == 3 && browser.notice.contains("past the end"), "{}", browser.notice);
    // Both port numbers, as bytes: from packet to packet, and back.
    press(&mut browser, "gF93:da:1f:40\n");
    let first = browser.chosen;
    press(&mut browser, "n");
    let second = browser.chosen;
    press(&mut browser, "N");
    assert!(second > first && browser.chosen == first, "{first} {second}");
    // What no frame has, what is nothing, and a filter that hides the packet.
    press(&mut browser, "Fno such text\n");
    assert!(browser.notice.contains("None of the packets shown"), "{}", browser.notice);
    press(&mut browser, "F0x1\n");
    assert!(screen(&mut browser, 120, 24).contains("digits come in pairs"));
    press(&mut browser, "\x1b/tcp.flags.syn == 1\nFget /chat\n");
    assert!(browser.notice.contains("None of the packets shown"), "{}", browser.notice);
}

#[test]
fn conversations_are_listed_by_what_carries_them_and_enter_filters_by_one() {
    let mut browser = browser("socketio.pcapng");
    press(&mut browser, "c");
    let told = screen(&mut browser, 120, 24);
    let count: usize = told.split(" TCP ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(count > 1 && told.contains("Packets") && told.contains("Lasted"), "{told}");
    // Narrow screens leave columns out.
    let narrow = screen(&mut browser, 60, 20);
    assert!(!narrow.contains("Lasted") && narrow.contains("Packets"), "{narrow}");
    press(&mut browser, "↓\n");
    assert_eq!(browser.sift.as_ref().unwrap().text, "tcp.stream == 1");
    let shown = browser.shown();
    assert!(0 < shown && shown < browser.store.len() && browser.talks.is_none(), "{shown}");
    // The same packets as the list says, whatever the filter: it is about all.
    press(&mut browser, "c↓");
    let told = screen(&mut browser, 120, 24);
    let row = told.lines().find(|line| line.contains(&format!(" {shown} "))).map(str::to_owned);
    assert!(row.is_some(), "{shown} packets: {told}");
    press(&mut browser, "\t\t\n");
    let filter = browser.sift.as_ref().unwrap().text.clone();
    assert!(filter.contains(".addr == ") && browser.shown() == browser.store.len(), "{filter}");
    // UDP has none there; masks hide who it is; Esc leaves, the filter stays.
    press(&mut browser, "c\t\n");
    assert!(screen(&mut browser, 80, 24).contains("No conversation over UDP."));
    press(&mut browser, "\x1b");
    assert!(browser.talks.is_none() && browser.sift.is_some());
    let mut browser = self::browser("websocket.pcap");
    press(&mut browser, "cm");
    assert!(screen(&mut browser, 80, 24).contains("ip-1"));
}

#[test]
fn fields_are_columns_as_far_as_there_is_room() {
    let mut browser = browser("websocket.pcap");
    press(&mut browser, "Cip.ttl tcp.seq_r\t,\n");
    let told = screen(&mut browser, 120, 30);
    assert!(told.lines().nth(1).unwrap().contains("Protocol   ip.ttl  tcp.seq_raw"), "{told}");
    assert!(told.lines().nth(5).unwrap().contains("  64      1977815484 "), "{told}");
    // A narrow screen leaves out the last ones rather than cutting them.
    let narrow = screen(&mut browser, 80, 24);
    assert!(narrow.contains("ip.ttl") && !narrow.contains("tcp.seq_raw"), "{narrow}");
    // The chosen field is added; what is no field is said, and stays to be mended; nothing is none.
    press(&mut browser, "\t4");
    let port = browser.lines().iter().position(|line| line.right == "tcp.dstport").unwrap();
    browser.line = port;
    press(&mut browser, "C");
    assert_eq!(browser.typing.as_ref().unwrap().text, "ip.ttl, tcp.seq_raw, tcp.dstport");
    press(&mut browser, " nosuch\n");
    assert!(screen(&mut browser, 120, 30).contains("There's no field 'nosuch' for a column"));
    browser.typing.as_mut().unwrap().text.clear();
    press(&mut browser, "\n");
    assert!(!screen(&mut browser, 120, 30).contains("tcp.seq_raw"), "none");
    // With a filter, each row has its own packet's values; masks hide addresses in them, too.
    press(&mut browser, "\x1b/frame.number == 4\n\x1bCip.src\nm");
    let told = screen(&mut browser, 120, 30);
    assert!(told.lines().nth(2).unwrap().matches("ip-1").count() == 2, "{told}");
}

#[test]
fn a_search_over_many_frames_hears_keys_and_esc_stops_it() {
    let mut browser = Browser::new(options());
    let some = frames("websocket.pcap");
    let many: Vec<RawFrame> = std::iter::repeat_n(some, 4).flatten().collect();
    feed(&mut browser, &many);
    settle(&mut browser);
    press(&mut browser, "F");
    browser.typing.as_mut().unwrap().text = "never said".into();
    browser.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    // No time at all: 64 frames, and then the keys.
    assert!(browser.work(Instant::now()) && browser.seek.as_ref().unwrap().left() == many.len() - 64);
    assert!(screen(&mut browser, 100, 30).contains("searching: 136 to go"));
    browser.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    assert!(browser.seek.is_none() && screen(&mut browser, 100, 30).contains("The search was stopped"));
}

#[test]
fn a_wide_screen_has_sixteen_bytes_in_a_row() {
    for (width, in_row) in [(109, 16), (110, 8), (117, 8), (118, 16), (120, 16), (200, 16)] {
        let mut browser = browser("websocket.pcap");
        let drawn = screen(&mut browser, width, 40);
        // The times of the list end in zeros, too.
        let is_dump = |line: &&str| line.starts_with("0000  ") || line.contains(" 0000  ");
        let row = drawn.lines().find(is_dump).and_then(|line| line.split("0000  ").last()).unwrap();
        let bytes = row.split(' ').take_while(|part| part.len() == 2).count();
        assert_eq!(bytes, in_row, "{width}: {drawn}");
    }
}

#[test]
fn a_key_that_the_table_doesnt_give_to_packets_changes_nothing_there() {
    let mut browser = browser("socketio.pcapng");
    press(&mut browser, "↓↓\t");
    let before = screen(&mut browser, 80, 24);
    for (name, _) in rows(on::REST).filter(|row| row.on & on::PACKETS == 0).flat_map(|row| row.keys) {
        assert_eq!(browser.key(named(name)), Wish::None, "{name}");
        settle(&mut browser);
        assert_eq!(screen(&mut browser, 80, 24), before, "{name}");
    }
}

#[test]
fn every_key_that_the_table_gives_to_packets_changes_something_somewhere() {
    // A list, layers, bytes, a filter that is typed, one that is in force; what comes may be held.
    let places = ["↓↓", "↓↓\t4↓↓↓", "↓↓\t\t→→", "/tcp.p", "/http\n", "↓↓x"];
    for (name, _) in rows(on::PACKETS).flat_map(|row| row.keys) {
        let changes = |keys: &&str| {
            let mut browser = browser("mailbox.pcap");
            press(&mut browser, keys);
            let state = |browser: &mut Browser| (browser.pane, browser.held, screen(browser, 80, 24));
            let before = state(&mut browser);
            let wish = browser.key(named(name));
            settle(&mut browser);
            wish != Wish::None || state(&mut browser) != before
        };
        assert!(places.iter().any(changes), "{name}");
    }
}

#[test]
fn any_keys_at_any_size_keep_the_screen_whole() {
    const CODES: &[KeyCode] = &[
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::F(1),
    ];
    const LETTERS: &[char] = &[
        'j', 'k', 'g', 'G', '/', ':', 'n', 'N', 'b', ' ', '*', 'u', 'U', 'c', 'C', 'F', 'o', '0', '.', 'r', 'l', 'f',
        's', 'e', 'y', 'a', 'z', '?', 'q', '1', '4', '7', 'm', 'P', 'J', 'H', 't', 'h', 'p', 'x', 'w', 'ü', '漢',
        '\u{202e}', '\u{7}',
    ];
    let mut browser = browser("socketio.pcapng");
    let mut rng = Rng::seeded(14);
    for _ in 0..3_000 {
        let at = usize::try_from(rng.below((CODES.len() + LETTERS.len()) as u64)).unwrap();
        let code = CODES.get(at).copied().unwrap_or_else(|| KeyCode::Char(LETTERS[at - CODES.len()]));
        browser.key(KeyEvent::new(code, KeyModifiers::NONE));
        browser.work(Instant::now() + Duration::from_millis(2));
        let [width, height] = [140, 50].map(|most| u16::try_from(1 + rng.below(most)).unwrap());
        let drawn = screen(&mut browser, width, height);
        assert!(!drawn.contains(['\u{202e}', '\u{7}', '\x1b']));
    }
}

#[test]
fn no_capture_puts_anything_on_the_screen_that_a_terminal_obeys() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if !name.ends_with("pcap") && !name.ends_with("pcapng") {
            continue;
        }
        let mut browser = Browser::new(Options { origin: "From ev\u{202e}il\x1b[31m".into(), ..options() });
        feed(&mut browser, &frames(&name));
        settle(&mut browser);
        press(&mut browser, "1234567");
        for _ in 0..12 {
            let drawn = screen(&mut browser, 100, 60);
            let turns = '\u{2028}'..='\u{202e}';
            let bad = |c: &char| *c != '\n' && (c.is_control() || turns.contains(c));
            assert_eq!(drawn.chars().find(bad), None, "{name}");
            press(&mut browser, "↓");
        }
    }
}

#[test]
fn the_next_packet_is_predicted_before_it_is_looked_at() {
    let mut browser = browser("mailbox.pcap");
    // The second packet answers the first: a SYN is followed by SYN, ACK.
    press(&mut browser, "p");
    let asked = screen(&mut browser, 80, 24);
    assert!(asked.contains("what do you expect?") && asked.contains("0 skip"), "{asked}");
    assert!(!asked.contains("Proof"), "{asked}");
    let right = browser.prediction.as_ref().unwrap().session.questions()[0].task.right();
    press(&mut browser, &right);
    // A choice is made at once, what is typed needs Enter.
    if !screen(&mut browser, 80, 24).contains("Right") {
        press(&mut browser, "\n");
    }
    let told = screen(&mut browser, 80, 24);
    assert!(told.contains("Right") && told.contains("Enter look at it"), "{told}");
    press(&mut browser, "\n");
    assert_eq!((browser.chosen, browser.prediction.is_none()), (1, true), "{told}");
    // Esc leaves it alone; at the end there is nothing to ask.
    press(&mut browser, "p\x1b");
    assert_eq!(browser.chosen, 1);
    press(&mut browser, "Gp");
    assert!(browser.notice.contains("no next packet"), "{}", browser.notice);
}

#[test]
fn a_packet_of_a_simulation_can_be_broken_and_no_other() {
    let mut browser = browser("mailbox.pcap");
    press(&mut browser, "↓x");
    assert_eq!(browser.typing.as_ref().unwrap().text, "drop 2");
    press(&mut browser, "\t\t");
    assert_eq!(browser.typing.as_ref().unwrap().text, "duplicate 2");
    press(&mut browser, "\t\t\t\t\n");
    let told = screen(&mut browser, 70, 24);
    assert!(told.contains("What if: delay 300ms 2") && told.contains("delay 300ms 2 in 80 columns"), "{told}");
    // What makes no sense is said beside it, and stays to be mended.
    press(&mut browser, "\x1bx");
    browser.typing.as_mut().unwrap().text = "nonsense".to_owned();
    press(&mut browser, "\n");
    assert!(screen(&mut browser, 70, 24).contains("that is no fault"));
    press(&mut browser, "\x1b");
    browser.options.views.broken = None;
    press(&mut browser, "x");
    assert!(browser.typing.is_none() && browser.notice.contains("Only a simulation"), "{}", browser.notice);
}

#[test]
fn a_click_chooses_what_is_under_it() {
    let mut browser = browser("socketio.pcapng");
    let click = |browser: &mut Browser, column: u16, row: u16| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        browser.mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        settle(browser);
    };
    screen(&mut browser, 120, 40);
    let (list, layers, dump) = (browser.places.list, browser.places.layers, browser.places.bytes);
    click(&mut browser, list.x + 3, list.y + 4);
    assert_eq!(browser.chosen, 3);
    screen(&mut browser, 120, 40);
    // The layers' third line, and a second click unfolds it.
    click(&mut browser, layers.x + 2, layers.y + 3);
    let osi = browser.lines()[browser.line].osi;
    assert!((browser.pane, browser.open.is_empty()) == (Pane::Layers, true));
    click(&mut browser, layers.x + 2, layers.y + 3);
    assert_eq!(browser.open, [osi]);
    // The same byte by its digits and by its character; beside the bytes there is nothing.
    screen(&mut browser, 120, 40);
    click(&mut browser, dump.x + 6 + 3 * 5, dump.y + 1);
    let first = browser.byte;
    click(&mut browser, dump.x + 6 + 16 * 3 + 1 + 5, dump.y + 1);
    assert_eq!((browser.byte, browser.pane), (first, Pane::Bytes));
    click(&mut browser, dump.x, dump.y + 1);
    click(&mut browser, 119, 39);
    assert_eq!(browser.byte, first);
    // The wheel over the list goes on there, whatever hears the keys.
    browser.mouse(MouseEvent {
        kind: MouseEventKind::ScrollDown,
        column: 1,
        row: list.y + 1,
        modifiers: KeyModifiers::NONE,
    });
    assert_eq!((browser.chosen, browser.pane), (6, Pane::Bytes));
}

#[test]
fn the_guide_shows_the_screen_and_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/browse.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut browser = browser("websocket.pcap");
    press(&mut browser, "↓↓↓\t4");
    let (before, rest) = page.split_once("```text\n").unwrap();
    let (_, rest) = rest.split_once("```").unwrap();
    let (middle, rest) = rest.split_once("|---|---|\n").unwrap();
    let after = rest.split_once("\n\n").unwrap().1;
    let rows: Vec<String> = rows(on::PACKETS).map(|row| format!("| {} | {} |\n", row.names(), row.says)).collect();
    let rows = rows.concat();
    let fresh = format!("{before}```text\n{}```{middle}|---|---|\n{rows}\n{after}", screen(&mut browser, 100, 30));
    if std::env::var_os("UPDATE_README").is_some_and(|v| v == "1") {
        return std::fs::write(path, fresh).unwrap();
    }
    assert!(fresh == page, "UPDATE_README=1 cargo test --lib tui:: writes it anew");
}
