//! `osi-tutor read`: the packets of a capture file.

use super::outputs::spare;
use super::{Failure, show};
use crate::cli::Read;
use crate::source::file::File;
use crate::view::theme::Color;

/// Runs it.
pub(super) fn run(args: &Read, color: Color) -> Result<(), Failure> {
    // Writing would empty the file that is being read.
    spare("-w", args.show.write.as_deref(), &args.file)?;
    spare("-o", args.show.output.as_deref(), &args.file)?;
    let mut file = File::open_live(&args.file)?;
    let origin = format!("From the file {}", args.file.display());
    #[cfg(feature = "tui")]
    if super::browse::wanted(&args.show) && args.show.write.is_none() {
        return super::browse::run(Box::new(file), false, None, &args.show, &origin, color);
    }
    show::run(&mut file, &args.show, &origin, color, &mut || false).map(|_| ())
}
