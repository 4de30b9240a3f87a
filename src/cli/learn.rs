//! What is learned from: lessons, quizzes, puzzles, and how far somebody is.

use super::words::one_of;
use crate::ask::Kind;
use crate::tutor::Audience;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `osi-tutor lesson`.
#[derive(Debug, Subcommand)]
pub enum LessonCommand {
    /// Run each lesson's packets and say, with line and caret, what is wrong
    #[command(after_help = "\
Examples:
  osi-tutor lesson check                        the course
  osi-tutor lesson check my-lessons/            all lessons of a folder
  osi-tutor lesson check --prose my-lesson.md   how it sounds, too")]
    Check {
        /// Also warn of habits that make a text hard to read, long sentences and passive instructions
        #[arg(long)]
        prose: bool,
        /// A lesson file, or a folder of them; without it, the built-in ones
        #[arg(value_name = "FILE|DIR")]
        path: Option<PathBuf>,
    },
    /// Write a lesson to begin with; it passes the check
    #[command(after_help = "\
Examples:
  osi-tutor lesson new my-own --lessons my-lessons/
  osi-tutor explain my-own --lessons my-lessons/     play it")]
    New {
        /// Its short name: small letters, digits, hyphens
        #[arg(value_name = "ID")]
        id: String,
        /// The folder to write it into; without it, this one
        #[arg(long, value_name = "DIR")]
        lessons: Option<PathBuf>,
    },
    /// Print the guide for those who write lessons (Markdown)
    #[command(after_help = "\
Examples:
  osi-tutor lesson guide | less
  osi-tutor lesson guide > lesson-format.md")]
    Guide,
    /// Write out the programs of a lesson, such as the course's own chat
    #[command(after_help = "\
Examples:
  osi-tutor lesson files chat my-chat           server.js, client.js and index.html, into my-chat/")]
    Files {
        /// Which lesson
        #[arg(value_name = "ID")]
        id: String,
        /// The folder to write them into; it is made if it isn't there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// List lessons: steps, questions, what-ifs
    #[command(after_help = "\
Examples:
  osi-tutor lesson list                         the course
  osi-tutor lesson list --lessons my-lessons/   lessons of your own")]
    List {
        /// A folder of lessons; without it, the built-in ones
        #[arg(long, value_name = "DIR")]
        lessons: Option<PathBuf>,
    },
}

/// `osi-tutor explain`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub struct Explain {
    /// Which lesson; or an OSI layer (7), a protocol (ntp), a field (tcp.flags.syn), misconceptions
    #[arg(value_name = "NAME")]
    pub lesson: Option<String>,
    /// Lessons of your own, instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// For whom to explain
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
    /// Play it on the packets of a capture; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["live", "seed"])]
    pub read: Option<PathBuf>,
    /// Play it on this machine's kernel, in a private network; with =IFACE, wait for its packets on an interface
    #[arg(long, value_name = "IFACE", require_equals = true, num_args = 0..=1, conflicts_with = "seed")]
    pub live: Option<Option<String>>,
    /// With --live=lo: start a small server and visitor, so that there is something to see
    #[arg(long, requires = "live")]
    pub demo: bool,
    /// Other simulated packets
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Begin at this page: its number, or its question's name (a wrong one lists them)
    #[arg(long, value_name = "PAGE", requires = "lesson")]
    pub from: Option<String>,
    /// Say of all seven layers of each packet what is there, and why (in a terminal: the key o)
    #[arg(long)]
    pub layers: bool,
    /// Only ever add lines, without drawing: for screen readers (automatic where TERM is dumb)
    #[arg(long, conflicts_with_all = ["scenes", "drive"])]
    pub linear: bool,
    /// Print each page as one line of JSON (schema/scene.json)
    #[arg(long, requires = "lesson")]
    pub scenes: bool,
    /// Answer each line of JSON on standard input (schema/input.json) with a scene
    #[arg(long, requires = "lesson", conflicts_with = "scenes")]
    pub drive: bool,
}

/// `osi-tutor quiz`.
#[derive(Debug, Args)]
pub struct Quiz {
    /// A capture (- reads standard input), a lesson or a ready scenario; without it, a mix of the ready ones
    #[arg(value_name = "FILE|LESSON|SCENARIO")]
    pub what: Option<PathBuf>,
    /// Only these kinds of question
    #[arg(long, value_name = "KIND", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Kind::QUIZ.map(Kind::name)).try_map(|name| kind(&name)))]
    pub kind: Vec<Kind>,
    /// How the paper is set and answered
    #[command(flatten)]
    pub paper: Paper,
}

/// `osi-tutor puzzle`.
#[derive(Debug, Args)]
pub struct Puzzle {
    /// A capture (- reads standard input), a lesson or a ready scenario
    #[arg(value_name = "FILE|LESSON|SCENARIO")]
    pub what: PathBuf,
    /// Only these kinds of puzzle
    #[arg(long, value_name = "KIND", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Kind::PUZZLES.map(Kind::name)).try_map(|name| kind(&name)))]
    pub kind: Vec<Kind>,
    /// How the paper is set and answered
    #[command(flatten)]
    pub paper: Paper,
}

/// How a paper is set and answered; shared by `quiz` and `puzzle`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub struct Paper {
    /// How many questions
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub count: u16,
    /// The number that decides which questions; the same number gives everyone the same paper
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the right answers, each with its reason and its proof
    #[arg(long)]
    pub answers: bool,
    /// Print the paper as one JSON object; with --answers, with its key
    #[arg(long)]
    pub json: bool,
    /// Add grades to a file (- is standard output): name, question, given, right, seconds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["answers", "json"])]
    pub csv: Option<PathBuf>,
    /// Answer each line of JSON on standard input (schema/input.json) with what there is to see (schema/session.json)
    #[arg(long, conflicts_with_all = ["answers", "json", "csv"])]
    pub drive: bool,
    /// Only ever add lines, without drawing: for screen readers (automatic where TERM is dumb)
    #[arg(long, conflicts_with_all = ["json", "drive"])]
    pub linear: bool,
    /// Whose grades they are
    #[arg(long, value_name = "NAME", requires = "csv", default_value = "", hide_default_value = true)]
    pub name: String,
}

pub(super) fn kind(name: &str) -> Result<Kind, String> {
    let all = Kind::QUIZ.into_iter().chain(Kind::PUZZLES);
    all.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("there is no kind {name}"))
}

/// `osi-tutor progress`.
#[derive(Debug, Args)]
pub struct Progress {
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// Forget everything; asks first
    #[arg(long, conflicts_with = "json")]
    pub reset: bool,
    /// With --reset: do not ask
    #[arg(long, requires = "reset")]
    pub yes: bool,
}
