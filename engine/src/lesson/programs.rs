//! The programs that belong to a lesson: files in the folder of its name. A `file` fence shows one, or some of its lines;
//! `osi-tutor lesson files` writes them out.

use super::error::{LessonError, Source};
use std::fmt::Write as _;
use std::ops::Range;

/// A lesson's id, a file's name, its text; `build.rs` collects them from the folders of `lessons/`.
const ALL: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/programs.rs"));
/// The longest line of code: it fits a screen of 80 columns, indented, and is never wrapped.
const COLUMNS: usize = 76;

/// The programs of one lesson: name and text.
pub fn programs(id: &str) -> impl Iterator<Item = (&'static str, &'static str)> + use<'_> {
    ALL.iter().filter(move |(of, ..)| *of == id).map(|&(_, name, text)| (name, text))
}

/// The ids of lessons that have programs.
pub fn lessons() -> Vec<&'static str> {
    let mut ids: Vec<&str> = ALL.iter().map(|(id, ..)| *id).collect();
    ids.dedup();
    ids
}

/// Adds a fence that stays text to a page's prose; `false` if it is another one.
pub(super) fn add(
    source: &Source<'_>,
    (kind, body): (&str, &str),
    at: &Range<usize>,
    prose: &mut String,
    wrong: &mut Vec<LessonError>,
) -> bool {
    let code = match kind {
        "text" => Ok(body.to_owned()),
        "file" => listing(source.file, body.trim()),
        _ => return false,
    };
    let wide = |code: &String| code.lines().find(|line| line.chars().count() > COLUMNS).map(str::to_owned);
    match code.as_ref().map(wide) {
        Ok(Some(line)) => {
            let why = format!("code is never wrapped, and this line has more than {COLUMNS} columns: {}", line.trim());
            wrong.push(source.error(at.clone(), why));
        }
        Err(why) => wrong.push(source.error(at.clone(), why.clone())),
        Ok(None) => {}
    }
    // Writing to a string cannot fail.
    let _ = write!(prose, "```text\n{}```\n", code.unwrap_or_default());
    true
}

/// The lines that a `file` fence names: `server.js`, or `server.js 4-9`.
fn listing(file: &str, named: &str) -> Result<String, String> {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let id = base.trim_end_matches(".md").split_once('-').map_or(base, |(_, id)| id);
    let (name, range) = named.split_once(' ').map_or((named, None), |(name, range)| (name, Some(range)));
    let Some((_, text)) = programs(id).find(|(known, _)| *known == name) else {
        let known: Vec<&str> = programs(id).map(|(name, _)| name).collect();
        return Err(match known.as_slice() {
            [] => "only lessons of the course have files; write the code into a fence text".to_owned(),
            known => format!("this lesson has no file of that name, but {}", known.join(", ")),
        });
    };
    let Some(range) = range else { return Ok(text.to_owned()) };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let ends = range.split_once('-').and_then(|(a, b)| Some((a.parse::<usize>().ok()?, b.parse().ok()?)));
    let picked = ends.and_then(|(first, last)| lines.get(first.checked_sub(1)?..last)).filter(|l| !l.is_empty());
    picked.map(<[&str]>::concat).ok_or_else(|| format!("lines are named like 4-9, and {name} has {}", lines.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(kind: &str, body: &str) -> (String, Vec<String>) {
        let source = Source { file: "lessons/110-chat.md", text: "```file\n" };
        let (mut prose, mut wrong) = (String::new(), Vec::new());
        assert!(add(&source, (kind, body), &(0..7), &mut prose, &mut wrong));
        (prose, wrong.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_is_shown_whole_or_in_part() {
        let (whole, wrong) = added("file", "server.js\n");
        assert!(whole.contains("socket.join(room)") && wrong.is_empty(), "{wrong:?}");
        let (part, wrong) = added("file", "server.js 1-2\n");
        assert_eq!((part.lines().count(), wrong.len()), (4, 0), "{part}");
        for (named, said) in [("none.js", "but client.js"), ("server.js 0-3", "like 4-9"), ("server.js 4-900", "has")] {
            assert!(added("file", named).1[0].contains(said), "{named}");
        }
    }

    #[test]
    fn code_that_would_be_wrapped_is_refused() {
        let line = "x".repeat(COLUMNS + 1);
        assert!(added("text", &format!("{line}\n")).1[0].contains("never wrapped"));
        assert!(added("text", &format!("{}\n", &line[1..])).1.is_empty());
        for (id, name, text) in ALL {
            assert!(text.lines().all(|line| line.chars().count() <= 72), "{id}/{name}");
        }
    }
}
