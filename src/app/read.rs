//! `osi-tutor read`: the packets of a capture file.

use super::{Failure, show};
use crate::cli::{Color, Read};
use crate::source::file::File;

/// Runs it.
pub(super) fn run(args: &Read, color: Color) -> Result<(), Failure> {
    let mut file = File::open(&args.file)?;
    show::run(&mut file, &args.show, color, &mut || false).map(|_| ())
}
