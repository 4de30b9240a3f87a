//! The tunnel that CONNECT opens (RFC 9110 §9.3.6): the proxy passes bytes on, and both ends speak what they
//! like. Who speaks is found as on a connection of its own, by the port that the client named.

use super::ABOUT;
use crate::proto::prelude::*;
use crate::proto::stream::{Framing, StreamCtx, Tunnel};
use crate::proto::{guesses, lookup};

/// What a tunnel is called among the things that HTTP can be upgraded to.
pub(super) const NAME: &str = "connect";

/// The row. Wireshark, too, shows HTTP above everything that crosses the tunnel.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Upgrade(NAME)], over: Over::Stream(frame), dissect };

/// Asks whoever speaks inside.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let tunnel = ctx.dialogue.tunnel.unwrap_or_default();
    // A protocol inside may change to another, but not for ever.
    let mut known = tunnel.row;
    for _ in 0..3 {
        let Some(row) = known else { return open(ctx, tunnel, bytes) };
        match ask(row, ctx, bytes) {
            Framing::Switch(key) => {
                known = lookup(key);
                ctx.dialogue.tunnel = Some(Tunnel { row: known, ..tunnel });
                ctx.side.searched = 0;
            }
            Framing::NotMine => return Framing::Message(bytes.len()),
            other => return other,
        }
    }
    Framing::Message(bytes.len())
}

/// The first bytes inside: whose are they?
fn open(ctx: &mut StreamCtx<'_>, tunnel: Tunnel, bytes: &[u8]) -> Framing {
    let named = lookup(Key::TcpPort(tunnel.port));
    // What goes to a port of HTTP's own would come back here; it is only passed on.
    let own = named.is_some_and(|row| row.about.name == ABOUT.name);
    // What HTTP remembers of the connection to the proxy says nothing about the one inside.
    ctx.dialogue.forget();
    for row in named.into_iter().chain(guesses()).filter(|_| !own) {
        ctx.side.searched = 0;
        let said = ask(row, ctx, bytes);
        if said != Framing::NotMine {
            ctx.dialogue.tunnel = Some(Tunnel { row: Some(row), ..tunnel });
            return said;
        }
    }
    ctx.side.searched = 0;
    Framing::Message(bytes.len())
}

fn ask(row: &'static Protocol, ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match row.over {
        Over::Stream(frame) => frame(ctx, bytes),
        Over::Packet | Over::Datagram(_) => Framing::Message(bytes.len()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every row's function has this shape")]
fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let inside = c.stream().dialogue.tunnel.and_then(|t| t.row);
    Ok(inside.map_or(Next::data(0), |row| Next::row(row, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    fn streams(port: u16) -> Streams {
        let mut streams = Streams::default();
        streams.dialogue.tunnel = Some(Tunnel { port, row: None });
        streams
    }

    #[test]
    fn the_port_that_the_client_named_says_who_speaks_inside() {
        let mut s = streams(443);
        assert_eq!(frame(&mut s.view(true), b"\x16\x03\x01\0\x02ab"), Framing::Message(7));
        assert_eq!(s.dialogue.tunnel.and_then(|t| t.row).map(|r| r.about.name), Some("tls"));
    }

    #[test]
    fn a_tunnel_to_a_port_of_http_only_passes_bytes_on() {
        let mut s = streams(80);
        assert_eq!(frame(&mut s.view(true), b"GET / HTTP/1.1\r\n\r\n"), Framing::Message(18));
        assert!(s.dialogue.tunnel.is_some_and(|t| t.row.is_none()));
    }
}
