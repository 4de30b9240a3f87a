//! A field's value in a sentence.

use super::Here;
use crate::model::{Field, show};

/// The longest value that a sentence quotes, in characters.
const MOST_CHARS: usize = 72;

/// A field's value. Long ones are cut; one that is empty counts as missing.
pub(super) fn value(field: &Field, here: &Here<'_>, out: &mut String) -> Option<()> {
    let before = out.len();
    show::value(here.packet(), field, out);
    let written = out.get(before..)?;
    if written.len() > MOST_CHARS
        && let Some((at, _)) = written.char_indices().nth(MOST_CHARS)
    {
        out.truncate(before + at);
        out.push('…');
    }
    (out.len() > before).then_some(())
}
