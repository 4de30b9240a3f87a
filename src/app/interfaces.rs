//! `osi-tutor interfaces`: where this machine could be listened to.

use super::Failure;
use crate::source::live;
use crate::view::interfaces::{entry, object};
use crate::view::json::to_line;
use std::io::Write;

/// Runs it.
pub(super) fn run(json: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for nic in live::interfaces().into_iter().chain(live::any()) {
        if json {
            out.write_all(to_line(&object(&nic)).as_bytes())?;
        } else {
            out.write_all(entry(&nic).as_bytes())?;
        }
    }
    Ok(out.flush()?)
}
