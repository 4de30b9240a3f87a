//! TLS.

use super::Rule;

pub(super) const TEXT: &str = include_str!("text/tls.toml");

pub(super) static RULES: &[Rule] = &[];
