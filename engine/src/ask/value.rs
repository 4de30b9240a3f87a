//! What an answer is: a number, a text or bytes, and what people may type to mean it.

use crate::model::show;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A right or a wrong answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// A whole number.
    Number(i128),
    /// A text in which case and spaces do not count.
    Text(String),
    /// A text in which each letter counts, such as base64.
    Code(String),
    /// Bytes, written in hexadecimal.
    Bytes(Vec<u8>),
}

/// A number as people type it: `1,000`, `0x1f`, `0b101`, `1_000`, `-3`. The one reader of numbers in answers.
pub fn number(typed: &str) -> Option<i128> {
    let plain: String =
        typed.chars().filter(|c| !matches!(c, ' ' | ',' | '_' | '\'' | '\u{a0}' | '\u{202f}')).collect();
    let (sign, digits) = plain.strip_prefix('-').map_or((1, plain.as_str()), |rest| (-1, rest));
    let (digits, radix) = match digits.get(..2) {
        Some("0x" | "0X") => (digits.get(2..)?, 16),
        Some("0b" | "0B") => (digits.get(2..)?, 2),
        _ => (digits, 10),
    };
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok().map(|n| sign * n)
}

impl Value {
    /// As a number.
    pub fn number(&self) -> Option<i128> {
        match self {
            Self::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// Its bytes; a number has none.
    pub fn octets(&self) -> Option<Vec<u8>> {
        match self {
            Self::Number(_) => None,
            Self::Text(text) | Self::Code(text) => Some(text.clone().into_bytes()),
            Self::Bytes(bytes) => Some(bytes.clone()),
        }
    }

    /// Whether what somebody typed means this value.
    pub fn is_meant_by(&self, typed: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::Number(n) => number(typed.trim()) == Some(*n),
            Self::Text(text) => squeezed(text).to_lowercase() == squeezed(typed).to_lowercase(),
            Self::Code(text) => text.trim() == typed.trim(),
            Self::Bytes(bytes) => {
                let typed = typed.trim();
                let typed = typed.strip_prefix("0x").unwrap_or(typed);
                let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | ':' | '-')).collect();
                let mut own = String::new();
                show::hex_bytes(bytes, "", &mut own);
                !digits.is_empty() && digits.to_lowercase() == own
            }
        }
    }

    /// The value with control characters escaped, for a screen.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Bytes(_) | Self::Number(_) => {
                let _ = write!(out, "{self}");
            }
            Self::Text(text) | Self::Code(text) => show::escape(text.as_bytes(), &mut out),
        }
        out
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Text(text) | Self::Code(text) => f.write_str(text),
            Self::Bytes(bytes) => {
                let mut out = String::new();
                show::hex_bytes(bytes, "", &mut out);
                f.write_str(&out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_be_typed_in_several_ways() {
        let number = Value::Number(4096);
        for typed in ["4096", " 4,096", "4 096", "0x1000", "4_096", "0b1000000000000"] {
            assert!(number.is_meant_by(typed), "{typed}");
        }
        assert!(["", "409", "4096x", "-4096", "0x", "+4096"].iter().all(|t| !number.is_meant_by(t)));
        assert!(Value::Number(-3).is_meant_by("-3"));
        assert!(Value::Text("SYN, ACK".into()).is_meant_by("  syn,  ack "));
        assert!(!Value::Code("aB".into()).is_meant_by("ab"));
        let bytes = Value::Bytes(vec![0xde, 0xad]);
        assert!(["dead", "DE AD", "0xde:ad"].iter().all(|t| bytes.is_meant_by(t)));
        assert!(!Value::Bytes(Vec::new()).is_meant_by(""));
    }
}
