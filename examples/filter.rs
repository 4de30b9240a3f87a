//! Counts the packets of a capture that a display filter selects.
//!
//! ```sh
//! cargo run --example filter -- tests/captures/two-hosts.pcapng 'tcp.flags.syn == 1'
//! ```

use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, reader};
use osi_tutor::source::SourceError;
use osi_tutor::source::file::File;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().expect("name a capture"));
    let filter = Filter::parse(&arguments.next().expect("give a filter")).map_err(|e| format!("{e}\n{}", e.caret()))?;
    let mut file = File::open(&path)?;
    let (mut all, mut selected) = (0, 0);
    reader::each(&mut file, Limits::default(), |packet, _| {
        all += 1;
        selected += u32::from(filter.matches(packet));
        Ok::<_, SourceError>(true)
    })?;
    println!("{selected} of {all} packets match {filter}");
    Ok(())
}
