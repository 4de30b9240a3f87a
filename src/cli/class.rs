//! `osi-tutor class`: what can be typed.

use super::serve::{listen_address, room_code};
use crate::tutor::Audience;
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
        /// Where the class was kept
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
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
pub struct Class {
    /// What else to do
    #[command(subcommand)]
    pub command: Option<ClassCommand>,
    /// Which lesson; osi-tutor explain lists them
    #[arg(value_name = "LESSON", conflicts_with = "resume")]
    pub lesson: Option<String>,
    /// Go on with the class that ran last, where it was
    #[arg(long, conflicts_with_all = ["lessons", "audience", "seed", "room_code", "open"])]
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
    /// Ask for no code: everybody who can reach it may come in
    #[arg(long, conflicts_with = "room_code")]
    pub open: bool,
    /// For whom the lesson speaks
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Audience::Student)]
    pub audience: Audience,
    /// Lessons of your own, instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Other simulated packets
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many students may come in
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub most: u32,
    /// Where the class is kept while it runs, for --resume
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// A name under which browsers reach this server; addresses and localhost always do
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
}
