//! HTTP and `WebSocket`.

use super::Rule;

pub(super) const TEXT: &str = include_str!("text/web.toml");

pub(super) static RULES: &[Rule] = &[];
