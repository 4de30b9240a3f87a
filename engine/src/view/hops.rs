//! One packet on its way over several links: what each device read of it, did with it, and changed in it.
//!
//! Each device has a block of its own; where the packet came in and went out, both frames stand side by side.

use super::Theme;
use super::measure::{pad, spaces, width, wrap};
use crate::model::{At, Packet, RawFrame, Remark, Time, show};
use crate::proto::{NoMemory, walk};
use crate::sim::Deed;
use crate::sim::scenario::Scenario;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What always shows, because it is what devices look at or change.
const SHOWN: &[&str] = &[
    "eth.dst",
    "eth.src",
    "arp.opcode",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "ip.id",
    "ip.flags.df",
    "ip.flags.mf",
    "ip.frag_offset",
    "ip.len",
    "ip.ttl",
    "ip.checksum",
    "ip.src",
    "ip.dst",
    "ipv6.plen",
    "ipv6.hlim",
    "ipv6.src",
    "ipv6.dst",
    "icmp.type",
    "icmp.ident",
    "icmp.checksum",
    "icmpv6.type",
    "icmpv6.checksum",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.checksum",
    "udp.srcport",
    "udp.dstport",
    "udp.checksum",
];
/// Longer blocks end with a word about how much is left out.
const MOST_FRAMES: usize = 8;

/// The packet on one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The link's name.
    pub link: String,
    /// The device that sent it.
    pub from: String,
    /// The device at the other end.
    pub to: String,
    /// When its first bit left.
    pub time: Time,
    /// Names and values of its headers' fields, in their order.
    pub fields: Vec<(&'static str, String)>,
    /// What befell it on this link.
    pub remark: Option<Remark>,
}

/// What one device did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The device's name.
    pub device: String,
    /// In a sentence without its full stop.
    pub text: String,
}

/// What happened next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It crossed a link.
    Leg(Leg),
    /// A device did something.
    Act(Act),
}

/// A device on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Its name.
    pub device: String,
    /// `host`, `switch` or `router`.
    pub kind: &'static str,
    /// What it reads, in words: up to which layer.
    pub reads: &'static str,
}

impl Leg {
    /// The packet as this frame has it.
    pub fn new(frame: &RawFrame, link: String, from: String, to: String) -> Self {
        let mut packet = Packet::new();
        walk(frame, &mut NoMemory::default(), &mut packet);
        let mut fields = Vec::new();
        for layer in packet.layers.iter().filter(|layer| !layer.quoted && layer.span.buf == 0) {
            for field in packet.fields_of(layer).iter().filter(|field| !matches!(field.def.at, At::Derived)) {
                let known = fields.iter().any(|(name, _)| *name == field.def.name);
                if is_header(field.def.name) && !known {
                    let mut value = String::new();
                    show::value(&packet, field, &mut value);
                    fields.push((field.def.name, value));
                }
            }
        }
        Self { link, from, to, time: frame.time, fields, remark: frame.remark }
    }

    /// A field by its name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a field belongs to a header that devices on the way may read.
fn is_header(name: &str) -> bool {
    let layer = name.split('.').next().unwrap_or_default();
    matches!(layer, "eth" | "arp" | "ip" | "ipv6" | "icmp" | "icmpv6" | "tcp" | "udp")
}

/// What a device did, in words: a sentence without its full stop.
pub fn sentence(deed: &Deed) -> String {
    match deed {
        Deed::Switched => "knows behind which port this MAC address is, and sends it out there alone".into(),
        Deed::Flooded => {
            "does not know behind which port the receiver is, or it is for all: sends it out at every other".into()
        }
        Deed::Routed { next, prefix } => {
            format!("takes one from TTL or hop limit; a line of its table fits {prefix} bits and says: on to {next}")
        }
        Deed::Waits { next } => format!("must first ask for the link address of {next}; the packet waits"),
        Deed::Translated => "translates: writes another address, and perhaps another port, into it".into(),
        Deed::Fragmented(pieces) => {
            format!("cuts it into {pieces} fragments, for the next link carries no more at once")
        }
        Deed::Dropped(why) => format!("drops it: {why}"),
        Deed::Refused(why) => format!("does not pass it on, and tells the sender – {why}"),
        Deed::Answered => "is itself the receiver".into(),
        Deed::Delivered => "is the receiver: its stack takes the packet".into(),
        Deed::Lost => "never gets it: it is lost on the link".into(),
    }
}

/// The devices in the order in which the packet met them.
pub fn stations(steps: &[Step], scenario: &Scenario) -> Vec<Station> {
    let mut stations = Vec::<Station>::new();
    for step in steps {
        let met = match step {
            Step::Leg(leg) => [Some(&leg.from), Some(&leg.to)],
            Step::Act(act) => [Some(&act.device), None],
        };
        for device in met.into_iter().flatten() {
            if stations.iter().any(|station| station.device == *device) {
                continue;
            }
            let (hosts, switches) = (scenario.hosts.len(), scenario.switches.len());
            let (kind, reads) = match scenario.device(device) {
                Some((at, _)) if at < hosts => {
                    ("host", "an end of the conversation, where all layers are read and written")
                }
                Some((at, _)) if at < hosts + switches => {
                    ("switch", "reads layer 2, the Ethernet header, and changes nothing")
                }
                Some((at, _))
                    if scenario.routers.get(at - hosts - switches).is_some_and(|router| router.nat.is_some()) =>
                {
                    ("router with NAT", "reads layer 3, the IP header, and for NAT the ports of layer 4")
                }
                _ => ("router", "reads layer 3, the IP header, and writes a new layer 2"),
            };
            stations.push(Station { device: device.clone(), kind, reads });
        }
    }
    stations
}

/// Appends which packet it is, and how many links it crosses.
pub fn heading(number: u64, steps: &[Step], out: &mut String) {
    let links = steps.iter().filter(|step| matches!(step, Step::Leg(_))).count();
    let times = if links == 1 { "once".to_owned() } else { format!("{links} times") };
    let _ = writeln!(out, "Frame {number}: its packet crosses a link {times}.\n");
}

/// Everything as one object.
pub fn object(number: u64, packet: u64, steps: &[Step], stations: &[Station]) -> Value {
    let step = |step: &Step| match step {
        Step::Act(act) => json!({ "device": act.device, "did": act.text }),
        Step::Leg(leg) => {
            let fields: serde_json::Map<_, _> =
                leg.fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            json!({ "link": leg.link, "from": leg.from, "to": leg.to, "time_epoch": leg.time.to_string(), "fields": fields })
        }
    };
    let devices: Vec<_> =
        stations.iter().map(|s| json!({ "name": s.device, "kind": s.kind, "reads": s.reads })).collect();
    json!({ "v": 1, "frame": number, "packet": packet, "devices": devices, "steps": steps.iter().map(step).collect::<Vec<_>>() })
}

/// The whole way, device by device.
pub fn text(steps: &[Step], stations: &[Station], theme: &Theme, out: &mut String) {
    let begins = steps.iter().find_map(|step| if let Step::Leg(leg) = step { Some(leg.time) } else { None });
    for (at, station) in stations.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        theme.strong.paint(&station.device, out);
        for part in [" (", station.kind, "): ", station.reads, "\n"] {
            out.push_str(part);
        }
        let here = |leg: &&Leg, into: bool| if into { leg.to == station.device } else { leg.from == station.device };
        let legs = || steps.iter().filter_map(|step| if let Step::Leg(leg) = step { Some(leg) } else { None });
        let mut last = "";
        for step in steps {
            let Step::Act(act) = step else { continue };
            // Each of several fragments may wait for the same answer: that is said once.
            if act.device == station.device && std::mem::replace(&mut last, &act.text) != act.text {
                for (line, part) in wrap(&act.text, 76).enumerate() {
                    out.push_str(if line == 0 { "  " } else { "    " });
                    out.push_str(part);
                    out.push('\n');
                }
            }
        }
        let came: Vec<_> = legs().filter(|leg| here(leg, true)).collect();
        let went: Vec<_> = legs().filter(|leg| here(leg, false)).collect();
        block(&came, &went, begins.unwrap_or_default(), theme, out);
    }
}

/// The frames at one device: each that went out beside the one that came in.
fn block(came: &[&Leg], went: &[&Leg], begins: Time, theme: &Theme, out: &mut String) {
    // A host that sends says what it sent; the last one what arrived.
    let pairs: Vec<(Option<&Leg>, Option<&Leg>)> = match (came, went) {
        ([], went) => went.iter().map(|leg| (None, Some(*leg))).collect(),
        (came, []) => came.iter().map(|leg| (Some(*leg), None)).collect(),
        ([first, ..], went) => went.iter().map(|leg| (Some(*first), Some(*leg))).collect(),
    };
    for (came, went) in pairs.iter().take(MOST_FRAMES) {
        table(*came, *went, begins, theme, out);
    }
    if let Some(more) = pairs.len().checked_sub(MOST_FRAMES).filter(|more| *more > 0) {
        out.push_str("  … and ");
        show::number(more as u64, out);
        out.push_str(" more\n");
    }
}

fn table(came: Option<&Leg>, went: Option<&Leg>, begins: Time, theme: &Theme, out: &mut String) {
    let head = |leg: Option<&Leg>, word: &str| {
        leg.map(|leg| {
            let mut text = format!("{word} {} at ", leg.link);
            show::duration(leg.time.since(begins).unwrap_or(0), &mut text);
            text
        })
    };
    let heads = [head(came, "in:"), head(went, "out:")];
    let rows: Vec<_> = names(came, went)
        .into_iter()
        .map(|name| (name, came.and_then(|leg| leg.value(name)), went.and_then(|leg| leg.value(name))))
        .collect();
    let wide = |texts: &mut dyn Iterator<Item = &str>| texts.map(width).max().unwrap_or_default() + 2;
    let first = wide(&mut rows.iter().map(|(name, ..)| *name));
    let second = wide(&mut rows.iter().filter_map(|(_, value, _)| *value).chain(heads[0].as_deref()));
    let third = wide(&mut rows.iter().filter_map(|(.., value)| *value).chain(heads[1].as_deref()));
    // What stands last in its row needs no room behind it.
    let before_more = (came.is_some() && went.is_some()).then_some(second);
    spaces(4 + first, out);
    cell(heads[0].as_deref(), before_more, out);
    cell(heads[1].as_deref(), None, out);
    out.push('\n');
    for (name, before, after) in rows {
        spaces(4, out);
        cell(Some(name), Some(first), out);
        cell(before, before_more, out);
        if before_more.is_some() && before != after {
            cell(after, Some(third), out);
            let word = match (before, after) {
                (None, _) => "new",
                (_, None) => "gone",
                _ => "changed",
            };
            theme.alarm.paint(word, out);
        } else {
            cell(after, None, out);
        }
        out.push('\n');
    }
    for (leg, remark) in [came, went].into_iter().flatten().filter_map(|leg| Some((leg, leg.remark?))) {
        for part in ["    ", &leg.link, ": ", remark.sentence(), "\n"] {
            out.push_str(part);
        }
    }
}

/// The rows: what always shows, and whatever else differs, in the order of the bytes.
fn names(came: Option<&Leg>, went: Option<&Leg>) -> Vec<&'static str> {
    let differs = |name: &str| match (came, went) {
        (Some(came), Some(went)) => came.value(name) != went.value(name),
        _ => false,
    };
    let mut names = Vec::new();
    for (name, _) in [went, came].into_iter().flatten().flat_map(|leg| &leg.fields) {
        if (SHOWN.contains(name) || differs(name)) && !names.contains(name) {
            names.push(*name);
        }
    }
    names
}

fn cell(text: Option<&str>, columns: Option<usize>, out: &mut String) {
    let from = out.len();
    out.push_str(text.unwrap_or_default());
    if let Some(columns) = columns {
        pad(out, from, columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(link: &str, from: &str, to: &str, ttl: &str) -> Step {
        let fields = vec![
            ("eth.dst", "02:00:00:00:00:01".to_owned()),
            ("ip.ttl", ttl.to_owned()),
            ("ip.dsfield", "0".to_owned()),
        ];
        let (link, from, to) = (link.to_owned(), from.to_owned(), to.to_owned());
        Step::Leg(Leg { link, from, to, time: Time(0), fields, remark: None })
    }

    fn station(device: &str, kind: &'static str) -> Station {
        Station { device: device.to_owned(), kind, reads: "reads the IP header" }
    }

    #[test]
    fn what_came_in_and_what_went_out_stand_side_by_side_and_a_change_is_marked() {
        let act = Step::Act(Act { device: "r".to_owned(), text: "passes it on".to_owned() });
        let steps = [leg("a-r", "a", "r", "64"), act, leg("r-b", "r", "b", "63")];
        let stations = [station("a", "host"), station("r", "router"), station("b", "host")];
        let mut out = String::new();
        text(&steps, &stations, &Theme::default(), &mut out);
        let router: Vec<_> =
            out.lines().skip_while(|line| !line.starts_with("r (")).take_while(|l| !l.is_empty()).collect();
        assert_eq!(router[1], "  passes it on");
        assert!(router[2].contains("in: a-r") && router[2].contains("out: r-b"), "{out}");
        assert!(router[3].contains("eth.dst") && !router[3].ends_with("changed"), "{out}");
        let ttl: Vec<_> = router[4].split_whitespace().collect();
        assert_eq!(ttl, ["ip.ttl", "64", "63", "changed"]);
        assert!(!out.contains("dsfield"), "what stays the same and matters to nobody is left out");
    }
}
