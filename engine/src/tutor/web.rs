//! HTTP, the upgrade, `WebSocket`, and HTTP/2.

use super::here::octets;
use super::{Here, Rule};
use crate::model::Identity;
use crate::proto::{http, http2, tcp, websocket};

pub(super) const TEXT: &str = include_str!("text/web.toml");

use http::{
    CHUNK_SIZE, CODE, CONTENT_ENCODING, COOKIE, METHOD, REQUEST, REQUEST_IN, RESPONSE, SET_COOKIE, UPGRADE, URI,
    WEBSOCKET_ACCEPT, WEBSOCKET_KEY,
};
use websocket::{CLOSE_STATUS, FIN, MASK, MASKED_PAYLOAD, MASKING_KEY, OPCODE, PMC};

const HTTP: &[&Identity] = &[&http::ABOUT];
const SOCKET: &[&Identity] = &[&websocket::ABOUT];
const TWO: &[&Identity] = &[&http2::ABOUT];

pub(super) static RULES: &[Rule] = &[
    Rule::observed("http-request", HTTP, &[&METHOD, &URI, &http::HOST], |h| h.is(&REQUEST) && !asks_for_websocket(h)),
    Rule::observed("http-upgrade", HTTP, &[&UPGRADE, &http::CONNECTION, &WEBSOCKET_KEY], asks_for_websocket),
    Rule::observed("http-accept-expected", HTTP, &[&WEBSOCKET_KEY], asks_for_websocket),
    Rule::observed("http-switch", HTTP, &[&CODE, &UPGRADE, &WEBSOCKET_ACCEPT], switches),
    Rule::observed("http-accept-derived", HTTP, &[&WEBSOCKET_ACCEPT], |h| switches(h) && h.has(&WEBSOCKET_ACCEPT)),
    Rule::observed("http-response", HTTP, &[&CODE, &http::PHRASE, &REQUEST_IN], |h| {
        h.is(&RESPONSE) && h.uint(&CODE) != Some(101)
    }),
    Rule::observed("http-chunked", HTTP, &[&CHUNK_SIZE], |h| h.has(&CHUNK_SIZE)),
    Rule::observed("http-encoded", HTTP, &[&CONTENT_ENCODING], |h| h.has(&CONTENT_ENCODING)),
    Rule::observed("http-cookie", HTTP, &[&COOKIE, &SET_COOKIE], |h| h.has(&COOKIE) || h.has(&SET_COOKIE)),
    Rule::observed("http-continuation", HTTP, &[], |h| !h.is(&REQUEST) && !h.is(&RESPONSE)),
    // RFC 6455 §5.5, §5.6: what a frame is for.
    Rule::observed("ws-text", SOCKET, &[&OPCODE, &websocket::TEXT], |h| opcode(h) == Some(1)),
    Rule::observed("ws-binary", SOCKET, &[&OPCODE], |h| opcode(h) == Some(2)),
    Rule::observed("ws-continuation", SOCKET, &[&OPCODE, &FIN], |h| opcode(h) == Some(0)),
    Rule::observed("ws-first-piece", SOCKET, &[&FIN], |h| matches!(opcode(h), Some(1 | 2)) && !h.is(&FIN)),
    Rule::observed("ws-close", SOCKET, &[&OPCODE, &CLOSE_STATUS], |h| opcode(h) == Some(8)),
    Rule::observed("ws-ping", SOCKET, &[&OPCODE], |h| opcode(h) == Some(9)),
    Rule::observed("ws-pong", SOCKET, &[&OPCODE], |h| opcode(h) == Some(10)),
    Rule::observed("ws-compressed", SOCKET, &[&PMC], |h| h.is(&PMC)),
    // §5.3: who masks, and how.
    Rule::observed("ws-masked", SOCKET, &[&MASK, &MASKING_KEY], |h| h.is(&MASK) && !breaks_masking(h)),
    Rule::observed("ws-unmasking", SOCKET, &[&MASKING_KEY, &MASKED_PAYLOAD], |h| h.has(&MASKED_PAYLOAD)),
    Rule::observed("ws-unmasked", SOCKET, &[&MASK], |h| h.has(&MASK) && !h.is(&MASK) && !breaks_masking(h)),
    Rule::inferred("ws-mask-wrong", SOCKET, &[&MASK], breaks_masking),
    // RFC 9113: streams side by side; RFC 8441: another protocol in one of them.
    Rule::observed("h2-begins", TWO, &[&http2::MAGIC], |h| h.has(&http2::MAGIC)),
    Rule::observed("h2-request", TWO, &[&http2::METHOD, &http2::PATH], |h| {
        h.has(&http2::METHOD) && !h.has(&http2::PROMISED) && !extended(h)
    }),
    Rule::observed("h2-connect", TWO, &[&http2::METHOD, &http2::PATH], extended),
    Rule::observed("h2-response", TWO, &[&http2::STATUS], |h| h.has(&http2::STATUS)),
    Rule::observed("h2-packed", TWO, &[&http2::INDEX], |h| h.has(&http2::INDEX)),
    Rule::observed("h2-data", TWO, &[&http2::DATA], |h| {
        h.own(&http2::DATA).any(|f| octets(h.packet(), f).is_some_and(|data| !data.is_empty()))
    }),
    Rule::observed("h2-allows-websocket", TWO, &[&http2::EXTENDED], |h| h.is(&http2::EXTENDED)),
];

/// RFC 8441 §4: a CONNECT that names a protocol.
fn extended(h: &Here<'_>) -> bool {
    let names = |name: &str| h.own(&http2::NAME).any(|f| octets(h.packet(), f) == Some(name.as_bytes()));
    h.says(&http2::METHOD, "CONNECT")
        && names(":protocol")
        && h.own(&http2::VALUE).any(|f| octets(h.packet(), f) == Some(b"websocket"))
}

fn asks_for_websocket(h: &Here<'_>) -> bool {
    h.is(&REQUEST) && h.says(&UPGRADE, "websocket")
}

fn switches(h: &Here<'_>) -> bool {
    h.is(&RESPONSE) && h.uint(&CODE) == Some(101)
}

fn opcode(h: &Here<'_>) -> Option<u64> {
    h.uint(&OPCODE)
}

/// RFC 6455 §5.1: a client masks every frame, a server none.
fn breaks_masking(h: &Here<'_>) -> bool {
    let Some(connection) = h.connection() else { return false };
    let port = h.field(&tcp::SRCPORT).and_then(|f| f.value.uint());
    let ends = connection.ends;
    let known = ends.src_port != ends.dst_port && h.has(&MASK);
    known && (port == Some(u64::from(ends.src_port))) != h.is(&MASK)
}
