//! Hardware addresses and other bytes that Wireshark shows as text.

use crate::model::{FieldDef, Trouble, Value};
use crate::proto::Cursor;

/// A network card's address, in the way of its kind of network.
pub(super) fn link_address(
    c: &mut Cursor<'_>,
    def: &'static FieldDef,
    hardware: u16,
    place: (usize, usize),
) -> Result<(), Trouble> {
    let ethernet = matches!((hardware, place.1), (1 | 6, 6));
    hexadecimal(c, def, place, if ethernet { b":" } else { b"" })
}

/// Bytes that Wireshark shows as text.
pub(super) fn hexadecimal(
    c: &mut Cursor<'_>,
    def: &'static FieldDef,
    (at, len): (usize, usize),
    between: &[u8],
) -> Result<(), Trouble> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = c.slice(at, len)?;
    let start = c.start_text();
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            c.add_text(between);
        }
        for digit in [byte >> 4, byte & 0xf] {
            c.add_text(DIGITS.get(usize::from(digit)).map_or(&[], std::slice::from_ref));
        }
    }
    let value = Value::Text(c.end_text(start));
    c.push(def, at, len, value);
    Ok(())
}
