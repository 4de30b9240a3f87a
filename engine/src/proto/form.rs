//! Forms (`application/x-www-form-urlencoded`) — WHATWG URL §5.1: `name=value&name=value`, with `+` for a blank and
//! `%2B` for any other byte.

/// The bytes of a name or a value, decoded.
pub fn decoded(mut text: &[u8]) -> impl Iterator<Item = u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    std::iter::from_fn(move || {
        let (&first, rest) = text.split_first()?;
        let escaped = match (first, rest) {
            (b'%', &[high, low, ..]) => digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        text = if escaped.is_some() { rest.get(2..).unwrap_or(&[]) } else { rest };
        Some(escaped.unwrap_or(if first == b'+' { b' ' } else { first }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_escape_is_left_as_it_is() {
        for (text, plain) in [("a+b%20c", "a b c"), ("%C3%a9", "é"), ("%", "%"), ("%2", "%2"), ("%zz%2B", "%zz+")] {
            assert_eq!(decoded(text.as_bytes()).collect::<Vec<_>>(), plain.as_bytes(), "{text}");
        }
    }
}
