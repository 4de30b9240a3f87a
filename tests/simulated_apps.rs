//! The applications on simulated wires: each scenario's packets, as tshark and as our own dissectors read them.
//!
//! A row names a scenario, where it is looked at, and what must be there: display filters of ours with how many frames
//! they show, and likewise for tshark.

mod common;

use common::{has, has_tshark, in_parallel};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use osi_tutor::model::RawFrame;
use osi_tutor::peers::tls::{Certificate, Tls};
use osi_tutor::peers::{Input, Peer, Want, web};
use osi_tutor::rng::Rng;
use osi_tutor::sim::Simulation;
use osi_tutor::sim::scenario::{READY, Scenario};
use osi_tutor::source::{Source as _, Step};

/// What a scenario must show.
struct Row {
    scenario: &'static str,
    /// Filters of ours, and how many frames each shows.
    ours: &'static [(&'static str, usize)],
    /// The same for tshark, which knows neither Engine.IO nor Socket.IO.
    tshark: &'static [(&'static str, usize)],
}

const ROWS: &[Row] = &[
    Row {
        scenario: "dns",
        ours: &[
            ("dns.flags.response == 0 && ip.dst == 192.0.2.53", 7),
            ("dns.flags.response == 0 && ip.dst == 198.51.100.54", 5),
            ("dns.flags.recdesired == 0 && dns.flags.response == 0 && ip.dst == 198.51.100.51", 1),
            ("dns.resp.ttl == 296", 1),
        ],
        tshark: &[
            ("dns.flags.rcode == 3", 3),
            ("dns.flags.truncated == 1", 2),
            ("dns.flags.authoritative == 1 && ip.src == 192.0.2.53", 0),
            ("dns.a == 192.0.2.80", 5),
            ("dns.resp.ttl == 296", 1),
            ("dns.soa.mname == \"ns.example.com\"", 3),
        ],
    },
    Row {
        scenario: "dhcp",
        ours: &[("dhcp.option.dhcp == 1", 1), ("dhcp.option.dhcp == 5", 2)],
        tshark: &[
            ("dhcp.option.dhcp == 2", 1),
            ("dhcp.option.dhcp == 3", 2),
            ("dhcp.option.router == 192.0.2.1 && dhcp.option.ip_address_lease_time == 30", 3),
            ("icmp", 4),
        ],
    },
    Row {
        scenario: "tcp-vs-udp",
        ours: &[("udp contains \"message 1 \"", 1), ("tcp.analysis.retransmission", 1)],
        tshark: &[("tcp.analysis.retransmission", 1), ("udp.dstport == 7000", 20), ("tcp.flags.fin == 1", 2)],
    },
    Row {
        scenario: "polling",
        ours: &[
            ("engineio.type == 0", 2),
            ("socketio.event == \"say\"", 4),
            ("socketio.event == \"message\"", 4),
            ("engineio.type == 6", 1),
            ("websocket && socketio", 7),
        ],
        tshark: &[("http.request.method == \"POST\"", 4), ("websocket.opcode == 1", 8), ("http.request", 11)],
    },
    Row {
        scenario: "socketio",
        ours: &[
            ("engineio.probe", 2),
            ("engineio.type == 5", 1),
            ("socketio.attachment", 2),
            ("socketio.type == 3", 2),
        ],
        tshark: &[("http.response.code == 101", 1), ("websocket.opcode == 2", 2), ("websocket.opcode == 8", 2)],
    },
    Row {
        scenario: "socketio-websocket",
        ours: &[("engineio || socketio", 0), ("websocket.opcode == 1", 5)],
        tshark: &[("websocket.opcode == 9", 1), ("http.request", 1)],
    },
    Row {
        scenario: "chat",
        ours: &[
            ("socketio.event == \"say\"", 2),
            ("socketio.event == \"message\"", 6),
            ("socketio.event == \"joined\"", 3),
            ("socketio.event == \"left\"", 3),
        ],
        tshark: &[("http.response.code == 101", 3)],
    },
    Row {
        scenario: "reconnect",
        ours: &[
            ("engineio.type == 0", 3),
            ("socketio.type == 0 && socketio.sid", 3),
            ("socketio.event == \"message\"", 3),
            ("socketio.event == \"left\"", 2),
        ],
        tshark: &[("http.response.code == 101", 3), ("websocket.opcode == 8", 4)],
    },
    Row {
        scenario: "wrong-accept",
        ours: &[("websocket", 0), ("http.response.code == 101", 1)],
        tshark: &[("http.response.code == 101", 1), ("tcp.flags.fin == 1", 2)],
    },
    Row {
        scenario: "unmasked",
        ours: &[("websocket.mask == 0 && tcp.dstport == 80", 2)],
        tshark: &[("websocket.payload.close.status_code == 1002 && tcp.srcport == 80", 1)],
    },
    Row {
        scenario: "tls",
        ours: &[
            ("tls.handshake.type == 1", 1),
            ("tls.handshake.extensions_server_name == \"www.example.com\"", 1),
            ("tls.handshake.extensions_alpn_str == \"http/1.1\"", 1),
            ("tls.handshake.type == 2 && tls.handshake.ciphersuite == 0x1301", 1),
            ("tls.record.content_type == 20", 2),
            ("http || frame contains \"Only you and I\"", 0),
            ("tls.app_data && tcp.flags.fin == 0", 5),
        ],
        tshark: &[
            ("tls.handshake.extensions_server_name == \"www.example.com\"", 1),
            ("tls.handshake.extensions_alpn_str == \"http/1.1\"", 1),
            ("tls.handshake.type == 2 && tls.handshake.extensions.supported_version == 0x0304", 1),
            ("tls.handshake.extensions_key_share_group == 29", 2),
            ("http", 0),
        ],
    },
    Row {
        scenario: "web-request",
        ours: &[("dhcp", 4), ("dns", 4), ("http", 4), ("websocket", 5)],
        tshark: &[("dhcp", 4), ("dns", 4), ("http", 4), ("websocket", 5), ("ip.addr == 198.51.100.1", 0)],
    },
];

fn program(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The scenario's packets in a file below the target directory.
fn capture(scenario: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("apps-{scenario}.pcapng"));
    program(&["simulate", scenario, "-w", path.to_str().unwrap(), "--brief"]);
    path
}

/// Some of the programs break a rule on purpose: that is named, and is no damage.
fn is_damaged(line: &str) -> bool {
    line.contains("\"trouble\"") && !line.contains("\"breaks a rule\"")
}

#[test]
fn our_dissectors_find_every_message_and_no_damage() {
    let mut wrong = String::new();
    for row in ROWS {
        let path = capture(row.scenario);
        let read = |filter: &str| program(&["read", path.to_str().unwrap(), "--brief", "-Y", filter]);
        for (filter, frames) in row.ours {
            let found = read(filter);
            if found.lines().count() != *frames {
                _ = writeln!(wrong, "{}: {filter}: {} and not {frames}\n{found}", row.scenario, found.lines().count());
            }
        }
        let troubled = program(&["read", path.to_str().unwrap(), "--json"]);
        wrong.extend(troubled.lines().filter(|line| is_damaged(line)).map(|line| format!("{line}\n")));
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn tshark_finds_every_message_and_no_damage() {
    if !has_tshark() {
        return;
    }
    let damage = "_ws.malformed || tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0 \
                  || icmp.checksum.status == 0 || _ws.expert.severity >= 0x800000";
    let judge = |row: &Row| {
        let mut wrong = String::new();
        let path = capture(row.scenario);
        let wanted = [row.tshark, &[(damage, 0)]].concat();
        // One run counts all: a column of frames and one of bytes for each filter.
        let filters = wanted.iter().map(|(filter, _)| *filter).collect::<Vec<_>>().join(",");
        let checked = ["tcp", "udp", "ip"].map(|protocol| format!("-o{protocol}.check_checksum:TRUE"));
        let mut tshark = Command::new("tshark");
        let output = tshark.args(checked).args(["-qz", &format!("io,stat,0,{filters}")]).arg("-nr").arg(&path).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}: {}", row.scenario, String::from_utf8_lossy(&output.stderr));
        let table = String::from_utf8_lossy(&output.stdout);
        let counts = table.lines().find(|line| line.contains("<>")).expect("a line of counts");
        let counts: Vec<usize> = counts.split('|').skip(2).step_by(2).filter_map(|n| n.trim().parse().ok()).collect();
        assert_eq!(counts.len(), wanted.len(), "{table}");
        for ((filter, frames), found) in wanted.iter().zip(counts) {
            if found != *frames {
                _ = writeln!(wrong, "{}: {filter}: {found} and not {frames}", row.scenario);
            }
        }
        wrong
    };
    let wrong = in_parallel(ROWS, judge).concat();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_fault_can_be_set_from_the_command_line() {
    let upgrade = program(&["simulate", "two-hosts", "--wrong-accept", "--brief", "-Y", "websocket"]);
    assert_eq!(upgrade, "", "the client says nothing after it");
    let close = ["simulate", "two-hosts", "--unmasked", "--json", "-Y", "websocket.payload.close.status_code == 1002"];
    assert!(program(&close).lines().next().is_some());
    let output = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(["simulate", "dns", "--unmasked"]).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("no browser here speaks WebSocket"), "{said}");
}

/// A scenario's frames, as they are on the wire.
fn frames(scenario: &Scenario) -> Vec<Vec<u8>> {
    let (mut simulation, mut frame, mut all) = (Simulation::new(scenario, 1), RawFrame::default(), Vec::new());
    while simulation.next(&mut frame).unwrap() == Step::Frame {
        all.push(frame.bytes.clone());
    }
    all
}

fn are_readable(frames: &[Vec<u8>], text: &str) -> bool {
    frames.iter().any(|frame| frame.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn socket_io_goes_through_tls_with_all_its_connections() {
    let plain = READY.iter().find(|(name, _)| *name == "socketio").expect("it is ready").1;
    let behind = plain.replace("[[host.serve]]\n", "[[host.serve]]\ntls = true\n");
    let behind = behind.replace("[[host.visit]]\n", "[[host.visit]]\ntls = \"www.example.com\"\n");
    let [plain, behind] = [plain, &behind].map(|text| frames(&Scenario::parse("socketio.toml", text).unwrap()));
    let hellos = |frames: &[Vec<u8>]| frames.iter().filter(|frame| frame.get(66..69) == Some(&[22, 3, 1])).count();
    let syns = |frames: &[Vec<u8>]| frames.iter().filter(|frame| frame.get(47) == Some(&2)).count();
    assert!(are_readable(&plain, "Sec-WebSocket-Key") && !are_readable(&behind, "Sec-WebSocket-Key"));
    assert_eq!((hellos(&plain), syns(&plain)), (0, syns(&behind)));
    assert!(hellos(&behind) == syns(&behind) && hellos(&behind) > 1, "each connection has a handshake of its own");
}

#[test]
fn a_certificate_that_is_wrong_ends_the_visit_before_the_request() {
    let ready = READY.iter().find(|(name, _)| *name == "tls").expect("it is ready").1;
    for certificate in ["expired", "untrusted"] {
        let text = ready.replace("port = 443\ntls = true", &format!("port = 443\ntls = \"{certificate}\""));
        let all = frames(&Scenario::parse("tls.toml", &text).unwrap());
        let good = frames(&Scenario::parse("tls.toml", ready).unwrap());
        assert!(all.len() + 2 < good.len(), "{certificate}: {} of {}", all.len(), good.len());
        // One sealed alert: the client's, not the two `close_notify` of a good end.
        let alert = [23, 3, 3, 0, 19];
        let alerts = |all: &[Vec<u8>]| all.iter().filter(|frame| frame.windows(5).any(|bytes| bytes == alert)).count();
        assert_eq!((alerts(&all), alerts(&good)), (1, 2), "{certificate}");
    }
}

#[test]
fn tls_around_what_has_no_tcp_is_refused() {
    let ready = READY.iter().find(|(name, _)| *name == "dns").expect("it is ready").1;
    let text = ready.replacen("[[host.serve]]\n", "[[host.serve]]\ntls = true\n", 1);
    let why = Scenario::parse("dns.toml", &text).unwrap_err().to_string();
    assert!(why.contains("tls wraps what uses TCP"), "{why}");
}

/// Carries one connection of a real socket to a peer and back.
fn carry(mut stream: TcpStream, mut peer: impl Peer) -> std::io::Result<()> {
    let (mut out, mut buffer) = (Vec::new(), [0; 4096]);
    let mut want = peer.step(Duration::ZERO, Input::Opened, &mut out);
    while want != Want::Close {
        let input = match stream.read(&mut buffer)? {
            0 => Input::Ended,
            read => Input::Bytes(&buffer[..read]),
        };
        want = peer.step(Duration::ZERO, input, &mut out);
        stream.write_all(&std::mem::take(&mut out))?;
    }
    Ok(())
}

#[test]
fn openssl_accepts_our_handshake_and_reads_our_page() {
    if !has("openssl", "OpenSSL") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("engine/src/peers/tls/certificates/authority.der");
    let authority = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authority.pem");
    let mut pem = Command::new("openssl");
    pem.args(["x509", "-inform", "DER", "-in"]).arg(root).arg("-out").arg(&authority);
    assert!(pem.status().unwrap().success());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    // The moment is one of 2026, whatever today is.
    let arguments = "s_client -servername www.example.com -verify_hostname www.example.com -verify_return_error \
                     -attime 1770000000 -alpn http/1.1 -ign_eof -brief -connect";
    let mut openssl = Command::new("openssl")
        .args(arguments.split_whitespace())
        .args([&to, "-CAfile"])
        .arg(&authority)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n";
    openssl.stdin.take().unwrap().write_all(request).unwrap();
    let pages = [("/".to_string(), "<h1>Hello, OpenSSL</h1>\n".to_string())].into();
    let site = Arc::new(web::Site { pages, ..web::Site::default() });
    let inner = Box::new(web::Server::new(site, Rng::seeded(1)));
    listener.set_nonblocking(true).unwrap();
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(_) => assert!(openssl.try_wait().unwrap().is_none(), "openssl ended before it came"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let carried = carry(stream, Tls::server(Certificate::Example, inner, Rng::seeded(2)));
    let output = openssl.wait_with_output().unwrap();
    let (page, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(page.contains("<h1>Hello, OpenSSL</h1>"), "{carried:?} {page} {said}");
    assert!(said.contains("TLSv1.3") && said.contains("Verification: OK"), "{said}");
}
