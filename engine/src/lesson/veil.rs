//! What an open question holds back of the packets drawn above it: whatever would answer it.

use super::format::{AskKind, Fence, Page};
use super::player::Player;
use super::posed::Posed;
use super::scene::Veil;
use crate::ask::value::number;
use crate::ask::{Task, Value};
use crate::flow::State;

impl Player<'_> {
    /// What the page's question holds back now; nothing once it is answered, but in print, where nobody is told whether.
    pub(super) fn veil(&self, page: Option<&Page>) -> Veil {
        let open = self.is_open(self.page);
        let posed = self.posed.get(self.page).map_or(&[][..], Vec::as_slice);
        if !open && (!self.printed || posed.is_empty()) {
            return Veil { words: self.asked_next(), ..Veil::default() };
        }
        let fence = page.and_then(|page| page.fence.as_ref());
        // Packets in order are the answer to a question about their order, and to one about what never happens.
        let rows =
            matches!(fence, Some(Fence::Ask(ask)) if matches!(ask.kind, AskKind::Order(_) | AskKind::Impossible(_)));
        if matches!(fence, Some(Fence::Ask(ask)) if ask.read_off) {
            return Veil { states: true, ..Veil::default() };
        }
        let slot = self.sheets.get(self.page).filter(|_| open).map_or(0, |sheet| sheet.slot);
        let words = posed.iter().skip(slot).flat_map(words).flat_map(spellings).collect();
        Veil { states: true, rows, words }
    }
}

impl Player<'_> {
    /// The states that answer the next page's question: who sees them now needn't think then.
    fn asked_next(&self) -> Vec<String> {
        let next = self.page + 1;
        let posed = self.posed.get(next).filter(|_| self.is_open(next)).map_or(&[][..], Vec::as_slice);
        let answers: Vec<String> = posed.iter().flat_map(words).collect();
        let states = State::ALL.map(|state| state.name().to_owned()).into_iter();
        states.filter(|state| answers.iter().any(|answer| places(answer, state).next().is_some())).collect()
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

/// An answer as a text may spell it: a number in hexadecimal, too, with as many digits as a field or a row of bytes
/// shows.
pub(super) fn spellings(answer: String) -> Vec<String> {
    let digits = |n| [1, 2, 4, 8].map(|d| format!("{n:0d$x}"));
    // Without 0x, fewer than four digits are too often another number.
    let bare = |all: &[String; 4]| all.iter().filter(|text| text.len() >= 4).cloned().collect::<Vec<_>>();
    let hexadecimal = number(&answer).map_or_else(Vec::new, |n| {
        let all = digits(n);
        [all.iter().map(|text| format!("0x{text}")).collect(), bare(&all)].concat()
    });
    [vec![answer], hexadecimal].concat()
}

/// The words that answer a question.
pub(super) fn words(posed: &Posed) -> Vec<String> {
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
    fn a_number_is_covered_however_it_is_written() {
        let veil = Veil { words: spellings("51455".to_owned()), ..Veil::default() };
        for text in ["port 51455", "port 0xc8ff", "bytes C8FF", "0x0000c8ff"] {
            let mut covered = text.to_owned();
            veil.cover(&mut covered);
            assert!(covered.ends_with("????") && !covered.contains('f'), "{covered}");
        }
        let mut other = "0xc8fe, 514550 and face".to_owned();
        veil.cover(&mut other);
        assert_eq!(other, "0xc8fe, 514550 and face");
        assert_eq!(spellings("SYN".to_owned()), ["SYN"]);
    }

    #[test]
    fn a_word_is_found_where_it_stands_alone() {
        assert_eq!(places("Seq=21 Len=212, then 21", "21").collect::<Vec<_>>(), [4, 21]);
        assert_eq!(places("in TIME-WAIT", "time-wait").collect::<Vec<_>>(), [3]);
        assert_eq!(places("größer 5", "5").count(), 1);
        assert_eq!(places("anything", "").count(), 0);
    }
}
