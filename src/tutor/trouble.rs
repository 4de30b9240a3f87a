//! What is wrong with a layer, said so that it teaches. The layers before it stand.

use super::Rule;
use crate::model::Trouble;

pub(super) const TEXT: &str = include_str!("text/trouble.toml");

pub(super) static RULES: &[Rule] = &[
    Rule::observed("cut-by-capture", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::CutByCapture { .. }))),
    Rule::observed("length-lies", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::LengthLies { .. }))),
    Rule::observed("malformed", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::Malformed(_)))),
    Rule::observed("breaks-rule", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::Breaks(_)))),
    Rule::observed("not-all-shown", &[], &[], |h| matches!(h.layer.trouble, Some(Trouble::Unshown(_)))),
];
