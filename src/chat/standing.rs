//! What the server says about itself once it runs.

use std::net::{Ipv4Addr, SocketAddr};

use crate::serve::reach;

/// Where it can be reached, and what it captures.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Where it listens.
    pub address: SocketAddr,
    /// The interfaces that are captured; or why none is, in one sentence, unless nobody wanted it.
    pub capture: Result<Vec<String>, Option<String>>,
}

impl Standing {
    /// Says where the chat is, who can reach it, and what the page will show.
    pub fn told(&self, share: bool, code: Option<&str>) -> Vec<String> {
        let (address, mut lines) = (self.address, Vec::new());
        let open = if address.ip().is_unspecified() {
            SocketAddr::new(
                if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() },
                address.port(),
            )
        } else {
            address
        };
        lines.push(format!("The chat is at http://{open}/ — open it in two windows. Ctrl-C ends it."));
        if let Some(code) = code {
            lines.push(format!("The room code is {code} — everyone who joins is asked for it."));
        }
        if !address.ip().is_loopback() {
            let who = reach(address.ip());
            lines.push(match code {
                Some(_) => format!(
                    "{address} can be reached from {who}. Nothing is encrypted: who can listen there reads the code, too."
                ),
                None => format!(
                    "Anyone on that network can enter ({address}: {who}), and nothing is encrypted; --room-code asks for a code."
                ),
            });
        }
        if share {
            lines.push("Everybody sees everybody's packets (--share-packets).".to_owned());
        }
        match &self.capture {
            Ok(names) => lines.push(format!("The page shows packets captured on {}.", names.join(", "))),
            Err(None) => lines.push("No packets are captured (--no-capture).".to_owned()),
            Err(Some(why)) => lines.push(format!(
                "No packets are captured ({why}); the page shows what the browser itself sent and heard.\n\
                 osi-tutor doctor says how to give it the right to capture."
            )),
        }
        lines
    }
}
