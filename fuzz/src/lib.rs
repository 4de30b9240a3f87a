//! What must hold for any bytes, one function a fuzz target. `tests/fuzz.rs` calls the same functions over the
//! kept corpus and over random changes of it, so that they cannot rot.
//!
//! [`packets`] takes what a wire or a capture gives, [`views`] draws it in every way there is, [`people`] reads what is
//! written by hand, [`peers`] is spoken to by a stranger, and [`screens`] is what somebody presses. [`drawn`] says what may never be seen, [`bounds`] how
//! much memory one input may take.

pub mod bounds;
pub mod drawn;
pub mod packets;
pub mod peers;
pub mod people;
pub mod screens;
pub mod views;

/// A target: its name, its check, and how many MB one input may hold at a time beside what was held before.
pub type Target = (&'static str, fn(&[u8]), u32);

/// All targets.
pub const TARGETS: [Target; 9] = [
    ("frame", packets::frame, 32),
    ("stream", packets::stream, 64),
    ("file", packets::file, 64),
    ("views", views::views, 96),
    ("filter", people::filter, 32),
    ("lesson", people::lesson, 64),
    ("scenario", people::scenario, 192),
    ("peers", peers::peers, 32),
    ("screens", screens::screens, 64),
];

/// Runs a target's check on an input, within its bound.
///
/// # Panics
/// What must hold doesn't; or there is no such target.
pub fn run(target: &str, data: &[u8]) {
    let (_, check, megabytes) = TARGETS.iter().find(|(name, ..)| *name == target).expect("a target");
    bounds::within(*megabytes, || check(data));
}
