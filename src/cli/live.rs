//! What can be typed of the commands that capture.

#[cfg(all(feature = "lab", target_os = "linux"))]
use super::Faults;
use super::Show;
use clap::Args;
#[cfg(all(feature = "lab", target_os = "linux"))]
use std::path::PathBuf;
use std::time::Duration;

/// `osi-tutor capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// The interface: lo for this machine itself, any for all at once; osi-tutor interfaces lists them
    #[arg(value_name = "IFACE")]
    pub interface: String,
    /// Stop after this many seconds
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub duration: Option<Duration>,
    /// Keep only this many bytes of each packet
    #[arg(long, value_name = "N", default_value_t = 65_600, value_parser = clap::value_parser!(u32).range(14..=262_144))]
    pub snaplen: u32,
    /// Take only what is addressed to this machine
    #[arg(long)]
    pub no_promiscuous: bool,
    /// Started as root: become this user once the capture is open; without it, who typed sudo, else nobody
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Start a small web server and a visitor on loopback, and show what they say
    #[cfg(feature = "lab")]
    #[arg(long)]
    pub demo: bool,
    /// How to show the packets
    #[command(flatten)]
    pub show: Show,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = text.parse().ok().and_then(|secs| Duration::try_from_secs_f64(secs).ok());
    wanted.filter(|d| !d.is_zero()).ok_or_else(|| "a number of seconds above 0 is needed, such as 10 or 0.5".to_owned())
}

/// `osi-tutor lab-helper`.
#[cfg(all(feature = "lab", target_os = "linux"))]
#[derive(Debug, Args)]
pub struct LabHelper {
    /// A ready scenario, or a scenario file (TOML)
    #[arg(value_name = "NAME|FILE")]
    pub scenario: PathBuf,
    /// Decides what is lost by chance
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Whose cards see the packets
    #[arg(long, value_name = "HOST")]
    pub at: Option<String>,
    /// What goes wrong on the way
    #[command(flatten)]
    pub faults: Faults,
}
