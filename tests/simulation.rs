//! The simulator's promises: every step is there, the seed decides every byte, other programs agree.

mod common;

use common::{has_tshark, in_parallel};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use etherparse::{NetSlice, SlicedPacket, TcpOptionElement, TcpSlice, TransportSlice};
use osi_tutor::model::{RawFrame, Remark};
use osi_tutor::sim::scenario::{READY, Scenario};
use osi_tutor::sim::{Fate, START, Simulation};
use osi_tutor::source::file::Writer;
use osi_tutor::source::{Source, Step};

fn scenario(name: &str) -> Scenario {
    Scenario::ready(name).expect("the scenario is a ready one").expect("its file is right")
}

fn frames(mut simulation: Simulation) -> Vec<RawFrame> {
    let (mut all, mut frame) = (Vec::new(), RawFrame::default());
    while simulation.next(&mut frame).unwrap() == Step::Frame {
        all.push(frame.clone());
    }
    all
}

fn run(name: &str, seed: u64) -> Vec<RawFrame> {
    frames(Simulation::new(&scenario(name), seed))
}

/// What is seen from another place, with its interface's name.
fn seen(name: &str, place: &str) -> Vec<RawFrame> {
    let scenario = scenario(name);
    frames(Simulation::new(&scenario, 1).seen_from(&scenario, place).expect("there is such a place"))
}

fn on(frame: &RawFrame) -> &str {
    frame.interface.as_ref().map_or("", |interface| interface.name.as_str())
}

fn bytes(frames: &[RawFrame]) -> Vec<(i64, &[u8])> {
    frames.iter().map(|frame| (frame.time.0, frame.bytes.as_slice())).collect()
}

/// Calls `look` with each TCP segment.
fn segments<T>(frames: &[RawFrame], mut look: impl FnMut(&TcpSlice<'_>) -> T) -> Vec<T> {
    let mut seen = Vec::new();
    for frame in frames {
        if let Some(TransportSlice::Tcp(tcp)) = SlicedPacket::from_ethernet(&frame.bytes).unwrap().transport {
            seen.push(look(&tcp));
        }
    }
    seen
}

/// `S` SYN, `A` ACK, `F` FIN, `R` RST, `D` data; one word a segment, from the client in capitals.
fn story(frames: &[RawFrame]) -> Vec<String> {
    segments(frames, |tcp| {
        let marks = [(tcp.syn(), 's'), (tcp.fin(), 'f'), (tcp.rst(), 'r'), (tcp.ack(), 'a')];
        let mut word: String = marks.into_iter().filter_map(|(set, mark)| set.then_some(mark)).collect();
        word.extend((!tcp.payload().is_empty()).then_some('d'));
        if tcp.destination_port() < 1024 { word.to_uppercase() } else { word }
    })
}

fn payloads(frames: &[RawFrame]) -> String {
    segments(frames, |tcp| String::from_utf8_lossy(tcp.payload()).into_owned()).concat()
}

/// Writes a capture below the target directory and gives its path.
fn written(name: &str, frames: &[RawFrame]) -> std::path::PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut writer = Writer::create(&path).unwrap();
    for frame in frames {
        writer.write(frame).unwrap();
    }
    writer.flush().unwrap();
    path
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_the_same_times() {
    for (name, _) in READY {
        assert_eq!(bytes(&run(name, 7)), bytes(&run(name, 7)), "{name}");
    }
}

#[test]
fn another_seed_gives_other_sequence_numbers_ports_keys_and_masks() {
    let (one, two) = (run("two-hosts", 1), run("two-hosts", 2));
    let isn = |frames: &[RawFrame]| segments(frames, |tcp| tcp.syn().then(|| tcp.sequence_number()));
    let ports = |frames: &[RawFrame]| segments(frames, |tcp| (tcp.source_port(), tcp.destination_port()));
    let syns = |frames: &[RawFrame]| isn(frames).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(syns(&one).len(), 4);
    assert!(syns(&one).iter().zip(&syns(&two)).all(|(a, b)| a != b));
    assert_ne!(ports(&one)[0], ports(&two)[0]);
    let key = |frames: &[RawFrame]| {
        let text = payloads(frames);
        let at = text.find("Sec-WebSocket-Key: ").unwrap();
        text[at..at + 43].to_string()
    };
    assert_ne!(key(&one), key(&two));
}

#[test]
fn a_visit_has_every_step_from_arp_to_the_last_ack() {
    let frames = run("two-hosts", 1);
    assert!((0..1_000_000).contains(&frames[0].time.since(START).unwrap()), "the first frame leaves at once");
    assert!(frames.windows(2).all(|pair| pair[0].time <= pair[1].time && pair[0].number + 1 == pair[1].number));
    assert!(frames[..2].iter().all(|frame| frame.bytes[12..14] == [0x08, 0x06]), "ARP comes first");
    let story = story(&frames).join(" ");
    assert!(story.starts_with("S sa A AD ad FA a fa A S sa A AD ad "), "{story}");
    assert!(story.ends_with(" AD ad fa FA a"), "{story}");
    let text = payloads(&frames);
    for step in ["GET / HTTP", "200 OK", "GET /chat HTTP", "101 Switching", "Welcome to", "Loud and", "and you?"] {
        assert!(text.contains(step), "{step} is missing");
    }
}

#[test]
fn with_ipv6_neighbor_discovery_comes_first() {
    let frames = run("two-hosts-ipv6", 1);
    let kinds: Vec<_> = frames[..2].iter().map(|frame| frame.bytes[54]).collect();
    assert_eq!(kinds, [135, 136], "solicitation, advertisement (RFC 4861 §4.3, §4.4)");
    assert_eq!(story(&frames), story(&run("two-hosts", 1)));
}

#[test]
fn a_syn_carries_the_options_of_a_modern_stack() {
    let options = segments(&run("two-hosts", 1), |tcp| {
        let all: Vec<_> = tcp.options_iterator().map(Result::unwrap).collect();
        tcp.syn().then_some(all)
    });
    for options in options.into_iter().flatten() {
        let has = |wanted: fn(&TcpOptionElement) -> bool| options.iter().any(wanted);
        assert!(has(|o| matches!(o, TcpOptionElement::MaximumSegmentSize(1460))), "{options:?}");
        assert!(has(|o| matches!(o, TcpOptionElement::WindowScale(1..))), "{options:?}");
        assert!(has(|o| matches!(o, TcpOptionElement::SelectiveAcknowledgementPermitted)), "{options:?}");
        assert!(has(|o| matches!(o, TcpOptionElement::Timestamp(_, _))), "{options:?}");
    }
}

#[test]
fn every_checksum_is_right() {
    for frame in READY.iter().flat_map(|(name, _)| run(name, 3)) {
        let packet = SlicedPacket::from_ethernet(&frame.bytes).unwrap();
        let (Some(net), Some(TransportSlice::Tcp(tcp))) = (&packet.net, &packet.transport) else { continue };
        let (header, payload) = (tcp.to_header(), tcp.payload());
        let right = match net {
            NetSlice::Ipv4(ip) => {
                assert_eq!(ip.header().header_checksum(), ip.header().to_header().calc_header_checksum());
                header.calc_checksum_ipv4(&ip.header().to_header(), payload).unwrap()
            }
            NetSlice::Ipv6(ip) => header.calc_checksum_ipv6(&ip.header().to_header(), payload).unwrap(),
            NetSlice::Arp(_) => continue,
        };
        assert_eq!(tcp.checksum(), right, "frame {}", frame.number);
    }
}

#[test]
fn a_lost_segment_is_sent_again_after_the_retransmission_timeout() {
    // Frames are numbered as they are sent: ARP request and reply, then the SYN.
    let lose_the_syn = Box::new(|frame: &RawFrame| if frame.number == 3 { Fate::Drop } else { Fate::Deliver });
    let frames = frames(Simulation::new(&scenario("two-hosts"), 1).with_fault(lose_the_syn));
    assert!(story(&frames).join(" ").starts_with("S S sa A AD ad "));
    let waited = Duration::from_nanos(u64::try_from(frames[3].time.since(frames[2].time).unwrap()).unwrap());
    let off_by = waited.abs_diff(Duration::from_secs(1));
    assert!(off_by < Duration::from_micros(50), "RFC 6298 §2.1 begins with one second, not {waited:?}");
}

#[test]
fn a_connection_to_a_closed_port_is_refused_and_the_visit_ends() {
    let text = READY[0].1.replace("to = \"192.0.2.80:80\"", "to = \"192.0.2.80:81\"");
    let closed = Scenario::parse("closed.toml", &text).unwrap();
    assert_eq!(story(&frames(Simulation::new(&closed, 1))).join(" "), "S ra S ra", "both visits get an RST");
}

#[test]
fn a_world_may_move_to_another_thread() {
    fn sent<T: Send>(_: &T) {}
    sent(&Simulation::new(&scenario("two-hosts"), 1));
}

#[test]
fn a_late_frame_arrives_late() {
    let late = Duration::from_millis(300);
    let delay = Box::new(move |frame: &RawFrame| if frame.number == 2 { Fate::Delay(late) } else { Fate::Deliver });
    let frames = frames(Simulation::new(&scenario("two-hosts"), 1).with_fault(delay));
    assert!(frames[1].time.since(frames[0].time).unwrap() > 300_000_000);
}

#[test]
fn a_frame_may_come_twice_damaged_or_behind_the_next_one() {
    let with = |number, fate| {
        let fault = Box::new(move |frame: &RawFrame| if frame.number == number { fate } else { Fate::Deliver });
        frames(Simulation::new(&scenario("two-hosts"), 1).with_fault(fault))
    };
    let plain = frames(Simulation::new(&scenario("two-hosts"), 1));
    // The fourth frame is the server's SYN-ACK; the ninth and tenth are its ACK and its FIN.
    let twice = with(4, Fate::Duplicate);
    assert_eq!((&twice[3].bytes, &twice[4].bytes), (&plain[3].bytes, &plain[3].bytes));
    assert_eq!(twice[3].remark, Some(Remark::Twice));
    let damaged = with(4, Fate::Corrupt);
    let (last, before) = damaged[3].bytes.split_last().unwrap();
    assert_eq!((last ^ 1, before), (plain[3].bytes[73], &plain[3].bytes[..73]));
    let said = story(&damaged);
    assert!(
        said.iter().take_while(|s| *s != "A").filter(|s| *s == "sa").count() > 1,
        "{said:?}: nobody heard the first"
    );
    let overtaken = with(9, Fate::Overtake);
    assert_eq!((&overtaken[8].bytes, &overtaken[9].bytes), (&plain[9].bytes, &plain[8].bytes));
}

#[test]
fn a_world_that_loses_everything_comes_to_an_end() {
    let frames = frames(Simulation::new(&scenario("two-hosts"), 1).with_fault(Box::new(|_| Fate::Drop)));
    assert!(frames.len() > 100 && frames.iter().all(|frame| frame.bytes[12..14] == [0x08, 0x06]));
}

#[test]
fn every_scenario_file_is_a_ready_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    let mut names: Vec<_> = READY.iter().map(|(name, _)| std::ffi::OsString::from(format!("{name}.toml"))).collect();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn each_golden_capture_is_what_the_simulator_makes() {
    for name in ["two-hosts", "two-hosts-ipv6"] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/captures/{name}.pcapng"));
        let made = written(&format!("golden-{name}.pcapng"), &run(name, 1));
        let same = std::fs::read(golden).unwrap() == std::fs::read(made).unwrap();
        assert!(same, "{name}: tests/captures/README.md says how to make it anew");
    }
}

#[test]
fn tshark_finds_nothing_malformed_and_no_wrong_checksum_on_any_link_of_any_scenario() {
    if !has_tshark() {
        return;
    }
    in_parallel(READY, |(name, _)| {
        let path = written(&format!("{name}-all.pcapng"), &seen(name, "all"));
        let mut checked = ["tcp", "udp", "ip"].map(|protocol| format!("-o{protocol}.check_checksum:TRUE")).to_vec();
        // A segment shows once on every link: put together they would overlap.
        checked.push("-otcp.desegment_tcp_streams:FALSE".to_owned());
        // tshark sums up what an ICMP error quotes of a segment as if it were the whole: that cannot come out right.
        let wrong = "_ws.malformed || (tcp.checksum.status == 0 && !icmp && !icmpv6) || udp.checksum.status == 0 \
                     || ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0";
        let output = Command::new("tshark").args(checked).arg("-nr").arg(&path).args(["-Y", wrong]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{name}");
    });
}

#[test]
fn tshark_finds_every_message_and_no_trouble_where_nothing_goes_wrong() {
    if !has_tshark() {
        return;
    }
    for name in ["two-hosts", "two-hosts-ipv6"] {
        let path = written(&format!("{name}.pcapng"), &run(name, 1));
        let tshark = |arguments: &[&str]| {
            let checked = ["tcp", "ip"].map(|protocol| format!("-o{protocol}.check_checksum:TRUE"));
            let output = Command::new("tshark").args(checked).arg("-nr").arg(&path).args(arguments).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let wrong = "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || icmpv6.checksum.status == 0 \
                     || tcp.analysis.flags || _ws.expert.severity >= 0x600000";
        assert_eq!(tshark(&["-Y", wrong]), "", "{name}");
        let messages = tshark(&["-Y", "http or websocket", "-Tfields", "-ehttp", "-ewebsocket.opcode"]);
        let opcodes: Vec<_> = messages.lines().map(|line| line.rsplit('\t').next().unwrap_or_default()).collect();
        assert_eq!(opcodes, ["", "", "", "", "1", "1", "1", "9", "10", "9", "10", "1", "1", "8", "8"], "{name}");
    }
}

#[test]
fn a_switch_shows_the_third_host_what_is_for_all_and_nothing_else() {
    let printer = seen("switch", "printer");
    let to_web = |frame: &RawFrame| {
        SlicedPacket::from_ethernet(&frame.bytes)
            .unwrap()
            .transport
            .is_some_and(|transport| matches!(transport, TransportSlice::Tcp(_)))
    };
    assert!(!printer.iter().any(to_web), "the switch knows where the server is");
    let asked_for_the_server = |frame: &&RawFrame| frame.bytes[..6] == [0xff; 6] && frame.bytes[41] == 80;
    assert_eq!(printer.iter().filter(asked_for_the_server).count(), 1);
    // At the switch each frame shows on the link where it comes in, then where it goes out, unchanged.
    let switch = seen("switch", "switch");
    let last = &switch[switch.len() - 2..];
    assert_eq!((on(&last[0]), on(&last[1])), ("client-switch", "server-switch"));
    assert_eq!(last[0].bytes, last[1].bytes);
}

#[test]
fn a_router_takes_one_from_ttl_and_writes_its_own_link_addresses() {
    let near = seen("routers", "near");
    let syn = |frame: &&RawFrame| {
        let packet = SlicedPacket::from_ethernet(&frame.bytes).unwrap();
        matches!(packet.transport, Some(TransportSlice::Tcp(tcp)) if tcp.syn() && !tcp.ack())
    };
    let [came, went] = near.iter().filter(syn).collect::<Vec<_>>()[..] else { panic!("the SYN passes once") };
    assert_eq!((on(came), on(went)), ("near:lan", "near:wan"));
    let header = |frame: &RawFrame| etherparse::Ipv4Header::from_slice(&frame.bytes[14..]).unwrap().0;
    let (before, after) = (header(came), header(went));
    assert_eq!((before.time_to_live, after.time_to_live), (64, 63));
    assert_eq!((before.source, before.destination), (after.source, after.destination));
    assert_eq!(after.header_checksum, after.calc_header_checksum());
    assert_eq!(came.bytes[34..], went.bytes[34..], "behind the IP header it changes nothing");
    assert!(came.bytes[..12] != went.bytes[..12]);
}

#[test]
fn a_traceroute_hears_from_each_router_and_from_the_target_and_errors_name_the_cause() {
    let heard: Vec<_> = run("routers", 1)
        .iter()
        .filter_map(|frame| {
            let packet = SlicedPacket::from_ethernet(&frame.bytes).unwrap();
            let Some(NetSlice::Ipv4(ip)) = packet.net else { return None };
            let Some(TransportSlice::Icmpv4(icmp)) = packet.transport else { return None };
            (icmp.type_u8() != 0 && icmp.type_u8() != 8)
                .then(|| format!("{} {}/{}", ip.header().source_addr(), icmp.type_u8(), icmp.code_u8()))
        })
        .collect();
    let expected = ["192.0.2.1 11/0", "198.51.100.2 11/0", "203.0.113.80 3/3", "192.0.2.1 3/0", "198.51.100.2 3/1"]
        .map(str::to_owned);
    assert_eq!(heard, expected);
}

#[test]
fn behind_a_translating_router_nobody_outside_sees_an_address_from_inside() {
    let inside = |frame: &RawFrame| frame.bytes.windows(3).any(|bytes| bytes == [192, 168, 1]);
    let outside = seen("nat", "home-provider");
    assert!(outside.len() > 20 && !outside.iter().any(inside));
    let laptop = seen("nat", "laptop");
    assert!(payloads(&laptop).contains("From here you both look the same."));
    assert!(!laptop.iter().any(|frame| frame.bytes.windows(4).any(|bytes| bytes == [198, 51, 100, 2])));
    // What came from outside without being asked for is refused by the router itself.
    assert!(story(&seen("nat", "server")).ends_with(&["S".to_owned(), "ra".to_owned()]));
}

#[test]
fn a_router_cuts_what_may_be_cut_and_tells_who_must_send_less() {
    let frames = seen("fragmentation", "router:narrow");
    let fragments = |source: [u8; 4]| {
        let header = |frame: &RawFrame| etherparse::Ipv4Header::from_slice(&frame.bytes[14..]).ok().map(|(ip, _)| ip);
        frames.iter().filter_map(header).filter(|ip| ip.source == source).collect::<Vec<_>>()
    };
    for host in [[192, 0, 2, 10], [192, 0, 2, 11]] {
        let pieces = fragments(host);
        let places: Vec<_> = pieces.iter().map(|ip| (ip.fragment_offset.value() * 8, ip.more_fragments)).collect();
        assert_eq!(places, [(0, true), (552, true), (1104, false)], "{host:?}");
        assert!(pieces.iter().all(|ip| ip.total_len <= 576));
    }
    let path_mtu = seen("path-mtu", "client");
    assert_eq!(payloads(&path_mtu).matches("<title>Long</title>").count(), 2, "both pages arrive");
    assert!(path_mtu.iter().filter(|frame| frame.bytes.len() > 1400).count() == 0, "nothing so long passes the tunnel");
}

#[test]
fn a_lost_segment_is_sent_again_once_three_duplicate_acks_have_come() {
    let frames = run("loss", 1);
    let acks = segments(&frames, |tcp| (tcp.destination_port() == 5000).then(|| tcp.acknowledgment_number()));
    let most = acks.iter().flatten().map(|ack| acks.iter().flatten().filter(|other| *other == ack).count()).max();
    assert!(most > Some(3), "the receiver repeats itself");
    let long = frames.windows(2).map(|pair| pair[1].time.since(pair[0].time).unwrap()).max();
    assert!(long < Some(500_000_000), "no timer had to end: {long:?}");
}

#[test]
fn every_place_of_a_scenario_shows_the_same_world() {
    let scenario = scenario("routers");
    let all = seen("routers", "all");
    let links: std::collections::BTreeSet<_> = all.iter().map(on).collect();
    assert_eq!(links.into_iter().collect::<Vec<_>>(), ["client-near", "far-server", "near-far"]);
    for link in &scenario.links {
        let one: Vec<_> = seen("routers", &link.name).iter().map(|f| (f.time, f.bytes.clone())).collect();
        let same: Vec<_> = all.iter().filter(|f| on(f) == link.name).map(|f| (f.time, f.bytes.clone())).collect();
        assert_eq!(one, same, "{}", link.name);
    }
    assert!(Simulation::new(&scenario, 1).seen_from(&scenario, "near:dmz").is_none());
}

#[test]
fn changes_of_the_world_do_what_they_say() {
    let with = |name: &str, change: &dyn Fn(&mut Scenario)| {
        let mut scenario = scenario(name);
        change(&mut scenario);
        frames(Simulation::new(&scenario, 1))
    };
    let narrow = with("segmentation", &|s| s.set_mtu(None, 1280).unwrap());
    assert!(narrow.iter().all(|frame| frame.bytes.len() <= 1294) && narrow.len() > run("segmentation", 1).len());
    let slow = with("segmentation", &|s| {
        s.change_links(Some("client-server"), |link| link.rate_kbit = Some(64.try_into().unwrap())).unwrap();
    });
    let time = |frames: &[RawFrame]| frames[frames.len() - 1].time.since(frames[0].time).unwrap();
    assert!(time(&slow) > 10 * time(&run("segmentation", 1)));
    let far = with("two-hosts", &|s| s.change_links(Some("client-server"), |link| link.delay_us = 300_000).unwrap());
    let answered = |frames: &[RawFrame]| frames[1].time.since(frames[0].time).unwrap();
    assert_eq!(answered(&far) - answered(&run("two-hosts", 1)), 2 * (300_000_000 - 2_000_000), "there and back");
    let silent = with("two-hosts", &|s| s.change_host("server", |host| host.silent_at_ms = Some(9)).unwrap());
    let story = story(&silent).join(" ");
    assert!(story.starts_with("S sa A AD AD AD"), "the client says it again and again: {story}");
    let full = with("segmentation", &|s| s.change_host("server", |host| host.not_reading = true).unwrap());
    let windows = segments(&full, |tcp| (tcp.source_port() == 5000 && !tcp.syn()).then(|| tcp.window_size()));
    let (first, last) = (windows.iter().flatten().next().unwrap(), windows.iter().flatten().last().unwrap());
    assert!(last < first, "what is not read takes room");
}

#[test]
fn the_program_follows_a_packet_from_hop_to_hop() {
    let program = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg("simulate").args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, text, _) = program(&["nat", "--hops", "tcp.flags.syn == 1"]);
    assert_eq!(code, Some(0));
    let row = |device: &str, name: &str| {
        let block = text.lines().skip_while(|line| !line.starts_with(&format!("{device} (")));
        let mut rows =
            block.skip(1).take_while(|line| !line.is_empty()).map(|line| line.split_whitespace().collect::<Vec<_>>());
        rows.find(|row| row.first() == Some(&name)).map(|row| row.join(" ")).unwrap_or_default()
    };
    assert_eq!(row("home", "ip.ttl"), "ip.ttl 64 63 changed");
    assert_eq!(row("home", "ip.src"), "ip.src 192.168.1.10 198.51.100.2 changed");
    assert_eq!(row("home", "ip.dst"), "ip.dst 203.0.113.80 203.0.113.80");
    assert_eq!(row("provider", "ip.ttl"), "ip.ttl 63 62 changed");
    assert!(row("home", "tcp.checksum").ends_with("changed") && !row("provider", "tcp.checksum").ends_with("changed"));
    let (_, json, _) = program(&["nat", "--hops", "tcp.flags.syn == 1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let legs: Vec<_> = json["steps"].as_array().unwrap().iter().filter_map(|step| step["link"].as_str()).collect();
    assert_eq!(legs, ["laptop-switch", "switch-home", "home-provider", "provider-server"]);
    for bad in ["999999", "dns", "tcp.flgs"] {
        let (code, text, said) = program(&["nat", "--hops", bad]);
        assert!(code == Some(2) && text.is_empty() && !said.is_empty(), "{bad}: {said}");
    }
}

#[test]
fn the_program_lists_plays_and_explains_what_it_cannot_find() {
    let program = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg("simulate").args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, list, _) = program(&["--list"]);
    assert_eq!((code, list.lines().count()), (Some(0), READY.len()));
    let (code, packets, said) = program(&["two-hosts", "--brief", "--seed", "9"]);
    assert_eq!((code, packets.lines().count()), (Some(0), run("two-hosts", 9).len()));
    assert!(said.starts_with("Simulated: ") && said.contains("(seed 9)"), "{said}");
    let (_, _, said) = program(&["two-hosts", "--json"]);
    assert_eq!(said, "");
    let (code, packets, said) = program(&["two-hosts", "--brief", "-c", "4", "--drop", "tcp.flags == 0x12"]);
    assert!(code == Some(0) && packets.contains("[Retransmission] [SYN]"), "{packets}");
    assert!(said.ends_with("--drop 'tcp.flags == 0x12': one frame met it\n"), "{said}");
    // By number it is the frame that a run without faults shows.
    let (_, by_number, _) = program(&["two-hosts", "--brief", "-c", "4", "--drop", "4"]);
    assert_eq!(by_number, packets);
    let lost = ["two-hosts", "--drop", "3", "-Y", "frame.comment contains \"lost on the way\"", "--brief"];
    assert_eq!(program(&lost).1.lines().count(), 1);
    for (bad, why) in [("0", "from 1"), ("999", "without faults there are"), ("tcp.flgs", "tcp.flags"), ("2 of", "")] {
        let (code, packets, said) = program(&["two-hosts", "--drop", bad]);
        assert!(code == Some(2) && packets.is_empty() && said.contains(why), "{bad}: {said}");
    }
    let (_, seen, _) = program(&["two-hosts", "--brief", "--at", "server", "-c", "4", "--drop", "tcp.flags == 0x12"]);
    assert!(seen.contains("[SYN, ACK]"), "the server sees what it sends, also what is lost: {seen}");
    let (code, _, said) = program(&["two-hosts", "--at", "nobody"]);
    assert!(code == Some(2) && said.contains("there are: client, server, client-server, all"), "{said}");
    let (code, packets, said) = program(&["two-host"]);
    assert_eq!((code, packets.as_str()), (Some(2), ""));
    assert!(said.contains("Did you mean two-hosts?"), "{said}");
    let (code, _, said) = program(&["no-such-folder/x.toml"]);
    assert!(code == Some(1) && said.starts_with("osi-tutor: no-such-folder/x.toml: "), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stderr_costs_no_packet() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let arguments = ["simulate", "two-hosts", "--brief", "--duplicate", "3"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(arguments).stderr(full).stdout(Stdio::piped()).spawn();
    let output = output.unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().lines().count() > 30);
}
