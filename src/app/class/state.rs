//! Where classes are kept while they run, and what is left of them afterwards.

use crate::app::{Failure, error, store};
use crate::classroom::keep::{KeepError, Saved};
use crate::classroom::report::Report;
use crate::cli::ReportForm;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Classes of one program.
pub(super) const CLASSES: usize = 8;

/// Where the classes are kept: the first one there, the others in folders of it.
pub(super) fn folders(state: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let own = || store().path().and_then(Path::parent).map(|folder| folder.join("class"));
    let none = || Failure::Usage("the system names no place to keep the class in; name one: --state DIR".to_owned());
    let first = state.map(Path::to_owned).or_else(own).ok_or_else(none)?;
    let of = |n: usize| if n == 1 { first.clone() } else { first.join(n.to_string()) };
    Ok((1..=CLASSES).map(of).collect())
}

/// How many classes ran last.
pub(super) fn kept_classes(folders: &[PathBuf]) -> usize {
    folders.iter().take_while(|folder| Saved::is_there(folder)).count()
}

/// The classes that ran last.
pub(super) fn saved(folders: &[PathBuf]) -> Result<Vec<Saved>, Failure> {
    // Where there is none, the first folder says so.
    let there = folders.iter().take(kept_classes(folders).max(1));
    there.map(|folder| Saved::read(folder).map_err(|why| kept(&why))).collect()
}

/// Prints what is left of a class that was kept last, counted from 1.
pub(super) fn report(form: ReportForm, folders: &[PathBuf], class: usize) -> Result<(), Failure> {
    let all = kept_classes(folders).max(1);
    let folder = folders.get(class.saturating_sub(1)).filter(|_| class <= all);
    let none = || Failure::Usage(format!("{all} classes ran last: --class takes a number from 1 to {all}"));
    let saved = Saved::look(folder.ok_or_else(none)?).map_err(|why| kept(&why))?;
    let session = saved.session().map_err(|why| kept(&why))?;
    let report = Report::of(&session);
    let text = match form {
        ReportForm::Text => report.text(),
        ReportForm::Csv => report.csv(),
        ReportForm::Html => report.html(),
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    if all > 1 {
        error::tell(&format!("This was class {class} of {all}; for another one: osi-tutor class report --class N"));
    }
    Ok(())
}

pub(super) fn kept(why: &KeepError) -> Failure {
    match why {
        KeepError::None(_) => Failure::Data(format!("{why}; to begin one: osi-tutor class handshake")),
        KeepError::Held(_) => {
            Failure::Data(format!("{why}; it runs another class. A second one needs its own place: --state DIR"))
        }
        KeepError::Io { .. } | KeepError::Broken { .. } => Failure::Data(why.to_string()),
    }
}
