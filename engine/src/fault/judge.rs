//! The fate of each frame: who judges it, and what is told of that afterwards.

use super::{Act, Faults, Meant};
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::RawFrame;
use crate::proto::memory::Ends;
use crate::rng::Rng;
use crate::sim::{Fate, Judge, Simulation};
use crate::source::{Source as _, Step};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the faults that befall frames: each as it was asked for, and how many frames have met it so far.
#[derive(Clone, Debug, Default)]
pub struct Report(Vec<(String, Arc<AtomicU64>)>);

impl Faults {
    /// The judge of a simulation's frames, and what he did. Chance falls as the seed says; where `ends` are
    /// given, only frames of that connection count. `None` where no fault befalls frames.
    ///
    /// Of several faults that a frame meets, the one that was added first counts.
    pub fn judge(&self, seed: u64, ends: Option<Ends>) -> (Option<Judge>, Report) {
        let mut report = Report::default();
        let mut rules = Vec::new();
        for fault in &self.0 {
            if let Act::Frames(fate, meant) = &fault.act {
                let met = Arc::new(AtomicU64::new(0));
                rules.push((*fate, meant.clone(), 0, Arc::clone(&met)));
                report.0.push((format!("--{} '{}'", fault.row.name, fault.value.escape_debug()), met));
            }
        }
        if rules.is_empty() {
            return (None, report);
        }
        let (mut reader, mut dice) = (Reader::new(Limits::default()), Rng::seeded(seed ^ 0xfa17));
        let judge = move |frame: &RawFrame| {
            reader.look(frame);
            if ends.is_some_and(|ends| !reader.tracker.is_at(ends)) {
                return Fate::Deliver;
            }
            let mut fate = Fate::Deliver;
            for (wanted, meant, seen, met) in &mut rules {
                let meant = match meant {
                    Meant::Number(number) | Meant::Sent(number) => *number == frame.number,
                    Meant::Picked(pick) => pick.takes(&reader.packet, seen, &mut dice),
                };
                if meant && fate == Fate::Deliver {
                    fate = *wanted;
                    met.fetch_add(1, Ordering::Relaxed);
                }
            }
            fate
        };
        (Some(Box::new(judge)), report)
    }
}

impl Faults {
    /// A world in which these faults befall frames, judged by [`Faults::judge`].
    pub fn put_into(&self, world: Simulation, seed: u64, ends: Option<Ends>) -> (Simulation, Report) {
        match self.judge(seed, ends) {
            (Some(judge), report) => (world.with_fault(judge), report),
            (None, report) => (world, report),
        }
    }
}

impl Report {
    /// Each fault as it was asked for, and how many frames have met it.
    pub fn faults(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(asked, met)| (asked.as_str(), met.load(Ordering::Relaxed)))
    }

    /// How many frames have met a fault.
    pub fn met(&self) -> u64 {
        self.faults().map(|(_, met)| met).sum()
    }
}

/// Turns numbers that the capture of a run shows into those of frames as they are sent.
pub(super) fn find(mut wanted: Vec<&mut Meant>, mut without: Simulation) -> Result<(), String> {
    let number = |meant: &Meant| if let Meant::Number(number) = meant { *number } else { 0 };
    wanted.sort_by_key(|meant| number(meant));
    let mut frame = RawFrame::default();
    for meant in wanted {
        let number = number(meant);
        while frame.number < number {
            if without.next(&mut frame).map_err(|error| error.to_string())? != Step::Frame {
                let last = frame.number;
                return Err(format!("there is no frame {number} to meet a fault: without faults there are {last}"));
            }
        }
        *meant = Meant::Sent(without.sent_as());
    }
    Ok(())
}
