//! Columns of your own in the list: the values of some fields.

use super::Browser;
use crate::browse::pass::{BEFORE, Walk};
use crate::browse::store::Store;
use crate::filter::ALIASES;
use crate::model::{FieldDef, Packet, show};
use crate::proto;
use crate::view::measure::width;
use std::collections::HashMap;
use std::time::Instant;

/// Packets whose values are kept.
const KEPT: usize = 4096;
/// Columns, and what one may be wide.
const MOST: usize = 8;
const WIDEST: usize = 18;
/// Values of one packet in one column: a field may be there many times.
const VALUES: usize = 3;
/// What is left for the packet's line.
const REST: usize = 12;

/// The columns, and what was read for them.
pub(super) struct Own {
    columns: Vec<Column>,
    walk: Walk,
    kept: HashMap<usize, Vec<String>>,
}

/// Whether these names are columns.
///
/// # Errors
/// One of them is no field's, or there are too many.
pub fn check(text: &str) -> Result<(), String> {
    parsed(text).map(|_| ())
}

/// A column: its name, and the fields whose values it shows.
type Column = (String, Vec<&'static FieldDef>);

/// Reads names with commas or blanks between them.
fn parsed(text: &str) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    for name in text.split([',', ' ']).filter(|name| !name.is_empty()) {
        let of = fields(name);
        if of.is_empty() {
            return Err(format!("There's no field '{}' for a column", name.escape_debug()));
        }
        if columns.iter().all(|(known, _)| known != name) {
            columns.push((name.to_owned(), of));
        }
    }
    if columns.len() > MOST {
        return Err(format!("At most {MOST} columns fit"));
    }
    Ok(columns)
}

/// The fields of a name.
fn fields(name: &str) -> Vec<&'static FieldDef> {
    let alias = ALIASES.iter().filter(|alias| alias.name == name).flat_map(|alias| alias.of.iter().copied());
    let own = proto::identities().flat_map(|about| about.fields.iter().copied()).filter(|def| def.name == name);
    alias.chain(own).collect()
}

impl Own {
    fn read(text: &str, store: &Store) -> Result<Self, String> {
        Ok(Self { columns: parsed(text)?, walk: Walk::of(store), kept: HashMap::new() })
    }

    /// Their names, as they can be typed.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn values(&self, packet: &Packet) -> Vec<String> {
        let value = |of: &Vec<&'static FieldDef>| {
            let all = packet.fields.iter().filter(|field| of.iter().any(|def| std::ptr::eq(*def, field.def)));
            let texts = all.take(VALUES).map(|field| {
                let mut text = String::new();
                show::value(packet, field, &mut text);
                text
            });
            texts.collect::<Vec<_>>().join(",")
        };
        self.columns.iter().map(|(_, of)| value(of)).collect()
    }

    /// Reads a packet's values, until `until`. `false`: there was no time.
    fn make(&mut self, store: &Store, index: usize, until: Instant) -> bool {
        if self.kept.contains_key(&index) {
            return true;
        }
        self.walk.approach(store, index);
        while self.walk.next() <= index {
            let here = self.walk.next();
            if !self.walk.step(store) {
                return true;
            }
            if here + BEFORE >= index {
                if self.kept.len() >= KEPT {
                    self.kept.clear();
                }
                let values = self.values(self.walk.packet());
                self.kept.insert(here, values);
            }
            if self.walk.next() <= index && self.walk.asks() && Instant::now() >= until {
                return false;
            }
        }
        true
    }
}

impl Browser {
    /// Shows these fields as columns; none, if no name is there.
    pub(super) fn show_columns(&mut self, text: &str) -> Result<(), String> {
        self.own = Some(Own::read(text, &self.store)?).filter(|own| !own.columns.is_empty());
        Ok(())
    }

    /// The names that are there, and that of the field that is chosen, to be changed.
    pub(super) fn columns_to_type(&self) -> String {
        let mut text = self.own.as_ref().map_or(String::new(), Own::names);
        let line = self.lines().get(self.line).cloned().filter(|_| self.pane != super::Pane::List);
        let chosen =
            line.and_then(|line| self.seen().and_then(|look| look.field_at(&line)).map(|field| field.def.name));
        if let Some(name) = chosen.filter(|name| text.split(", ").all(|known| known != *name)) {
            text.extend([if text.is_empty() { "" } else { ", " }, name]);
        }
        text
    }

    /// The columns of the packets at these places, as many as leave room for the rest: each with its name, its width, and
    /// the values.
    pub(super) fn own_columns(&mut self, places: &[usize], room: usize) -> Vec<(String, usize, Vec<String>)> {
        let until = Instant::now() + self.patience;
        let Some(own) = &mut self.own else { return Vec::new() };
        for &place in places {
            if !own.make(&self.store, place, until) {
                break;
            }
        }
        let Some(own) = &self.own else { return Vec::new() };
        let (mut left, mut all) = (room.saturating_sub(REST), Vec::new());
        for (at, (name, _)) in own.columns.iter().enumerate() {
            let value = |place: &usize| own.kept.get(place).map_or("…", |v| v.get(at).map_or("", String::as_str));
            let values: Vec<String> = places.iter().map(|place| self.masked(value(place)).into_owned()).collect();
            let widest = values.iter().map(|value| width(value)).max().unwrap_or(0);
            let columns = widest.max(width(name)).min(WIDEST);
            let Some(rest) = left.checked_sub(columns + 2) else { break };
            left = rest;
            all.push((name.clone(), columns, values));
        }
        all
    }
}
