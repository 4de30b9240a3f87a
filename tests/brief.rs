//! A line needs less than the whole packet, so less is read for it: the lines must be the same.

use std::path::Path;
use std::process::Command;

fn lines(capture: &Path, more: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg("read").arg(capture).arg("--brief").args(more).output();
    String::from_utf8(out.expect("the program runs").stdout).expect("lines are text")
}

#[test]
fn lines_are_the_same_whether_all_fields_are_read_or_only_those_of_a_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("our captures").filter_map(Result::ok) {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "pcap" || e == "pcapng") {
            seen += 1;
            // A filter may ask for any field, so with one all of them are read.
            let (few, all) = (lines(&path, &[]), lines(&path, &["-Y", "frame"]));
            let differing = few.lines().zip(all.lines()).find(|(few, all)| few != all);
            assert_eq!((differing, few.len()), (None, all.len()), "{}", path.display());
        }
    }
    assert!(seen > 0, "there are captures");
}
