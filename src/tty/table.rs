//! What each key means. One table for everything that fills the screen: a key means the same on all of them, but for
//! the class, whose letters are its commands. Their last lines, help pages and the guide are made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// The first.
    First,
    /// The last.
    Last,
    /// Reads on.
    Read,
    /// Reads back.
    ReadBack,
    /// The next page, into a layer, the next byte.
    On,
    /// The other way.
    Back,
    /// Takes or opens what is chosen.
    Take,
    /// The next part or field.
    Next,
    /// The part or field before.
    Before,
    /// What has this number, from 1 to 9.
    Pick(u8),
    /// Leaves what one is in.
    Leave,
    /// Undoes the last letter, or place of an order.
    Erase,
    /// Empties the line that is typed.
    Empty,
    /// To a number.
    GoTo,
    /// Marks.
    Mark,
    /// A hint.
    Hint,
    /// Gives a question up.
    Skip,
    /// What if this broke?
    Break,
    /// Unfolds the seven layers, or folds them.
    Layers,
    /// The packet in full.
    Deeper,
    /// Another view.
    View,
    /// Filters.
    Filter,
    /// Fields as columns.
    Columns,
    /// Finds text or bytes.
    Find,
    /// The next match of that.
    NextMatch,
    /// The one before.
    MatchBefore,
    /// The next unusual or marked packet.
    Unusual,
    /// The one before.
    UnusualBefore,
    /// Holds the list.
    Pause,
    /// Asks about the next packet.
    Predict,
    /// Explains a field.
    Explain,
    /// The ladder of a connection.
    Ladder,
    /// What both ends said.
    Follow,
    /// The list of conversations.
    Conversations,
    /// Everything, counted.
    Stats,
    /// A connection over time.
    Plot,
    /// All links that a packet crossed.
    Route,
    /// Copies a filter.
    CopyFilter,
    /// Copies a packet.
    CopyPacket,
    /// Copies bytes.
    CopyBytes,
    /// Writes a file.
    Write,
    /// One part gets the screen.
    Zoom,
    /// Gives pseudonyms.
    Mask,
    /// For a room.
    Projector,
    /// Leads a class: what its desk does at this key.
    Lead(char),
    /// The links of a class.
    Links,
    /// For whom to explain.
    Audience,
    /// Peels a message.
    Peel,
    /// Shows packets without data.
    Bare,
    /// The help page.
    Help,
    /// Quits.
    Quit,
    /// Ends the program, whatever is on the screen.
    End,
    /// Stops the program until the shell lets it go on.
    Suspend,
}

/// Which screens there are, as bits.
pub mod on {
    /// A lesson, a quiz, a puzzle.
    pub const LESSON: u8 = 1;
    /// The packets.
    pub const PACKETS: u8 = 2;
    /// A page of text over one of those.
    pub const TEXT: u8 = 4;
    /// The menu.
    pub const MENU: u8 = 8;
    /// The chat.
    pub const CHAT: u8 = 16;
    /// A class that is led. Its letters are the commands of its console.
    pub const CLASS: u8 = 32;
    /// All of them.
    pub const ALL: u8 = REST | CLASS;
    /// All but the class.
    pub const REST: u8 = LESSON | PACKETS | TEXT | MENU | CHAT;
}

/// Keys that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Each key by its name, and what it does.
    pub keys: &'static [(&'static str, Does)],
    /// What they do, in a sentence.
    pub says: &'static str,
    /// The same in a word, for last lines; empty where none names them.
    pub word: &'static str,
    /// On which screens they work.
    pub on: u8,
}

const LOOKED_AT: u8 = on::LESSON | on::PACKETS;
const SCROLLED: u8 = LOOKED_AT | on::TEXT | on::MENU;

/// All keys there are, in the order in which they are told.
#[rustfmt::skip]
pub const KEYS: &[Row] = &[
    row(&[("↑", Does::Up), ("↓", Does::Down), ("k", Does::Up), ("j", Does::Down)], "one up, one down: a packet, line, choice, message", "choose", on::ALL),
    row(&[("PgUp", Does::PageUp), ("PgDn", Does::PageDown)], "a screen up, a screen down", "", SCROLLED),
    row(&[("Home", Does::First), ("End", Does::Last), ("g", Does::First), ("G", Does::Last)], "the first, the last; in a live capture, End follows", "", SCROLLED),
    row(&[("Space", Does::Read), ("b", Does::ReadBack)], "read on, read back; where a page ends, turn it", "read on", LOOKED_AT | on::TEXT),
    row(&[("→", Does::On), ("←", Does::Back)], "on, and back: a lesson's page, into a layer, a byte", "back", LOOKED_AT | on::CHAT),
    row(&[("Enter", Does::Take)], "take, open or send what is chosen or typed; else read on", "choose", on::REST),
    row(&[("Tab", Does::Next), ("Shift-Tab", Does::Before)], "the next part, field or completion; the one before", "parts", LOOKED_AT),
    row(&[("1 … 9", Does::Pick(0))], "take the choice, or unfold the layer, of that number", "unfold", LOOKED_AT),
    row(&[("Esc", Does::Leave)], "leave what you're in: a field, a page, a filter", "back", on::ALL),
    row(&[("Backspace", Does::Erase), ("Ctrl-U", Does::Empty)], "undo the last letter or place; empty the line you type", "undo", LOOKED_AT | on::CHAT),
    row(&[(":", Does::GoTo)], "go to a page or a packet by its number", "go to", LOOKED_AT),
    row(&[("*", Does::Mark)], "mark the packet, or unmark it; among bytes, begin a run here", "mark", LOOKED_AT),
    row(&[("h", Does::Hint)], "a hint", "hint", on::LESSON),
    row(&[("0", Does::Skip)], "skip the question", "skip", LOOKED_AT),
    row(&[("x", Does::Break)], "break it: the page's what-if, or a simulated packet", "break", LOOKED_AT),
    row(&[("o", Does::Layers)], "unfold all layers, or fold them", "layers", LOOKED_AT),
    row(&[("d", Does::Deeper)], "the packet in full: all fields and bytes", "deeper", on::LESSON),
    row(&[("v", Does::View)], "another view: the wire, both ends' states, the programs", "view", on::LESSON),
    row(&[("/", Does::Filter)], "filter, as you type; Esc leaves the line, then the filter", "filter", on::PACKETS),
    row(&[("F", Does::Find), ("Ctrl-F", Does::Find)], "find text, or bytes (16:03:01), in the frames shown", "find", on::PACKETS),
    row(&[("n", Does::NextMatch), ("N", Does::MatchBefore)], "the next match of that, the one before", "next", on::PACKETS),
    row(&[("u", Does::Unusual), ("U", Does::UnusualBefore)], "the next unusual or marked packet, the one before", "unusual", on::PACKETS),
    row(&[(".", Does::Pause)], "pause: nothing is lost, the list doesn't move", "pause", on::PACKETS),
    row(&[("e", Does::Explain)], "explain the field", "", on::PACKETS),
    row(&[("l", Does::Ladder)], "ladder of this TCP connection", "ladder", on::PACKETS),
    row(&[("f", Does::Follow)], "follow what both ends said, over TCP or UDP", "follow", on::PACKETS),
    row(&[("c", Does::Conversations)], "conversations over TCP, UDP, IP: Enter filters by one", "conversations", on::PACKETS),
    row(&[("s", Does::Stats)], "statistics of all packets", "stats", on::PACKETS),
    row(&[("t", Does::Plot)], "this TCP connection over time", "", on::PACKETS),
    row(&[("r", Does::Route)], "the route of a simulated packet: every link it crossed", "", on::PACKETS),
    row(&[("p", Does::Predict)], "predict: a question about the next packet", "predict", on::PACKETS),
    row(&[("y", Does::CopyFilter), ("J", Does::CopyPacket), ("H", Does::CopyBytes)], "copy the line as a filter, the packet as JSON, the bytes", "", on::PACKETS),
    row(&[("C", Does::Columns)], "own columns: fields by their names, the chosen one added", "columns", on::PACKETS),
    row(&[("w", Does::Write)], "write the packets shown to a file", "", on::PACKETS),
    row(&[("z", Does::Zoom)], "give this part the whole screen", "", on::PACKETS),
    row(&[("m", Does::Mask)], "mask: addresses and names get pseudonyms, everywhere", "mask", LOOKED_AT),
    row(&[("P", Does::Projector)], "projector: fewer columns, more space", "projector", LOOKED_AT),
    row(&[("a", Does::Audience)], "for whom to explain: newcomer, student, engineer", "audience", LOOKED_AT | on::MENU),
    row(&[("Ctrl-P", Does::Peel), ("F2", Does::Peel)], "peel the chosen message, a layer a key", "peel", on::CHAT),
    row(&[("Ctrl-O", Does::Bare)], "show packets without data, or hide them", "all packets", on::CHAT),
    row(&[("Enter", Does::Lead('\n')), ("Space", Does::Lead('\n')), ("PgDn", Does::Lead('\n'))], "what the first large button of the console does", "", on::CLASS),
    row(&[("n", Does::Lead('n'))], "the next slide", "", on::CLASS),
    row(&[("b", Does::Lead('b')), ("PgUp", Does::Lead('b'))], "back to the slide before", "", on::CLASS),
    row(&[("v", Does::Lead('v'))], "ask: let them vote, or vote again", "", on::CLASS),
    row(&[("c", Does::Lead('c'))], "close the vote", "", on::CLASS),
    row(&[("h", Does::Lead('h'))], "show the hint", "", on::CLASS),
    row(&[("d", Does::Lead('d'))], "let neighbours discuss", "", on::CLASS),
    row(&[("r", Does::Lead('r'))], "show the answer", "", on::CLASS),
    row(&[("w", Does::Lead('w'))], "run the what-if", "", on::CLASS),
    row(&[("t", Does::Lead('t'))], "ask it on other packets", "", on::CLASS),
    row(&[("l", Does::Lead('l'))], "lock: nobody new; or unlock", "", on::CLASS),
    row(&[("e", Does::Lead('e'))], "end the class: to the board, for good", "", on::CLASS),
    row(&[("1 … 9", Does::Pick(0)), ("Tab", Does::Next), ("Shift-Tab", Does::Before)], "of several classes, the one that the keys lead", "class", on::CLASS),
    row(&[("a", Does::Links)], "the links once more, to copy: students, projector, console", "links", on::CLASS),
    row(&[("P", Does::Projector)], "projector: hide answers and notes, which are yours alone", "projector", on::CLASS),
    row(&[("?", Does::Help), ("F1", Does::Help)], "help: the keys", "help", on::ALL),
    row(&[("q", Does::Quit)], "quit: the page over the packets, else the program", "quit", SCROLLED),
    row(&[("Ctrl-C", Does::End)], "end the program", "leave", on::ALL),
    row(&[("Ctrl-D", Does::End)], "the same, as at the end of any input", "", on::LESSON | on::CHAT),
    row(&[("Ctrl-Z", Does::Suspend)], "back to the shell; fg goes on here", "", SCROLLED),
];

const fn row(keys: &'static [(&'static str, Does)], says: &'static str, word: &'static str, on: u8) -> Row {
    Row { keys, says, word, on }
}

impl Row {
    /// The keys' names, as they are told.
    pub fn names(&self) -> String {
        self.keys.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}

/// What a key does on a screen, if anything.
pub fn meaning(key: KeyEvent, screen: u8) -> Option<Does> {
    let all = rows(screen).flat_map(|row| row.keys);
    let does = all.filter(|(name, _)| is(name, key)).map(|(_, does)| *does).next()?;
    Some(match (does, key.code) {
        (Does::Pick(_), KeyCode::Char(digit)) => Does::Pick(digit.to_digit(10).and_then(|n| u8::try_from(n).ok())?),
        _ => does,
    })
}

/// A key and what it does in a word: `h hint`.
///
/// Each thing that can be done has a key, which a test holds to.
pub fn short(does: Does) -> String {
    let row = KEYS.iter().find_map(|row| Some((row, row.keys.iter().find(|(_, its)| *its == does)?.0)));
    row.map_or_else(String::new, |(row, name)| format!("{name} {}", row.word))
}

/// The rows of a screen.
pub fn rows(on: u8) -> impl Iterator<Item = &'static Row> {
    KEYS.iter().filter(move |row| row.on & on != 0)
}

/// Whether a key has this name.
fn is(name: &str, key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if let Some(letter) = name.strip_prefix("Ctrl-") {
        return control
            && matches!(key.code, KeyCode::Char(c) if letter.eq_ignore_ascii_case(c.encode_utf8(&mut [0; 4])));
    }
    let named = match key.code {
        KeyCode::Up => "↑",
        KeyCode::Down => "↓",
        KeyCode::Left => "←",
        KeyCode::Right => "→",
        KeyCode::PageUp => "PgUp",
        KeyCode::PageDown => "PgDn",
        KeyCode::Home => "Home",
        KeyCode::End => "End",
        KeyCode::Enter => "Enter",
        KeyCode::Tab => "Tab",
        KeyCode::BackTab => "Shift-Tab",
        KeyCode::Esc => "Esc",
        KeyCode::Backspace => "Backspace",
        KeyCode::F(1) => "F1",
        KeyCode::F(2) => "F2",
        KeyCode::Char(' ') if !control => "Space",
        KeyCode::Char('1'..='9') if !control => "1 … 9",
        KeyCode::Char(c) if !control => return name == c.encode_utf8(&mut [0; 4]),
        _ => return false,
    };
    name == named
}

/// The key of a name.
///
/// # Panics
/// The table has no such name.
#[cfg(test)]
pub fn named(name: &str) -> KeyEvent {
    let codes = ('\u{20}'..='~').map(KeyCode::Char).chain([
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Enter,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Esc,
        KeyCode::Backspace,
        KeyCode::F(1),
        KeyCode::F(2),
    ]);
    let mut keys = codes.flat_map(|code| [KeyModifiers::NONE, KeyModifiers::CONTROL].map(|m| KeyEvent::new(code, m)));
    keys.find(|key| is(name, *key)).expect("every name in the table is that of a key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn no_key_has_two_meanings_and_no_row_is_without_a_screen() {
        for (screens, most) in [(on::REST, 50), (on::CLASS, 20)] {
            let mut seen = BTreeMap::new();
            for row in rows(screens) {
                assert!(row.on != 0 && !row.says.is_empty(), "{row:?}");
                for (name, does) in row.keys {
                    assert!(meaning(named(name), row.on & screens).is_some(), "{name}");
                    assert!(seen.insert(*name, *does).is_none(), "{name}: {}", row.says);
                }
            }
            assert!(seen.len() > most, "{}", seen.len());
        }
    }

    #[test]
    fn the_key_of_a_name_is_found_and_no_other() {
        let press = |code, modifiers| meaning(KeyEvent::new(code, modifiers), on::ALL);
        assert_eq!(press(KeyCode::Char('3'), KeyModifiers::NONE), Some(Does::Pick(3)));
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Does::Last));
        assert_eq!(press(KeyCode::Char(' '), KeyModifiers::NONE), Some(Does::Read));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Does::End));
        assert_eq!(press(KeyCode::Char('l'), KeyModifiers::CONTROL), None, "Ctrl-L is no l");
        assert_eq!(press(KeyCode::F(5), KeyModifiers::NONE), None);
        assert_eq!((short(Does::Hint), short(Does::Quit)), ("h hint".into(), "q quit".into()));
    }
}
