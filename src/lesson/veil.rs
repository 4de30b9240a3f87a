//! What an open question holds back of the packets drawn above it: whatever would answer it.

use super::format::{AskKind, Fence, Page};
use super::player::Player;
use super::posed::Posed;
use super::scene::Veil;
use crate::ask::{Task, Value};

impl Player<'_> {
    /// What the page's question holds back now; nothing once it is answered.
    pub(super) fn veil(&self, page: Option<&Page>) -> Veil {
        if !self.is_open(self.page) {
            return Veil::default();
        }
        let fence = page.and_then(|page| page.fence.as_ref());
        // Packets in order are the answer to a question about their order, and to one about what never happens.
        let rows =
            matches!(fence, Some(Fence::Ask(ask)) if matches!(ask.kind, AskKind::Order(_) | AskKind::Impossible(_)));
        let slot = self.sheets.get(self.page).map_or(0, |sheet| sheet.slot);
        let posed = self.posed.get(self.page).map_or(&[][..], |all| all.get(slot..).unwrap_or(&[]));
        if matches!(fence, Some(Fence::Ask(ask)) if ask.read_off) {
            return Veil { states: true, ..Veil::default() };
        }
        Veil { states: true, rows, words: posed.iter().flat_map(words).collect() }
    }
}

impl Veil {
    /// Covers in a text what would answer.
    pub fn cover(&self, text: &mut String) {
        for word in &self.words {
            let found: Vec<usize> = places(text, word).collect();
            for at in found.into_iter().rev() {
                text.replace_range(at..at + word.len(), &"?".repeat(word.chars().count()));
            }
        }
    }
}

/// The words that answer a question.
fn words(posed: &Posed) -> Vec<String> {
    match &posed.task {
        Task::Choose { choices, right } => choices.get(*right).map(|choice| choice.text.clone()).into_iter().collect(),
        Task::Number { right, .. } => vec![right.to_string()],
        Task::Text { right, .. } => right.iter().map(Value::shown).collect(),
        Task::Blanks { right } => right.iter().map(|(_, number)| number.to_string()).collect(),
        Task::Order { .. } | Task::Bytes { .. } | Task::Packet { .. } => Vec::new(),
    }
}

/// Where a word is in a text, as a word of its own: each begin, in bytes. Letters may be large or small.
pub fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let of = move |at: usize| {
        let here = text.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word));
        let before = || text.get(..at).and_then(|t| t.chars().next_back()).is_some_and(inside);
        let after = || text.get(at + word.len()..).and_then(|t| t.chars().next()).is_some_and(inside);
        here && !before() && !after()
    };
    (0..text.len()).filter(move |&at| !word.is_empty() && of(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_where_it_stands_alone() {
        assert_eq!(places("Seq=21 Len=212, then 21", "21").collect::<Vec<_>>(), [4, 21]);
        assert_eq!(places("in TIME-WAIT", "time-wait").collect::<Vec<_>>(), [3]);
        assert_eq!(places("größer 5", "5").count(), 1);
        assert_eq!(places("anything", "").count(), 0);
    }
}
