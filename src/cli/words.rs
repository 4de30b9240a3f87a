//! The words of options whose values are a lower room's own type: no second enum, no mapping.

use crate::flow::Endpoint;
use crate::tutor::Audience;
use crate::view::plot;
use crate::view::stats::Table;
use crate::view::theme::Color;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// A type whose values are words on the command line.
pub trait Worded: Copy + PartialEq + Send + Sync + 'static {
    /// Its values in the order of the help, each with its word and its help; empty where the word says it all.
    const WORDS: &'static [(Self, &'static str, &'static str)];

    /// What is typed for it.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// Takes one of the type's words.
pub(super) fn one_of<T: Worded>() -> impl TypedValueParser<Value = T> {
    let words = T::WORDS.iter().map(|&(_, word, help)| {
        let value = PossibleValue::new(word);
        if help.is_empty() { value } else { value.help(help) }
    });
    let value = |given: String| T::WORDS.iter().find(|row| row.1 == given).map(|row| row.0);
    PossibleValuesParser::new(words).try_map(move |given| value(given).ok_or("it's none of the words"))
}

/// The words of each type.
macro_rules! words {
    ($($type:ty { $($value:ident = $word:literal $(: $help:literal)?;)+ })+) => {$(
        impl Worded for $type {
            const WORDS: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$value, $word, concat!($($help)?))),+];
        }
    )+};
}

words! {
    Color {
        Auto = "auto";
        Always = "always";
        Never = "never";
    }
    Audience {
        Newcomer = "newcomer": "Plain words, nothing assumed";
        Student = "student": "The field's own terms";
        Engineer = "engineer": "Section numbers and edge cases";
    }
    Endpoint {
        Client = "client": "Who opened the connection, or spoke first";
        Server = "server": "The other end";
    }
    Table {
        Hierarchy = "hierarchy": "Which protocol inside which: frames and bytes";
        Layers = "layers": "In how many frames something of each OSI layer was seen";
        Conversations = "conversations": "Who talked to whom";
        Endpoints = "endpoints": "Who talked";
    }
    plot::Kind {
        Seq = "seq": "Sequence numbers: sent, sent again, acknowledged, and the window's edge";
        Flight = "flight": "Bytes in flight: what is sent and not yet acknowledged";
        Window = "window": "The window that the receiver offers";
    }
}
