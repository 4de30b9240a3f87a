//! TLS: what it hides, and what an eavesdropper still sees.

use super::{Here, Rule};
use crate::model::Identity;
use crate::proto::tls;

pub(super) const TEXT: &str = include_str!("text/tls.toml");

use tls::{
    ALERT_DESC, ALERT_LEVEL, ALPN_STR, APP_DATA, CERTIFICATE, CIPHERSUITE, HANDSHAKE_PROTOCOL, HANDSHAKE_TYPE, RECORD,
    RECORD_CONTENT_TYPE, RECORD_LENGTH, SERVER_NAME,
};

const TLS: &[&Identity] = &[&tls::ABOUT];

pub(super) static RULES: &[Rule] = &[
    Rule::observed("tls-client-hello", TLS, &[&HANDSHAKE_TYPE, &SERVER_NAME, &CIPHERSUITE, &ALPN_STR], |h| {
        message(h, 1)
    }),
    Rule::observed("tls-server-hello", TLS, &[&HANDSHAKE_TYPE, &CIPHERSUITE], |h| message(h, 2)),
    Rule::observed("tls-certificate", TLS, &[&HANDSHAKE_TYPE, &CERTIFICATE], |h| message(h, 11)),
    Rule::observed("tls-handshake", TLS, &[&HANDSHAKE_TYPE], |h| {
        h.has(&HANDSHAKE_TYPE) && ![1, 2, 11].into_iter().any(|n| message(h, n))
    }),
    Rule::observed("tls-handshake-hidden", TLS, &[&RECORD_CONTENT_TYPE], |h| record(h, 22) && !h.has(&HANDSHAKE_TYPE)),
    Rule::observed("tls-change-cipher", TLS, &[&RECORD_CONTENT_TYPE], |h| record(h, 20)),
    Rule::observed("tls-data", TLS, &[&APP_DATA, &RECORD_LENGTH], |h| record(h, 23)),
    Rule::observed("tls-begins", TLS, &[], |h| unread(h) && begins(h)),
    Rule::inferred("tls-middle", TLS, &[], |h| unread(h) && !begins(h)),
    Rule::observed("tls-alert", TLS, &[&ALERT_LEVEL, &ALERT_DESC], |h| h.has(&ALERT_DESC)),
    Rule::observed("tls-alert-hidden", TLS, &[&RECORD_CONTENT_TYPE], |h| record(h, 21) && !h.has(&ALERT_DESC)),
];

/// Whether it holds a readable handshake message of this type (RFC 8446 §4).
fn message(h: &Here<'_>, kind: u64) -> bool {
    h.own(&HANDSHAKE_TYPE).any(|f| f.value.uint() == Some(kind))
}

/// Whether not one whole record is here.
fn unread(h: &Here<'_>) -> bool {
    !h.has(&RECORD) && !h.has(&HANDSHAKE_PROTOCOL)
}

/// Whether its bytes are the first ones of a record.
fn begins(h: &Here<'_>) -> bool {
    tls::begins_a_record(h.packet().bytes(h.layer.span))
}

/// Whether it holds a record of this type (RFC 8446 §5.1).
fn record(h: &Here<'_>, kind: u64) -> bool {
    h.own(&RECORD_CONTENT_TYPE).any(|f| f.value.uint() == Some(kind))
}
