//! NetBIOS name service — RFC 1002 §4.2: how Windows looked for names before DNS, in messages of DNS's shape.
//! The header is read; the names, which are written in a code of their own, are not.

use super::prelude::*;

/// The NetBIOS name service.
pub static ABOUT: Identity = Identity {
    name: "nbns",
    title: "NetBIOS Name Service",
    osi: Osi::Application,
    spec: "RFC 1002",
    fields: FIELDS,
    summary: None,
};

const OPCODES: &[(u64, &str)] =
    &[(0, "Name query"), (5, "Registration"), (6, "Release"), (7, "Wait and acknowledge"), (8, "Refresh")];

fields! {
    ID             = u16_at(0, "nbns.id", "Transaction ID", "A number that the answer repeats.").hex();
    FLAGS          = u16_at(2, "nbns.flags", "Flags", "What kind of message it is, and how it went.").hex();
    FLAGS_RESPONSE = bit_at(2, 2, 0x8000, "nbns.flags.response", "Response", "Set in an answer, clear in a question.");
    FLAGS_OPCODE   = u16_at(2, "nbns.flags.opcode", "Opcode", "What is asked for.").bits(0x7800).names(OPCODES);
    FLAGS_TRUNCATED = bit_at(2, 2, 0x0200, "nbns.flags.truncated", "Truncated", "The message did not fit.");
    FLAGS_RECDESIRED = bit_at(2, 2, 0x0100, "nbns.flags.recdesired", "Recursion desired", "The asker wants the server to ask others in its place.");
    FLAGS_BROADCAST = bit_at(2, 2, 0x0010, "nbns.flags.broadcast", "Broadcast", "The question goes to everybody on the link.");
    COUNT_QUERIES  = u16_at(4, "nbns.count.queries", "Questions", "How many questions follow.");
    COUNT_ANSWERS  = u16_at(6, "nbns.count.answers", "Answers", "How many records answer the question.");
    COUNT_AUTH_RR  = u16_at(8, "nbns.count.auth_rr", "Authority records", "How many records name an authority.");
    COUNT_ADD_RR   = u16_at(10, "nbns.count.add_rr", "Additional records", "How many records come along.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(137)],
    over: Over::Packet,
    dissect: |c| c.fixed(FIELDS).map(|()| Next::end(c.len())),
};
