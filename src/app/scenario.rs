//! Scenarios by their names: the ready ones, and those in files.

use super::Failure;
use crate::model::near::nearest;
use crate::sim::scenario::{READY, Scenario};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// The longest scenario file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The ready scenarios, one a line.
pub(super) fn list() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let width = READY.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, _) in READY {
        let scenario = find(Path::new(name))?;
        writeln!(out, "{name:width$}  {}", scenario.about)?;
    }
    Ok(out.flush()?)
}

/// A ready scenario by its name, or one in a file.
pub(super) fn find(wanted: &Path) -> Result<Scenario, Failure> {
    let name = wanted.to_string_lossy();
    if let Some(ready) = Scenario::ready(&name) {
        return ready.map_err(|error| Failure::Data(error.to_string()));
    }
    let no = |why: &dyn std::fmt::Display| Failure::Data(format!("{name}: {why}"));
    let mut text = Vec::new();
    match File::open(wanted) {
        Ok(file) => file.take(LONGEST + 1).read_to_end(&mut text).map_err(|error| no(&error))?,
        Err(_) if wanted.extension().is_none() && wanted.components().count() == 1 => return Err(unknown(&name)),
        Err(error) => return Err(no(&error)),
    };
    if text.len() as u64 > LONGEST {
        return Err(no(&format_args!("a scenario is shorter than {LONGEST} bytes")));
    }
    let text = String::from_utf8(text).map_err(|_| no(&"a scenario is a text in UTF-8"))?;
    Scenario::parse(&name, &text).map_err(|error| Failure::Data(error.to_string()))
}

fn unknown(name: &str) -> Failure {
    let near = nearest(name, READY.iter().map(|(ready, _)| *ready));
    let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    Failure::Usage(format!("there is no scenario {name}.{hint} To see all: osi-tutor simulate --list"))
}
