//! An answer in the making: keys go in, and once it is given, one line for the judge comes out. Lesson and quiz use
//! the same one, so that the same keys answer in both.

use super::task::{Task, first_place, label, place, run};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The longest answer that can be typed, in characters.
pub const LONGEST: usize = 200;

/// One step of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Key {
    /// A character.
    Type(char),
    /// Take back a character, or what was taken last.
    Erase,
    /// Choose this one, from 0; where an order is wanted, take it next.
    Choose(usize),
    /// So many bytes on, or back, among those to mark.
    Move(isize),
    /// Begin or end the marking here.
    Anchor,
    /// Begin the answer again.
    Clear,
    /// That is the answer.
    Enter,
}

/// What the keys mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing is asked.
    Read,
    /// One of so many is to be chosen.
    Choose(usize),
    /// So many are to be put in order.
    Order(usize),
    /// Something is to be typed.
    Type,
    /// Bytes are to be marked.
    Mark,
}

/// What was typed, taken or marked so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is being typed.
    pub typed: String,
    /// The choice, or the order so far.
    pub taken: Vec<usize>,
    /// The byte under the cursor.
    pub cursor: usize,
    /// Where the marking began.
    pub anchor: Option<usize>,
}

impl Task {
    /// What the keys mean while it is asked.
    pub fn mode(&self) -> Mode {
        match self {
            Self::Choose { choices, .. } => Mode::Choose(choices.len()),
            Self::Order { items, .. } => Mode::Order(items.len()),
            Self::Bytes { .. } => Mode::Mark,
            Self::Number { .. } | Self::Text { .. } | Self::Packet { .. } | Self::Blanks { .. } => Mode::Type,
        }
    }
}

/// The keys that give a whole answer, written in one line as [`Task::how`] says; `None` where it is none.
pub fn keys(task: &Task, line: &str) -> Option<Vec<Key>> {
    let line = line.trim();
    if matches!(task, Task::Text { .. }) && line.is_empty() || line.chars().count() > LONGEST {
        return None;
    }
    if !matches!(task, Task::Text { .. }) {
        task.judge(line)?;
    }
    let mut keys = vec![Key::Clear];
    match task {
        Task::Choose { choices, .. } => return Some(vec![Key::Choose(first_place(line, choices.len())?)]),
        Task::Order { items, .. } => {
            let places = line.chars().filter(|c| c.is_alphanumeric()).map(|c| place(c, items.len()).map(Key::Choose));
            keys.extend(places.collect::<Option<Vec<Key>>>()?);
        }
        Task::Bytes { frame, .. } => {
            let (first, last) = run(line).filter(|(first, last)| first <= last && *last < frame.len())?;
            keys.extend(mark(first, last)?);
        }
        _ => keys.extend(line.chars().map(Key::Type)),
    }
    keys.push(Key::Enter);
    Some(keys)
}

/// The keys that mark the bytes from `first` to `last`; what was marked before is not.
pub fn mark(first: usize, last: usize) -> Option<Vec<Key>> {
    let on = |from: usize, to: usize| isize::try_from(to.checked_sub(from)?).ok();
    Some(vec![Key::Clear, Key::Move(isize::MIN), Key::Move(on(0, first)?), Key::Anchor, Key::Move(on(first, last)?)])
}

impl Entry {
    /// Takes a key. Gives the answer, for [`Task::judge`], once it is given.
    pub fn take(&mut self, task: &Task, key: Key) -> Option<String> {
        match (task.mode(), key) {
            (Mode::Choose(n), Key::Choose(index)) if index < n => {
                self.taken = vec![index];
                return Some(label(index));
            }
            (Mode::Order(n), Key::Choose(index)) if index < n && !self.taken.contains(&index) => self.taken.push(index),
            (Mode::Order(_), Key::Erase) => drop(self.taken.pop()),
            (Mode::Order(n), Key::Enter) if self.taken.len() == n => {
                return Some(self.taken.iter().map(|&i| label(i)).collect::<Vec<_>>().join(" "));
            }
            (_, Key::Clear) => self.clear(),
            (Mode::Type, Key::Type(c)) if !c.is_control() && self.typed.chars().count() < LONGEST => self.typed.push(c),
            (Mode::Type, Key::Erase) => drop(self.typed.pop()),
            (Mode::Type, Key::Enter) if !self.typed.trim().is_empty() => return Some(self.typed.trim().to_owned()),
            (Mode::Mark, Key::Move(by)) => {
                let Task::Bytes { frame, .. } = task else { return None };
                self.cursor = self.cursor.saturating_add_signed(by).min(frame.len().saturating_sub(1));
            }
            (Mode::Mark, Key::Anchor) => self.anchor = if self.anchor.is_some() { None } else { Some(self.cursor) },
            (Mode::Mark, Key::Enter) => {
                let marked = self.marked();
                return Some(format!("{}-{}", marked.start, marked.end - 1));
            }
            _ => {}
        }
        None
    }

    /// The bytes that are marked.
    pub fn marked(&self) -> Range<usize> {
        let anchor = self.anchor.unwrap_or(self.cursor);
        anchor.min(self.cursor)..anchor.max(self.cursor) + 1
    }

    /// Makes room for another attempt; the cursor stays.
    pub fn clear(&mut self) {
        self.typed.clear();
        self.taken.clear();
        self.anchor = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::task::Choice;
    use super::*;

    fn given(entry: &mut Entry, task: &Task, keys: &[Key]) -> Option<String> {
        keys.iter().map(|&key| entry.take(task, key)).last().flatten()
    }

    fn bytes() -> Task {
        Task::Bytes { frame: vec![0; 60], right: (2, 4) }
    }

    #[test]
    fn bytes_are_marked_from_either_end() {
        for (from, by) in [(2, 2), (4, -2)] {
            let keys = [Key::Move(from), Key::Anchor, Key::Move(by), Key::Enter];
            assert_eq!(given(&mut Entry::default(), &bytes(), &keys).as_deref(), Some("2-4"));
        }
        let mut entry = Entry::default();
        given(&mut entry, &bytes(), &[Key::Move(isize::MAX)]);
        assert_eq!(entry.marked(), 59..60);
    }

    #[test]
    fn an_order_is_given_when_it_is_whole() {
        let task = Task::Order { items: ["a", "b", "c"].map(str::to_owned).to_vec(), right: vec![2, 0, 1] };
        let mut entry = Entry::default();
        assert_eq!(given(&mut entry, &task, &[Key::Choose(2), Key::Choose(2), Key::Choose(1), Key::Enter]), None);
        let rest = [Key::Erase, Key::Choose(0), Key::Choose(1), Key::Enter];
        assert_eq!(given(&mut entry, &task, &rest), Some(task.right()));
    }

    #[test]
    fn only_choices_that_exist_can_be_taken() {
        let choice = |text: &str| Choice { text: text.to_owned(), betrays: None };
        let task = Task::Choose { choices: vec![choice("a"), choice("b")], right: 1 };
        assert_eq!(Entry::default().take(&task, Key::Choose(2)), None);
        assert_eq!(Entry::default().take(&task, Key::Choose(1)), Some(task.right()));
    }

    #[test]
    fn no_answer_grows_without_end() {
        let task = Task::Number { right: 1, slips: Vec::new() };
        let mut entry = Entry::default();
        (0..10_000).for_each(|_| drop(entry.take(&task, Key::Type('1'))));
        entry.take(&task, Key::Type('\u{1b}'));
        assert_eq!(entry.typed.len(), LONGEST);
        entry.clear();
        assert_eq!(entry.take(&task, Key::Enter), None, "nothing was typed");
    }
}
