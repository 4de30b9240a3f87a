//! A note for the teacher: what to say, what to draw, what will be heard, how long it takes. No learner sees it.

use super::format::Note;
use super::reader::{Keys, Read};

/// The most that is foreseen of one page.
const MOST: usize = 9;
/// The longest that a page takes, in minutes.
const LONGEST: u64 = 60;

/// The note of a fence, if it has one.
pub(super) fn read(keys: &mut Keys<'_, '_>) -> Read<Option<Note>> {
    let Some(mut inner) = keys.table("note", "note")? else { return Ok(None) };
    let (say, draw) = (inner.words_of_one("say")?, inner.words_of_one("draw")?);
    let hear = inner.texts("hear")?;
    let minutes = inner.number("minutes")?;
    if let Some(odd) = minutes.as_ref().filter(|minutes| !(1..=LONGEST).contains(&minutes.it)) {
        return Err(inner.error(odd.span.clone(), format!("a page takes 1 to {LONGEST} minutes")));
    }
    let note = Note { say, draw, hear, minutes: minutes.map(|minutes| minutes.it) };
    if note.texts().next().is_none() && note.minutes.is_none() {
        return Err(inner.lacks("say", "\"What you tell the class\" (or draw, hear, minutes)"));
    }
    if note.hear.len() > MOST {
        return Err(inner.error(inner.span(), format!("at most {MOST} answers are foreseen")));
    }
    if let Some(text) = note.texts().find(|text| text.it.trim().is_empty()) {
        return Err(inner.error(text.span.clone(), "this is empty: say something, or leave it out"));
    }
    if let Some(text) = note.texts().find(|text| text.it.contains(['{', '}'])) {
        let why = "a note is read as it's written, on whatever packets: it has no values in braces";
        return Err(inner.error(text.span.clone(), why));
    }
    inner.finish()?;
    Ok(Some(note))
}

#[cfg(test)]
mod tests {
    use crate::lesson::Lesson;

    fn parsed(note: &str) -> Result<Lesson, String> {
        let text = format!(
            "+++\nid = \"a\"\ntitle = \"A\"\nosi = \"transport\"\nminutes = 1\n\
             source = {{ scenario = \"two-hosts\", seed = 7 }}\n+++\n\
             ```say\nnewcomer = \"One.\"\nstudent = \"Two.\"\nengineer = \"Three.\"\nnote = {note}\n```\n"
        );
        Lesson::parse("10-a.md", &text).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn a_note_is_read_as_it_is_written() {
        let lesson =
            parsed("{ say = \"Listen.\", draw = \"Two lines.\", hear = [\"'Hello': ask why.\"], minutes = 3 }")
                .unwrap();
        let note = lesson.pages[0].note.as_ref().unwrap();
        let texts: Vec<&str> = note.texts().map(|text| text.it.as_str()).collect();
        assert_eq!((texts, note.minutes), (vec!["Listen.", "Two lines.", "'Hello': ask why."], Some(3)));
        assert!(parsed("{ minutes = 3 }").unwrap().pages[0].note.is_some());
    }

    #[test]
    fn a_note_that_no_teacher_can_use_is_refused() {
        for (note, why) in [
            ("{ }", "needs the key say"),
            ("{ say = \" \" }", "empty"),
            ("{ hear = [\" \"] }", "empty"),
            ("{ say = \"It is {tcp.seq}.\" }", "no values in braces"),
            ("{ say = \"A\\u001B[2J\" }", "control character"),
            ("{ minutes = 0 }", "1 to 60 minutes"),
            ("{ say = \"A\", shout = \"A\" }", "has no key shout"),
            ("\"A\"", "a table in braces"),
        ] {
            let wrong = parsed(note).unwrap_err();
            assert!(wrong.contains(why), "{note}: {wrong}");
        }
    }
}
