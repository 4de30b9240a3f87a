//! A what-if on the screen: the prediction, then both timelines from where they part.

use super::super::ask::Stand;
use super::Stage;
use crate::ask::Mark;
use crate::lesson::Hit;
use crate::lesson::scene::{Broken, Scene, Veil};
use crate::lesson::simulate::Outcome;

/// Packets of the first timeline that are drawn.
const BEFORE: usize = 2;
/// Packets of the second timeline that are drawn, from the last common one on.
const AFTER: usize = 6;

impl Stage {
    /// What breaks. Gives the byte where the newest part begins.
    pub(super) fn broken(&self, scene: &Scene<'_>, broken: &Broken<'_>, out: &mut String) -> Option<usize> {
        self.prompt(&broken.prompt, out);
        if let Some(task) = broken.task {
            let given = if broken.entry.taken.is_empty() { Stand::Open } else { Stand::Given };
            let stand = if broken.verdict.is_some() { Stand::Told } else { given };
            self.board.task(task, broken.entry, stand, out);
        }
        self.hint(broken.hint.as_deref(), out);
        let told = out.len();
        match broken.outcome {
            None => {
                if broken.task.is_none() {
                    self.board.paragraph("Think about it first; then run it.", "  ", out);
                }
                self.notice(scene, out);
                return None;
            }
            Some(Err(why)) => {
                out.push('\n');
                self.board.paragraph(why, "! ", out);
            }
            Some(Ok(outcome)) => {
                let verdict = broken.verdict.as_ref();
                if let Some(verdict) = verdict.filter(|v| v.mark != Mark::Skipped || self.board.printed) {
                    self.verdict(scene, verdict, out);
                }
                out.push('\n');
                self.timelines(outcome, broken.proof, out);
                self.stacks(scene, out);
                out.push('\n');
                self.board.paragraph(&broken.text, "", out);
            }
        }
        Some(told)
    }

    fn timelines(&self, outcome: &Outcome, proof: Option<&Hit>, out: &mut String) {
        let first = outcome.after.first();
        let common = outcome.parted.saturating_sub(1);
        let before: Vec<&Hit> = outcome.before.iter().skip(outcome.parted).take(BEFORE).collect();
        self.board.theme.strong.paint("As it was:", out);
        out.push('\n');
        self.rungs(&outcome.hosts, first, &before, &Veil::default(), out);
        out.push('\n');
        self.board.theme.strong.paint("With the fault (simulated):", out);
        out.push('\n');
        let end = proof.and_then(|p| outcome.after.iter().position(|h| h.packet.number == p.packet.number));
        let end = end.map_or(outcome.parted + 2, |at| at + 1).min(outcome.after.len());
        let after: Vec<&Hit> = outcome.after.get(common..end).unwrap_or(&[]).iter().collect();
        // Of many packets: where it parts, and where it is repaired.
        let skipped = after.len().saturating_sub(AFTER);
        let (head, tail) = after.split_at(if skipped > 0 { AFTER / 2 } else { after.len() });
        self.rungs(&outcome.hosts, first, head, &Veil::default(), out);
        if skipped > 0 {
            self.board.theme.faint.paint(&format!("                  … {skipped} packets more …\n"), out);
            self.rungs(
                &outcome.hosts,
                first,
                tail.get(tail.len().saturating_sub(AFTER - AFTER / 2)..).unwrap_or(tail),
                &Veil::default(),
                out,
            );
        }
    }
}
