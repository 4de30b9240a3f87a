use std::sync::Arc;

use super::*;
use crate::peers::bulk::{Bulk, Hold, Plan};
use crate::peers::tests::talk;
use crate::peers::web;

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn dice(seed: u64) -> (Rng, Rng) {
    let mut rng = Rng::seeded(seed);
    (rng.fork(), rng.fork())
}

fn client(peer: impl Peer + Send + 'static, seed: u64) -> Tls {
    Tls::client(name("www.example.com"), Box::new(peer), dice(seed).0)
}

fn server(peer: impl Peer + Send + 'static, seed: u64) -> Tls {
    Tls::server(Certificate::Example, Box::new(peer), dice(seed).1)
}

fn sender(messages: u64) -> Bulk {
    Bulk::new(Plan { messages, size: 100, ..Plan::default() })
}

/// A page over HTTPS: the bytes each way, in segments of this size.
fn page(seed: u64, size: usize) -> (Vec<u8>, Vec<u8>) {
    let visit = web::Visit { host: "www.example.com".into(), get: vec!["/".into()], ..web::Visit::default() };
    let pages = [("/".to_string(), "<h1>A secret</h1>\n".to_string())].into();
    let site = web::Site { pages, ..web::Site::default() };
    let inner = web::Server::new(Arc::new(site), Rng::seeded(1));
    talk(client(web::Client::new(visit, Rng::seeded(1)), seed), server(inner, seed), size)
}

/// The records of one direction: type and length.
fn records(mut bytes: &[u8]) -> Vec<(u8, usize)> {
    let mut found = Vec::new();
    while let [kind, 3, _, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        found.push((*kind, length));
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty(), "no record begins with {bytes:?}");
    found
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A program that writes down what it hears.
struct Witness {
    inner: Bulk,
    heard: Arc<std::sync::Mutex<Vec<u8>>>,
}

impl Peer for Witness {
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        if let Input::Bytes(bytes) = input {
            self.heard.lock().unwrap().extend_from_slice(bytes);
        }
        self.inner.step(now, input, out)
    }
}

#[test]
fn an_eavesdropper_sees_the_name_and_the_protocol_but_not_the_page() {
    let (up, down) = page(1, 1460);
    assert!(has(&up, "www.example.com") && has(&up, "http/1.1"));
    for text in ["GET", "Host", "200 OK", "secret"] {
        assert!(!has(&up, text) && !has(&down, text), "{text} is in the clear");
    }
    // Hello; change cipher spec (for old boxes on the way); Finished, the request, close_notify.
    let kinds: Vec<_> = records(&up).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [22, 20, 23, 23, 23]);
}

#[test]
fn both_ends_say_close_notify_last() {
    let (up, down) = page(1, 1460);
    // Two bytes of alert, one of type, sixteen of tag.
    assert_eq!((records(&up).last(), records(&down).last()), (Some(&(23, 19)), Some(&(23, 19))));
}

#[test]
fn the_same_seed_says_the_same_and_another_does_not() {
    assert_eq!(page(7, 1460), page(7, 1460));
    let random = |seed| page(seed, 1460).0[11..43].to_vec();
    assert_ne!(random(7), random(8));
    let key = |seed| page(seed, 1460).1[11..43].to_vec();
    assert_ne!(key(7), key(8));
}

#[test]
fn what_is_said_arrives_however_the_stream_is_cut() {
    let mut all = Vec::new();
    for number in 1..=400 {
        crate::peers::bulk::message(number, 100, &mut all);
    }
    for size in [1, 5, 6, 1460, 100_000] {
        let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
        let witness = Witness { inner: sender(3), heard: Arc::clone(&heard) };
        let (up, down) = talk(client(sender(400), 1), server(witness, 1), size);
        assert!(*heard.lock().unwrap() == all, "cut into {size}");
        assert!(up.len() > 40_000 && (300..2_000).contains(&down.len()));
    }
}

#[test]
fn a_program_that_reads_nothing_for_a_while_misses_nothing() {
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hold = Some(Hold { after_bytes: 100, for_ms: 500 });
    let inner = Bulk::new(Plan { hold, ..Plan::default() });
    let witness = Witness { inner, heard: Arc::clone(&heard) };
    talk(client(sender(300), 1), server(witness, 1), 200);
    assert_eq!(heard.lock().unwrap().len(), 30_000);
}

/// Lets both talk until neither has anything to say.
fn settle(client: &mut Tls, server: &mut Tls) -> [Want; 2] {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let now = Duration::ZERO;
    let mut wants = [client.step(now, Input::Opened, &mut up), server.step(now, Input::Opened, &mut down)];
    while !up.is_empty() || !down.is_empty() {
        let (from_client, from_server) = (std::mem::take(&mut up), std::mem::take(&mut down));
        if !from_client.is_empty() {
            wants[1] = server.step(now, Input::Bytes(&from_client), &mut down);
        }
        if !from_server.is_empty() {
            wants[0] = client.step(now, Input::Bytes(&from_server), &mut up);
        }
    }
    wants
}

#[test]
fn a_certificate_that_is_wrong_is_refused_with_its_alert() {
    let rows = [
        ("www.example.com", Certificate::Expired, "certificate expired", "CertificateExpired"),
        ("www.example.com", Certificate::Untrusted, "UnknownIssuer", "UnknownCA"),
        ("www.example.org", Certificate::Example, "NotValidForName", "BadCertificate"),
    ];
    for (asked, certificate, why, alert) in rows {
        let mut client = Tls::client(name(asked), Box::new(sender(1)), dice(1).0);
        let mut server = Tls::server(certificate, Box::new(sender(1)), dice(1).1);
        assert_eq!(settle(&mut client, &mut server), [Want::Close; 2], "{asked} {certificate:?}");
        let (found, heard) = (client.failure().unwrap(), server.failure().unwrap());
        assert!(found.contains(why), "{found}");
        assert_eq!(heard, format!("received fatal alert: {alert}"));
        assert!(client.want.is_none() && server.want.is_none(), "no program heard or said anything");
    }
}

#[test]
fn a_certificate_is_good_until_its_time_is_over() {
    let year = Duration::from_hours(366 * 24);
    for (now, is_good) in [(Duration::ZERO, true), (year, false)] {
        let (mut client, mut server, mut up, mut down) = (client(sender(1), 1), server(sender(1), 1), vec![], vec![]);
        client.step(now, Input::Opened, &mut up);
        server.step(now, Input::Opened, &mut down);
        server.step(now, Input::Bytes(&up), &mut down);
        client.step(now, Input::Bytes(&down), &mut up);
        assert_eq!(client.stage == Stage::Open, is_good, "{:?}", client.failure());
    }
}

#[test]
fn whoever_speaks_no_tls_gets_an_alert() {
    let (mut server, mut out) = (server(sender(1), 1), Vec::new());
    server.step(Duration::ZERO, Input::Opened, &mut out);
    let want = server.step(Duration::ZERO, Input::Bytes(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &mut out);
    assert_eq!(want, Want::Close);
    assert!(matches!(out[..], [21, 3, _, 0, 2, 2, _]), "{out:?}");
}

#[test]
fn a_changed_bit_ends_the_conversation() {
    let (mut client, mut server) = (client(sender(0), 1), server(sender(0), 1));
    settle(&mut client, &mut server);
    let mut out = Vec::new();
    let forged = [23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
    assert_eq!(client.step(Duration::ZERO, Input::Bytes(&forged), &mut out), Want::Close);
    assert_eq!(records(&out), [(23, 19)], "an alert, sealed");
}

#[test]
fn noise_at_any_place_ends_the_conversation_and_nothing_else() {
    let (up, down) = page(1, 1460);
    for (whole, is_up) in [(up, true), (down, false)] {
        for at in 0..whole.len() {
            let mut end = if is_up { server(sender(1), 1) } else { client(sender(1), 1) };
            let (mut out, mut noisy) = (Vec::new(), whole.clone());
            noisy[at] ^= 0x55;
            let mut want = end.step(Duration::ZERO, Input::Opened, &mut out);
            for part in noisy.chunks(100) {
                want = end.step(Duration::ZERO, Input::Bytes(part), &mut out);
            }
            want = if want == Want::Close { want } else { end.step(Duration::ZERO, Input::Ended, &mut out) };
            assert_eq!(want, Want::Close, "{at}");
        }
    }
}

#[test]
fn an_end_in_the_middle_of_the_handshake_is_the_end() {
    let (mut client, mut out) = (client(sender(1), 1), Vec::new());
    assert_eq!(client.step(Duration::ZERO, Input::Opened, &mut out), Want::Input);
    assert_eq!(client.step(Duration::ZERO, Input::Ended, &mut out), Want::Close);
}

#[test]
fn a_name_is_known_with_its_port_or_without() {
    assert_eq!(name("www.example.com:443"), name("www.example.com"));
    assert!(Name::new("192.0.2.80").is_some() && Name::new("2001:db8::80").is_some());
    assert!(Name::new("").is_none() && Name::new("no name").is_none());
}
