//! What the menu offers besides the course.

/// A row: name, what it does, the command.
pub(super) type Entry = (&'static str, &'static str, &'static [&'static str]);

/// What there is besides the course, under each heading.
pub(super) const REST: &[(&str, &[Entry])] = &[
    (
        "Look at packets",
        &[
            #[cfg(feature = "live")]
            (
                "capture lo",
                "this machine's own packets, with a small demo; needs the right to",
                &["capture", "lo", "--demo"],
            ),
            ("simulate", "a whole web conversation, simulated: needs no right", &["simulate", "two-hosts"]),
        ],
    ),
    (
        "Practise",
        &[
            ("quiz", "questions made from packets", &["quiz"]),
            ("puzzle", "a packet with one thing wrong: find it", &["puzzle"]),
            ("progress", "what you did, what you believed, what to review", &["progress"]),
        ],
    ),
    #[cfg(feature = "classroom")]
    (
        "Together",
        &[
            ("class", "the handshake for a room full of phones; Ctrl-C ends it", &["class", "handshake", "--lan"]),
            #[cfg(feature = "chat")]
            ("chat", "a chat in browsers that shows its own packets; Ctrl-C ends it", &["chat", "serve"]),
        ],
    ),
    (
        "Set up",
        &[
            ("doctor", "what works on this machine, and what doesn't yet", &["doctor"]),
            ("help", "all commands", &["help"]),
        ],
    ),
];
