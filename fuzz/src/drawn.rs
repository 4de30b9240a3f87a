//! What may never be drawn: whatever a terminal obeys, and whatever shows another text than there is.

use osi_tutor::model::show::{self, has_a_pile_of_marks};

/// Where packets are shown, a backslash and the sign for broken text are escaped, too, so that an escape is never
/// ambiguous; in themselves they do nothing.
fn is_deceptive(c: char) -> bool {
    show::is_deceptive(c) && !matches!(c, '\\' | '\u{fffd}')
}

/// Lines for a terminal, without colours.
pub fn lines(text: &str) {
    let bad = |c: char| c != '\n' && (c.is_control() || is_deceptive(c));
    assert!(!text.contains(bad), "{:?} in {text:?}", text.chars().find(|&c| bad(c)));
    assert!(!has_a_pile_of_marks(text), "a pile of marks in {text:?}");
}

/// One line for a terminal, without colours.
pub fn line(text: &str) {
    assert!(!text.trim_end_matches('\n').contains('\n'), "more than a line: {text:?}");
    lines(text);
}

/// JSON on one line, in which nothing that a terminal obeys is left as it is.
pub fn object(bytes: &[u8]) -> serde_json::Value {
    let text = std::str::from_utf8(bytes).expect("JSON is UTF-8");
    let bad = |c: char| c.is_control() || is_deceptive(c);
    assert!(!text.trim_end_matches('\n').contains(bad), "{text:?}");
    serde_json::from_str(text).expect("JSON")
}
