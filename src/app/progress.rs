//! `osi-tutor progress`: what was done, what was believed, what to review next.

use super::{Failure, store};
use crate::cli::Progress as Args;
use crate::model::show;
use crate::store::{Store, today};
use crate::view::json::to_line;
use crate::view::progress::{NOWHERE, object, page};
use std::io::{BufRead, IsTerminal, Read, Write};

/// Runs it.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store = store();
    if args.reset {
        return reset(&store, args.yes);
    }
    let (progress, day) = (store.read()?, today());
    let text =
        if args.json { to_line(&object(&progress, store.path(), day)) } else { page(&progress, store.path(), day) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Forgets everything, if that is really wanted.
fn reset(store: &Store, yes: bool) -> Result<(), Failure> {
    let Some(path) = store.path() else { return Err(Failure::Data(NOWHERE.to_owned())) };
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::Usage(
                "--reset asks first, and nobody is there to answer; --yes goes ahead".to_owned(),
            ));
        }
        let mut question = String::from("Forget all progress in ");
        show::escape(path.to_string_lossy().as_bytes(), &mut question);
        question.push_str("? [y/N] ");
        let mut out = std::io::stdout().lock();
        out.write_all(question.as_bytes())?;
        out.flush()?;
        let mut answer = String::new();
        // Whatever cannot be read is no yes.
        let _ = std::io::stdin().lock().take(64).read_line(&mut answer);
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            out.write_all(b"Nothing was forgotten.\n")?;
            return Ok(());
        }
    }
    let text = if store.reset()? { "All progress is forgotten.\n" } else { "There was nothing to forget.\n" };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
