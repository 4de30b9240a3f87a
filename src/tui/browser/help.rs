//! What the keys do: one table, for the help page and for the footer.

use crate::tui::text::{footer as fitted, keys_page};

/// A key, what it does, and how the footer says it; empty where the footer doesn't.
pub(super) const KEYS: &[(&str, &str, &str)] = &[
    ("↑ ↓ j k", "the packet, line or byte before, after", ""),
    ("PgUp PgDn Home End g G", "a page; the first, the last. End follows what comes", ""),
    ("Tab", "go on to the next part: packets, layers, bytes", "Tab layers"),
    ("Enter →  ← e", "unfold the layer or explain the field; fold", ""),
    ("1 … 7", "unfold or fold that OSI layer", "1-7 unfold"),
    ("z", "give this part the whole screen", ""),
    ("/", "filter; Tab completes a name, Ctrl-U empties the line, Esc leaves or stops it", "/ filter"),
    (":", "jump to a packet by its number", ": jump"),
    ("n N", "the next, the last unusual or marked packet", "n unusual"),
    ("b", "mark this packet, or unmark it", ""),
    ("Space", "pause: nothing is lost, the list stands still", ""),
    ("l", "ladder of this TCP connection", "l ladder"),
    ("f", "follow what both ends said", "f follow"),
    ("s", "statistics of all packets", "s stats"),
    ("t", "this TCP connection over time", ""),
    ("h", "hops of this packet of a simulation: every link that it crossed", ""),
    ("x", "break this packet of a simulation: lost, late, twice, damaged; both timelines", "x break"),
    ("p", "predict: a question about the next packet, before you look at it", "p predict"),
    ("y J H", "copy the line as a filter, the packet as JSON, bytes as hexadecimal; the terminal must allow it", ""),
    ("m", "mask: addresses, MAC addresses and names get pseudonyms, on every page", "m mask"),
    ("P", "projector: fewer columns, more space", "P projector"),
    ("w", "write the packets shown to a file", ""),
    ("a", "for whom to explain: newcomer, student, engineer", "a audience"),
    ("?", "this page", "? help"),
    ("q", "quit", "q quit"),
];

/// The help page, for so many columns.
pub(super) fn page(columns: usize) -> String {
    const NOTES: [&str; 3] = [
        "! marks a packet that Wireshark's expert would note; its layers say why.",
        "A click chooses, a second one is Enter, the wheel goes on; Shift lets you mark text.",
        "● observed in the bytes, ◐ inferred, ○ not visible here.",
    ];
    let at = if columns < 72 { 16 } else { 26 };
    keys_page(KEYS.iter().map(|(keys, does, _)| (*keys, *does)), &NOTES, at, columns).join("\n")
}

/// The keys that the footer names, as far as there is room; never without help and quit.
pub(super) fn footer(columns: usize) -> String {
    let all: Vec<&str> = KEYS.iter().map(|(_, _, short)| *short).filter(|short| !short.is_empty()).collect();
    fitted(&all, 2, columns)
}
