//! A what-if on the screen: the prediction, then both timelines from where they part.

use super::Stage;
use super::question::THINK;
use crate::lesson::Hit;
use crate::lesson::scene::{Broken, Scene, Veil};
use crate::lesson::simulate::Outcome;

/// What is said above the first timeline.
pub const WITHOUT_THE_FAULT: &str = "Without the fault (simulated):";
/// What is said above the second one.
pub const WITH_THE_FAULT: &str = "With the fault (simulated):";

/// How much of both timelines is drawn.
pub(super) struct Cut {
    /// Packets of the first one.
    pub(super) before: usize,
    /// Packets of the second one.
    pub(super) after: usize,
    /// Whether the last common packet is drawn even where it takes the room of a later one.
    pub(super) common: bool,
}

/// Where there is room.
pub(super) const WIDE: Cut = Cut { before: 2, after: 6, common: true };
/// On a low screen: what parts them, and where it is repaired.
const NARROW: Cut = Cut { before: 1, after: 2, common: false };

impl Stage {
    /// What breaks.
    pub(super) fn broken(&self, scene: &Scene<'_>, broken: &Broken<'_>, out: &mut String) {
        self.prompt(&broken.prompt, out);
        if let Some(task) = broken.task {
            self.board.task(task, out);
        }
        self.hint(broken.hint.as_deref(), out);
        match broken.outcome {
            None => {
                if broken.task.is_none() {
                    self.board.paragraph(THINK, "  ", out);
                }
            }
            Some(Err(why)) => {
                out.push('\n');
                self.board.paragraph(why, "! ", out);
            }
            Some(Ok(outcome)) => {
                if let Some(verdict) = &broken.verdict {
                    self.verdict(scene, verdict, out);
                }
                out.push('\n');
                self.timelines(outcome, broken.proof, out);
                self.stacks(scene, out);
                out.push('\n');
                self.board.paragraph(&broken.text, "", out);
            }
        }
    }

    pub(super) fn timelines(&self, outcome: &Outcome, proof: Option<&Hit>, out: &mut String) {
        let first = outcome.after.first();
        let cut = if self.is_low() { NARROW } else { WIDE };
        let [before, after] = window(outcome, proof, &cut);
        self.board.theme.strong.paint(WITHOUT_THE_FAULT, out);
        out.push('\n');
        let above = self.rungs_below(&[], &outcome.hosts, first, &before, &Veil::default(), out);
        out.push('\n');
        self.board.theme.strong.paint(WITH_THE_FAULT, out);
        out.push('\n');
        self.rungs_below(&above, &outcome.hosts, first, &after, &Veil::default(), out);
    }
}

/// What of both timelines is shown: of the first one, what follows the last packet that both have; of the second one,
/// where it parts, and where it is repaired.
pub(super) fn window<'o>(outcome: &'o Outcome, proof: Option<&Hit>, cut: &Cut) -> [Vec<&'o Hit>; 2] {
    let before = outcome.before.iter().skip(outcome.parted).take(cut.before).collect();
    let end = proof.and_then(|p| outcome.after.iter().position(|h| h.packet.number == p.packet.number));
    let end = end.map_or(outcome.parted + 2, |at| at + 1).min(outcome.after.len());
    let room = cut.common || end.saturating_sub(outcome.parted) < cut.after;
    let begin = outcome.parted.saturating_sub(usize::from(room));
    let mut after: Vec<&Hit> = outcome.after.get(begin..end).unwrap_or(&[]).iter().collect();
    if let Some(left_out) = after.len().checked_sub(cut.after) {
        after.drain(cut.after / 2..cut.after / 2 + left_out);
    }
    [before, after]
}
