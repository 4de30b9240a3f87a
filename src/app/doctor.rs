//! `osi-tutor doctor`: what this machine allows, and how to get the rest.

use super::{Failure, color, columns, store};
use crate::machine::told::{entry, object, summary};
use crate::machine::{self, Program};
use crate::view::Theme;
use crate::view::json::to_line;
use crate::view::theme::Color;
use std::io::Write;

/// Runs it.
pub(super) fn run(json: bool, choice: Color) -> Result<(), Failure> {
    let progress = || store().path().map(Into::into);
    let facts = machine::facts(Program { colours: color(choice), never: choice == Color::Never, progress: &progress });
    let mut out = String::new();
    let theme = Theme::new(color(choice));
    for fact in &facts {
        if json {
            out.push_str(&to_line(&object(fact)));
        } else {
            entry(fact, columns(), &theme, &mut out);
        }
    }
    if !json {
        out.push('\n');
        out.push_str(&summary(&facts));
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(out.as_bytes())?;
    Ok(stdout.flush()?)
}
