//! `osi-tutor fields`: every name that a filter knows, with its type and its meaning.

use super::{Failure, color, columns};
use crate::cli::Fields;
use crate::view::theme::Color;
use crate::view::{Theme, fields};
use std::io::Write;

/// Runs it.
pub(super) fn run(args: &Fields, choice: Color) -> Result<(), Failure> {
    let text = if args.json {
        fields::objects(&args.prefix)
    } else {
        fields::table(&args.prefix, args.values, &Theme::new(color(choice)), columns())
    };
    if text.is_empty() {
        let name = &args.prefix;
        return Err(Failure::Data(format!("no field begins with `{name}`; `osi-tutor fields` lists them all")));
    }
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::from)
}
