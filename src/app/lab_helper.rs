//! `osi-tutor lab-helper`: what `explain --live` starts; it leaves for a network of its own and tells of it on standard
//! output, in a language of their own.

use super::{Failure, faults, scenario};
use crate::cli::LabHelper;
use crate::lab::{self, Plan};
use std::io::{BufWriter, IsTerminal};

/// Runs it. Nothing here may start a thread before the helper has left.
pub(super) fn run(args: &LabHelper) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "lab-helper talks to osi-tutor only; what you want is: explain LESSON --live".into(),
        ));
    }
    let mut scenario = scenario::find(&args.scenario)?;
    let faults = faults::of_options(&args.faults)?;
    faults::apply(&faults, &mut scenario)?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let (judge, _) = faults.judge(seed, None);
    let plan = Plan::new(&scenario, seed, args.at.as_deref());
    Ok(lab::help(plan, judge, &mut BufWriter::new(std::io::stdout().lock()))?)
}
