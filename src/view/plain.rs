//! Signs as a screen reader says them: letters, digits and the punctuation of a keyboard.

/// What a sign becomes; letters of any language stay.
const SIGNS: &[(char, &str)] = &[
    ('–', "-"),
    ('—', " - "),
    ('→', "to"),
    ('←', "from"),
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

/// A text without signs that a keyboard lacks. What has no words becomes a question mark.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match SIGNS.iter().find(|(sign, _)| *sign == c) {
            Some((_, words)) => out.push_str(words),
            None if c == '\n' || matches!(c, ' '..='~') || c.is_alphanumeric() => out.push(c),
            // What is only drawn is not said.
            None if matches!(c, '\u{2500}'..='\u{25ff}' | '✓' | '✗') => {}
            None => out.push('?'),
        }
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
}
