//! What can be typed after `simulate`.

use super::Show;
use clap::Args;
use std::path::PathBuf;

/// `osi-tutor simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// A ready scenario, or a scenario file (TOML)
    #[arg(value_name = "NAME|FILE", required_unless_present = "list")]
    pub scenario: Option<PathBuf>,
    /// List the scenarios that are ready
    #[arg(long, conflicts_with = "scenario")]
    pub list: bool,
    /// The number that decides all that is random; without it, the scenario's own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Where the packets are seen: a host, switch or router, a router's card (router:lan), a link, or all links;
    /// without it, where the scenario says, or else at its first host
    #[arg(long, value_name = "PLACE")]
    pub at: Option<String>,
    /// The same once more with this fault, side by side: 'drop 1 of FILTER', 'delay 300ms 5', any fault below
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["pace", "plot", "brief", "hex", "notes", "write", "filter"])]
    pub what_if: Vec<String>,
    /// After each frame, what the hosts' stacks hold: sockets with states and queues, routes, neighbours
    #[arg(long, conflicts_with_all = ["what_if", "pace", "plot", "brief", "hex", "notes", "write", "filter"])]
    pub endpoints: bool,
    /// Follow one packet over all links: what each device read, did and changed. WHICH is its frame's number, as this
    /// capture shows it, or a display filter for the first that matches
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["what_if", "endpoints", "pace", "plot", "brief", "notes", "hex", "write"])]
    pub hops: Option<String>,
    /// Play in real time (1), slower (0.1), faster (10), or a frame a key (step; q ends)
    #[arg(long, value_name = "SPEED|step", allow_hyphen_values = true, conflicts_with = "plot")]
    pub pace: Option<String>,
    /// How to show the packets
    #[command(flatten)]
    pub show: Show,
    /// What goes wrong on the way; last, for its heading
    #[command(flatten)]
    pub faults: Faults,
}

/// What goes wrong on the way of simulated frames. WHICH is the number of a frame, as a run without faults shows it,
/// or a display filter for the first that matches, or `2 of`, `each of`, `10% of` a filter.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Faults")]
pub struct Faults {
    /// Lose a frame
    #[arg(long, value_name = "WHICH")]
    pub drop: Vec<String>,
    /// Let a frame arrive late
    #[arg(long, value_name = "TIME WHICH")]
    pub delay: Vec<String>,
    /// Let a frame arrive twice
    #[arg(long, value_name = "WHICH")]
    pub duplicate: Vec<String>,
    /// Let the sender's next frame overtake a frame
    #[arg(long, value_name = "WHICH")]
    pub reorder: Vec<String>,
    /// Turn over the last bit of a frame
    #[arg(long, value_name = "WHICH")]
    pub corrupt: Vec<String>,
    /// Let a link, or every link, carry IP packets of at most so many bytes
    #[arg(long, value_name = "[LINK=]BYTES")]
    pub mtu: Vec<String>,
    /// Let a link, or every link, send so many bits in a millisecond
    #[arg(long, value_name = "[LINK=]KBIT")]
    pub rate: Vec<String>,
    /// Let a host fall silent, from the start or from a time on: it neither sends nor receives
    #[arg(long, value_name = "HOST[@TIME]")]
    pub silent: Vec<String>,
    /// Let a host's programs read nothing of what arrives over TCP
    #[arg(long, value_name = "HOST")]
    pub not_reading: Vec<String>,
    /// Let web servers answer an upgrade with a Sec-WebSocket-Accept that fits another key
    #[arg(long)]
    pub wrong_accept: bool,
    /// Let browsers leave the frames of their WebSocket unmasked
    #[arg(long)]
    pub unmasked: bool,
}
