//! The teacher at the terminal that runs the class: what each key does, what each command is called, and where the class is.

use std::collections::BTreeMap;

use super::session::{Command, Phase, Session};

/// Keys that always mean the same. Enter and space are the first large button of the console.
const KEYS: [(char, Command); 9] = [
    ('n', Command::Next),
    ('b', Command::Back),
    ('c', Command::Close),
    ('h', Command::Hint),
    ('d', Command::Discuss),
    ('r', Command::Reveal),
    ('w', Command::WhatIf),
    ('t', Command::Transfer),
    ('e', Command::End),
];

/// What a key wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Something is done.
    Do(Command),
    /// Where is the class?
    Status,
    /// Which keys are there?
    Help,
}

impl Command {
    /// What it is called on a button.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "Ask: let them vote",
            Self::Close => "Close the vote",
            Self::Hint => "Show the hint",
            Self::Discuss => "Let neighbours discuss",
            Self::Again => "Vote again",
            Self::Reveal => "Show the answer",
            Self::WhatIf => "Run the what-if",
            Self::Next => "Next slide",
            Self::Back => "Back",
            Self::Transfer => "Ask it on other packets",
            Self::Go(_) => "Go there",
            Self::Hands(_) => "Count these hands",
            Self::Lock => "Lock: nobody new",
            Self::Unlock => "Unlock",
            Self::End => "End the class",
        }
    }
}

impl Command {
    /// The names of all that are a word.
    pub fn names() -> BTreeMap<String, &'static str> {
        let word = |command: &Self| serde_json::to_value(command).ok()?.as_str().map(str::to_owned);
        Self::WORDS.iter().filter_map(|command| Some((word(command)?, command.name()))).collect()
    }
}

impl Session {
    /// What a key means now; nothing, if it means nothing.
    pub fn wish(&self, key: char) -> Option<Wish> {
        let fixed = KEYS.iter().find(|(known, _)| *known == key).map(|(_, command)| command.clone());
        let command = match key {
            '\n' | '\r' | ' ' => self.buttons()[0].clone()?,
            'v' if self.allows(&Command::Again) => Command::Again,
            'v' => Command::Open,
            'l' if self.locked => Command::Unlock,
            'l' => Command::Lock,
            's' => return Some(Wish::Status),
            '?' => return Some(Wish::Help),
            _ => fixed?,
        };
        Some(Wish::Do(command))
    }

    /// The keys that do something now, and what; Enter, which does what the first button does, first.
    pub fn open_keys(&self) -> Vec<(char, &'static str)> {
        let letters = KEYS.iter().map(|(key, _)| *key).chain(['v', 'l']);
        let does = |key: char| match self.wish(key) {
            Some(Wish::Do(command)) if self.allows(&command) => Some((key, command.name())),
            _ => None,
        };
        std::iter::once('\n').chain(letters).filter_map(does).collect()
    }

    /// The same in a line.
    pub fn keys(&self) -> String {
        let key = |(key, name): (char, &str)| match key {
            '\n' => format!("Enter: {name}"),
            _ => format!("{key}: {name}"),
        };
        let mut keys: Vec<String> = self.open_keys().into_iter().map(key).collect();
        keys.push("s: where we are".to_owned());
        keys.push("Ctrl-C: stop the server".to_owned());
        keys.join(" · ")
    }

    /// Where the class is, in a line: who is here, who has answered, whose connection is lost, what comes.
    pub fn status(&self) -> String {
        let count = self.count();
        let asks = !matches!(self.phase(), Phase::Lobby | Phase::Board) && self.task().is_some();
        let first = self.buttons()[0].as_ref().map(|first| format!("Enter: {}.", first.name()));
        let parts = [
            Some(format!("{}: {}.", self.place(), self.what())),
            Some(if asks {
                format!("{} of {} answered.", count.answered, count.here)
            } else {
                format!("{} here.", count.here)
            }),
            match self.members.values().filter(|member| member.links == 0).count() {
                0 => None,
                1 => Some("1 phone lost the connection.".to_owned()),
                n => Some(format!("{n} phones lost the connection.")),
            },
            self.locked.then(|| "Locked.".to_owned()),
            first,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The slide, by its number.
    pub fn place(&self) -> String {
        match self.phase() {
            Phase::Lobby => "The lobby".to_owned(),
            Phase::Board => "The board".to_owned(),
            _ => format!("Slide {} of {}", self.deck.place(self.at), self.deck.place(self.deck.slides.len())),
        }
    }

    /// What happens there.
    pub fn what(&self) -> String {
        let round = self.sheet().map_or(0, |sheet| sheet.rounds.len());
        match self.phase() {
            Phase::Vote => format!("vote {round} is open"),
            Phase::Closed => "the vote is closed".to_owned(),
            Phase::Discuss => "neighbours discuss".to_owned(),
            Phase::Revealed => "the answer is shown".to_owned(),
            Phase::WhatIf => "the what-if is shown".to_owned(),
            Phase::Lobby => "people come in".to_owned(),
            Phase::Look | Phase::Board => "it is shown".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::deck::{Deck, Slide};
    use super::super::session::Input;
    use super::*;
    use crate::ask::{Choice, Task};
    use std::sync::Arc;

    #[test]
    fn keys_lead_a_class_and_the_line_says_where_it_is() {
        let choices = ["x", "y"].map(|text| Choice { text: text.into(), betrays: None }).to_vec();
        let slide = Slide { task: Some(Task::Choose { choices, right: 0 }), ..Slide::default() };
        let mut session = Session::new(Arc::new(Deck { slides: vec![slide], ..Deck::default() }), 9);
        for n in 0..3 {
            session.take(&Input::Join { token: None, fresh: format!("t{n}"), dice: n }, 0).unwrap();
        }
        session.take(&Input::Leave { member: 3 }, 0).unwrap();
        assert_eq!(
            session.status(),
            "The lobby: people come in. 2 here. 1 phone lost the connection. Enter: Next slide."
        );
        let mut press = |key: char| {
            let Some(Wish::Do(command)) = session.wish(key) else { panic!("{key}") };
            let _ = session.take(&Input::Command(command), 0);
            session.status()
        };
        assert!(press('n').starts_with("Slide 1 of 1: it is shown. 0 of 2 answered."));
        assert!(press('v').contains("vote 1 is open"));
        assert!(press('l').contains("Locked. Enter: Close the vote."), "l locks");
        assert!(!press('l').contains("Locked"), "l unlocks");
        assert!(press('\n').contains("the vote is closed"));
        assert!(press('v').contains("vote 2 is open"), "v asks again");
        assert!(press('r').contains("the answer is shown"));
        assert!(press('n').starts_with("The board"));
        assert!(session.keys().starts_with("Enter: End the class · b: Back"), "{}", session.keys());
        assert_eq!(
            (session.wish('x'), session.wish('?'), session.wish('s')),
            (None, Some(Wish::Help), Some(Wish::Status))
        );
    }

    #[test]
    fn every_button_has_a_name() {
        let names = Command::names();
        assert_eq!(names.len(), 13);
        assert_eq!(names["what-if"], "Run the what-if");
    }
}
