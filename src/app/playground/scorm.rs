//! `osi-tutor export scorm`: the playground that is inside this program, as a package for learning platforms.

#[cfg(not(feature = "playground"))]
use super::without;
use crate::app::Failure;
use crate::cli::Scorm;
#[cfg(feature = "playground")]
use crate::{
    app::outputs,
    lesson,
    site::Address,
    site::scorm::{Item, package},
    view::reference::near,
};
#[cfg(feature = "playground")]
use std::{
    io::{self, IsTerminal as _, Write as _},
    path::Path,
};

/// Writes a package for a learning platform.
#[cfg(feature = "playground")]
pub(in crate::app) fn run(args: &Scorm) -> Result<(), Failure> {
    if args.to.output == Path::new("-") && io::stdout().is_terminal() {
        let why = "a ZIP file is no text for a terminal; name a file with -o, or send it into a pipe";
        return Err(Failure::Usage(why.to_owned()));
    }
    let mut lessons = lesson::contents().map_err(|e| Failure::Data(e.to_string()))?;
    if let Some(name) = &args.lesson {
        let lower = name.to_lowercase();
        let hint = near(&lower, &lessons).map_or(String::new(), |near| format!(" Did you mean {near}?"));
        lessons.retain(|lesson| lesson.id == lesson::canonical(&lower));
        if lessons.is_empty() {
            let name = name.escape_debug();
            let why = format!("there is no lesson '{name}'.{hint} To see the course: osi-tutor explain");
            return Err(Failure::Usage(why));
        }
    }
    let items = lessons.into_iter().map(|lesson| Item {
        address: Address::new("l", &lesson.id).on(args.told.seed, args.told.audience),
        id: lesson.id,
        title: lesson.title,
    });
    let zip = package("The network, packet by packet", &items.collect::<Vec<_>>())?;
    outputs::open(&args.to)?.write_all(&zip).map_err(|e| outputs::no(&args.to.output, &e))
}

#[cfg(not(feature = "playground"))]
pub(in crate::app) fn run(_: &Scorm) -> Result<(), Failure> {
    Err(without())
}
