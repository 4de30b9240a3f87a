//! Rank 7: what can be typed. Definitions and their help, nothing else.

#[cfg(feature = "chat")]
mod chat;
#[cfg(feature = "classroom")]
mod class;
mod export;
mod learn;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "web")]
mod serve;
mod simulate;
mod wireshark;
mod words;

#[cfg(feature = "chat")]
pub use chat::{ChatCommand, ChatJoin, ChatServe, Transport};
#[cfg(feature = "classroom")]
pub use class::{Class, ClassCommand, DoctorCommand, ReportForm};
#[cfg(feature = "classroom")]
pub use export::Handout;
pub use export::{Draw, Drawn, ExportCommand, Html, Scorm, To};
pub use learn::{Explain, LessonCommand, Paper, Progress, Puzzle, Quiz};
#[cfg(feature = "live")]
pub use live::Capture;
#[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
pub use live::LabHelper;
#[cfg(feature = "web")]
pub use serve::PORT;
pub use simulate::{Faults, Simulate};
pub use wireshark::{Extcap, WiresharkCommand};
pub use words::Worded;

use crate::flow::Endpoint;
use crate::tutor::Audience;
use crate::view::plot;
use crate::view::stats::Table;
use crate::view::theme::Color;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use words::one_of;

const EXAMPLES: &str = "\
Examples:
  osi-tutor explain handshake          walk through the TCP handshake, step by step
  osi-tutor simulate two-hosts         a whole web conversation, simulated: no rights needed
  osi-tutor read FILE                  explain the packets of a pcap or pcapng file
  sudo osi-tutor capture lo --demo     watch real packets on this machine's loopback
  osi-tutor read FILE --json | jq .    one JSON object for each packet

Exit codes: 0 all went well · 1 the data or the system said no · 2 the command was not understood";

/// See, in real packets, how the network works: each one explained layer by layer, OSI 1 to 7.
#[derive(Debug, Parser)]
#[command(name = "osi-tutor", version, about, after_help = EXAMPLES, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// When to use colour; `NO_COLOR` and `CLICOLOR_FORCE` are heeded too
    #[arg(long, value_parser = one_of::<Color>(), value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
    /// What to do; without it, a menu where there is a terminal
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a lesson, step by step; without a name, choose one of the course
    #[command(after_help = "\
Examples:
  osi-tutor explain                             the course
  osi-tutor explain handshake                   on simulated packets; no rights needed
  osi-tutor explain upgrade --audience newcomer
  osi-tutor explain handshake --read FILE       on the first connection of a capture that has it
  osi-tutor explain handshake --live            on this machine's real kernel; no rights needed (Linux)
  sudo osi-tutor explain handshake --live=lo --demo
  osi-tutor explain mine --lessons my-lessons/  a lesson of your own
  osi-tutor explain 7                           an OSI layer
  osi-tutor explain ntp                         a protocol; protocol:tls where a lesson has the name, too
  osi-tutor explain tcp.flags.syn               a field
  osi-tutor explain misconceptions              what people often get wrong, and what contradicts it
  osi-tutor explain handshake --scenes | jq -r .title    every page as data

The last line of the screen says which keys mean something now. In a pipe everything is printed, answers below
their questions.")]
    Explain(Explain),
    /// Answer questions made from any capture, a lesson's packets or a scenario
    #[command(after_help = "\
Examples:
  osi-tutor quiz                               a mix, with those you missed before
  osi-tutor quiz handshake                     on the packets of a lesson
  osi-tutor quiz lunch.pcapng --kind ack,seq   on your own packets, two kinds only
  osi-tutor quiz lunch.pcapng --seed 5 > paper.txt              the same paper for everyone
  osi-tutor quiz lunch.pcapng --seed 5 --answers                its key
  osi-tutor quiz lunch.pcapng --seed 5 --csv grades.csv --name Ann < ann.txt

In a terminal you answer each question and see why. In a pipe the paper is printed; with --csv, answers are read
from standard input, one a line.")]
    Quiz(Quiz),
    /// Solve puzzles made from any capture: order, blanks, the impossible packet
    #[command(after_help = "\
Examples:
  osi-tutor puzzle two-hosts                        on simulated packets
  osi-tutor puzzle lunch.pcapng --kind impossible   one packet was altered: which?
  osi-tutor puzzle lunch.pcapng --kind order --seed 5 --answers")]
    Puzzle(Puzzle),
    /// See what you have done, what you believed, and what to review next
    #[command(after_help = "\
Examples:
  osi-tutor progress
  osi-tutor progress --json | jq .due
  osi-tutor progress --reset

It is kept in $XDG_STATE_HOME/osi-tutor/progress.json, else in ~/.local/state/osi-tutor (macOS and Windows: where
programs keep such data). Days are counted in UTC.")]
    Progress(Progress),
    /// Explain the packets of a capture file (pcap or pcapng, gzipped or not)
    #[command(after_help = "\
Examples:
  osi-tutor read lunch.pcapng                      every packet, expanded and explained
  osi-tutor read lunch.pcapng --brief              one line a packet
  osi-tutor read lunch.pcapng -Y 'tcp.port == 80'  only those that match
  tcpdump -w - | osi-tutor read -                  from a pipe")]
    Read(Read),
    /// Draw one TCP connection: client left, server right, time downwards
    #[command(after_help = "\
Examples:
  osi-tutor ladder lunch.pcapng               the first TCP connection
  osi-tutor ladder lunch.pcapng --stream 3    the one that Wireshark calls tcp.stream 3")]
    Ladder(Ladder),
    /// Read one conversation along: what both ends said, in order
    #[command(after_help = "\
Examples:
  osi-tutor follow lunch.pcapng                        the first TCP connection, as text
  osi-tutor follow lunch.pcapng --stream 3 --as hex    the one that Wireshark calls tcp.stream 3, byte by byte
  osi-tutor follow lunch.pcapng --as messages          each message: its frames, protocol, size and meaning
  osi-tutor follow lunch.pcapng --udp                  the first UDP conversation
  osi-tutor follow lunch.pcapng --from server -o page  what the server sent, as it was, into a file")]
    Follow(Follow),
    /// Count: protocols, conversations, endpoints, layers
    #[command(after_help = "\
Examples:
  osi-tutor stats lunch.pcapng                             all tables
  osi-tutor stats lunch.pcapng --only conversations        who talked to whom, and how much
  osi-tutor stats lunch.pcapng -Y 'ip.addr == 10.0.0.7'    only packets that match
  osi-tutor stats lunch.pcapng --json | jq .hierarchy      one JSON object (schema/stats.json)")]
    Stats(Stats),
    /// Show the packets of simulated hosts: no rights needed, and always the same packets
    #[command(after_help = "\
Examples:
  osi-tutor simulate --list                        the scenarios that are ready
  osi-tutor simulate two-hosts                     a web page and a WebSocket chat, from ARP to FIN
  osi-tutor simulate two-hosts --seed 7 --brief    other sequence numbers, ports and keys
  osi-tutor simulate two-hosts --at server         the same, as the server sees it
  osi-tutor simulate nat --at all -w nat.pcapng    every link, each an interface of the file
  osi-tutor simulate routers --hops 'icmp'         what each router does to one packet
  osi-tutor simulate segmentation --mtu 600        the same transfer over smaller links
  osi-tutor simulate two-hosts -w chat.pcapng      keep the packets, for Wireshark say
  osi-tutor simulate two-hosts --brief --pace 0.1  as it happens, ten times slower
  osi-tutor simulate two-hosts --drop 'tcp.flags == 0x12'    lose the first SYN-ACK
  osi-tutor simulate two-hosts --delay '300ms 2 of http'     the second HTTP message comes late
  osi-tutor simulate two-hosts --what-if 'drop 3'            with and without it, side by side
  osi-tutor simulate two-hosts --endpoints                   what both stacks hold after each frame

WHICH frame meets a fault is said by its number, as a run without faults shows it, or by a display
filter: FILTER for the first match, 'N of FILTER', 'each of FILTER', '10% of FILTER'.")]
    Simulate(Box<Simulate>),
    /// Chat, and see the packets of your own messages: a small messaging system on Socket.IO
    #[cfg(feature = "chat")]
    #[command(
        subcommand,
        after_help = "\
Examples:
  osi-tutor chat serve                          on this machine only, port 8080; open it in a browser
  sudo osi-tutor chat serve                     the same, and the page shows captured packets
  osi-tutor chat serve 192.168.1.7              for everybody who can reach that address
  osi-tutor chat join 127.0.0.1:8080            join from the terminal
  osi-tutor chat serve --plain-websocket        the same chat without Socket.IO, to compare"
    )]
    Chat(ChatCommand),
    /// Teach a lesson to a room full of phones: everybody predicts, then all see
    #[cfg(feature = "classroom")]
    #[command(after_help = "\
Examples:
  osi-tutor class handshake                     on this machine only, to try it
  osi-tutor class handshake --lan               for every phone in this network, with a room code
  osi-tutor class handshake --listen 192.168.1.7:8080
  osi-tutor class upgrade --lan --audience newcomer
  osi-tutor class --quiz http.pcapng            questions made from a capture, a lesson's packets or a scenario
  osi-tutor class http.pcapng                   browse a capture together, and ask about any packet of it
  osi-tutor class --resume                      go on after a crash, with every vote that was acknowledged
  osi-tutor class report                        what the last class answered and believed, in numbers

It prints three addresses: for students (with a QR code), for the projector, and for you. Students get a
pseudonym; there are no names, accounts or cookies. Ctrl-C ends it.")]
    Class(Class),
    /// List the fields that filters and JSON know, with their meaning
    #[command(after_help = "\
Examples:
  osi-tutor fields                  every field, protocol by protocol
  osi-tutor fields tcp.flags        those whose names begin so
  osi-tutor fields arp --values     with the names of their values
  osi-tutor fields --json           one JSON object a field")]
    Fields(Fields),
    /// Show packets as they pass an interface of this machine
    #[cfg(feature = "live")]
    #[command(after_help = "\
Examples:
  sudo osi-tutor capture lo --demo               something to see, made on this machine
  sudo osi-tutor capture eth0 -Y dns             names as they are looked up
  sudo osi-tutor capture eth0 --brief -c 20      twenty lines, then the end
  sudo osi-tutor capture lo -w lunch.pcapng      keep what is shown, for later

Ctrl-C ends it. osi-tutor interfaces lists the names.
Without the right to capture: osi-tutor simulate two-hosts, or osi-tutor read FILE.")]
    Capture(Capture),
    /// List this machine's network interfaces, and what each is good for
    #[cfg(feature = "live")]
    #[command(after_help = "Examples:\n  osi-tutor interfaces\n  osi-tutor interfaces --json | jq .name")]
    Interfaces {
        /// One JSON object an interface
        #[arg(long)]
        json: bool,
    },
    /// Say what this machine allows, and how to get the rest
    #[command(after_help = "\
Examples:
  osi-tutor doctor                              each line is ok or no, with the command that helps
  osi-tutor doctor --json | jq 'select(.ok == false)'
  osi-tutor doctor class                        whether a phone in this room reaches this machine")]
    #[command(args_conflicts_with_subcommands = true)]
    Doctor {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// What else to look at
        #[cfg(feature = "classroom")]
        #[command(subcommand)]
        what: Option<DoctorCommand>,
    },
    /// Play a scenario in a private network and tell its frames; what `explain --live` starts
    #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
    #[command(hide = true)]
    LabHelper(LabHelper),
    /// Check, begin and list lessons: your own, or those that are built in
    #[command(
        subcommand,
        after_help = "\
Examples:
  osi-tutor lesson check                the lessons that are built in
  osi-tutor lesson check my-lessons/    a folder of your own
  osi-tutor lesson check 50-mine.md     one file
  osi-tutor lesson new my-own           a lesson to begin with, in this folder
  osi-tutor lesson list                 steps, questions and what-ifs of each"
    )]
    Lesson(LessonCommand),
    /// Write packets, notes and questions for other programs and for paper
    #[command(subcommand)]
    Export(ExportCommand),
    /// Play lessons and open captures in this machine's browser: serve the playground
    #[cfg_attr(not(feature = "playground"), command(hide = true))]
    #[command(after_help = "\
Examples:
  osi-tutor play                       at port 8080, or any other that is free
  osi-tutor play 8081

It prints an address to open; other machines can't reach it. Ctrl-C ends it.")]
    Play(Play),
    /// Put the lessons into Wireshark: each an interface to capture on, with comments on its packets
    #[command(subcommand)]
    Wireshark(WiresharkCommand),
    /// What Wireshark starts to list our interfaces, and to capture on one
    #[command(hide = true)]
    Extcap(Box<Extcap>),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  mkdir -p ~/.local/share/bash-completion/completions\n  osi-tutor completions bash > ~/.local/share/bash-completion/completions/osi-tutor"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    #[command(after_help = "Example:\n  osi-tutor man | man -l -")]
    Man,
}

/// `osi-tutor play`.
#[derive(Debug, Args)]
pub struct Play {
    /// Which port of this machine; 0 for any that is free
    #[arg(value_name = "PORT")]
    pub port: Option<u16>,
}

/// `osi-tutor read`.
#[derive(Debug, Args)]
pub struct Read {
    /// The capture; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How to show the packets
    #[command(flatten)]
    pub show: Show,
}

/// `osi-tutor ladder`.
#[derive(Debug, Args)]
pub struct Ladder {
    /// The capture; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which TCP connection, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub stream: u32,
}

/// `osi-tutor follow`.
#[derive(Debug, Args)]
pub struct Follow {
    /// The capture; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which conversation, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub stream: u32,
    /// A UDP conversation rather than a TCP connection
    #[arg(long)]
    pub udp: bool,
    /// How to show what was said
    #[arg(long = "as", value_enum, value_name = "HOW", default_value_t = FollowAs::Text, conflicts_with = "output")]
    pub how: FollowAs,
    /// Only one end's words
    #[arg(long, value_parser = one_of::<Endpoint>(), value_name = "WHO")]
    pub from: Option<Endpoint>,
    /// Write the bytes of one end into a file, as they are; needs --from
    #[arg(short = 'o', long, value_name = "FILE", requires = "from", conflicts_with = "json")]
    pub output: Option<PathBuf>,
    /// One JSON object for each run of bytes, or each message
    #[arg(long)]
    pub json: bool,
}

/// `follow --as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FollowAs {
    /// Text, with escapes for what is none
    Text,
    /// Offset, hexadecimal and text, each end's counted on its own
    Hex,
    /// One line a message
    Messages,
    /// The bytes of one end as they are; needs --from, and a pipe or -o
    Raw,
}

/// `osi-tutor stats`.
#[derive(Debug, Args)]
pub struct Stats {
    /// The capture; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only these tables
    #[arg(long, value_parser = one_of::<Table>(), value_name = "TABLE", value_delimiter = ',')]
    pub only: Vec<Table>,
    /// Rows of each table of conversations and endpoints; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// Only packets that match this display filter (Wireshark's language)
    #[arg(short = 'Y', long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// One JSON object, all rows
    #[arg(long)]
    pub json: bool,
}

/// `osi-tutor fields`.
#[derive(Debug, Args)]
pub struct Fields {
    /// Only names that begin with this
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// List the names of values, too
    #[arg(long)]
    pub values: bool,
    /// One JSON object a field
    #[arg(long)]
    pub json: bool,
}

/// How packets are shown; shared by every command that shows them.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Clone, Debug, Default, Args)]
pub struct Show {
    /// Print all of each packet, also on a terminal, where the full screen would open
    #[arg(long)]
    pub print: bool,
    /// One line a packet
    #[arg(long, conflicts_with_all = ["json", "hex"])]
    pub brief: bool,
    /// Sentences, without drawing: for screen readers (automatic where TERM is dumb)
    #[arg(long, conflicts_with_all = ["json", "hex"])]
    pub linear: bool,
    /// One JSON object a packet (a stable contract, version 1)
    #[arg(long, conflicts_with = "hex")]
    pub json: bool,
    /// Explain; the expanded view always does, JSON only with this
    #[arg(long)]
    pub notes: bool,
    /// Add the bytes of each packet, each field's marked
    #[arg(long)]
    pub hex: bool,
    /// Show nothing: with -w, the file alone is written
    #[arg(short = 'q', long, conflicts_with_all = ["brief", "json", "hex", "notes", "plot"])]
    pub quiet: bool,
    /// For whom to explain
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
    /// Only packets that match this display filter (Wireshark's language)
    #[arg(short = 'Y', long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
    /// Show these fields as columns of the full screen's list: tcp.seq,ip.ttl
    #[arg(long, value_name = "FIELD,...", conflicts_with_all = ["print", "brief", "linear", "json", "hex", "quiet", "plot"])]
    pub columns: Option<String>,
    /// Stop after this many shown packets
    #[arg(short = 'c', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Write the shown packets to a pcapng file, too; - is standard output, and nothing is shown
    #[arg(short = 'w', long, value_name = "FILE", action = ArgAction::Set)]
    pub write: Option<PathBuf>,
    /// Draw a TCP connection over time instead
    #[arg(long, value_parser = one_of::<plot::Kind>(), value_name = "WHAT", conflicts_with_all = ["brief", "json", "hex", "notes", "linear"])]
    pub plot: Option<plot::Kind>,
    /// Draw this TCP connection (`tcp.stream`); without it, the one that carries most
    #[arg(long, value_name = "N", requires = "plot")]
    pub stream: Option<u32>,
    /// Draw into a file, as a picture (SVG)
    #[arg(short = 'o', long, value_name = "FILE", requires = "plot")]
    pub output: Option<PathBuf>,
    /// MiB that may wait for the rest of a message or datagram; what waits longest is given up first
    #[arg(long, value_name = "MIB", default_value_t = 160, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub memory: u32,
}
