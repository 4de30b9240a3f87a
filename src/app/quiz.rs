//! `osi-tutor quiz`: questions made from a capture, a lesson's packets or the ready scenarios.

use super::{Failure, color, columns, store};
use crate::ask::draft::paper::{Maker, choose};
use crate::ask::{Grade, Kind, Question, Session};
use crate::cli::{Paper, Quiz};
use crate::flow::reader::each;
use crate::flow::{Limits, Tracker};
use crate::lesson::progress::Day;
use crate::lesson::{self, Lesson};
use crate::model::{Packet, show};
use crate::rng::Rng;
use crate::sim::Simulation;
use crate::sim::scenario::{READY, Scenario};
use crate::source::Source;
use crate::source::file::File;
use crate::store::{Store, today};
use crate::terminal;
use crate::view::Theme;
use crate::view::ask::rows;
use crate::view::brief::sentence;
use crate::view::json::to_line;
use crate::view::quiz::Sheet;
use crate::view::theme::Color;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest answer that is read from a file, in bytes.
const LONGEST_ANSWER: u64 = 1 << 12;
/// Questions of each kind from one ready scenario, where all are mixed.
const EACH: usize = 6;

/// Where the packets come from.
pub(super) enum Origin {
    /// A capture, and what its ids call it.
    File(File, String),
    /// A ready scenario with a seed.
    Scenario(Box<Scenario>, String, u64),
}

/// Questions, and what they are about.
pub(super) struct Set {
    pub title: String,
    pub seed: u64,
    pub questions: Vec<Question>,
}

/// Runs it.
pub(super) fn run(args: &Quiz, choice: Color) -> Result<(), Failure> {
    let kinds = if args.kind.is_empty() { Kind::QUIZ.to_vec() } else { args.kind.clone() };
    let paper = &args.paper;
    check_input(args.what.as_deref(), paper)?;
    let store = store();
    let due = due(paper, &store, today());
    let seed = paper.seed.unwrap_or_else(fresh_seed);
    let count = usize::from(paper.count);
    let (set, ended) = match args.what.as_deref() {
        Some(what) => one(origin(what)?, seed, &kinds, count, &due),
        None => (mixed(seed, &kinds, count, &due)?, Ok(())),
    };
    present(set, paper, store, choice, ended)
}

/// The questions that come back today. A paper with a seed is everyone's: nobody's own questions are mixed in.
pub(super) fn due(paper: &Paper, store: &Store, day: Day) -> Vec<String> {
    if paper.seed.is_some() || paper.answers || paper.json || paper.csv.is_some() {
        return Vec::new();
    }
    match store.read() {
        Ok(progress) => progress.due(day).into_iter().map(str::to_owned).collect(),
        Err(e) => {
            Failure::from(e).report();
            Vec::new()
        }
    }
}

/// Those of the ids that are questions of this source: kind and frame.
pub(super) fn wanted(source: &str, due: &[String]) -> Vec<(Kind, u64)> {
    let all = due.iter().filter_map(|id| Question::read_id(id)).filter(|(of, ..)| *of == source);
    all.map(|(_, kind, frame)| (kind, frame)).collect()
}

/// Says early what cannot work: two things on one standard input.
pub(super) fn check_input(what: Option<&Path>, paper: &Paper) -> Result<(), Failure> {
    if paper.csv.is_some() && what.is_some_and(|w| w == Path::new("-")) {
        let why = "standard input cannot give both the capture and the answers; put the capture into a file";
        return Err(Failure::Usage(why.to_owned()));
    }
    what.map_or(Ok(()), |from| super::show::spare("--csv", paper.csv.as_deref(), from))
}

/// A seed that nobody chose, short enough to be read out.
pub(super) fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    Rng::seeded(u64::try_from(now % u128::from(u64::MAX)).unwrap_or(0)).below(1_000_000)
}

/// A lesson's or a ready scenario's packets, or a capture.
pub(super) fn origin(what: &Path) -> Result<Origin, Failure> {
    let name = what.to_string_lossy().into_owned();
    let course = lesson::course().map_err(|e| Failure::Data(e.to_string()))?;
    let id = name.to_lowercase();
    if let Some(Lesson { source, .. }) = course.iter().find(|l| l.id == lesson::canonical(&id)) {
        return ready(&source.scenario, Some(source.seed)).unwrap_or_else(|| {
            Err(Failure::Data(format!("lesson {id} wants an unknown scenario, {}", source.scenario)))
        });
    }
    if let Some(found) = ready(&id, None) {
        return found;
    }
    let plain = what.extension().is_none() && what.components().count() == 1 && name != "-";
    if plain && !what.exists() {
        let known = course.iter().map(|l| l.id.as_str()).chain(READY.iter().map(|(name, _)| *name));
        let near = known
            .map(|known| (strsim::jaro_winkler(known, &id), known))
            .filter(|(score, _)| *score > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = near.map_or(String::new(), |(_, known)| format!(" Did you mean {known}?"));
        return Err(Failure::Usage(format!(
            "there is no capture, lesson or scenario {name}.{hint} Lessons: osi-tutor explain; scenarios: osi-tutor simulate --list"
        )));
    }
    let file = File::open(what)?;
    let short = what.file_name().map_or_else(|| name.clone(), |n| n.to_string_lossy().into_owned());
    Ok(Origin::File(file, short))
}

/// A ready scenario, with its own seed or another.
fn ready(name: &str, seed: Option<u64>) -> Option<Result<Origin, Failure>> {
    let scenario = Scenario::ready(name)?;
    Some(scenario.map_err(|e| Failure::Data(e.to_string())).map(|s| {
        let seed = seed.unwrap_or(s.seed);
        Origin::Scenario(Box::new(s), name.to_owned(), seed)
    }))
}

impl Origin {
    /// What ids call it: a file's name, or a scenario with its seed.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(_, name) => name.clone(),
            Self::Scenario(_, name, seed) => format!("{name}@{seed}"),
        }
    }

    /// Where the packets come from, in words.
    pub(super) fn title(&self) -> String {
        let mut title = match self {
            Self::File(..) => "From the file ".to_owned(),
            Self::Scenario(..) => "Simulated: ".to_owned(),
        };
        show::escape(self.name().as_bytes(), &mut title);
        title
    }

    /// Hands on every frame, dissected, with its bytes. What came before damage is handed on, too.
    pub(super) fn packets(&mut self, take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), Failure> {
        match self {
            Self::File(file, _) => packets(file, take),
            Self::Scenario(scenario, _, seed) => packets(&mut Simulation::new(scenario, *seed), take),
        }
    }
}

fn packets(source: &mut dyn Source, take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), Failure> {
    each(source, Limits::default(), |packet, tracker| {
        take(packet, tracker);
        Ok(true)
    })
}

/// Questions missed before, and others.
type Made = (Vec<Question>, Vec<Question>);

/// The questions of a source: those of `due` that are from it, and a sample.
fn sample(mut origin: Origin, seed: u64, kinds: &[Kind], keep: usize, due: &[String]) -> (Made, Result<(), Failure>) {
    let name = origin.name();
    let mut maker = Maker::new(&name, seed, kinds, keep, wanted(&name, due), sentence);
    let ended = origin.packets(&mut |packet, tracker| maker.take(packet, tracker));
    (maker.finish(), ended)
}

fn one(origin: Origin, seed: u64, kinds: &[Kind], count: usize, due: &[String]) -> (Set, Result<(), Failure>) {
    let title = origin.title();
    let ((again, fresh), ended) = sample(origin, seed, kinds, count, due);
    (Set { title, seed, questions: paper(again, fresh, seed, count) }, ended)
}

/// All ready scenarios, and whatever else is due.
fn mixed(seed: u64, kinds: &[Kind], count: usize, due: &[String]) -> Result<Set, Failure> {
    let (mut again, mut fresh) = (Vec::new(), Vec::new());
    let mut names: Vec<(String, Option<u64>)> = READY.iter().map(|(name, _)| ((*name).to_owned(), None)).collect();
    for (source, ..) in due.iter().filter_map(|id| Question::read_id(id)) {
        if let Some((name, seed)) = source.split_once('@')
            && let Ok(seed) = seed.parse()
            && !names.contains(&(name.to_owned(), Some(seed)))
        {
            names.push((name.to_owned(), Some(seed)));
        }
    }
    for (name, own) in names {
        let Some(origin) = ready(&name, own) else { continue };
        let ((found, others), ended) = sample(origin?, seed, kinds, EACH, due);
        ended?;
        again.extend(found);
        // A seed that only brings back what was missed adds nothing else.
        fresh.extend(others.into_iter().filter(|_| own.is_none()));
    }
    // The same scenario may have come twice.
    again.sort_by(|a, b| a.id.cmp(&b.id));
    again.dedup_by(|a, b| a.id == b.id);
    let title = "Simulated: the ready scenarios".to_owned();
    Ok(Set { title, seed, questions: paper(again, fresh, seed, count) })
}

/// First what was missed, then others up to `count`.
pub(super) fn paper(again: Vec<Question>, fresh: Vec<Question>, seed: u64, count: usize) -> Vec<Question> {
    let mut questions = again;
    questions.truncate(count);
    let fresh: Vec<Question> = fresh.into_iter().filter(|q| questions.iter().all(|o| o.id != q.id)).collect();
    questions.extend(choose(fresh, seed, count - questions.len()));
    questions
}

/// Asks, prints or grades, as it was wanted. `ended` is how the source ended.
pub(super) fn present(
    set: Set,
    paper: &Paper,
    mut store: Store,
    choice: Color,
    ended: Result<(), Failure>,
) -> Result<(), Failure> {
    if set.questions.is_empty() {
        ended?;
        return Err(Failure::Data(format!(
            "{}: nothing here decides a question of this kind; try another --kind, or another capture",
            set.title
        )));
    }
    let theme = Theme::new(color(choice));
    let tty = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if tty && !paper.answers && !paper.json {
        let mut session = Session::new(set.questions);
        let sheet = |columns| Sheet::new(theme.clone(), Some(columns));
        terminal::quiz::ask(&mut session, &sheet, &mut |question: &Question, grade: &Grade| {
            store.record_answer(&question.id, grade.verdict.right, grade.verdict.betrays, today());
        })?;
        let mut text = String::new();
        sheet(columns().unwrap_or(80)).result(session.grades(), session.questions().len(), &mut text);
        std::io::stdout().write_all(text.as_bytes())?;
        if let Some(path) = &paper.csv {
            grades(path, &paper.name, &session, true)?;
        }
        return ended;
    }
    if let Some(path) = &paper.csv {
        let mut session = Session::new(set.questions);
        answers(&mut session)?;
        grades(path, &paper.name, &session, false)?;
        return ended;
    }
    let text = if paper.json { to_line(&object(&set, paper.answers)) } else { page(&set, paper, &theme) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    ended
}

fn page(set: &Set, paper: &Paper, theme: &Theme) -> String {
    let mut text = String::new();
    let what = match (paper.answers, set.questions.len()) {
        (true, 1) => "answer",
        (true, _) => "answers",
        (false, 1) => "question",
        (false, _) => "questions",
    };
    let _ = writeln!(text, "{} (seed {}). {} {what}.\n", set.title, set.seed, set.questions.len());
    let sheet = Sheet::new(theme.clone(), columns());
    if paper.answers {
        sheet.key(&set.questions, &mut text);
    } else {
        sheet.paper(&set.questions, &mut text);
    }
    text
}

fn object(set: &Set, answers: bool) -> Value {
    let one = |q: &Question| {
        let asked = q.task.asked();
        let mut shown = q.shown.clone();
        shown.extend(rows(asked.frame));
        let packets = asked.packets.iter().map(|(number, text)| format!("{number} {text}"));
        let choices: Vec<String> = asked.choices.iter().map(|&text| text.to_owned()).chain(packets).collect();
        let mut value = json!({
            "id": q.id, "kind": q.kind.name(), "prompt": q.prompt, "shown": shown, "form": asked.form, "how": asked.how,
        });
        if !choices.is_empty() {
            value["choices"] = json!(choices);
        }
        if answers {
            value["answer"] = json!(q.task.right());
            value["why"] = json!(q.why);
            value["proof"] =
                json!({ "filter": q.proof.filter, "frame": q.proof.frame, "line": q.proof.line.trim_start() });
        }
        value
    };
    json!({ "v": 1, "source": set.title, "seed": set.seed, "questions": set.questions.iter().map(one).collect::<Vec<_>>() })
}

/// Reads answers from standard input, one a line; an empty line, or one that cannot be understood, is wrong.
fn answers(session: &mut Session) -> Result<(), Failure> {
    let mut input = std::io::stdin().lock();
    for _ in 0..session.questions().len() {
        let mut line = Vec::new();
        let no = |e: std::io::Error| Failure::Data(format!("standard input could not be read: {e}"));
        if (&mut input).take(LONGEST_ANSWER).read_until(b'\n', &mut line).map_err(no)? == 0 {
            break;
        }
        if !line.ends_with(b"\n") && line.len() as u64 == LONGEST_ANSWER {
            return Err(Failure::Data(format!("an answer is shorter than {LONGEST_ANSWER} bytes: one answer a line")));
        }
        session.answer(&String::from_utf8_lossy(&line));
    }
    Ok(())
}

/// Adds the grades to a file, or writes them to standard output. Only a terminal's seconds mean anything.
fn grades(path: &Path, name: &str, session: &Session, timed: bool) -> Result<(), Failure> {
    let mut rows = String::new();
    for (index, question) in session.questions().iter().enumerate() {
        let grade = session.grades().iter().find(|g| g.question == index);
        let given = grade.map_or("", |g| g.given.as_str());
        let right = u8::from(grade.is_some_and(|g| g.verdict.right));
        let seconds = grade.filter(|_| timed).map_or(String::new(), |g| (g.millis / 1_000).to_string());
        let _ = writeln!(rows, "{},{},{},{right},{seconds}", cell(name), cell(&question.id), cell(given));
    }
    let head = "name,question,given,right,seconds\n";
    if path == Path::new("-") {
        let mut out = std::io::stdout().lock();
        out.write_all((head.to_owned() + &rows).as_bytes())?;
        return Ok(out.flush()?);
    }
    let no = |e: std::io::Error| Failure::Data(format!("{}: {e}", path.display()));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(no)?;
    let empty = file.metadata().map_err(no)?.len() == 0;
    let text = if empty { head.to_owned() + &rows } else { rows };
    file.write_all(text.as_bytes()).map_err(no)
}

/// A cell of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.contains([',', '"', '\'']) { format!("\"{}\"", clean.replace('"', "\"\"")) } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_out_of_its_column_or_calculate() {
        assert_eq!(cell("a"), "a");
        assert_eq!(cell("a,\"b\"\n"), "\"a,\"\"b\"\" \"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("-5"), "-5");
        assert_eq!(cell("@x"), "\"'@x\"");
    }
}
