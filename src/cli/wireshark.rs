//! What can be typed after `wireshark`, and what Wireshark itself types after `extcap`.

use super::words::one_of;
use crate::tutor::Audience;
use crate::view::extcap::LAB;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `osi-tutor wireshark`.
#[derive(Debug, Subcommand)]
pub enum WiresharkCommand {
    /// Put lessons and scenarios among Wireshark's interfaces, teach it Engine.IO and Socket.IO, add a profile of colours
    #[command(after_help = "\
Example:
  osi-tutor wireshark install     then, in Wireshark, capture on osi-tutor-handshake")]
    Install,
    /// Take back what `install` put there, and nothing else
    Remove,
    /// Say what is installed, and where
    Status,
}

/// `osi-tutor extcap`: the options that Wireshark's manual page extcap(4) lists, and those that `--extcap-config` offers.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that Wireshark gives")]
#[derive(Debug, Args)]
pub struct Extcap {
    /// List the interfaces
    #[arg(long)]
    pub extcap_interfaces: bool,
    /// List the link types of an interface
    #[arg(long)]
    pub extcap_dlts: bool,
    /// List the options of an interface
    #[arg(long)]
    pub extcap_config: bool,
    /// Write packets
    #[arg(long, requires = "fifo")]
    pub capture: bool,
    /// Which interface
    #[arg(long, value_name = "NAME")]
    pub extcap_interface: Option<String>,
    /// Where to write
    #[arg(long, value_name = "PIPE")]
    pub fifo: Option<PathBuf>,
    /// Which Wireshark asks
    #[arg(long, value_name = "VERSION")]
    pub extcap_version: Option<String>,
    /// A capture filter; these interfaces take none
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub extcap_capture_filter: Option<String>,
    /// An option whose values are asked for again; none of ours change
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub extcap_reload_option: Option<String>,
    /// A pipe with what is done in Wireshark's toolbar
    #[arg(long, value_name = "PIPE")]
    pub extcap_control_in: Option<PathBuf>,
    /// A pipe to Wireshark's toolbar
    #[arg(long, value_name = "PIPE")]
    pub extcap_control_out: Option<PathBuf>,
    /// Which lesson the lab plays
    #[arg(long, value_name = "NAME", default_value = "handshake")]
    pub lesson: String,
    /// Other packets; 0 means the interface's own
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// For whom to explain
    #[arg(long, value_parser = one_of::<Audience>(), value_name = "WHO", default_value = "student")]
    pub audience: Audience,
    /// Which frame is lost on the way; empty for none
    #[arg(long, value_name = "WHICH", default_value = "", allow_hyphen_values = true)]
    pub drop: String,
    /// How fast the packets come: 0 for all at once, 1 for real time, step for the toolbar's Next
    #[arg(long, value_name = "SPEED", default_value = "0", allow_hyphen_values = true)]
    pub pace: String,
}

impl Extcap {
    /// Whether a program is started, for packets of this machine's kernel.
    pub fn is_lab(&self) -> bool {
        self.extcap_interface.as_deref() == Some(LAB)
    }
}
