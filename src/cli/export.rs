//! What can be typed after `export`.

use super::words::one_of;
use crate::tutor::Audience;
use crate::view::plot;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `osi-tutor export`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// A capture for Wireshark whose packets say what they mean, and ask what the lesson asks
    #[command(after_help = "\
Examples:
  osi-tutor export pcapng handshake -o handshake.pcapng
  osi-tutor export pcapng lunch.pcapng -o explained.pcapng --audience newcomer")]
    Pcapng {
        /// A lesson, a ready scenario or a capture
        #[arg(value_name = "LESSON|SCENARIO|FILE")]
        what: PathBuf,
        /// Where it goes
        #[command(flatten)]
        to: To,
        /// Other packets; of a capture, other questions
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// For whom to explain
        #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
        audience: Audience,
    },
    /// One row a packet for a spreadsheet, in the columns that Wireshark begins with
    #[command(after_help = "Example:\n  osi-tutor export csv lunch.pcapng -o lunch.csv")]
    Csv {
        /// A lesson, a ready scenario or a capture (- reads standard input)
        #[arg(value_name = "LESSON|SCENARIO|FILE")]
        what: PathBuf,
        /// Where it goes
        #[command(flatten)]
        to: To,
    },
    /// The whole course in one HTML file, which opens without a network: at its start, on a lesson, or on a capture
    #[cfg_attr(not(feature = "playground"), command(hide = true))]
    #[command(after_help = "\
Examples:
  osi-tutor export html -o osi-tutor.html                    the course
  osi-tutor export html handshake --seed 7 -o handshake.html
  osi-tutor export html lunch.pcapng -o lunch.html           with these packets")]
    Html(Html),
    /// The course, or a lesson, for a learning platform such as Moodle (SCORM 1.2): it keeps how far its learners are
    #[command(after_help = "\
Examples:
  osi-tutor export scorm -o osi-tutor.zip              each lesson an item
  osi-tutor export scorm handshake -o handshake.zip")]
    Scorm(Scorm),
    /// A picture for slides and paper (SVG), for light and dark screens
    #[command(after_help = "\
Examples:
  osi-tutor export svg handshake -o handshake.svg                      who sends what to whom
  osi-tutor export svg lunch.pcapng --stream 2 -o ladder.svg
  osi-tutor export svg handshake --what layers --packet 3 -o syn.svg
  osi-tutor export svg lunch.pcapng --what plot --plot window -o window.svg
  osi-tutor export svg routing --what hops --packet 3 -o way.svg")]
    Svg {
        /// A lesson, a ready scenario or a capture (- reads standard input)
        #[arg(value_name = "LESSON|SCENARIO|FILE")]
        what: PathBuf,
        /// Where it goes
        #[command(flatten)]
        to: To,
        /// Which picture
        #[command(flatten)]
        draw: Draw,
    },
    /// A lesson's questions for Moodle (GIFT): each wrong answer is told which misconception it betrays
    #[cfg(feature = "classroom")]
    #[command(after_help = "Example:\n  osi-tutor export gift handshake -o handshake.gift")]
    Gift(Handout),
    /// A lesson's questions on paper: one HTML file to print
    #[cfg(feature = "classroom")]
    #[command(after_help = "\
Examples:
  osi-tutor export worksheet handshake --seed 5 -o sheet.html
  osi-tutor export worksheet handshake --seed 5 --answers -o key.html     the same with its answers")]
    Worksheet {
        /// Which questions
        #[command(flatten)]
        handout: Handout,
        /// Add the answers, each with its reason
        #[arg(long)]
        answers: bool,
    },
    /// Cards with the letters A to D, for a class without phones: one HTML file to print
    #[cfg(feature = "classroom")]
    #[command(after_help = "Example:\n  osi-tutor export cards -o cards.html")]
    Cards {
        /// Where it goes
        #[command(flatten)]
        to: To,
    },
}

/// `osi-tutor export html`.
#[derive(Debug, Args)]
pub struct Html {
    /// What it opens: a lesson, a ready scenario or a capture (- reads standard input)
    #[arg(value_name = "LESSON|SCENARIO|FILE")]
    pub what: Option<PathBuf>,
    /// Where it goes
    #[command(flatten)]
    pub to: To,
    /// Other packets of a lesson or scenario
    #[arg(long, value_name = "N", requires = "what")]
    pub seed: Option<u64>,
    /// For whom to explain
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
}

/// `osi-tutor export scorm`.
#[derive(Debug, Args)]
pub struct Scorm {
    /// Which lesson; all of them without a name
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
    /// Where it goes
    #[command(flatten)]
    pub to: To,
    /// Which packets, and for whom
    #[command(flatten)]
    pub told: Told,
}

/// The questions of a lesson.
#[cfg(feature = "classroom")]
#[derive(Debug, Args)]
pub struct Handout {
    /// Which lesson
    #[arg(value_name = "LESSON")]
    pub lesson: String,
    /// Where it goes
    #[command(flatten)]
    pub to: To,
    /// Which packets, and for whom
    #[command(flatten)]
    pub told: Told,
}

/// What a picture shows.
#[derive(Debug, Args)]
pub struct Draw {
    /// What it shows
    #[arg(long = "what", value_enum, value_name = "WHAT", default_value_t = Drawn::Ladder)]
    pub drawn: Drawn,
    /// The TCP connection of a ladder or plot; without it, a ladder has the lesson's packets, or the first connection, and a plot the largest
    #[arg(long, value_name = "N")]
    pub stream: Option<u32>,
    /// The packet whose layers or hops are drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub packet: u64,
    /// What a plot shows over time
    #[arg(long, value_parser = one_of::<plot::Kind>(), value_name = "WHAT", default_value = "seq")]
    pub plot: plot::Kind,
    /// Other packets of a lesson or scenario
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// For whom the layers are explained
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
}

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Drawn {
    /// Who sends what to whom, with both ends' states
    Ladder,
    /// One packet's seven layers
    Layers,
    /// One TCP connection over time
    Plot,
    /// One simulated packet on its way over several links
    Hops,
}

/// Which packets a lesson has, and for whom it is told.
#[derive(Debug, Args)]
pub struct Told {
    /// Other packets, and so other numbers in questions and answers
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// For whom it is written
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
}

/// Where something goes.
#[derive(Debug, Args)]
pub struct To {
    /// Into this file; - is standard output
    #[arg(short = 'o', long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
}
