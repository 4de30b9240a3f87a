//! Faults of a simulation, from the command line to the room that knows them.

use super::Failure;
use crate::cli;
use crate::fault::{FaultError, Faults, Report};
use crate::sim::scenario::Scenario;
use std::io::Write;

/// The faults that were asked for by options.
///
/// # Errors
/// The value of one makes no sense.
pub(super) fn of_options(asked: &cli::Faults) -> Result<Faults, Failure> {
    let mut faults = Faults::default();
    for (name, value) in &asked.0 {
        faults.add(name, value).map_err(|error| told(error, |why| format!("--{why}")))?;
    }
    Ok(faults)
}

/// Those that `--what-if` asks for: an option without its dashes, then its value.
///
/// # Errors
/// It is no fault.
pub(super) fn what_if(asked: &[String]) -> Result<Faults, Failure> {
    let mut faults = Faults::default();
    for text in asked {
        let (name, value) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let hint = "--what-if wants a fault without its dashes, like 'drop 1 of tcp.flags.syn == 1' or 'delay 300ms 5'";
        let hinted = |why| format!("{hint}: {why}; simulate --help lists the faults");
        faults.add(name.trim_start_matches('-'), value.trim()).map_err(|error| told(error, hinted))?;
    }
    Ok(faults)
}

/// What is wrong, for whoever typed it.
pub(super) fn failure(error: FaultError) -> Failure {
    told(error, |why| why)
}

fn told(error: FaultError, value: impl FnOnce(String) -> String) -> Failure {
    Failure::Usage(match error {
        FaultError::Filter { error, .. } => format!("{error}\n{}", error.caret()),
        FaultError::Value(why) => value(why),
    })
}

/// Changes a scenario as the faults of the world say.
///
/// # Errors
/// The scenario has no such part, or a number is out of range.
pub(super) fn apply(faults: &Faults, scenario: &mut Scenario) -> Result<(), Failure> {
    // Names come from the scenario's file.
    faults.apply(scenario).map_err(|why| Failure::Usage(why.escape_debug().to_string().replace("\\'", "'")))
}

/// Says on standard error how many frames each fault met.
pub(super) fn tell(report: &Report) {
    for (asked, met) in report.faults() {
        let count = match met {
            0 => "no frame".to_owned(),
            1 => "one frame".to_owned(),
            n => format!("{n} frames"),
        };
        // Where nobody reads it, nothing is lost.
        let _ = writeln!(std::io::stderr(), "osi-tutor: {asked}: {count} met it");
    }
}
