//! Signs as a screen reader says them: letters, digits and the punctuation of a keyboard; a segment's numbers in words.

/// What a sign becomes; letters of any language stay.
const SIGNS: &[(char, &str)] = &[
    ('–', "-"),
    ('—', " - "),
    ('→', "to"),
    ('←', "from"),
    ('↑', "up"),
    ('↓', "down"),
    ('…', "..."),
    ('·', ","),
    ('•', "-"),
    ('×', "x"),
    ('µ', "micro"),
    ('§', "section "),
    ('€', "EUR"),
    ('“', "\""),
    ('”', "\""),
    ('„', "\""),
    ('‘', "'"),
    ('’', "'"),
    ('≥', "at least "),
    ('≤', "at most "),
    ('≠', "is not "),
    ('\u{a0}', " "),
    ('\u{202f}', " "),
    ('\t', " "),
];

/// This many question marks or more cover what a learner is asked.
const COVERED: usize = 3;

/// Whether a sign is drawn rather than said: boxes, arrowheads, ticks.
pub fn is_drawn(sign: char) -> bool {
    matches!(sign, '\u{2500}'..='\u{25ff}' | '✓' | '✗')
}

/// A text without signs that a keyboard lacks. What has no words becomes a question mark.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut covered = 0;
    for c in text.chars() {
        covered = if c == '?' { covered + 1 } else { 0 };
        if covered == COVERED {
            out.truncate(out.len() - (COVERED - 1));
            out.push_str("(held back)");
        }
        if covered >= COVERED {
            continue;
        }
        match SIGNS.iter().find(|(sign, _)| *sign == c) {
            Some((_, words)) => out.push_str(words),
            None if c == '\n' || matches!(c, ' '..='~') || c.is_alphanumeric() => out.push(c),
            // What is only drawn is not said.
            None if is_drawn(c) => {}
            None => out.push('?'),
        }
    }
    out
}

/// The same in one line, with single spaces.
pub fn line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A segment's numbers, as the line of a packet has them, and how they are said.
const NUMBERS: &[(&str, &str)] = &[
    ("Seq", "sequence number"),
    ("Ack", "acknowledgment number"),
    ("Win", "window"),
    ("Len", "length"),
    ("MSS", "maximum segment size"),
    ("WS", "window scale"),
];

/// A packet's line in words: `[SYN] Seq=0` is `SYN, sequence number 0`. What is no segment's stays.
pub fn spelled(line: &str) -> String {
    let is_flags = |word: &str| {
        let word = word.trim_matches(['[', ']', ',']);
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase())
    };
    let mut out = String::new();
    for word in line.split_whitespace() {
        let number = word.split_once('=').and_then(|(name, value)| {
            let (_, said) = NUMBERS.iter().find(|(own, _)| *own == name)?;
            Some((said, value))
        });
        if let Some((said, value)) = number {
            out.extend([", ", said, " ", value]);
            continue;
        }
        let bracketed = word.starts_with('[') || word.ends_with(']');
        let word = if bracketed && is_flags(word) { word.trim_matches(['[', ']']) } else { word };
        out.push_str(if out.is_empty() { "" } else { " " });
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_words_and_letters_stay() {
        assert_eq!(
            plain("192.0.2.10 → 192.0.2.80 – “a” … 3 × 4 µs"),
            "192.0.2.10 to 192.0.2.80 - \"a\" ... 3 x 4 micros"
        );
        assert_eq!(plain("größer, 日本"), "größer, 日本");
        assert_eq!(plain("├─ ▶ ✓ ok\u{1b}[2J 😀"), "   ok?[2J ?");
    }

    #[test]
    fn what_is_covered_is_said_to_be_held_back() {
        assert_eq!(plain("Client: ???????????. Server: ???"), "Client: (held back). Server: (held back)");
        assert_eq!(plain("Really?? Yes?"), "Really?? Yes?");
    }

    #[test]
    fn a_segment_is_spelled_out() {
        assert_eq!(
            spelled("[SYN, ACK] Seq=0 Ack=1 WS=8"),
            "SYN, ACK, sequence number 0, acknowledgment number 1, window scale 8"
        );
        assert_eq!(spelled("TCP 80 → 7 [FIN] Seq=____"), "TCP 80 → 7 FIN, sequence number ____");
        assert_eq!(spelled("GET /chat?a=1 [x]"), "GET /chat?a=1 [x]");
    }
}
