//! How a text sounds: habits that a native technical writer would not have, sentences that are too long, and
//! instructions in the passive. `docs/guide/voice.md` says it to people, from the same rows.

use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// The most words of one sentence.
pub const LONGEST: usize = 25;

/// A way of speaking to drop.
#[derive(Debug)]
pub struct Habit {
    /// What finds it: a regular expression, letters of either case, whole words.
    pub find: &'static str,
    /// What to write in its place.
    pub instead: &'static str,
    /// A sentence that has it.
    pub before: &'static str,
    /// The same sentence without it.
    pub after: &'static str,
}

const fn habit(find: &'static str, instead: &'static str, before: &'static str, after: &'static str) -> Habit {
    Habit { find, instead, before, after }
}

/// The habits, most frequent first.
pub const HABITS: &[Habit] = &[
    habit(
        "(stands?|stood) (in|on|at|there|here|behind|before|beside|under|above|around|first|last|between)",
        "is, appears, says",
        "The port stands in the header.",
        "The port is in the header.",
    ),
    habit(
        "(below|above|in it|on it|then|here|there) (stands?|follows?|comes)",
        "the subject first",
        "Then follow two bytes of type.",
        "Two bytes of type follow.",
    ),
    habit(
        "behind (it|them|that|this|each|every|all)|bytes? behind",
        "after",
        "Everything behind it waits.",
        "Everything after it waits.",
    ),
    habit(
        "so many",
        "that many, or the number",
        "The server reads so many bytes.",
        "The server reads exactly that many bytes.",
    ),
    habit(
        "whoever",
        "the actor: the client, you, anyone who",
        "Whoever needs it must build it.",
        "If you need it, you have to build it.",
    ),
    habit(
        "by itself",
        "on its own, automatically, separately",
        "The page reconnects by itself.",
        "The page reconnects automatically.",
    ),
    habit("one's own", "your own", "Then read one's own capture.", "Then read your own capture."),
    habit(
        "of (its|their|his|her) own",
        "its own …",
        "The client has a timeout of its own.",
        "The client has its own timeout.",
    ),
    habit(
        "many (people )?(believe|think)",
        "the claim, and that it's wrong",
        "Many believe that masking encrypts.",
        "Masking doesn't encrypt.",
    ),
    habit(
        "(answers?|asks?|sends?|starts?|comes?|begins?|ends?|closes?|tells?|says?|acknowledges?|goes|repeats?|arrives?) (\\w+ )?at once",
        "immediately",
        "The server answers at once.",
        "The server answers immediately.",
    ),
    habit(
        "all (that|what)",
        "everything that",
        "It read all that had arrived.",
        "It read everything that had arrived.",
    ),
    habit(
        "(one|a) (segment|name|byte|packet|number|frame|line|bit|round|second|message) more",
        "another, one more …",
        "The client sends one segment more.",
        "The client sends one more segment.",
    ),
    habit("wish(es)?", "request", "The receiver repeats its wish.", "The receiver repeats its request."),
    habit(
        "(is|are|was) to (be|take|come|go|say|send|get)",
        "should, must, will",
        "It says which card is to take the frame.",
        "It says which card should take the frame.",
    ),
    habit(
        "tells? of",
        "describes, reports, shows",
        "The record tells of the next server.",
        "The record names the next server.",
    ),
    habit("comes? past", "appears, passes", "No such packet comes past.", "No such packet appears."),
    habit("shall", "should, must, will", "Everyone shall hear it.", "Everyone should hear it."),
    habit("anew", "again", "The client connects anew.", "The client connects again."),
    habit("all the same", "even so, anyway", "It arrives all the same.", "It arrives anyway."),
    habit("in vain", "name what fails", "The client waits in vain.", "The client waits, but no answer comes."),
    habit(
        "(hence|thereby|therein|wherein|thus|beforehand)",
        "so, by doing that, before",
        "Hence the number grows by one.",
        "So the number grows by one.",
    ),
    habit("mere(ly)?", "only, just", "It is a mere number.", "It's only a number."),
    habit("the own", "its own, their own", "Each adds the own colour.", "Each adds its own colour."),
    habit("'s affair", "is up to …", "That is the kernel's affair.", "That's up to the kernel."),
    habit("for ever", "forever", "The numbers last for ever.", "The numbers last forever."),
    habit("thousand million", "billion", "It counts to four thousand million.", "It counts to four billion."),
    habit("commonest", "most common", "That is the commonest slip.", "That's the most common slip."),
    habit("per cent", "%", "Ten per cent are lost.", "10% are lost."),
    habit("told off", "turned away, refused", "The client was told off.", "The server refused the client."),
    habit(
        "proof of (life|death)",
        "log line",
        "One line is the proof of life.",
        "One line logs that a client has connected.",
    ),
];

/// Statements that begin with *Who*.
const WHO: &str = r"(?:^|[.!?:] )(?<who>Who \w+s\b[^?.!]* (?:is|are|has|needs?|gets?|must|can|may|will)\b[^?.!]*)[.!]";
/// An instruction that names nobody who should follow it.
const PASSIVE: &str = r"(?i)\b(?:must|should|has to|have to|needs? to) be \w+(?:ed|en|wn|ad|und)\b";

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// It says how things are.
    Statement,
    /// It says what to do; the passive hides who should do it.
    Instruction,
}

/// Something in a text that a native technical writer would say otherwise.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// The words, in bytes of the text.
    pub at: Range<usize>,
    /// What to do about them.
    pub why: String,
}

/// What to say otherwise in a text, in its order.
pub fn advice(text: &str, speech: Speech) -> Vec<Advice> {
    static FINDERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let bounded = |h: &Habit| {
            let start = if h.find.starts_with('\'') { "" } else { r"\b" };
            (format!(r"(?i){start}(?:{})\b", h.find), h.instead)
        };
        let fixed =
            [(WHO.to_owned(), "anyone who, or the actor"), (PASSIVE.to_owned(), "say who does it: you, the client")];
        HABITS.iter().map(bounded).chain(fixed).filter_map(|(find, why)| Some((Regex::new(&find).ok()?, why))).collect()
    });
    let last = FINDERS.len() - usize::from(speech == Speech::Statement);
    let mut all: Vec<Advice> = long(text).collect();
    for (finder, instead) in FINDERS.iter().take(last) {
        for found in finder.captures_iter(text) {
            let Some(words) = found.name("who").or(found.get(0)) else { continue };
            let why =
                format!("\"{}\": better {instead}", words.as_str().split_whitespace().collect::<Vec<_>>().join(" "));
            all.push(Advice { at: words.range(), why });
        }
    }
    all.sort_by_key(|a| a.at.start);
    all
}

/// Sentences of too many words.
fn long(text: &str) -> impl Iterator<Item = Advice> + '_ {
    let ends = |at: usize| {
        let rest = text.get(at..).unwrap_or("");
        rest.starts_with("\n\n")
            || rest.starts_with(['.', '!', '?', ':', ';'])
                && rest.chars().nth(1).is_none_or(|c| c.is_whitespace() || "\"'*)".contains(c))
    };
    let cuts = text.char_indices().map(|(at, _)| at).filter(move |&at| ends(at)).chain([text.len()]);
    cuts.scan(0, |from, to| Some(std::mem::replace(from, to)..to)).filter_map(move |at| {
        let words = text.get(at.clone())?.split_whitespace().filter(|w| w.contains(char::is_alphanumeric)).count();
        let lead = text.get(at.clone())?.find(|c: char| c.is_alphanumeric() || c == '{')?;
        let why = format!("{words} words in one sentence; {LONGEST} are the most");
        (words > LONGEST).then_some(Advice { at: at.start + lead..at.end, why })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        advice(text, Speech::Instruction).into_iter().map(|a| &text[a.at]).collect()
    }

    #[test]
    fn each_habit_is_found_before_and_not_after() {
        for habit in HABITS {
            assert!(!found(habit.before).is_empty(), "{}", habit.before);
            assert_eq!(found(habit.after), [""; 0], "{}", habit.after);
        }
    }

    #[test]
    fn the_guide_has_every_habit() {
        const GUIDE: &str = include_str!("../../../../docs/guide/voice.md");
        const HEAD: &str = "| Instead of | write | Before | After |\n|---|---|---|---|\n";
        let plain = |find: &str| find.replace(['(', ')', '?'], "").replace('|', " / ");
        let row = |h: &Habit| format!("| {} | {} | {} | {} |\n", plain(h.find), h.instead, h.before, h.after);
        let (before, _) = GUIDE.split_once(HEAD).unwrap();
        let fresh = format!("{before}{HEAD}{}", HABITS.iter().map(row).collect::<String>());
        if std::env::var_os("UPDATE_README").is_some_and(|v| v == "1") {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/voice.md");
            return std::fs::write(path, fresh).unwrap();
        }
        assert!(fresh == GUIDE, "UPDATE_README=1 cargo test --lib lesson::check::voice writes it anew");
    }

    #[test]
    fn long_sentences_statements_with_who_and_passive_instructions_are_found() {
        let long = format!("A start. {}end", "word ".repeat(26));
        assert_eq!(found(&long).len(), 1);
        assert_eq!(found(&"word ".repeat(25)), [""; 0]);
        assert_eq!(found("Who waits too long is dropped."), ["Who waits too long is dropped"]);
        assert_eq!(found("Who sends this? The client."), [""; 0]);
        assert_eq!(found("The file must be opened first."), ["must be opened"]);
        assert_eq!(found("The pattern stands for any byte; MAC stands for Media Access Control."), [""; 0]);
    }

    #[test]
    fn placeholders_and_numbers_do_not_end_a_sentence() {
        assert_eq!(found(&"{tcp.seq} 1.5 ".repeat(13)).len(), 1, "26 words, whatever dots they hold");
    }
}
