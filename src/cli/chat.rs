//! `osi-tutor chat`: what can be typed.

use clap::{Args, Subcommand};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// `osi-tutor chat`.
#[derive(Debug, Subcommand)]
pub enum ChatCommand {
    /// Serve the chat and its page
    #[command(after_help = "\
The server captures its own port, if it may, and shows each browser the packets of its own connections. Without
the right to capture, the page shows what browser and server themselves know. Ctrl-C ends it.")]
    Serve(ChatServe),
}

/// `osi-tutor chat serve`.
#[derive(Debug, Args)]
pub struct ChatServe {
    /// Where to listen: an address, a port, or both; 0.0.0.0 is every IPv4 address of this machine
    #[arg(value_name = "ADDR", value_parser = listen_address)]
    pub address: Option<SocketAddr>,
    /// Our own framing over a plain WebSocket instead of Socket.IO, to hold beside it
    #[arg(long)]
    pub plain_websocket: bool,
    /// Show everybody the packets of everybody's chat
    #[arg(long)]
    pub share_packets: bool,
    /// Do not capture, even if it is allowed; the page shows what browser and server themselves know
    #[arg(long, conflicts_with = "share_packets")]
    pub no_capture: bool,
    /// A name under which browsers reach this server; addresses and localhost always do
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
}

/// The port of `chat serve` where none is given.
pub const CHAT_PORT: u16 = 8080;

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse::<IpAddr>().ok().or_else(|| (text == "localhost").then_some(Ipv4Addr::LOCALHOST.into()));
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>().ok();
    let named = text.strip_prefix("localhost:").and_then(|port| port.parse::<u16>().ok());
    (text.parse::<SocketAddr>().ok())
        .or_else(|| address.map(|ip| SocketAddr::new(ip, CHAT_PORT)))
        .or_else(|| port.or(named).map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)))
        .ok_or_else(|| {
            "an address of this machine is needed, such as 127.0.0.1:8080, [::1]:8080, 192.168.1.7 or 8080".to_owned()
        })
}
