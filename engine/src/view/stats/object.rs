//! Counts as one object.

use super::Table;
use crate::model::{Osi, show};
use crate::stats::{Conversation, Count, End, Endpoint, Kind, Stats};
use serde_json::{Map, Value, json};

/// Everything as one object, after `schema/stats.json`.
pub fn object(stats: &Stats, tables: &[Table]) -> Value {
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| drop(all.insert(key.to_owned(), value));
    put("v", json!(1));
    put("frames", json!(stats.all.frames));
    put("bytes", json!(stats.all.bytes));
    put("first", stats.span.map_or(Value::Null, |(first, _)| json!(first.to_string())));
    put("last", stats.span.map_or(Value::Null, |(_, last)| json!(last.to_string())));
    if tables.contains(&Table::Hierarchy) {
        put("hierarchy", node(stats, 0));
        put("hierarchy_left_out", count(stats.tree_left_out));
    }
    if tables.contains(&Table::Layers) {
        let layer = |(osi, n): (Osi, Count)| json!({"osi": osi.number(), "name": osi.name(), "frames": n.frames, "bytes": n.bytes});
        put("layers", Osi::ALL.into_iter().zip(stats.layers).map(layer).collect());
    }
    if tables.contains(&Table::Conversations) {
        let tables = Kind::ALL.into_iter().zip(&stats.conversations).map(|(kind, table)| {
            let rows: Vec<Value> = table.rows.iter().map(|c| conversation(c, stats.when(c))).collect();
            (kind.about().name.to_owned(), json!({"rows": rows, "left_out": count(table.left_out)}))
        });
        put("conversations", Value::Object(tables.collect()));
    }
    if tables.contains(&Table::Endpoints) {
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
        show::seconds(nanos, 9, &mut out);
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
        End::Mac(_) => json!({"address": super::end(of)}),
        End::Ip(address) => json!({"address": address.ip().to_string()}),
        End::Port(address, port) => json!({"address": address.ip().to_string(), "port": port}),
    }
}
