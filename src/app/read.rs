//! `osi-tutor read`: the packets of a capture file.

use super::{Failure, show};
use crate::cli::{Color, Read};
use crate::source::file::File;

/// Runs it.
pub(super) fn run(args: &Read, color: Color) -> Result<(), Failure> {
    // Writing would empty the file that is being read.
    if args.show.write.as_deref().is_some_and(|to| show::same_file(to, &args.file)) {
        return Err(Failure::Usage("-w names the file that is read; choose another name".into()));
    }
    let mut file = File::open(&args.file)?;
    let origin = format!("From the file {}", args.file.display());
    show::run(&mut file, &args.show, &origin, color, &mut || false).map(|_| ())
}
