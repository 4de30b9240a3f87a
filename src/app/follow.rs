//! `osi-tutor follow`: what both ends of one conversation said, in order.

use super::outputs::spare;
use super::{Failure, color, columns, error};
use crate::cli::{Follow, FollowAs};
use crate::flow::follow::{Follower, messages};
use crate::flow::{Limits, reader};
use crate::proto::ConversationKind;
use crate::source::Source;
use crate::source::file::File;
use crate::view::Theme;
use crate::view::follow::{self, How, Shape, Transcript};
use crate::view::theme::Color;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

/// Runs it.
pub(super) fn run(args: &Follow, choice: Color) -> Result<(), Failure> {
    let raw = args.how == FollowAs::Raw || args.output.is_some();
    refuse(args, raw)?;
    let mut source = File::open(&args.file)?;
    let stdout = std::io::stdout();
    let to: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(std::fs::File::create(path).map_err(|e| unwritten(path, &e))?),
        None => Box::new(stdout.lock()),
    };
    let mut out = Out { to: BufWriter::with_capacity(1 << 16, to), waiting: Vec::new(), path: args.output.as_deref() };
    let view = |how| follow::Follow::new(Theme::new(color(choice)), columns(), how);
    let shape = match args.how {
        _ if raw => Shape::Bytes,
        _ if args.json => Shape::Objects,
        FollowAs::Messages => Shape::Messages(view(How::Text)),
        FollowAs::Hex => Shape::Turns(view(How::Hex)),
        FollowAs::Text | FollowAs::Raw => Shape::Turns(view(How::Text)),
    };
    let kind = if args.udp { ConversationKind::Udp } else { ConversationKind::Tcp };
    let mut follower = Follower::new(kind, args.stream);
    let mut transcript = Transcript::new(kind, args.stream, args.from, shape);
    let by_message = args.how == FollowAs::Messages;
    let read = if by_message { by_messages } else { by_bytes };
    let followed = read(&mut source, &mut follower, &mut transcript, &mut out);
    let written = out.flush();
    followed.and(written)?;
    if transcript.missing() > 0 {
        let bytes = if transcript.missing() == 1 { "byte is" } else { "bytes are" };
        error::tell(&format!("{} {bytes} missing: not in this capture.", transcript.missing()));
    }
    found(args, &follower)
}

/// What the command line cannot mean.
fn refuse(args: &Follow, raw: bool) -> Result<(), Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    if raw && args.json {
        return usage("--as raw gives bytes as they are, --json gives objects; choose one");
    }
    if raw && args.from.is_none() {
        return usage("the bytes of both ends would run together; add --from client or --from server");
    }
    if raw && args.output.is_none() && std::io::stdout().is_terminal() {
        return usage("bytes as they are could command your terminal; write them to a file (-o FILE) or into a pipe");
    }
    spare("-o", args.output.as_deref(), &args.file)
}

/// There must have been such a conversation.
fn found(args: &Follow, follower: &Follower) -> Result<(), Failure> {
    let (file, what) = (args.file.display(), if args.udp { "UDP" } else { "TCP" });
    let words = if args.udp { "UDP conversation" } else { "TCP connection" };
    match follower.seen() {
        0 => Err(Failure::Data(format!("{file} holds no {words}"))),
        n if n <= args.stream => {
            let there = if n == 1 { "only stream 0".to_owned() } else { format!("streams 0 to {}", n - 1) };
            Err(Failure::Data(format!("there is no {what} stream {}: {file} holds {there}", args.stream)))
        }
        _ => Ok(()),
    }
}

/// Where everything goes.
struct Out<'a> {
    to: BufWriter<Box<dyn Write + 'a>>,
    /// What is prepared and not handed on yet.
    waiting: Vec<u8>,
    /// The file that is written, if it is not standard output.
    path: Option<&'a Path>,
}

impl Out<'_> {
    fn send(&mut self) -> Result<(), Failure> {
        let sent = self.to.write_all(&self.waiting);
        self.waiting.clear();
        sent.map_err(|e| self.failure(e))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.to.flush().map_err(|e| self.failure(e))
    }

    fn failure(&self, e: std::io::Error) -> Failure {
        match self.path {
            Some(path) => unwritten(path, &e),
            None => e.into(),
        }
    }
}

/// What both ends said, byte by byte.
fn by_bytes(
    source: &mut dyn Source,
    follower: &mut Follower,
    to: &mut Transcript,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let read = reader::each(source, Limits::default(), |packet, _| {
        to.packet(packet, follower, &mut out.waiting);
        out.send().map(|()| true)
    });
    // Of a damaged capture, what came before the damage stands.
    to.finish(follower, &mut out.waiting);
    out.send()?;
    read
}

/// The messages that the conversation carried.
fn by_messages(
    source: &mut dyn Source,
    follower: &mut Follower,
    to: &mut Transcript,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    reader::each(source, Limits::default(), |packet, _| {
        let Some((transport, from)) = follower.belongs(packet) else { return Ok(true) };
        if let Some(ends) = follower.ends() {
            to.begin(ends, &mut out.waiting);
        }
        for message in messages(packet, transport) {
            to.message(packet, from, &message, &mut out.waiting);
        }
        out.send().map(|()| true)
    })
}

fn unwritten(path: &Path, e: &std::io::Error) -> Failure {
    Failure::Data(format!("{} could not be written: {e}", path.display()))
}
