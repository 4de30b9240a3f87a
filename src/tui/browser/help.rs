//! What is said of the keys: on the help page, and in the last line.

use crate::tty::table::{Does, on, short};
use crate::tui::text::{footer as fitted, keys_page};

/// What the last line names after the parts and the layers.
const FOOTER: [Does; 9] = [
    Does::Filter,
    Does::GoTo,
    Does::Unusual,
    Does::Ladder,
    Does::Follow,
    Does::Stats,
    Does::Predict,
    Does::Help,
    Does::Quit,
];

/// The help page, for so many columns.
pub(super) fn page(columns: usize) -> String {
    const NOTES: [&str; 3] = [
        "! marks a packet that Wireshark's expert would note; its layers say why.",
        "A click chooses, a second one is Enter, the wheel goes on; Shift lets you mark text.",
        "● observed in the bytes, ◐ inferred, ○ not visible here.",
    ];
    keys_page(on::PACKETS, &NOTES, columns).join("\n")
}

/// The keys that the footer names, as far as there is room; never without help and quit. `live`: packets may still come.
pub(super) fn footer(columns: usize, live: bool) -> String {
    let mut all = vec![short(Does::Next), "1-7 unfold".to_owned()];
    all.extend(live.then(|| short(Does::Pause)));
    all.extend(FOOTER.map(short));
    fitted(&all, 2, columns)
}
