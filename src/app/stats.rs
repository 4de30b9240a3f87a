//! `osi-tutor stats`: a whole capture, counted.

use super::{Failure, color, columns, show};
use crate::cli::{Color, Stats as Args, Table as Only};
use crate::flow::Limits;
use crate::flow::reader::each;
use crate::model::Osi;
use crate::source::file::File;
use crate::stats::{Conversation, Count, End, Endpoint, Kind, Stats};
use crate::view::json::to_line;
use crate::view::{Theme, stats as view};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Runs it.
pub(super) fn run(args: &Args, choice: Color) -> Result<(), Failure> {
    let filter = args.filter.as_deref().map(show::filter).transpose()?;
    let mut source = File::open(&args.file)?;
    let (mut stats, mut links) = (Stats::default(), show::Links::default());
    let ended = each(&mut source, Limits::default(), |packet, _| {
        links.note(packet.link);
        if filter.as_ref().is_none_or(|f| f.matches(packet)) {
            stats.count(packet);
        }
        Ok(true)
    });
    let text =
        if args.json { to_line(&object(&stats, args)) } else { tables(&stats, args, &Theme::new(color(choice))) };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    ended
}

fn wanted(args: &Args, table: Only) -> bool {
    args.only.is_empty() || args.only.contains(&table)
}

fn tables(stats: &Stats, args: &Args, theme: &Theme) -> String {
    let most = if args.top == 0 { usize::MAX } else { args.top };
    let mut out = String::new();
    view::total(stats, theme, &mut out);
    if stats.all.frames == 0 {
        return out;
    }
    if wanted(args, Only::Hierarchy) {
        view::hierarchy(stats, theme, &mut out);
    }
    if wanted(args, Only::Layers) {
        view::layers(stats, theme, &mut out);
    }
    if wanted(args, Only::Conversations) {
        view::conversations(stats, most, columns(), theme, &mut out);
    }
    if wanted(args, Only::Endpoints) {
        view::endpoints(stats, most, theme, &mut out);
    }
    out
}

/// Everything as one object, after `schema/stats.json`.
fn object(stats: &Stats, args: &Args) -> Value {
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| drop(all.insert(key.to_owned(), value));
    put("v", json!(1));
    put("frames", json!(stats.all.frames));
    put("bytes", json!(stats.all.bytes));
    put("first", stats.span.map_or(Value::Null, |(first, _)| json!(first.to_string())));
    put("last", stats.span.map_or(Value::Null, |(_, last)| json!(last.to_string())));
    if wanted(args, Only::Hierarchy) {
        put("hierarchy", node(stats, 0));
        put("hierarchy_left_out", count(stats.tree_left_out));
    }
    if wanted(args, Only::Layers) {
        let layer = |(osi, n): (Osi, Count)| json!({"osi": osi.number(), "name": osi.name(), "frames": n.frames, "bytes": n.bytes});
        put("layers", Osi::ALL.into_iter().zip(stats.layers).map(layer).collect());
    }
    if wanted(args, Only::Conversations) {
        let tables = Kind::ALL.into_iter().zip(&stats.conversations).map(|(kind, table)| {
            let rows: Vec<Value> = table.rows.iter().map(|c| conversation(c, stats.when(c))).collect();
            (kind.about().name.to_owned(), json!({"rows": rows, "left_out": count(table.left_out)}))
        });
        put("conversations", Value::Object(tables.collect()));
    }
    if wanted(args, Only::Endpoints) {
        let tables = Kind::ALL.into_iter().zip(&stats.endpoints).map(|(kind, table)| {
            let rows: Vec<Value> = table.rows.iter().map(endpoint).collect();
            (kind.about().name.to_owned(), json!({"rows": rows, "left_out": count(table.left_out)}))
        });
        put("endpoints", Value::Object(tables.collect()));
    }
    Value::Object(all)
}

/// A place in the hierarchy with all that is inside it: as deep as a packet has layers, and no deeper.
fn node(stats: &Stats, at: usize) -> Value {
    let Some(node_) = stats.tree.get(at) else { return Value::Null };
    let children: Vec<Value> = node_.children.iter().map(|&child| node(stats, child)).collect();
    json!({
        "protocol": node_.proto.name, "name": node_.proto.title, "frames": node_.count.frames, "bytes": node_.count.bytes,
        "children": children,
    })
}

fn count(n: Count) -> Value {
    json!({"frames": n.frames, "bytes": n.bytes})
}

fn conversation(c: &Conversation, when: Option<[i64; 2]>) -> Value {
    let [a, b] = c.ends;
    let [there, back] = c.sent;
    let seconds = |nanos| {
        let mut out = String::new();
        crate::model::show::seconds(nanos, 9, &mut out);
        out
    };
    let mut row = json!({
        "a": end(a), "b": end(b), "stream": c.stream, "a_to_b": count(there), "b_to_a": count(back),
    });
    if let Some([start, duration]) = when {
        (row["start"], row["duration"]) = (json!(seconds(start)), json!(seconds(duration)));
    }
    row
}

fn endpoint(e: &Endpoint) -> Value {
    json!({"end": end(e.end), "sent": count(e.sent), "received": count(e.received)})
}

fn end(of: End) -> Value {
    match of {
        End::Mac(_) => json!({"address": view::end(of)}),
        End::Ip(address) => json!({"address": address.ip().to_string()}),
        End::Port(address, port) => json!({"address": address.ip().to_string(), "port": port}),
    }
}
