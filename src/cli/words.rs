//! The words of options whose values are a lower room's own type: no second enum, no mapping.

use crate::flow::Endpoint;
use crate::tutor::Audience;
use crate::view::plot;
use crate::view::stats::Table;
use crate::view::theme::Color;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// For each type its values in the order of the help, each with its word and its help.
macro_rules! words {
    ($($type:ty { $($value:ident = $word:literal $(: $help:literal)?;)+ })+) => {$(
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$value),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $(Self::$value => PossibleValue::new($word)$(.help($help))?,)+
                })
            }
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
