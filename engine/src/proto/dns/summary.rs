//! A DNS message in one line.

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use crate::proto::prelude::*;

/// Records that the line shows.
const MOST: usize = 4;
/// Characters of one name or text in the line.
const LONGEST: usize = 80;

/// What a record says, by the first of these that it holds.
static SAYS: [&FieldDef; 13] = [
    &A,
    &AAAA,
    &CNAME,
    &NS,
    &PTR_DOMAIN_NAME,
    &MX_MAIL_EXCHANGE,
    &SRV_TARGET,
    &TXT,
    &SOA_MNAME,
    &DNAME,
    &SVC_TARGET,
    &SVC_ALPN,
    &NSEC_NEXT,
];

/// `query 0x1234 A example.com`, `answer 0x1234 A example.com: A 192.0.2.1`
pub(super) fn write(packet: &Packet, layer: &Layer, out: &mut String) {
    let response = packet.uint_in(layer, &FLAGS_RESPONSE) == Some(1);
    out.push_str(if response { "answer " } else { "query " });
    show::hex(packet.uint_in(layer, &ID).unwrap_or(0), 4, out);
    let fields = packet.fields_of(layer);
    let (mut questions, mut records) = (0, 0);
    let mut name = None;
    let mut said = true;
    for field in fields {
        if let Value::Text(text) = field.value
            && std::ptr::eq(field.def, &raw const QRY_NAME)
        {
            name = Some(text);
        } else if std::ptr::eq(field.def, &raw const QRY_TYPE) {
            questions += 1;
            if questions > MOST {
                continue;
            }
            out.push_str(if questions > 1 { "," } else { "" });
            kind(field.def, field.value.uint().unwrap_or(0), out);
            if let Some(name) = name.take() {
                out.push(' ');
                show::escape_within(packet.bytes(name), LONGEST, out);
            }
        } else if std::ptr::eq(field.def, &raw const RESP_TYPE) && field.depth == 1 {
            if records == MOST {
                out.push_str(", …");
                break;
            }
            out.push_str(if records == 0 { ":" } else { "," });
            kind(field.def, field.value.uint().unwrap_or(0), out);
            records += 1;
            said = false;
        } else if !said && SAYS.iter().any(|def| std::ptr::eq(*def, field.def)) {
            out.push(' ');
            match field.value {
                Value::Text(text) => drop(show::escape_within(packet.bytes(text), LONGEST, out)),
                _ => show::value(packet, field, out),
            }
            said = true;
        }
    }
    if let Some(code) = packet.uint_in(layer, &FLAGS_RCODE).filter(|&code| response && code != 0) {
        out.push_str(" · ");
        out.push_str(FLAGS_RCODE.name_of(code).unwrap_or("unknown reply code"));
    }
}

/// ` AAAA`: the type's mnemonic, which stands before the comma of its name.
fn kind(def: &FieldDef, code: u64, out: &mut String) {
    out.push(' ');
    match def.name_of(code).and_then(|name| name.split(',').next()) {
        Some(mnemonic) => out.push_str(mnemonic),
        None => show::number(code, out),
    }
}
