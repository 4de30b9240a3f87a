//! Rows for a spreadsheet (RFC 4180): a packet a row, in the columns that Wireshark begins with.

use super::brief::{ends_of, since_first, subject_of};
use crate::model::Packet;
use std::fmt::Write as _;

/// The first row.
pub const COLUMNS: &str = "No.,Time,Source,Destination,Protocol,Length,Info\n";

/// Appends a packet's row. Times are seconds since the first packet.
pub fn row(packet: &Packet, out: &mut String) {
    let (mut source, mut destination, mut protocol, mut info) = Default::default();
    ends_of(packet, &mut source, &mut destination);
    subject_of(packet, &mut protocol, &mut info);
    let _ = write!(out, "{},", packet.number);
    if let Some(nanos) = since_first(packet) {
        let sign = if nanos < 0 { "-" } else { "" };
        let nanos = nanos.unsigned_abs();
        let _ = write!(out, "{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    }
    for text in [&source, &destination, &protocol] {
        out.push(',');
        out.push_str(&cell(text));
    }
    let _ = writeln!(out, ",{},{}", packet.len, cell(&info));
}

/// A cell. What a spreadsheet would take for a formula gets an apostrophe before it.
pub(super) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.contains([',', '"', '\'']) { format!("\"{}\"", clean.replace('"', "\"\"")) } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_out_of_its_column_or_calculate() {
        assert_eq!(cell("a"), "a");
        assert_eq!(cell("a,\"b\"\n"), "\"a,\"\"b\"\" \"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("-5"), "-5");
        assert_eq!(cell("@x"), "\"'@x\"");
    }
}
