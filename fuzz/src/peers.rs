//! What a stranger on the network says to our own programs: the simulator's, the terminal chat's, the chat server's.

use super::drawn;
use osi_tutor::chat::strangers;
use osi_tutor::peers::engineio::Transport;
use osi_tutor::peers::http::{Request, Response};
use osi_tutor::peers::socketio::Decoder;
use osi_tutor::peers::socketio::client::{Act, Visit};
use osi_tutor::peers::socketio::server::{Server, Site};
use osi_tutor::peers::websocket::{Frame, Role, Session};
use osi_tutor::peers::{Input, Peer, engineio};
use osi_tutor::rng::Rng;
use osi_tutor::serve::{Frames, Judge};
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a connection. The first says which program receives them, the second how long each piece is.
pub fn peers(data: &[u8]) {
    let [who, size, bytes @ ..] = data else { return };
    let pieces = || bytes.chunks(usize::from(*size).max(1));
    match who % 7 {
        0 => serves(&mut Server::new(&Site::default(), Rng::seeded(7)).accept(), pieces()),
        1 => serves(&mut visit().begin(Rng::seeded(7)), pieces()),
        2 => messages(bytes),
        3 => {
            for role in [Role::Client, Role::Server] {
                let mut session = Session::new(role, Rng::seeded(7));
                let mut out = Vec::new();
                for piece in pieces() {
                    session.receive(piece, &mut out);
                }
                assert!(out.len() <= 2 * bytes.len() + 200, "{} bytes said to {}", out.len(), bytes.len());
            }
        }
        4 => codecs(bytes),
        5 => strangers::hears(&events(bytes)).iter().for_each(said),
        _ => strangers::shows(&events(bytes)).iter().for_each(|line| drawn::lines(line)),
    }
}

/// Nothing that is told to others commands their terminal, whatever shows it.
fn said(word: &Json) {
    let strings = |value: &Json| value.as_str().is_none_or(|text| !text.contains(char::is_control));
    match word {
        Json::Object(map) => map.values().for_each(said),
        Json::Array(list) => list.iter().for_each(said),
        text => assert!(strings(text), "{text:?}"),
    }
}

/// A program hears bytes, then the end.
fn serves<'b>(peer: &mut dyn Peer, pieces: impl Iterator<Item = &'b [u8]>) {
    let (mut out, mut now) = (Vec::new(), Duration::ZERO);
    peer.step(now, Input::Opened, &mut out);
    for piece in pieces {
        now += Duration::from_millis(10);
        peer.step(now, Input::Bytes(piece), &mut out);
        assert!(out.len() < 1 << 20, "a stranger makes it talk without an end");
    }
    peer.step(now, Input::Ended, &mut out);
    peer.step(now + Duration::from_mins(1), Input::Tick, &mut out);
}

fn visit() -> Visit {
    Visit {
        host: "chat.example".to_owned(),
        path: "/socket.io/".to_owned(),
        transports: vec![Transport::Polling, Transport::WebSocket],
        script: vec![Act::Connect, Act::WaitMs(50)],
    }
}

/// What can be read can be written, and reads as the same again.
fn codecs(bytes: &[u8]) {
    if let Ok(Some((request, _))) = Request::read(bytes) {
        let mut out = Vec::new();
        request.write(&mut out);
        assert!(matches!(Request::read(&out), Ok(Some((again, _))) if again == request), "{request:?}");
    }
    let _ = Response::read(bytes, "GET");
    if let Ok(Some((frame, used))) = Frame::read(bytes) {
        let mut out = Vec::new();
        frame.write(&mut out);
        assert!(
            used <= bytes.len() && matches!(Frame::read(&out), Ok(Some((again, _))) if again == frame),
            "{frame:?}"
        );
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(packet) = engineio::Packet::read(text) {
        assert!(engineio::Packet::read(&packet.write()).is_ok_and(|again| again == packet), "{packet:?}");
    }
    if let Ok(packets) = engineio::read_payload(bytes) {
        let written = engineio::write_payload(&packets);
        assert!(engineio::read_payload(written.as_bytes()).is_ok_and(|again| again == packets), "{packets:?}");
    }
    let mut decoder = Decoder::default();
    let Ok(Some(packet)) = decoder.take(engineio::Message::Text(text.to_owned())) else { return };
    let mut again = Decoder::default();
    let whole = packet.write().into_iter().map(|message| again.take(message)).last();
    assert!(matches!(whole, Some(Ok(Some(other))) if other == packet), "{packet:?}");
}

/// WebSocket messages on their way in: cut anywhere, the verdict is the same.
fn messages(bytes: &[u8]) {
    let verdict = |size: usize| {
        let mut frames = Frames::new(16 << 10, Some(Arc::new(NoBinary)));
        bytes.chunks(size).try_for_each(|piece| frames.pass(piece))
    };
    assert_eq!(verdict(bytes.len().max(1)), verdict(1));
}

/// As the chat's own.
#[derive(Debug)]
struct NoBinary;

impl Judge for NoBinary {
    fn takes_binary(&self) -> bool {
        false
    }

    fn takes_text(&self, begins: &[u8]) -> bool {
        !begins.starts_with(b"45")
    }
}

/// A JSON value a line.
fn events(bytes: &[u8]) -> Vec<Json> {
    bytes.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}
