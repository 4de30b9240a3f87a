//! What one conversation said, in the form that was asked for: to read along, a line a message, objects, or the bytes
//! themselves.

use super::{Follow, name, subject};
use crate::flow::Endpoint;
use crate::flow::follow::{Follower, Message, Run, What};
use crate::model::{Packet, show};
use crate::proto::{Address, ConversationKind, Ends};
use crate::view::brief;
use crate::view::json::to_line;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The form.
#[derive(Debug)]
pub enum Shape {
    /// Both ends' words, turn by turn.
    Turns(Follow),
    /// A line a message.
    Messages(Follow),
    /// An object for each run of bytes, or each message.
    Objects,
    /// The bytes as they are.
    Bytes,
}

/// Writes down one conversation.
#[derive(Debug)]
pub struct Transcript {
    kind: ConversationKind,
    stream: u32,
    /// The one end whose words are wanted.
    from: Option<Endpoint>,
    shape: Shape,
    begun: bool,
    /// Where the next byte of client and server stands in its stream.
    offsets: [u64; 2],
    missing: u64,
}

impl Transcript {
    /// Of a conversation of this kind and number; with `from`, of one end's words.
    pub fn new(kind: ConversationKind, stream: u32, from: Option<Endpoint>, shape: Shape) -> Self {
        Self { kind, stream, from, shape, begun: false, offsets: [0; 2], missing: 0 }
    }

    /// Bytes that are missing among those as they are.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Both ends are known: puts the heading before what is written already.
    pub fn begin(&mut self, ends: Ends, out: &mut Vec<u8>) {
        let (Shape::Turns(view) | Shape::Messages(view)) = &self.shape else { return };
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let end = |address: Address, port| SocketAddr::new(address.ip(), port).to_string();
        let ends = [end(ends.src, ends.src_port), end(ends.dst, ends.dst_port)];
        let mut heading = String::new();
        let kind = if self.kind == ConversationKind::Udp { "UDP" } else { "TCP" };
        view.heading(kind, self.stream, ends.each_ref().map(String::as_str), &mut heading);
        if matches!(self.shape, Shape::Messages(_)) {
            heading.push('\n');
        }
        out.splice(0..0, heading.into_bytes());
    }

    /// Appends what a packet adds to its conversation.
    pub fn packet(&mut self, packet: &Packet, follower: &mut Follower, out: &mut Vec<u8>) {
        let belongs = follower.packet(packet, &mut |run| self.run(run, out));
        if let Some(ends) = follower.ends().filter(|_| belongs) {
            self.begin(ends, out);
        }
    }

    /// Appends what waited for bytes that never came, and how it ends.
    pub fn finish(&mut self, follower: &mut Follower, out: &mut Vec<u8>) {
        follower.end(&mut |run| self.run(run, out));
        self.end(out);
    }

    /// Appends what came next.
    pub fn run(&mut self, run: Run<'_>, out: &mut Vec<u8>) {
        if !self.wants(run.from) {
            return;
        }
        let [client, server] = &mut self.offsets;
        let offset = if run.from == Endpoint::Client { client } else { server };
        let length = match run.what {
            What::Bytes(bytes) => bytes.len() as u64,
            What::Missing(n) => n,
        };
        let at = *offset;
        *offset += length;
        match (&mut self.shape, run.what) {
            (Shape::Turns(view), _) => written(out, |text| view.run(run, text)),
            (Shape::Objects, _) => {
                out.extend_from_slice(to_line(&object_of_run(self.stream, run, at, length)).as_bytes());
            }
            (Shape::Bytes, What::Bytes(bytes)) => out.extend_from_slice(bytes),
            (Shape::Bytes, What::Missing(n)) => self.missing += n,
            (Shape::Messages(_), _) => {}
        }
    }

    /// Appends a message that a packet brought.
    pub fn message(&mut self, packet: &Packet, from: Endpoint, message: &Message, out: &mut Vec<u8>) {
        if !self.wants(from) {
            return;
        }
        match &self.shape {
            Shape::Objects => {
                out.extend_from_slice(to_line(&object_of_message(self.stream, packet, from, message)).as_bytes());
            }
            Shape::Turns(view) | Shape::Messages(view) => {
                written(out, |text| view.message(packet, from, message, text));
            }
            Shape::Bytes => {}
        }
    }

    /// Appends how it ends.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        let Shape::Turns(view) = &mut self.shape else { return };
        written(out, |text| view.end(text));
        if self.begun && self.offsets == [0, 0] {
            out.extend_from_slice(b"\nNot a byte of it is in this capture.\n");
        }
    }

    fn wants(&self, from: Endpoint) -> bool {
        self.from.is_none_or(|wanted| wanted == from)
    }
}

fn written(out: &mut Vec<u8>, write: impl FnOnce(&mut String)) {
    let mut text = String::new();
    write(&mut text);
    out.extend_from_slice(text.as_bytes());
}

fn object_of_run(stream: u32, run: Run<'_>, at: u64, length: u64) -> Value {
    let frame = Some(run.frame).filter(|&n| n > 0);
    let mut object =
        json!({ "v": 1, "stream": stream, "from": name(run.from), "frame": frame, "offset": at, "length": length });
    match run.what {
        What::Bytes(bytes) => {
            let mut hex = String::new();
            show::hex_bytes(bytes, "", &mut hex);
            object["hex"] = json!(hex);
        }
        What::Missing(_) => object["missing"] = json!(true),
    }
    object
}

fn object_of_message(stream: u32, packet: &Packet, from: Endpoint, message: &Message) -> Value {
    let layer = subject(packet, message);
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
        "v": 1, "stream": stream, "from": name(from), "frame": packet.number, "frames": frames,
        "protocol": layer.map(|l| l.proto.name), "length": message.len, "summary": summary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Theme;
    use crate::view::follow::How;
    use Endpoint::{Client, Server};

    fn said(from: Option<Endpoint>, shape: Shape) -> (String, u64) {
        let (mut transcript, mut out) = (Transcript::new(ConversationKind::Tcp, 3, from, shape), Vec::new());
        for (from, frame, what) in
            [(Client, 4, What::Bytes(b"ask")), (Server, 5, What::Missing(7)), (Server, 6, What::Bytes(b"tell"))]
        {
            transcript.run(Run { from, frame, what }, &mut out);
        }
        transcript.end(&mut out);
        (String::from_utf8(out).unwrap(), transcript.missing())
    }

    #[test]
    fn bytes_are_those_of_the_end_that_is_wanted_and_what_is_missing_is_counted() {
        assert_eq!(said(Some(Server), Shape::Bytes), ("tell".to_owned(), 7));
        assert_eq!(said(Some(Client), Shape::Bytes), ("ask".to_owned(), 0));
    }

    #[test]
    fn objects_count_each_ends_bytes_on_their_own_missing_ones_included() {
        let (text, _) = said(None, Shape::Objects);
        let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects[0]["hex"], "61736b");
        assert_eq!((&objects[1]["missing"], &objects[1]["length"]), (&json!(true), &json!(7)));
        assert_eq!((&objects[2]["offset"], &objects[2]["stream"]), (&json!(7), &json!(3)));
    }

    #[test]
    fn the_heading_stands_before_words_that_came_first() {
        let view = Follow::new(Theme::new(false), Some(48), How::Text);
        let (mut transcript, mut out) =
            (Transcript::new(ConversationKind::Udp, 0, None, Shape::Turns(view)), Vec::new());
        transcript.run(Run { from: Client, frame: 1, what: What::Bytes(b"hello") }, &mut out);
        let address = |last: u128| Address(0xffff_c000_0200 + last);
        let ends = Ends { src: address(1), dst: address(2), src_port: 1000, dst_port: 53 };
        transcript.begin(ends, &mut out);
        transcript.begin(ends, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("UDP stream 0\n→ client  192.0.2.1:1000\n← server  192.0.2.2:53\n"), "{text}");
        assert_eq!(text.matches("stream 0").count(), 1, "{text}");
    }
}
