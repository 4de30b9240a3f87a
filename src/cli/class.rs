//! `osi-tutor class`: what can be typed.

use super::learn::kind;
use super::serve::{listen_address, room_code};
use super::words::one_of;
use crate::ask::Kind;
use crate::tutor::Audience;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `osi-tutor class`, and a word.
#[derive(Debug, Subcommand)]
pub enum ClassCommand {
    /// Say what the last class answered and believed, in numbers; fewer than five students are never counted out
    #[command(after_help = "Examples:\n  osi-tutor class report\n  osi-tutor class report --as csv > monday.csv")]
    Report {
        /// Text, CSV for a spreadsheet, or a page
        #[arg(long = "as", value_enum, value_name = "FORM", default_value_t = ReportForm::Text)]
        form: ReportForm,
        /// Which one, if several classes ran together
        #[arg(long, value_name = "N", default_value_t = 1)]
        class: u8,
        /// Where the class was kept
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
    },
}

/// `osi-tutor doctor`, and a word.
#[derive(Debug, Subcommand)]
pub enum DoctorCommand {
    /// Say whether phones in this network reach this machine: wait for yours, and tell what it did
    #[command(after_help = "\
Many networks keep their guests from each other. Try it in the room before the class: open the address, or scan \
the code, with a phone in the same network. It ends when the phone came, or by Ctrl-C.")]
    Class {
        /// Where to listen: an address, a port, or both; without it, at all addresses
        #[arg(long, value_name = "ADDR", value_parser = listen_address)]
        listen: Option<SocketAddr>,
    },
}

/// `class report --as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// Lines of text
    Text,
    /// Comma-separated values
    Csv,
    /// A page
    Html,
}

/// `osi-tutor class`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub struct Class {
    /// What else to do
    #[command(subcommand)]
    pub command: Option<ClassCommand>,
    /// Which lesson (osi-tutor explain lists them), or a capture to browse together; of several, each is a class
    #[arg(value_name = "LESSON|FILE", conflicts_with = "resume")]
    pub what: Vec<PathBuf>,
    /// Ask a quiz instead, made from this lesson's packets, a ready scenario or a capture
    #[arg(long, requires = "what")]
    pub quiz: bool,
    /// How many questions the quiz has
    #[arg(long, value_name = "N", default_value_t = 10, requires = "quiz", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub count: u16,
    /// Only these kinds of question
    #[arg(long, value_name = "KIND", value_delimiter = ',', requires = "quiz",
          value_parser = PossibleValuesParser::new(Kind::QUIZ.map(Kind::name)).try_map(|name| kind(&name)))]
    pub kind: Vec<Kind>,
    /// Go on with the class that ran last, where it was
    #[arg(long, conflicts_with_all = ["lessons", "audience", "seed", "room_code", "open", "quiz"])]
    pub resume: bool,
    /// For every phone in this machine's networks: listen at all of its addresses
    #[arg(long, conflicts_with = "listen")]
    pub lan: bool,
    /// Where to listen: an address, a port, or both; without it, only this machine can reach it
    #[arg(long, value_name = "ADDR", value_parser = listen_address)]
    pub listen: Option<SocketAddr>,
    /// The code that students are asked for; beyond this machine there is always one
    #[arg(long, value_name = "CODE", value_parser = room_code)]
    pub room_code: Option<String>,
    /// Change the room code every MINUTES; who is in stays in, and the code before is good for a minute longer
    #[arg(long, value_name = "MINUTES", conflicts_with_all = ["open", "resume", "redis"],
          value_parser = clap::value_parser!(u16).range(1..=240))]
    pub rotate: Option<u16>,
    /// Ask for no code: everybody who can reach it may come in
    #[arg(long, conflicts_with = "room_code")]
    pub open: bool,
    /// For whom the lesson speaks
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
    /// Lessons of your own, instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Other simulated packets, other questions
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many students may come in
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub most: u32,
    /// Where the class is kept while it runs, for --resume
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Let other computers carry phones for this class, over a Redis; anyone who can write to it leads the class
    #[arg(long, value_name = "URL", hide = cfg!(not(feature = "redis")))]
    pub redis: Option<String>,
    /// Carry phones for the class on that Redis that another computer holds; its room code, if there are several
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", requires = "redis",
          conflicts_with_all = ["what", "resume", "lessons", "seed", "room_code", "rotate", "open", "quiz", "state"],
          value_parser = room_code, hide = cfg!(not(feature = "redis")))]
    pub join: Option<String>,
    /// Don't capture packets; without this, each student sees the packet of their vote, if that is allowed here
    #[arg(long)]
    pub no_capture: bool,
    /// No full screen: lines, only ever added (so also in a pipe, or where TERM=dumb)
    #[arg(long)]
    pub linear: bool,
    /// A name under which browsers reach this server; addresses and localhost always do
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
}
