//! `osi-tutor chat`: what can be typed.

use super::serve::{listen_address, room_code};
use clap::{Args, Subcommand, ValueEnum};
use std::net::SocketAddr;

/// `osi-tutor chat`.
#[derive(Debug, Subcommand)]
pub enum ChatCommand {
    /// Serve the chat and its page
    #[command(after_help = "\
Examples:
  osi-tutor chat serve                          for this machine alone, at 127.0.0.1:8080
  osi-tutor chat serve 8081                     at another port
  osi-tutor chat serve 192.168.1.7 --room-code  for everyone you tell the code that it prints
  sudo osi-tutor chat serve 192.168.1.7         for everybody who can reach that address, with captured packets

The server captures its own port, if it may, and shows each browser the packets of its connections. Without
the right to capture, the page shows what the browser itself sent and heard. Ctrl-C ends it.")]
    Serve(ChatServe),
    /// Join a chat from the terminal
    #[command(after_help = "\
Examples:
  osi-tutor chat join http://127.0.0.1:8080 --name Ada
  osi-tutor chat join 127.0.0.1:8080 --transport polling
  echo Hello | osi-tutor chat join 127.0.0.1:8080 --name Bob    lines in, lines out

Keys: Enter send, up and down choose a message, Ctrl-P (or F2) peel it layer by layer, Ctrl-O show packets without
data too, Ctrl-U clear the line, F1 list the keys, Ctrl-C or Ctrl-D leave. While peeling: down deeper, up back, left
and right other packet, Esc close.")]
    Join(ChatJoin),
}

/// `osi-tutor chat join`.
#[derive(Debug, Args)]
pub struct ChatJoin {
    /// Where the chat is, as osi-tutor chat serve says it
    #[arg(value_name = "URL", value_parser = host)]
    pub host: String,
    /// What you want to be called; without it, the name of your account here
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Which room
    #[arg(long, value_name = "ROOM", default_value = "lobby")]
    pub room: String,
    /// The code of a chat that asks for one
    #[arg(long, value_name = "CODE", value_parser = room_code)]
    pub room_code: Option<String>,
    /// Only ever add lines, without drawing: for screen readers (automatic where TERM is dumb)
    #[arg(long)]
    pub linear: bool,
    /// How Socket.IO travels
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Transport::Upgrade)]
    pub transport: Transport,
}

/// `chat join --transport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// Polling, then an upgrade to WebSocket
    Upgrade,
    /// Polling only
    Polling,
    /// WebSocket only
    Websocket,
}

/// Name or address, and port, of an `http` URL; the scheme may be left out.
fn host(url: &str) -> Result<String, String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("ws://")).unwrap_or(url);
    if rest.contains("://") {
        return Err("only http:// URLs are understood: the chat is not encrypted, so that it can be seen".to_owned());
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let bare = host.rsplit_once(':').is_none_or(|(name, _)| name.starts_with('[') && host.ends_with(']'));
    let sound = !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && b != b'@');
    match (sound, bare) {
        (false, _) => Err("a URL is needed, such as http://127.0.0.1:8080".to_owned()),
        (true, true) => Ok(format!("{host}:80")),
        (true, false) => Ok(host.to_owned()),
    }
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
    /// Do not capture, even if it is allowed; the page shows what the browser itself sent and heard
    #[arg(long, conflicts_with = "share_packets")]
    pub no_capture: bool,
    /// Started as root: become this user once the port is open; without it, who typed sudo, else nobody
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Ask everyone who joins for a code: this one, or without CODE a random one
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", value_parser = room_code)]
    pub room_code: Option<String>,
    /// A name under which browsers reach this server; addresses and localhost always do
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_host_and_port() {
        let cases = [
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://chat.example/x?y", "chat.example:80"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://[::1]", "[::1]:80"),
        ];
        for (url, wanted) in cases {
            assert_eq!(host(url).as_deref(), Ok(wanted), "{url}");
        }
        for url in ["", "http://", "https://x", "a b", "http://me@host"] {
            assert!(host(url).is_err(), "{url}");
        }
    }
}
