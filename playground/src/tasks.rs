//! What needs every packet that is kept, and so goes on bit by bit: a connection's ladder, what was said, a plot, counts.

use crate::browser::{Browser, Portion};
use osi_tutor_engine::browse::pass::Walk;
use osi_tutor_engine::flow::follow::{Follower, Run, What};
use osi_tutor_engine::flow::{Endpoint, Tracker};
use osi_tutor_engine::model::{Packet, show};
use osi_tutor_engine::proto::{Address, ConversationKind};
use osi_tutor_engine::stats::Stats;
use osi_tutor_engine::stats::series::{Sent, Series};
use osi_tutor_engine::view::picture;
use osi_tutor_engine::view::plot::{Chart, Kind};
use osi_tutor_engine::view::scene::resolved::Conversation;
use osi_tutor_engine::view::stats::{self, Table};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Bytes of what was said.
const MOST_SAID: usize = 1 << 20;

/// Something under way.
pub(crate) struct Task {
    walk: Option<Walk>,
    taking: Taking,
}

/// What is made of the packets.
enum Taking {
    Ladder(Box<Conversation>),
    Follow { stream: u32, follower: Box<Follower>, said: Said },
    Plot { stream: u32, kind: Kind, origin: String, title: String, series: Box<Series> },
    Stats(Box<Stats>),
}

/// What both ends said.
#[derive(Default)]
struct Said {
    runs: Vec<Value>,
    bytes: usize,
    left_out: u64,
}

impl Task {
    fn of(taking: Taking) -> Self {
        Self { walk: None, taking }
    }

    pub(crate) fn ladder(stream: u32) -> Self {
        Self::of(Taking::Ladder(Box::new(Conversation::new(stream))))
    }

    pub(crate) fn follow(stream: u32) -> Self {
        let follower = Box::new(Follower::new(ConversationKind::Tcp, stream));
        Self::of(Taking::Follow { stream, follower, said: Said::default() })
    }

    pub(crate) fn plot(stream: u32, kind: &str, origin: String) -> Result<Self, String> {
        let kind = match kind {
            "sequence" => Kind::Seq,
            "window" => Kind::Window,
            "flight" => Kind::Flight,
            _ => return Err("a plot shows sequence, window or flight".to_owned()),
        };
        Ok(Self::of(Taking::Plot { stream, kind, origin, title: String::new(), series: Box::default() }))
    }

    pub(crate) fn stats() -> Self {
        Self::of(Taking::Stats(Box::default()))
    }

    /// Goes on; how far it has come, or what came out.
    pub(crate) fn go(&mut self, browser: &Browser, most: usize) -> Result<Value, String> {
        let mut portion = Portion::of(most);
        let walk = self.walk.get_or_insert_with(|| Walk::of(browser.store()));
        loop {
            if !walk.step(browser.store()) {
                return self.taking.done();
            }
            let here = walk.here();
            self.taking.take(&here.packet, &here.tracker);
            if !portion.goes_on(here.packet.frame().len()) {
                break;
            }
        }
        Ok(json!({ "seen": walk.next(), "of": browser.len() }))
    }
}

impl Taking {
    fn take(&mut self, packet: &Packet, tracker: &Tracker) {
        match self {
            Self::Ladder(conversation) => conversation.take(packet, tracker),
            Self::Follow { follower, said, .. } => {
                follower.packet(packet, &mut |run| said.hear(run));
            }
            Self::Plot { stream, title, series, .. } => {
                let Some(Sent { stream: number, client, server, from_client }) = Sent::now(tracker) else { return };
                if number == *stream {
                    if title.is_empty() {
                        *title = format!("TCP stream {number} ({client} – {server})");
                    }
                    series.add(packet, from_client);
                }
            }
            Self::Stats(stats) => stats.count(packet),
        }
    }

    fn done(&mut self) -> Result<Value, String> {
        let none = |stream: &u32| format!("there is no TCP stream {stream}");
        match self {
            Self::Ladder(conversation) => {
                let Conversation { ladder, left_out, .. } = conversation.as_mut();
                if ladder.rows.is_empty() {
                    return Err("there is no such TCP stream".to_owned());
                }
                ladder.picture =
                    Some(picture::ladder::draw(ladder, "The connection, packet by packet", 0, None).inline());
                Ok(json!({ "ladder": ladder, "left_out": left_out }))
            }
            Self::Follow { stream, follower, said } => {
                follower.end(&mut |run| said.hear(run));
                let Some(ends) = follower.ends() else { return Err(none(stream)) };
                let names = [end(ends.src, ends.src_port), end(ends.dst, ends.dst_port)];
                Ok(json!({ "ends": names, "runs": said.runs, "left_out": said.left_out }))
            }
            Self::Plot { stream, kind, origin, title, series } => {
                if title.is_empty() {
                    return Err(none(stream));
                }
                let chart = Chart::of(series, *kind, title, origin);
                Ok(
                    json!({ "picture": picture::chart::draw(&chart).inline(), "title": chart.title, "caption": chart.caption }),
                )
            }
            Self::Stats(stats) => Ok(stats::object(stats, &Table::ALL)),
        }
    }
}

impl Said {
    fn hear(&mut self, run: Run<'_>) {
        let from = if run.from == Endpoint::Client { "client" } else { "server" };
        match run.what {
            What::Missing(n) => self.runs.push(json!({ "from": from, "frame": run.frame, "missing": n })),
            What::Bytes(bytes) => {
                let kept = bytes.get(..MOST_SAID - self.bytes).unwrap_or(bytes);
                self.bytes += kept.len();
                self.left_out += (bytes.len() - kept.len()) as u64;
                if !kept.is_empty() {
                    let mut hex = String::new();
                    show::hex_bytes(kept, "", &mut hex);
                    self.runs.push(json!({ "from": from, "frame": run.frame, "hex": hex }));
                }
            }
        }
    }
}

fn end(address: Address, port: u16) -> String {
    SocketAddr::new(address.ip(), port).to_string()
}
