//! The filter that selects packets with the value of a field.

use crate::model::{Field, Kind, Packet, Value, show};

/// The longest bytes or text that a filter is made of.
const MOST: usize = 64;

/// The filter that selects the packets in which a field has the value that it has here, such as `tcp.dstport == 80`.
/// Where the value is too long for one, or is none, the packets that have the field.
pub fn for_field(packet: &Packet, field: &Field) -> Option<String> {
    let name = field.def.name;
    let mut text = String::from(name);
    let before = text.len();
    text.push_str(" == ");
    match (field.value, field.def.kind) {
        (Value::Bool(set), _) => text.push(if set { '1' } else { '0' }),
        (Value::Uint(n), Kind::Hex(_)) => show::hex(n, 1, &mut text),
        (Value::Uint(n), _) => show::number(n, &mut text),
        (Value::Int(n), _) => show::signed(n, &mut text),
        (Value::Text(slice), _) => {
            let bytes = packet.bytes(slice);
            let written = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= MOST && !bytes.is_empty())?;
            text.push('"');
            for c in written.chars() {
                match c {
                    '"' | '\\' => text.extend(['\\', c]),
                    c if c.is_control() => return Some(name.to_owned()),
                    c => text.push(c),
                }
            }
            text.push('"');
        }
        (Value::Bytes(_), Kind::Ether | Kind::Ipv4 | Kind::Ipv6) => show::value(packet, field, &mut text),
        (Value::Bytes(slice), _) if (1..=MOST).contains(&packet.bytes(slice).len()) => {
            show::hex_bytes(packet.bytes(slice), ":", &mut text);
        }
        _ => text.truncate(before),
    }
    Some(text)
}
