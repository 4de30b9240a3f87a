//! Every name that a filter knows, with its type and its meaning: as a table, and as objects.

use super::Theme;
use super::json::to_line;
use crate::filter::{ALIASES, Alias, View};
use crate::model::{FieldDef, Identity, Kind};
use crate::proto;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Columns of a line that goes to a file or a pipe.
const WIDTH: usize = 100;

/// One protocol's names.
struct Section {
    about: &'static Identity,
    fields: Vec<&'static FieldDef>,
    aliases: Vec<&'static Alias>,
}

/// The names that begin with `prefix`. An alias stands with the protocol whose fields it reads; one that is made from
/// the whole packet, with the frame.
fn sections(prefix: &str) -> impl Iterator<Item = Section> {
    proto::identities().filter_map(move |about| {
        let is_frame = std::ptr::eq(about, &raw const proto::frame::ABOUT);
        let own = |a: &&Alias| match a.view {
            View::Made(_) => is_frame,
            _ => a.of.first().is_some_and(|def| about.fields.contains(def)),
        };
        let fields: Vec<_> = about.fields.iter().copied().filter(|def| def.name.starts_with(prefix)).collect();
        let aliases: Vec<_> = ALIASES.iter().filter(own).filter(|a| a.name.starts_with(prefix)).collect();
        let some = about.name.starts_with(prefix) || !fields.is_empty() || !aliases.is_empty();
        some.then_some(Section { about, fields, aliases })
    })
}

/// The names that begin with `prefix`, and with `values` those that numbers have, for a screen of so many columns or a
/// pipe. Empty if there is no such name.
pub fn table(prefix: &str, values: bool, theme: &Theme, columns: Option<usize>) -> String {
    let (mut out, width) = (String::new(), columns.unwrap_or(WIDTH));
    for Section { about, fields, aliases } in sections(prefix) {
        if !out.is_empty() {
            out.push('\n');
        }
        theme.strong.paint(&format!("{} · {} · {}", about.name, about.title, about.spec), &mut out);
        out.push('\n');
        let names = fields.iter().map(|def| def.name).chain(aliases.iter().map(|a| a.name));
        let column = names.map(str::len).max().unwrap_or(0).min(40);
        let mut row = |name: &str, kind: &str, about: &str| {
            let start = format!("  {name:column$}  {kind:8}  ");
            let indent = column + 14;
            out.push_str(&start);
            wrap(about, indent, width, &mut out);
        };
        for alias in aliases {
            row(alias.name, read_as(alias), alias.about);
        }
        for def in fields {
            row(def.name, kind(def.kind), &format!("{}: {}", def.label, def.about));
            if values {
                def.names.iter().for_each(|(n, name)| row("", &value(def.kind, *n), name));
            }
        }
    }
    out
}

/// Appends words, breaking the line before the right margin; where there is no room, never.
fn wrap(text: &str, indent: usize, width: usize, out: &mut String) {
    let room = width.saturating_sub(indent).max(30);
    let mut used = 0;
    for word in text.split(' ') {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > room {
            let _ = write!(out, "\n{:indent$}", "");
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += len;
    }
    out.push('\n');
}

fn value(kind: Kind, n: u64) -> String {
    if matches!(kind, Kind::Hex(_)) { format!("{n:#x}") } else { n.to_string() }
}

/// What a field's value is, in a word.
const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "presence",
        Kind::Bool => "boolean",
        Kind::Uint(_) | Kind::Hex(_) => "number",
        Kind::Int(_) => "signed",
        Kind::Bytes => "bytes",
        Kind::Text => "text",
        Kind::Ether => "mac",
        Kind::Ipv4 => "ipv4",
        Kind::Ipv6 => "ipv6",
        Kind::Duration => "seconds",
        Kind::Millis => "milliseconds",
        Kind::Moment => "time",
        Kind::Frame => "frame",
    }
}

/// The same for a name that only filters know.
fn read_as(alias: &Alias) -> &'static str {
    match alias.view {
        View::Text => "text",
        View::Date => "date",
        View::Bit(_) => kind(Kind::Bool),
        View::Payload => kind(Kind::Bytes),
        View::Value | View::Made(_) => alias.of.first().map_or("", |def| kind(def.kind)),
    }
}

/// The same as objects, one a line.
pub fn objects(prefix: &str) -> String {
    let mut out = String::new();
    for Section { about, fields, aliases } in sections(prefix) {
        for a in aliases {
            let fields = if matches!(a.view, View::Made(_)) { &[] } else { a.of };
            let of: Vec<_> = fields.iter().map(|def| def.name).collect();
            let (osi, kind) = (about.osi.number(), read_as(a));
            let object =
                json!({"name": a.name, "protocol": about.name, "osi": osi, "type": kind, "about": a.about, "of": of});
            out.push_str(&to_line(&object));
        }
        for def in fields {
            let mut object = json!({
                "name": def.name, "protocol": about.name, "osi": about.osi.number(), "type": kind(def.kind),
                "label": def.label, "about": def.about,
            });
            if let (Some(map), false) = (object.as_object_mut(), def.names.is_empty()) {
                let values = def.names.iter().map(|(n, name)| json!([n, name])).collect();
                map.insert("values".to_owned(), Value::Array(values));
            }
            out.push_str(&to_line(&object));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(prefix: &str, values: bool) -> String {
        table(prefix, values, &Theme::new(false), Some(80))
    }

    #[test]
    fn every_name_is_listed_with_its_meaning_and_fits_the_width() {
        let text = listed("", false);
        for alias in ALIASES {
            assert!(text.contains(alias.name), "{}", alias.name);
        }
        for identity in proto::identities() {
            assert!(identity.fields.iter().all(|def| text.contains(def.name)), "{}", identity.name);
        }
        let too_long = text.lines().filter(|l| l.starts_with("  ")).find(|l| l.chars().count() > 100);
        assert_eq!(too_long, None);
    }

    #[test]
    fn a_prefix_picks_names_and_values_have_theirs() {
        let text = listed("ip.proto", true);
        assert!(text.contains("6         TCP") && !text.contains("ip.src"), "{text}");
        assert!(listed("no.such", false).is_empty());
        assert!(objects("tcp.port").contains("\"of\":[\"tcp.srcport\",\"tcp.dstport\"]"));
    }
}
