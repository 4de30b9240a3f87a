//! A what-if on the screen: the prediction, then both timelines from where they part.

use super::super::ask::Stand;
use super::Stage;
use super::question::THINK;
use crate::ask::Mark;
use crate::lesson::Hit;
use crate::lesson::scene::{Broken, Scene, Veil};
use crate::lesson::simulate::Outcome;

/// What is said above the first timeline.
pub const AS_IT_WAS: &str = "As it was:";
/// What is said above the second one.
pub const WITH_THE_FAULT: &str = "With the fault (simulated):";
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
                    self.board.paragraph(THINK, "  ", out);
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
        let Window { before, head, skipped: left_out, tail } = window(outcome, proof, AFTER);
        self.board.theme.strong.paint(AS_IT_WAS, out);
        out.push('\n');
        self.rungs(&outcome.hosts, first, &before, &Veil::default(), out);
        out.push('\n');
        self.board.theme.strong.paint(WITH_THE_FAULT, out);
        out.push('\n');
        self.rungs(&outcome.hosts, first, &head, &Veil::default(), out);
        if let Some(text) = skipped(left_out) {
            self.board.theme.faint.paint(&format!("                  {text}\n"), out);
            self.rungs(&outcome.hosts, first, &tail, &Veil::default(), out);
        }
    }
}

/// What of both timelines is shown.
pub(super) struct Window<'o> {
    /// Of the first one, behind the last packet that both have.
    pub(super) before: Vec<&'o Hit>,
    /// Of the second one, from the last packet that both have.
    pub(super) head: Vec<&'o Hit>,
    /// How many of it are left out then.
    pub(super) skipped: usize,
    /// Where it is repaired.
    pub(super) tail: Vec<&'o Hit>,
}

/// What of both timelines is shown; of the second one, at most `most` packets: where it parts, and where it is repaired.
pub(super) fn window<'o>(outcome: &'o Outcome, proof: Option<&Hit>, most: usize) -> Window<'o> {
    let common = outcome.parted.saturating_sub(1);
    let before = outcome.before.iter().skip(outcome.parted).take(BEFORE).collect();
    let end = proof.and_then(|p| outcome.after.iter().position(|h| h.packet.number == p.packet.number));
    let end = end.map_or(outcome.parted + 2, |at| at + 1).min(outcome.after.len());
    let mut head: Vec<&Hit> = outcome.after.get(common..end).unwrap_or(&[]).iter().collect();
    let skipped = head.len().saturating_sub(most);
    let rest = if skipped > 0 { head.split_off(most / 2) } else { Vec::new() };
    let tail = rest.get(skipped..).unwrap_or(&[]).to_vec();
    Window { before, head, skipped, tail }
}

/// How many packets are left out, in words; `None` for none.
pub(super) fn skipped(packets: usize) -> Option<String> {
    (packets > 0).then(|| format!("… {packets} packets more …"))
}
