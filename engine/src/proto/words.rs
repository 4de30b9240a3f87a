//! Lines and words of protocols that talk in text.

use memchr::memchr;

/// The line that begins here: how long its text is, and how long with its end. Without an end, all is text.
pub(super) fn line(bytes: &[u8]) -> (usize, usize) {
    let Some(end) = memchr(b'\n', bytes) else { return (bytes.len(), bytes.len()) };
    let text = bytes.get(..end).unwrap_or(&[]);
    (text.strip_suffix(b"\r").unwrap_or(text).len(), end + 1)
}

/// The word that begins at `at`: where it ends, and where the next one begins.
pub(super) fn word(text: &[u8], at: usize) -> (usize, usize) {
    let rest = text.get(at..).unwrap_or(&[]);
    let len = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    let gap = rest.get(len..).unwrap_or(&[]).iter().take_while(|&&b| b == b' ').count();
    (at + len, at + len + gap)
}

/// The number that these digits are; `None` where they are something else, or too many.
pub(super) fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    digits.first().filter(|b| b.is_ascii_digit())?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_as_it_likes() {
        assert_eq!((line(b"ab\r\nc"), line(b"ab\nc"), line(b"ab\r"), line(b"")), ((2, 4), (2, 3), (3, 3), (0, 0)));
    }

    #[test]
    fn words_have_any_number_of_spaces_between_them() {
        assert_eq!(
            (word(b"a  bc", 0), word(b"a  bc", 3), word(b"a", 1), word(b"a", 9)),
            ((1, 3), (5, 5), (1, 1), (9, 9))
        );
    }

    #[test]
    fn a_number_is_digits_only() {
        assert_eq!(
            (number::<u16>(b"80"), number::<u16>(b"+1"), number::<u16>(b"70000"), number::<u16>(b"")),
            (Some(80), None, None, None)
        );
    }
}
