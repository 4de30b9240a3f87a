//! The static rows: what every field must say of itself, and that its name, type and mask are Wireshark's.
//!
//! `oracle/wireshark-fields.tsv` holds what Wireshark 4.0.17 says of each name that we use, so that no tshark is
//! needed here. To make it anew: `cargo test --test fields -- --ignored make_the_table`.

use osi_tutor::filter::{ALIASES, View};
use osi_tutor::model::{FieldDef, Kind};
use osi_tutor::proto::REGISTRY;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Names that Wireshark does not know, and why we need them.
const OURS: &[(&str, &str)] = &[
    ("engineio", "Wireshark 4.0 has no dissector of Engine.IO"),
    ("socketio", "Wireshark 4.0 has no dissector of Socket.IO"),
    ("websocket.payload.fragment", "Wireshark shows the bytes of a fragment only once the message is whole"),
];

/// Where our type or mask differs from Wireshark's, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("data-text-lines", "the bytes of a protocol that is no layer here"),
    ("dns.rr.udp_payload_size", "Wireshark, too, shows all 16 bits, but for multicast DNS; the mask is for that"),
    ("frame.time_epoch", "a moment; Wireshark counts it as the time since 1970"),
    ("ieee8021ad.dei", "Wireshark, too, marks one byte, although the type and mask are those of two"),
    ("ieee8021ad.priority", "Wireshark, too, marks one byte, although the type and mask are those of two"),
    ("imf.message_text", "the text of a mail; Wireshark only marks where it is"),
    ("llc.control.ftype", "one bit or two, by the kind of frame; Wireshark registers the one"),
    ("snmp.name", "a text of numbers and dots; Wireshark has a type of its own for object identifiers"),
    ("spnego.MechType", "a text of numbers and dots; Wireshark has a type of its own for object identifiers"),
    ("spnego.supportedMech", "a text of numbers and dots; Wireshark has a type of its own for object identifiers"),
    ("stp.forward", "a time; Wireshark has a floating-point number of seconds"),
    ("stp.hello", "a time; Wireshark has a floating-point number of seconds"),
    ("stp.max_age", "a time; Wireshark has a floating-point number of seconds"),
    ("stp.msg_age", "a time; Wireshark has a floating-point number of seconds"),
    ("urlencoded-form", "the bytes of a protocol that is no layer here"),
];

/// Every row with its protocol's name; rows that protocols share come once a protocol. What filters make from the whole
/// packet has rows, too.
fn rows() -> impl Iterator<Item = (&'static str, &'static FieldDef)> {
    let made = ALIASES.iter().filter(|alias| matches!(alias.view, View::Made(_)));
    let made = made.flat_map(|alias| alias.of.iter().map(|def| (alias.name, *def)));
    REGISTRY.iter().flat_map(|row| row.about.fields.iter().map(|def| (row.about.name, *def))).chain(made)
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/wireshark-fields.tsv")
}

/// Of each name, the types and masks that Wireshark registers; a name may have several.
fn wireshark() -> BTreeMap<String, Vec<(String, u64)>> {
    let text = std::fs::read_to_string(table()).expect("the table is there");
    let mut known = BTreeMap::<_, Vec<_>>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [name, kind, mask] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("no row: {line}") };
        let mask = u64::from_str_radix(mask.trim_start_matches("0x"), 16).expect("a mask is hexadecimal");
        known.entry(name.to_owned()).or_default().push((kind.to_owned(), mask));
    }
    known
}

/// Whether a field of this kind may stand for Wireshark's type.
fn fits(kind: Kind, theirs: &str) -> bool {
    match kind {
        Kind::Flag => matches!(theirs, "FT_NONE" | "FT_PROTOCOL"),
        Kind::Bool => theirs == "FT_BOOLEAN",
        Kind::Uint(bits) | Kind::Hex(bits) => theirs == format!("FT_UINT{bits}") || (bits == 8 && theirs == "FT_CHAR"),
        Kind::Int(bits) => theirs == format!("FT_INT{bits}"),
        Kind::Bytes => matches!(theirs, "FT_BYTES" | "FT_UINT_BYTES"),
        Kind::Text => matches!(theirs, "FT_STRING" | "FT_STRINGZ" | "FT_STRINGZPAD" | "FT_UINT_STRING"),
        Kind::Ether => theirs == "FT_ETHER",
        Kind::Ipv4 => theirs == "FT_IPv4",
        Kind::Ipv6 => theirs == "FT_IPv6",
        Kind::Duration => theirs == "FT_RELATIVE_TIME",
        Kind::Millis => theirs == "FT_DOUBLE",
        Kind::Moment => theirs == "FT_ABSOLUTE_TIME",
        Kind::Frame => theirs == "FT_FRAMENUM",
    }
}

/// Fails with every finding at once.
#[track_caller]
fn none(findings: &BTreeSet<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.iter().map(String::as_str).collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_field_says_what_it_is() {
    let mut findings = BTreeSet::new();
    for (_, def) in rows() {
        let (name, about) = (def.name, def.about);
        if about.is_empty() || about.chars().count() > 90 {
            findings.insert(format!("{name}: about has {} characters, 1 to 90 are wanted", about.chars().count()));
        }
        if !about.ends_with(['.', '?', '!']) {
            findings.insert(format!("{name}: about is no sentence: {about}"));
        }
        if def.label.is_empty() {
            findings.insert(format!("{name}: no label"));
        }
        if !def.names.is_sorted_by(|a, b| a.0 < b.0) {
            findings.insert(format!("{name}: its values' names do not ascend"));
        }
        if def.names.iter().any(|(_, name)| name.is_empty()) {
            findings.insert(format!("{name}: a value's name is empty"));
        }
    }
    none(&findings);
}

#[test]
fn no_name_stands_twice_in_one_protocol() {
    let mut findings = BTreeSet::new();
    let (mut protocols, mut seen) = (HashSet::new(), HashSet::new());
    for row in REGISTRY.iter().filter(|row| protocols.insert(std::ptr::from_ref(row.about))) {
        let about = row.about;
        for def in about.fields {
            // One kind of value may be shown here and hidden there: two rows, of which one is hidden.
            if !seen.insert((about.name, def.name, def.hidden)) {
                findings.insert(format!("{}: {} stands twice", about.name, def.name));
            }
        }
        for (what, text) in [("name", about.name), ("title", about.title), ("spec", about.spec)] {
            if text.is_empty() {
                findings.insert(format!("{}: {what} is empty", about.title));
            }
        }
    }
    none(&findings);
}

#[test]
fn one_name_has_one_type_wherever_it_stands() {
    let mut kinds = BTreeMap::<_, BTreeSet<_>>::new();
    for (_, def) in rows() {
        kinds.entry(def.name).or_default().insert(format!("{:?}", def.kind).replace("Hex", "Uint"));
    }
    none(&kinds.into_iter().filter(|(_, kinds)| kinds.len() > 1).map(|(n, k)| format!("{n}: {k:?}")).collect());
}

#[test]
fn every_name_type_and_mask_is_wireshark_s_or_listed_as_ours() {
    let (known, mut findings) = (wireshark(), BTreeSet::new());
    for (_, def) in rows() {
        let name = def.name;
        let is_ours = OURS.iter().any(|(ours, _)| *ours == name || name.starts_with(&format!("{ours}.")));
        let Some(theirs) = known.get(name) else {
            if !is_ours {
                findings.insert(format!("{name}: Wireshark does not know it"));
            }
            continue;
        };
        // Where Wireshark registers no mask it may still take some bits only, by hand.
        let same = |(kind, mask): &(String, u64)| fits(def.kind, kind) && (*mask == 0 || def.mask() == *mask);
        let (agree, listed) = (theirs.iter().any(same), DIFFERENT.iter().any(|(different, _)| *different == name));
        if agree && listed {
            findings.insert(format!("{name}: it is as Wireshark's, and need not be listed"));
        }
        if !agree && !listed {
            findings.insert(format!("{name}: ours is {:?} {:#x}, theirs {theirs:x?}", def.kind, def.mask()));
        }
    }
    none(&findings);
}

#[test]
fn what_is_listed_as_ours_or_different_is_used() {
    let used = |listed: &str| rows().any(|(_, def)| def.name == listed || def.name.starts_with(&format!("{listed}.")));
    none(&OURS.iter().chain(DIFFERENT).filter(|(n, _)| !used(n)).map(|(n, _)| format!("{n} is not used")).collect());
}

#[test]
#[ignore = "writes tests/oracle/wireshark-fields.tsv from an installed tshark"]
fn make_the_table() {
    let names: HashSet<_> = rows().map(|(_, def)| def.name).collect();
    let run = std::process::Command::new("tshark").args(["-G", "fields"]).output().expect("tshark is installed");
    let mut lines = BTreeSet::new();
    for line in String::from_utf8_lossy(&run.stdout).lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["F", _, name, kind, _, _, mask, ..] if names.contains(name) => {
                let mask = u64::from_str_radix(mask.trim_start_matches("0x"), 16).unwrap_or(0);
                lines.insert(format!("{name}\t{kind}\t{mask:#x}"));
            }
            ["P", _, name, ..] if names.contains(name) => drop(lines.insert(format!("{name}\tFT_PROTOCOL\t0x0"))),
            _ => {}
        }
    }
    let version = std::process::Command::new("tshark").arg("--version").output().unwrap().stdout;
    let version = String::from_utf8_lossy(&version).lines().next().unwrap_or_default().to_owned();
    let head = format!("# {version}, -G fields: name, type, mask. Only the names that we use.\n");
    let text = lines.iter().fold(head, |mut text, line| {
        writeln!(text, "{line}").expect("memory");
        text
    });
    std::fs::create_dir_all(table().parent().unwrap()).unwrap();
    std::fs::write(table(), text).unwrap();
}
