//! What is wrong with a layer, said so that it teaches. The layers before it stand.

use super::Rule;
use crate::model::Trouble;

pub(super) const TEXT: &str = include_str!("text/trouble.toml");

pub(super) static RULES: &[Rule] = &[
    Rule::observed("cut-by-capture", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::CutByCapture { .. })))
        .where_in_trouble(),
    Rule::observed("length-lies", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::LengthLies { .. })))
        .where_in_trouble(),
    Rule::observed("malformed", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::Malformed(_))))
        .where_in_trouble(),
    Rule::observed("breaks-rule", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::Breaks(_)))).where_in_trouble(),
    Rule::observed("not-all-shown", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::Unshown(_))))
        .where_in_trouble(),
];
