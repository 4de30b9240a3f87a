//! Engine.IO and Socket.IO: one dialogue over changing transports, and the events in it.

use super::{Here, Rule};
use crate::model::{FieldDef, Identity};
use crate::proto::{engineio, http, socketio, websocket};

pub(super) const TEXT: &str = include_str!("text/socketio.toml");

use engineio::{
    BASE64, BINARY, DATA, ERROR_CODE, JSONP, LENGTH, OK, PING_INTERVAL, PING_TIMEOUT, PROBE, SEPARATOR, UPGRADES,
    VERSION,
};
use socketio::{
    ACK_ID, ARGUMENT, ATTACHMENT, ATTACHMENT_FRAME, ATTACHMENTS, ATTACHMENTS_LEFT, AUTH, ERROR_DATA, ERROR_MESSAGE,
    EVENT, NAMESPACE, PLACEHOLDER,
};

const REFUSAL: &[&FieldDef] = &[&ERROR_CODE, &engineio::ERROR_MESSAGE];
const ENGINE: &[&Identity] = &[&engineio::ABOUT];
const SOCKET: &[&Identity] = &[&socketio::ABOUT];

pub(super) static RULES: &[Rule] = &[
    Rule::observed("eio-open", ENGINE, &[&engineio::TYPE, &engineio::SID, &PING_INTERVAL, &PING_TIMEOUT], |h| {
        engine(h, engineio::Type::Open)
    }),
    Rule::observed("eio-upgrades", ENGINE, &[&UPGRADES], |h| h.has(&UPGRADES)),
    Rule::observed("eio-close", ENGINE, &[&engineio::TYPE], |h| engine(h, engineio::Type::Close)),
    // Who pings changed between the versions.
    Rule::observed("eio-ping", ENGINE, &[&engineio::TYPE], |h| {
        engine(h, engineio::Type::Ping) && !h.has(&PROBE) && version(h) != Some(3)
    }),
    Rule::observed("eio-ping-3", ENGINE, &[&engineio::TYPE], |h| {
        engine(h, engineio::Type::Ping) && !h.has(&PROBE) && version(h) == Some(3)
    }),
    Rule::observed("eio-pong", ENGINE, &[&engineio::TYPE], |h| engine(h, engineio::Type::Pong) && !h.has(&PROBE)),
    Rule::observed("eio-probe", ENGINE, &[&engineio::TYPE, &PROBE], |h| {
        engine(h, engineio::Type::Ping) && h.has(&PROBE)
    }),
    Rule::observed("eio-probed", ENGINE, &[&engineio::TYPE, &PROBE], |h| {
        engine(h, engineio::Type::Pong) && h.has(&PROBE)
    }),
    Rule::observed("eio-message", ENGINE, &[&engineio::TYPE, &DATA], |h| {
        engine(h, engineio::Type::Message) && !h.has(&BINARY)
    }),
    Rule::observed("eio-binary", ENGINE, &[&engineio::TYPE, &BINARY], |h| h.has(&BINARY) && version(h) != Some(3)),
    Rule::observed("eio-binary-3", ENGINE, &[&engineio::TYPE, &BINARY], |h| h.has(&BINARY) && version(h) == Some(3)),
    Rule::observed("eio-base64", ENGINE, &[&BASE64], |h| h.has(&BASE64)),
    Rule::observed("eio-upgrade", ENGINE, &[&engineio::TYPE], |h| engine(h, engineio::Type::Upgrade)),
    Rule::observed("eio-noop", ENGINE, &[&engineio::TYPE], |h| engine(h, engineio::Type::Noop)),
    Rule::observed("eio-separator", ENGINE, &[&SEPARATOR], |h| h.has(&SEPARATOR)),
    Rule::observed("eio-length", ENGINE, &[&LENGTH], |h| h.has(&LENGTH)),
    Rule::observed("eio-jsonp", ENGINE, &[&JSONP], |h| h.has(&JSONP)),
    // A server of version 2 does not look at the version that is asked for.
    Rule::observed("eio-older-server", ENGINE, &[&LENGTH, &VERSION], |h| {
        engine(h, engineio::Type::Open) && h.has(&LENGTH) && version(h) == Some(4)
    }),
    Rule::observed("eio-refused-transport", ENGINE, REFUSAL, |h| h.uint(&ERROR_CODE) == Some(0)),
    Rule::observed("eio-refused-sid", ENGINE, REFUSAL, |h| h.uint(&ERROR_CODE) == Some(1)),
    Rule::observed("eio-refused-method", ENGINE, REFUSAL, |h| h.uint(&ERROR_CODE) == Some(2)),
    Rule::observed("eio-refused-request", ENGINE, REFUSAL, |h| h.uint(&ERROR_CODE) == Some(3)),
    Rule::observed("eio-refused-forbidden", ENGINE, REFUSAL, |h| h.uint(&ERROR_CODE) == Some(4)),
    Rule::observed("eio-refused-version", ENGINE, REFUSAL, |h| h.uint(&ERROR_CODE) == Some(5)),
    Rule::observed("eio-taken", ENGINE, &[&OK], |h| h.has(&OK)),
    // The sid is in the request, in another packet or layer: the packet itself does not repeat it.
    Rule::inferred("eio-session", ENGINE, &[&engineio::SID], |h| {
        h.has(&engineio::SID) && !engine(h, engineio::Type::Open)
    }),
    Rule::observed("sio-connect", SOCKET, &[&socketio::TYPE, &NAMESPACE, &AUTH], |h| {
        socket(h, socketio::Type::Connect) && from_client(h) != Some(false)
    }),
    Rule::observed("sio-connected", SOCKET, &[&socketio::TYPE, &socketio::SID], |h| {
        socket(h, socketio::Type::Connect) && from_client(h) == Some(false)
    }),
    Rule::observed("sio-disconnect", SOCKET, &[&socketio::TYPE], |h| socket(h, socketio::Type::Disconnect)),
    // What the other side's program is told: it cannot tell otherwise why the socket closed.
    Rule::inferred("sio-left", SOCKET, &[&socketio::TYPE], |h| {
        socket(h, socketio::Type::Disconnect) && from_client(h) == Some(true)
    }),
    Rule::inferred("sio-thrown-out", SOCKET, &[&socketio::TYPE], |h| {
        socket(h, socketio::Type::Disconnect) && from_client(h) == Some(false)
    }),
    Rule::observed("sio-no-namespace", SOCKET, &[&ERROR_MESSAGE, &NAMESPACE], |h| {
        socket(h, socketio::Type::ConnectError) && h.octets(&ERROR_MESSAGE) == Some(b"Invalid namespace")
    }),
    Rule::observed("sio-event", SOCKET, &[&socketio::TYPE, &EVENT, &ARGUMENT], |h| socket(h, socketio::Type::Event)),
    Rule::observed("sio-binary-event", SOCKET, &[&socketio::TYPE, &EVENT, &ARGUMENT], |h| {
        socket(h, socketio::Type::BinaryEvent)
    }),
    Rule::observed("sio-ack-wanted", SOCKET, &[&ACK_ID], |h| {
        (socket(h, socketio::Type::Event) || socket(h, socketio::Type::BinaryEvent)) && h.has(&ACK_ID)
    }),
    Rule::observed("sio-ack", SOCKET, &[&socketio::TYPE, &ACK_ID, &ARGUMENT], |h| {
        socket(h, socketio::Type::Ack) || socket(h, socketio::Type::BinaryAck)
    }),
    Rule::observed("sio-binary", SOCKET, &[&socketio::TYPE, &ATTACHMENTS, &PLACEHOLDER], |h| h.has(&ATTACHMENTS)),
    Rule::observed("sio-attachment", SOCKET, &[&ATTACHMENT, &ATTACHMENT_FRAME], |h| h.has(&ATTACHMENT)),
    Rule::observed("sio-attachment-last", SOCKET, &[&ATTACHMENT_FRAME], |h| h.uint(&ATTACHMENTS_LEFT) == Some(0)),
    Rule::observed("sio-attachment-more", SOCKET, &[&ATTACHMENTS_LEFT], |h| {
        h.uint(&ATTACHMENTS_LEFT).is_some_and(|left| left > 0)
    }),
    Rule::observed("sio-error", SOCKET, &[&socketio::TYPE, &ERROR_MESSAGE, &ERROR_DATA], |h| {
        socket(h, socketio::Type::ConnectError)
    }),
    Rule::observed("sio-namespace", SOCKET, &[&NAMESPACE], |h| h.octets(&NAMESPACE).is_some_and(|n| n != b"/")),
];

fn engine(h: &Here<'_>, kind: engineio::Type) -> bool {
    h.uint(&engineio::TYPE) == Some(kind as u64)
}

fn version(h: &Here<'_>) -> Option<u64> {
    h.uint(&VERSION)
}

fn socket(h: &Here<'_>, kind: socketio::Type) -> bool {
    h.uint(&socketio::TYPE) == Some(kind as u64)
}

/// Whether the client sent it, by the nearest layer that tells: a client masks its frames and sends requests.
fn from_client(h: &Here<'_>) -> Option<bool> {
    let packet = h.packet();
    h.outer().find_map(|l| {
        let masked = packet.uint_in(l, &websocket::MASK).map(|n| n != 0);
        let asks = packet.field_in(l, &http::REQUEST).map(|_| true);
        masked.or(asks).or_else(|| packet.field_in(l, &http::RESPONSE).map(|_| false))
    })
}
