//! Every protocol is judged: some capture of `captures/` holds it, so `oracle.rs` compares it with tshark, field by field.
//!
//! A protocol that is new needs a capture: of a real program, or a few lines in `captures/make/protocols.py`. Rows that only
//! name a protocol have no field to compare.

use osi_tutor::flow::{Limits, reader::each};
use osi_tutor::proto::identities;
use osi_tutor::source::SourceError;
use osi_tutor::source::file::File;
use std::collections::HashSet;
use std::path::Path;

/// The names of every layer in every capture.
fn reached() -> HashSet<&'static str> {
    let mut seen = HashSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in files.filter(|path| path.extension().is_some_and(|e| e == "pcap" || e == "pcapng")) {
        let mut source = File::open(&path).unwrap();
        let read = each(&mut source, Limits::default(), |packet, _| {
            seen.extend(packet.layers.iter().map(|layer| layer.proto.name));
            Ok::<_, SourceError>(true)
        });
        assert!(read.is_ok(), "{}", path.display());
    }
    seen
}

#[test]
fn every_protocol_with_fields_is_in_a_capture() {
    let seen = reached();
    let missing = identities().filter(|about| !about.fields.is_empty() && !seen.contains(about.name));
    let missing: Vec<_> = missing.map(|about| about.name).collect();
    assert!(missing.is_empty(), "no capture holds {}", missing.join(", "));
}
