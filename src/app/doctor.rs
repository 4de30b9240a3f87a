//! `osi-tutor doctor`: what this machine allows.
use super::Failure;
use crate::cli::Color;

/// Runs it.
pub(super) fn run(_json: bool, _color: Color) -> Result<(), Failure> {
    Ok(())
}
