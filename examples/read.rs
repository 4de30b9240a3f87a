//! Reads a capture and prints a line for each packet, as `osi-tutor read --brief` does.
//!
//! ```sh
//! cargo run --example read -- tests/captures/two-hosts.pcapng
//! ```

use osi_tutor::flow::{Limits, reader};
use osi_tutor::source::SourceError;
use osi_tutor::source::file::File;
use osi_tutor::view::{Theme, brief::Brief};
use std::path::PathBuf;

fn main() -> Result<(), SourceError> {
    let path: PathBuf = std::env::args_os().nth(1).expect("name a capture").into();
    let mut file = File::open(&path)?;
    let mut lines = Brief::new(Theme::new(false), None);
    reader::each(&mut file, Limits::default(), |packet, _| {
        let mut line = String::new();
        lines.line(packet, &mut line);
        print!("{line}");
        Ok(true)
    })
}
