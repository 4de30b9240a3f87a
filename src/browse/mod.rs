//! Rank 7: one packet looked at, without a screen: its seven layers, unfolded as far as somebody wants, and which bytes each
//! line is. The full screen and the playground show it.

mod look;

pub use look::{Kind, LayerLine, Look, closest};

/// What makes a packet unusual, as a filter: what TCP had to repair, what is malformed, what Wireshark warns of. A FIN or SYN is none of it.
pub const ODD: &str = "tcp.analysis.flags || _ws.malformed || _ws.expert.severity >= 0x00600000";
