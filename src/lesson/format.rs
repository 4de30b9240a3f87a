//! A lesson file: TOML front matter between `+++` lines, then Markdown in which `show` fences are live.
//!
//! ````markdown
//! +++
//! id = "handshake"
//! title = "Three segments to agree where counting starts"
//! osi = "transport"
//! minutes = 12
//! source = { scenario = "two-hosts", seed = 7 }
//! +++
//!
//! Before any data moves, both sides agree where their counting starts.
//!
//! ```show
//! filter = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
//! newcomer = "…"
//! student = "The client starts counting at {tcp.seq_raw}."
//! engineer = "…"
//! ```
//! ````
//!
//! Unknown keys are refused. A mistake is shown with its line and a caret below it.

use crate::filter::Filter;
use crate::model::{FieldDef, Osi};
use crate::proto;
use crate::tutor::{Audience, Template};
use serde::Deserialize;
use std::ops::Range;

/// A lesson, ready to be played.
#[derive(Debug)]
pub struct Lesson {
    /// The file it was read from.
    pub file: String,
    /// Its short name.
    pub id: String,
    /// What it teaches, as a heading.
    pub title: String,
    /// The OSI layer that it is mostly about.
    pub osi: Osi,
    /// Ids of the lessons that it builds on.
    pub needs: Vec<String>,
    /// How long it takes.
    pub minutes: u32,
    /// Where its packets come from when nothing else is asked for.
    pub source: DefaultSource,
    /// Its pages, in order.
    pub pages: Vec<Page>,
}

/// The simulation that a lesson plays on.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DefaultSource {
    /// A ready scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
}

/// One page: some prose, and perhaps packets.
#[derive(Debug)]
pub struct Page {
    /// Markdown without fences.
    pub prose: String,
    /// What it shows.
    pub show: Option<Show>,
}

/// A `show` fence: packets of the lesson's conversation, and what is said of them.
#[derive(Debug)]
pub struct Show {
    /// Which packets.
    pub filter: Filter,
    /// How many are shown together; the texts speak of the last.
    pub frames: usize,
    /// The fields whose bytes are lit.
    pub highlight: Vec<&'static FieldDef>,
    /// The text for each audience.
    pub texts: [Template; 3],
    /// The line of the fence in its file, for messages.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    id: String,
    title: String,
    osi: OsiName,
    #[serde(default)]
    needs: Vec<String>,
    minutes: u32,
    source: DefaultSource,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OsiName {
    Physical,
    Link,
    Network,
    Transport,
    Session,
    Presentation,
    Application,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fence {
    filter: toml::Spanned<String>,
    #[serde(default = "one")]
    frames: usize,
    #[serde(default)]
    highlight: Vec<toml::Spanned<String>>,
    newcomer: toml::Spanned<String>,
    student: toml::Spanned<String>,
    engineer: toml::Spanned<String>,
}

const fn one() -> usize {
    1
}

/// A mistake in a lesson file: where it is and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {why}\n{text}\n{caret}")]
pub struct LessonError {
    file: String,
    line: usize,
    why: String,
    text: String,
    caret: String,
}

impl LessonError {
    /// A mistake in a line, counted from 1.
    pub(super) fn at_line(file: &str, text: &str, line: usize, why: String) -> Self {
        let text = text.lines().nth(line.saturating_sub(1)).unwrap_or("").to_owned();
        let caret = "^".repeat(text.chars().count().max(1));
        Self { file: file.to_owned(), line, why, text, caret }
    }
}

/// A file being read; it knows how to point at a place.
struct Source<'t> {
    file: &'t str,
    text: &'t str,
}

impl Lesson {
    /// Reads a lesson file; `file` names it in messages.
    ///
    /// # Errors
    /// The first mistake in it, with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, LessonError> {
        let source = Source { file, text };
        let Some(body) = text.strip_prefix("+++\n") else {
            return Err(source.error(0..1, "a lesson begins with a line +++ and its front matter".into()));
        };
        let Some(end) = body.find("\n+++\n") else {
            return Err(source.error(0..3, "the front matter has no closing line +++".into()));
        };
        let front: Front = source.toml(4, body.get(..=end).unwrap_or(""))?;
        let pages = source.pages(4 + end + 5)?;
        Ok(Self {
            file: file.to_owned(),
            id: front.id,
            title: front.title,
            osi: front.osi.into(),
            needs: front.needs,
            minutes: front.minutes,
            source: front.source,
            pages,
        })
    }

    /// The `show` fences, in order.
    pub fn shows(&self) -> impl Iterator<Item = &Show> {
        self.pages.iter().filter_map(|p| p.show.as_ref())
    }
}

impl Show {
    /// The text for an audience.
    pub fn text(&self, audience: Audience) -> &Template {
        let [newcomer, student, engineer] = &self.texts;
        match audience {
            Audience::Newcomer => newcomer,
            Audience::Student => student,
            Audience::Engineer => engineer,
        }
    }
}

impl Source<'_> {
    /// Cuts the body into pages: each ends with a live fence.
    fn pages(&self, from: usize) -> Result<Vec<Page>, LessonError> {
        let (mut pages, mut prose) = (Vec::new(), String::new());
        let mut at = from;
        let mut lines = self.text.get(from..).unwrap_or("").split_inclusive('\n');
        while let Some(line) = lines.next() {
            let start = at;
            at += line.len();
            let Some(kind) = line.strip_prefix("```").map(str::trim).filter(|k| !k.is_empty()) else {
                prose.push_str(line);
                continue;
            };
            let body_at = at;
            let mut closed = false;
            for inner in lines.by_ref() {
                at += inner.len();
                closed = inner.trim_end() == "```";
                if closed {
                    break;
                }
            }
            let here = start..start + line.trim_end().len();
            if !closed {
                return Err(self.error(here, "this fence is not closed by a line ```".into()));
            }
            let body_end =
                at - self.text.get(body_at..at).and_then(|b| b.trim_end().rfind("```")).map_or(0, |i| at - body_at - i);
            match kind {
                "show" => {
                    let body = self.text.get(body_at..body_end).unwrap_or("");
                    let show = self.show(body_at, body, start)?;
                    pages.push(Page { prose: std::mem::take(&mut prose), show: Some(show) });
                }
                "text" => prose.push_str(self.text.get(start..at).unwrap_or("")),
                _ => return Err(self.error(here, format!("there is no fence {kind}; there are show and text"))),
            }
        }
        if !prose.trim().is_empty() {
            pages.push(Page { prose, show: None });
        }
        Ok(pages)
    }

    fn show(&self, at: usize, body: &str, fence: usize) -> Result<Show, LessonError> {
        let raw: Fence = self.toml(at, body)?;
        let filter = Filter::parse(raw.filter.get_ref()).map_err(|e| {
            // The word inside the string: one byte further for its opening quote.
            let inner = raw.filter.span().start + 1;
            let span = e.span();
            self.error(at + inner + span.start..at + inner + span.end, e.to_string())
        })?;
        let mut highlight = Vec::new();
        for name in &raw.highlight {
            let def = proto::identities().flat_map(|i| i.fields).find(|f| f.name == name.get_ref());
            let place = at + name.span().start..at + name.span().end;
            highlight.push(*def.ok_or_else(|| self.error(place, format!("there is no field {}", name.get_ref())))?);
        }
        let template = |s: &toml::Spanned<String>| {
            let place = at + s.span().start..at + s.span().end;
            if s.get_ref().trim().is_empty() {
                return Err(self.error(place, "this audience is left without a text".into()));
            }
            Template::parse(s.get_ref()).map_err(|why| self.error(place, why))
        };
        let texts = [template(&raw.newcomer)?, template(&raw.student)?, template(&raw.engineer)?];
        let line = self.position(fence).0;
        Ok(Show { filter, frames: raw.frames.max(1), highlight, texts, line })
    }

    fn toml<T: serde::de::DeserializeOwned>(&self, at: usize, body: &str) -> Result<T, LessonError> {
        toml::from_str(body).map_err(|e| {
            let span = e.span().unwrap_or(0..1);
            self.error(at + span.start..at + span.end, e.message().to_owned())
        })
    }

    /// Line (from 1) and column (from 0) of a byte.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let column = before.rfind('\n').map_or(before, |i| before.get(i + 1..).unwrap_or("")).chars().count();
        (before.matches('\n').count() + 1, column)
    }

    fn error(&self, span: Range<usize>, why: String) -> LessonError {
        let (line, column) = self.position(span.start);
        let text = self.text.lines().nth(line - 1).unwrap_or("").to_owned();
        let width = self.text.get(span).map_or(1, |s| s.lines().next().unwrap_or("").chars().count().max(1));
        let caret = format!("{}{}", " ".repeat(column), "^".repeat(width));
        LessonError { file: self.file.to_owned(), line, why, text, caret }
    }
}

impl From<OsiName> for Osi {
    fn from(name: OsiName) -> Self {
        match name {
            OsiName::Physical => Self::Physical,
            OsiName::Link => Self::Link,
            OsiName::Network => Self::Network,
            OsiName::Transport => Self::Transport,
            OsiName::Session => Self::Session,
            OsiName::Presentation => Self::Presentation,
            OsiName::Application => Self::Application,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "+++\nid = 'x'\ntitle = 'X'\nosi = 'transport'\nminutes = 1\nsource = { scenario = 'two-hosts', seed = 1 }\n+++\n";

    fn says(body: &str) -> String {
        Lesson::parse("x.md", &format!("{FRONT}{body}")).map(|_| ()).unwrap_err().to_string()
    }

    fn fence(filter: &str, text: &str) -> String {
        format!("```show\nfilter = \"{filter}\"\nnewcomer = \"a\"\nstudent = \"{text}\"\nengineer = \"c\"\n```\n")
    }

    #[test]
    fn a_page_ends_with_its_fence_and_plain_text_fences_stay_in_the_prose() {
        let body = format!("One.\n\n{}\nTwo.\n\n```text\nSYN\n```\n", fence("tcp", "b"));
        let lesson = Lesson::parse("x.md", &format!("{FRONT}{body}")).unwrap();
        assert_eq!(lesson.pages.len(), 2);
        assert_eq!(lesson.pages[0].prose.trim(), "One.");
        assert_eq!(lesson.shows().count(), 1);
        assert!(lesson.pages[1].prose.contains("SYN"));
    }

    #[test]
    fn a_wrong_filter_is_shown_with_its_line_and_a_caret_below_the_word() {
        let said = says(&fence("tcp.flags.sin == 1", "b"));
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("x.md:9: "), "{said}");
        assert_eq!(lines[1].find("tcp.flags.sin"), lines[2].find('^'), "{said}");
    }

    #[test]
    fn mistakes_are_refused_by_name() {
        assert!(says("```show\nfilter = \"tcp\"\nstudnet = \"b\"\n```\n").contains("studnet"));
        assert!(says("```shwo\n```\n").contains("shwo"));
        assert!(says("```show\nfilter = \"tcp\"\n").contains("not closed"));
        assert!(says(&fence("tcp", "{tcp.no_such}")).contains("tcp.no_such"));
    }
}
