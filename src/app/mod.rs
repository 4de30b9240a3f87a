//! Rank 10: one file per subcommand, each wiring one pipeline. No logic of its own.
//!
//! Read `show` first: source → walk → filter → view, which every command that shows packets uses.

mod annotate;
#[cfg(feature = "tui")]
mod browse;
#[cfg(feature = "live")]
mod capture;
#[cfg(feature = "chat")]
mod chat;
#[cfg(feature = "classroom")]
mod class;
#[cfg(feature = "classroom")]
mod class_deck;
#[cfg(feature = "classroom")]
mod class_doctor;
#[cfg(feature = "classroom")]
mod class_keys;
mod doctor;
mod endpoints;
mod error;
mod explain;
mod export;
mod extcap;
mod faults;
mod fields;
mod follow;
mod hops;
#[cfg(feature = "live")]
mod interfaces;
#[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
mod lab_helper;
mod ladder;
mod lesson;
mod lesson_files;
mod lesson_lines;
mod lesson_packets;
mod lesson_writes;
mod live_lesson;
mod manual;
mod menu;
#[cfg(feature = "tui")]
mod menu_rows;
mod origin;
mod outputs;
mod pace;
mod paper;
mod pictures;
mod play;
mod playground;
mod plot;
mod progress;
mod puzzle;
mod quiz;
mod read;
#[cfg(feature = "live")]
mod record;
mod reference;
mod rights;
mod scenario;
mod screen;
mod show;
mod simulate;
mod stats;
mod wait;
mod what_if;
mod wireshark;

pub use error::Failure;

use crate::cli::{Cli, Command};
use crate::view::theme::{self, Color};
use clap::Parser;
use std::io::IsTerminal;

/// The whole program: parses the command line, runs the command, gives the exit code.
///
/// 0: done. 1: the data or the system said no. 2: the command was not understood.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return error::usage(&e),
    };
    let Some(command) = &cli.command else { return menu::run(cli.color) };
    rights::at_start(command);
    let done = match command {
        Command::Explain(args) => explain::run(args, cli.color),
        Command::Lesson(command) => lesson::run(command),
        Command::Quiz(args) => quiz::run(args, cli.color),
        Command::Puzzle(args) => puzzle::run(args, cli.color),
        Command::Progress(args) => progress::run(args),
        Command::Read(args) => read::run(args, cli.color),
        Command::Ladder(args) => ladder::run(args, cli.color),
        Command::Follow(args) => follow::run(args, cli.color),
        Command::Stats(args) => stats::run(args, cli.color),
        Command::Simulate(args) => simulate::run(args, cli.color),
        #[cfg(feature = "chat")]
        Command::Chat(command) => chat::run(command, cli.color),
        #[cfg(feature = "classroom")]
        Command::Class(args) => class::run(args, cli.color),
        Command::Fields(args) => fields::run(args, cli.color),
        #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
        Command::LabHelper(args) => lab_helper::run(args),
        Command::Wireshark(command) => wireshark::run(command),
        Command::Export(command) => export::run(command),
        Command::Play(args) => playground::play(args),
        Command::Extcap(args) => extcap::run(args),
        #[cfg(feature = "classroom")]
        Command::Doctor { what: Some(crate::cli::DoctorCommand::Class { listen }), .. } => class_doctor::run(*listen),
        Command::Doctor { json, .. } => doctor::run(*json, cli.color),
        #[cfg(feature = "live")]
        Command::Capture(args) => capture::run(args, cli.color),
        #[cfg(feature = "live")]
        Command::Interfaces { json } => interfaces::run(*json),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man => manual::page(),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}

/// The terminal's width; a pipe or a file has none.
fn columns() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| crossterm::terminal::size().map_or(80, |(w, _)| usize::from(w)))
}

/// Whether there is a terminal that a full screen can be drawn on, and keys come from.
#[cfg(feature = "tui")]
fn has_screen() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && !dumb
}

/// Whether lines are only ever added: asked for, or on a terminal that can do nothing else.
fn linear(asked: bool) -> bool {
    asked || (std::io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term == "dumb"))
}

/// The learner's progress; what goes wrong with it is told.
fn store() -> crate::store::Store {
    crate::store::Store::open(error::tell)
}

/// Whether standard output gets colour.
fn color(choice: Color) -> bool {
    theme::wanted(choice, std::io::stdout().is_terminal(), |name| std::env::var(name).ok())
}
