//! `osi-tutor follow`: what both ends of one conversation said, in order.

use super::{Failure, color, columns, error, show as shows};
use crate::cli::{Color, End, Follow, FollowAs};
use crate::flow::follow::{Follower, Message, Run, What, messages};
use crate::flow::{Endpoint, Limits, reader};
use crate::model::{Packet, show};
use crate::proto::{Address, Ends, Talk};
use crate::source::Source;
use crate::source::file::File;
use crate::view::follow::{self, How, name};
use crate::view::json::to_line;
use crate::view::{Theme, brief};
use serde_json::json;
use std::io::{BufWriter, IsTerminal, Write};
use std::net::SocketAddr;
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
    let mut out = Out {
        to: BufWriter::with_capacity(1 << 16, to),
        text: String::new(),
        failed: None,
        missing: 0,
        path: args.output.as_deref(),
    };
    let kind = if args.udp { Talk::Udp } else { Talk::Tcp };
    let mut follower = Follower::new(kind, args.stream);
    let followed = match (args.how, raw) {
        (FollowAs::Messages, _) => say_messages(&mut source, args, &mut follower, choice, &mut out),
        (_, true) => bytes(&mut source, args, &mut follower, &mut Shape::Raw, &mut out),
        _ if args.json => bytes(&mut source, args, &mut follower, &mut Shape::Json, &mut out),
        (how, _) => {
            let how = if how == FollowAs::Hex { How::Hex } else { How::Text };
            let view = follow::Follow::new(Theme::new(color(choice)), columns(), how);
            bytes(&mut source, args, &mut follower, &mut Shape::View(Box::new(view)), &mut out)
        }
    };
    let written = out.to.flush().map_err(|e| out.failure(e));
    followed.and(written)?;
    if raw && out.missing > 0 {
        let bytes = if out.missing == 1 { "byte is" } else { "bytes are" };
        error::tell(&format!("{} {bytes} missing: not in this capture.", out.missing));
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
    shows::spare("-o", args.output.as_deref(), &args.file)
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

/// Where everything goes; the first failure is kept, and nothing is written after it.
struct Out<'a> {
    to: BufWriter<Box<dyn Write + 'a>>,
    text: String,
    failed: Option<std::io::Error>,
    missing: u64,
    /// The file that is written, if it is not standard output.
    path: Option<&'a Path>,
}

/// How bytes are written.
enum Shape {
    View(Box<follow::Follow>),
    Json,
    Raw,
}

impl Out<'_> {
    fn write(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.to.write_all(bytes).err();
        }
    }

    /// Writes the text that has been prepared.
    fn send(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.text);
        self.write(text.as_bytes());
        self.text = text;
        self.text.clear();
        self.failed.take().map_or(Ok(()), |e| Err(self.failure(e)))
    }

    fn failure(&self, e: std::io::Error) -> Failure {
        match self.path {
            Some(path) => unwritten(path, &e),
            None => e.into(),
        }
    }
}

/// Whether `--from` lets an end's words through.
fn wanted(args: &Follow, from: Endpoint) -> bool {
    match args.from {
        None => true,
        Some(End::Client) => from == Endpoint::Client,
        Some(End::Server) => from == Endpoint::Server,
    }
}

/// Hands each dissected packet on.
fn packets(source: &mut dyn Source, mut each: impl FnMut(&Packet) -> Result<(), Failure>) -> Result<(), Failure> {
    reader::each(source, Limits::default(), |packet, _| each(packet).map(|()| true))
}

/// What both ends said, byte by byte.
fn bytes(
    source: &mut dyn Source,
    args: &Follow,
    follower: &mut Follower,
    shape: &mut Shape,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let mut offsets = [0u64; 2];
    let mut begun = false;
    let read = packets(source, |packet| {
        let belongs = follower.packet(packet, &mut |run| write(run, args, shape, &mut offsets, out));
        if let (true, Some(ends), Shape::View(view)) = (belongs && !begun, follower.ends(), &*shape) {
            // The first words may be prepared already; the heading stands before them.
            let mut heading = String::new();
            head(view, args, ends, &mut heading);
            out.text.insert_str(0, &heading);
        }
        begun |= belongs;
        out.send()
    });
    // Of a damaged capture, what came before the damage stands.
    follower.end(&mut |run| write(run, args, shape, &mut offsets, out));
    if let Shape::View(view) = shape {
        view.end(&mut out.text);
        if begun && offsets == [0, 0] {
            out.text.push_str("\nNot a byte of it is in this capture.\n");
        }
    }
    out.send()?;
    read
}

fn head(view: &follow::Follow, args: &Follow, ends: Ends, out: &mut String) {
    let end = |address: Address, port| SocketAddr::new(address.ip(), port).to_string();
    let (client, server) = (end(ends.src, ends.src_port), end(ends.dst, ends.dst_port));
    view.heading(if args.udp { "UDP" } else { "TCP" }, args.stream, [&client, &server], out);
}

fn write(run: Run<'_>, args: &Follow, shape: &mut Shape, offsets: &mut [u64; 2], out: &mut Out<'_>) {
    if !wanted(args, run.from) {
        return;
    }
    let [client, server] = offsets;
    let offset = if run.from == Endpoint::Client { client } else { server };
    let (at, length) = match run.what {
        What::Bytes(b) => (*offset, b.len() as u64),
        What::Missing(n) => (*offset, n),
    };
    *offset += length;
    match (shape, run.what) {
        (Shape::View(view), _) => view.run(run, &mut out.text),
        (Shape::Raw, What::Bytes(bytes)) => out.write(bytes),
        (Shape::Raw, What::Missing(n)) => out.missing += n,
        (Shape::Json, what) => {
            let frame = Some(run.frame).filter(|&n| n > 0);
            let mut object = json!({
                "v": 1, "stream": args.stream, "from": name(run.from), "frame": frame, "offset": at, "length": length,
            });
            let key = match what {
                What::Bytes(bytes) => {
                    let mut hex = String::new();
                    show::hex_bytes(bytes, "", &mut hex);
                    ("hex", json!(hex))
                }
                What::Missing(_) => ("missing", json!(true)),
            };
            if let Some(map) = object.as_object_mut() {
                map.insert(key.0.to_owned(), key.1);
            }
            out.text.push_str(&to_line(&object));
        }
    }
}

/// The messages that the conversation carried.
fn say_messages(
    source: &mut dyn Source,
    args: &Follow,
    follower: &mut Follower,
    choice: Color,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let view = follow::Follow::new(Theme::new(color(choice)), columns(), How::Text);
    let mut begun = args.json;
    packets(source, |packet| {
        let Some((transport, from)) = follower.belongs(packet) else { return Ok(()) };
        if let (false, Some(ends)) = (begun, follower.ends()) {
            begun = true;
            head(&view, args, ends, &mut out.text);
            out.text.push('\n');
        }
        if wanted(args, from) {
            for message in messages(packet, transport) {
                if args.json {
                    out.text.push_str(&to_line(&object(args, packet, from, &message)));
                } else {
                    view.message(packet, from, &message, &mut out.text);
                }
            }
        }
        out.send()
    })
}

fn object(args: &Follow, packet: &Packet, from: Endpoint, message: &Message) -> serde_json::Value {
    let layer = follow::subject(packet, message);
    let mut summary = String::new();
    if let Some(layer) = layer {
        brief::summary(packet, layer, &mut summary);
    }
    let mut frames: Vec<u64> = message
        .joined
        .and_then(|id| packet.buffers().get(usize::from(id)))
        .map_or_else(|| vec![packet.number], |b| b.sources.iter().map(|p| p.frame).collect());
    frames.dedup();
    json!({
        "v": 1, "stream": args.stream, "from": name(from), "frame": packet.number, "frames": frames,
        "protocol": layer.map(|l| l.proto.name), "length": message.len, "summary": summary,
    })
}

fn unwritten(path: &Path, e: &std::io::Error) -> Failure {
    Failure::Data(format!("{} could not be written: {e}", path.display()))
}
