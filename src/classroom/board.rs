//! After the class: which misconceptions were met, which moved, which remain.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::session::{Id, Session};
use super::tally::{Share, can_betray, share};
use crate::ask::bank::{Belief, bank};

/// What became of one misconception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name in the bank.
    pub id: Belief,
    /// What was believed.
    pub claim: &'static str,
    /// Members whose votes betrayed it.
    pub met: u32,
    /// Those of them whose last vote did not.
    pub moved: u32,
    /// Those of them whose last vote did.
    pub remaining: u32,
}

/// What became of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The slide, from 1.
    pub slide: usize,
    /// What was asked.
    pub prompt: String,
    /// How many were right in each vote.
    pub rounds: Vec<Share>,
}

/// The board. It has numbers, and nobody's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Misconceptions, the most frequent first.
    pub rows: Vec<Row>,
    /// Questions, in order.
    pub asked: Vec<Asked>,
}

impl Session {
    /// What the revealed questions of the class came to.
    pub fn board(&self) -> Board {
        let slides = || {
            let both = self.deck.slides.iter().zip(&self.sheets).enumerate();
            both.filter(|(_, (_, sheet))| sheet.revealed)
                .filter_map(|(at, (slide, sheet))| Some((at, slide, slide.task.as_ref()?, sheet)))
        };
        let asked = slides().map(|(at, _, task, sheet)| Asked {
            slide: self.deck.place(at),
            prompt: self.deck.asked(at),
            rounds: sheet.rounds.iter().map(|round| share(task, round)).collect(),
        });
        let mut rows = Vec::new();
        for misconception in bank() {
            let (mut met, mut last) = (BTreeSet::<Id>::new(), BTreeMap::<Id, bool>::new());
            for (.., sheet) in slides().filter(|(_, _, task, _)| can_betray(task, &misconception.id)) {
                for (&id, vote) in sheet.rounds.iter().flat_map(|round| &round.votes) {
                    let holds = vote.verdict.betrays == Some(misconception.id.as_str());
                    if holds {
                        met.insert(id);
                    }
                    last.insert(id, holds);
                }
            }
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let remaining = count(met.iter().filter(|id| last.get(id) == Some(&true)).count());
            let met = count(met.len());
            if met > 0 {
                let (id, claim) = (misconception.id.as_str(), misconception.claim.as_str());
                rows.push(Row { id, claim, met, moved: met - remaining, remaining });
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.met));
        let voted = |asked: &Asked| asked.rounds.iter().any(|share| share.of > 0);
        Board { rows, asked: asked.filter(voted).collect() }
    }
}
