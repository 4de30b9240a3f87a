//! `osi-tutor ladder`: one TCP connection of a capture, both ends side by side.

use super::{Failure, color, columns};
use crate::cli as args;
use crate::flow::reader::each;
use crate::flow::{Connection, Endpoint, Limits, State, Tracker};
use crate::proto::{Address, tcp};
use crate::source::Source;
use crate::source::file::File;
use crate::view::Theme;
use crate::view::ladder::{Ladder, across};
use crate::view::scene::resolved::before;
use crate::view::theme::Color;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;

/// Runs it.
pub(super) fn run(args: &args::Ladder, choice: Color) -> Result<(), Failure> {
    let mut source = File::open(&args.file)?;
    let mut ladder = Ladder::new(Theme::new(color(choice)), columns(), 2);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let drawn = draw(&mut source, args.stream, &mut ladder, &mut out);
    out.flush()?;
    match drawn? {
        0 => Err(Failure::Data(format!("{} holds no TCP connection", args.file.display()))),
        n if n <= args.stream => Err(Failure::Data(format!(
            "there is no TCP stream {}: {} holds {}",
            args.stream,
            args.file.display(),
            if n == 1 { "only stream 0".to_owned() } else { format!("streams 0 to {}", n - 1) }
        ))),
        _ => Ok(()),
    }
}

/// Writes the ladder of TCP connection `wanted`. Gives the number of connections that the source holds.
pub(super) fn draw(
    source: &mut dyn Source,
    wanted: u32,
    ladder: &mut Ladder,
    to: &mut dyn Write,
) -> Result<u32, Failure> {
    let (mut streams, mut begun, mut out) = (0, false, String::new());
    each(source, Limits::default(), |packet, tracker| {
        let Some(conversation) = tracker.current() else { return Ok::<_, Failure>(true) };
        streams = streams.max(conversation.number.saturating_add(1));
        let Some(connection) = tracker.connection(conversation).filter(|_| conversation.number == wanted) else {
            return Ok(true);
        };
        out.clear();
        if !begun {
            begun = true;
            begin(tracker, wanted, &connection, packet.flag(&tcp::FLAGS_SYN), ladder, &mut out);
        }
        let way = across(connection.sender(conversation.forward));
        ladder.packet(packet, &way, &mut out);
        if let Some(talk) = way.talk {
            ladder.states(talk, connection.states.map(State::name), &mut out);
        }
        to.write_all(out.as_bytes())?;
        Ok(true)
    })?;
    Ok(streams)
}

/// The heading, and the states before the first packet where they can be known.
fn begin(tracker: &Tracker, stream: u32, connection: &Connection, opens: bool, ladder: &mut Ladder, out: &mut String) {
    let ends = connection.ends;
    let end = |address: Address, port| SocketAddr::new(address.ip(), port).to_string();
    ladder.heading(stream, &end(ends.src, ends.src_port), &end(ends.dst, ends.dst_port), out);
    if !opens {
        return ladder.midway(out);
    }
    if let Some(talk) = across(Endpoint::Client).talk {
        ladder.states(talk, before(tracker, connection).map(State::name), out);
    }
}
