//! How wide text is on a screen, and how to cut and wrap it. Only text that went through
//! [`escape`](crate::model::show::escape) or is our own comes here: it holds no control characters.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns `text` takes.
#[inline]
pub fn width(text: &str) -> usize {
    if is_ascii(text) { text.len() } else { width_of_signs(text) }
}

fn width_of_signs(text: &str) -> usize {
    // Whatever is not ASCII is looked at one by one; what lies between is as wide as it's long.
    let (mut columns, mut rest) = (0, text);
    while let Some((plain, odd)) = rest.bytes().position(|b| !b.is_ascii()).and_then(|at| rest.split_at_checked(at)) {
        let mut odd = odd.chars();
        if !odd.next().is_some_and(is_narrow) {
            return text.width();
        }
        columns += plain.len() + 1;
        rest = odd.as_str();
    }
    columns + rest.len()
}

/// [`str::is_ascii`], which is made for long texts. Most are shorter than two words of memory.
#[inline]
fn is_ascii(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let odd = words.iter().fold(0, |odd, &word| odd | u64::from_ne_bytes(word));
    rest.iter().fold(odd, |odd, &byte| odd | u64::from(byte)) & 0x8080_8080_8080_8080 == 0
}

/// Whether `c` takes one column whatever is beside it: ASCII, and the signs that our own texts use (dashes, quotes,
/// the ellipsis, arrows, lines, circles). All other text is measured whole, because what follows can change a width.
const fn is_narrow(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{2010}'..='\u{2027}' | '\u{2190}'..='\u{21ff}' | '\u{2500}'..='\u{25cf}' | '·')
}

/// The same of text that styles were put around: `ESC [ … m` takes none.
pub fn width_of_painted(text: &str) -> usize {
    let mut pieces = text.split('\x1b');
    let first = pieces.next().map_or(0, width);
    first + pieces.map(|piece| piece.split_once('m').map_or(0, |(_, rest)| width(rest))).sum::<usize>()
}

/// The longest head of `text` that takes at most `columns`, in bytes.
fn head(text: &str, columns: usize) -> usize {
    // No character takes more columns than bytes.
    if text.len() <= columns {
        return text.len();
    }
    if text.get(..=columns).is_some_and(is_ascii) {
        return columns;
    }
    let (mut at, mut left) = (0, columns);
    while let Some(rest) = text.get(at..) {
        let run = plain(rest.as_bytes(), left);
        (at, left) = (at + run, left - run);
        let Some(c) = rest.get(run..).and_then(|odd| odd.chars().next()) else { break };
        let takes = if is_narrow(c) { 1 } else { c.width().unwrap_or(0) };
        if takes > left {
            return at;
        }
        (at, left) = (at + c.len_utf8(), left - takes);
    }
    text.len()
}

/// How many ASCII characters a text begins with, `most` at most.
fn plain(text: &[u8], most: usize) -> usize {
    let text = text.get(..most).unwrap_or(text);
    let (words, _) = text.as_chunks::<8>();
    let is_odd = |word: &[u8; 8]| u64::from_ne_bytes(*word) & 0x8080_8080_8080_8080 != 0;
    let from = 8 * words.iter().position(is_odd).unwrap_or(words.len());
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|b| !b.is_ascii()).unwrap_or(rest.len())
}

/// Cuts what `out` holds from byte `from` on to `columns`, with `…` in the last of them.
pub fn cut(out: &mut String, from: usize, columns: usize) {
    let Some(tail) = out.get(from..) else { return };
    if tail.len() <= columns || width(tail) <= columns {
        return;
    }
    let keep = head(tail, columns.saturating_sub(1));
    out.truncate(from + keep);
    if columns > 0 {
        out.push('…');
    }
}

/// Cuts a text at its front, to fit a width in columns: the tail of an address tells it from others.
pub fn cut_front(text: &mut String, columns: usize) {
    if width(text) > columns {
        let mut kept = text.as_str();
        while width(kept) + 1 > columns && !kept.is_empty() {
            let mut rest = kept.chars();
            rest.next();
            kept = rest.as_str();
        }
        *text = format!("…{}", kept.trim_start_matches(['.', ':']));
    }
}

/// Appends spaces until what `out` holds from byte `from` on takes `columns`.
pub fn pad(out: &mut String, from: usize, columns: usize) {
    let used = out.get(from..).map_or(0, width);
    spaces(columns.saturating_sub(used), out);
}

/// Appends `n` spaces.
#[inline]
pub fn spaces(mut n: usize, out: &mut String) {
    const SPACES: &str = "                                                                                ";
    while let Some(rest) = n.checked_sub(SPACES.len()) {
        out.push_str(SPACES);
        n = rest;
    }
    out.push_str(SPACES.get(..n).unwrap_or(""));
}

/// Appends `n` times the same character.
pub fn repeat(c: char, n: usize, out: &mut String) {
    let from = out.len();
    out.extend((n > 0).then_some(c));
    let mut count = 1;
    while count < n {
        // Twice as many each time.
        let more = count.min(n - count);
        out.extend_from_within(from..from + more * c.len_utf8());
        count += more;
    }
}

/// The lines of `text`, each at most `columns` wide: broken at spaces, or inside a word that is longer.
pub fn wrap(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    let columns = columns.max(2);
    let mut rest = Some(trim_end(text));
    std::iter::from_fn(move || {
        let text = rest?;
        let fits = head(text, columns);
        if fits == text.len() {
            rest = None;
            return Some(text);
        }
        let line = text.get(..fits).unwrap_or(text);
        // The space after a word that just fits may stand outside.
        let on_space = text.get(fits..).is_some_and(|t| t.starts_with(' '));
        let space = || line.bytes().rposition(|b| b == b' ').filter(|&at| at > 0);
        let end = if on_space { fits } else { space().unwrap_or(fits) };
        let (line, after) = text.split_at(end);
        rest = Some(trim_start(after));
        Some(trim_end(line))
    })
}

/// [`str::trim_end`], which most lines don't need: they end with a letter or a full stop.
fn trim_end(text: &str) -> &str {
    if text.bytes().next_back().is_some_and(|b| b.is_ascii_graphic()) { text } else { text.trim_end() }
}

/// [`str::trim_start`]: most lines are broken at one space.
fn trim_start(text: &str) -> &str {
    let rest = text.strip_prefix(' ').unwrap_or(text);
    if rest.bytes().next().is_some_and(|b| b.is_ascii_graphic()) { rest } else { rest.trim_start() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_quickly_is_as_wide_as_the_whole_measure_says() {
        for c in (' '..='\u{ffff}').filter(|&c| is_narrow(c)) {
            assert_eq!(UnicodeWidthChar::width(c), Some(1), "{c:?}");
        }
        for text in ["a → b", "“●” – ◐ …", "↔\u{fe0f}", "e\u{301} →", "世界 ─", "👩‍💻 →"]
        {
            assert_eq!(width(text), UnicodeWidthStr::width(text), "{text}");
        }
        for text in ["plain text", "a → b and more", "nine more → and ten", "e\u{301}e\u{301}e\u{301}", "世界世界"]
        {
            for columns in 0..20 {
                let fits = |n: &usize| {
                    text.is_char_boundary(*n)
                        && text[..*n].chars().map(|c| c.width().unwrap_or(0)).sum::<usize>() <= columns
                };
                assert_eq!(head(text, columns), (0..=text.len()).filter(fits).max().unwrap_or(0), "{text:?} {columns}");
            }
        }
    }

    #[test]
    fn text_is_cut_by_columns_and_says_so() {
        let cut = |text: &str, columns| {
            let mut out = format!("> {text}");
            super::cut(&mut out, 2, columns);
            out
        };
        assert_eq!(cut("abc", 3), "> abc");
        assert_eq!(cut("abcd", 3), "> ab…");
        assert_eq!(cut("世界世界", 5), "> 世界…");
        assert_eq!(cut("世界世界", 4), "> 世…");
        assert_eq!(cut("abc", 0), "> ");
    }

    #[test]
    fn text_is_wrapped_at_spaces_and_never_lost() {
        let wrapped = |text, columns| wrap(text, columns).collect::<Vec<_>>();
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 6), ["one", "two", "three"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("世界世界", 5), ["世界", "世界"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped(" a", 2), [" a"]);
        let long = "x y ".repeat(500);
        assert_eq!(wrap(&long, 10).map(|l| l.replace(' ', "")).collect::<String>(), long.replace(' ', ""));
    }
}
