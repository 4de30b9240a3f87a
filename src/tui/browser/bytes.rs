//! The bytes' pane: rows of a buffer, with those of the line that is chosen lit.

use crate::browse::Look;
use crate::model::Span;

/// Columns of a row of sixteen: `0000  16 × "00 " 16 characters`.
pub(super) const WHOLE: u16 = 6 + 16 * 3 + 1 + 16;

/// Bytes in a row, for a width in columns.
pub(in crate::tui) fn per_row(columns: usize) -> u32 {
    if columns >= usize::from(WHOLE) { 16 } else { 8 }
}

/// One row: its offset, and each byte with whether it is lit.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) offset: u32,
    pub(super) bytes: Vec<(u8, bool)>,
}

/// `height` rows, with the lit ones among them.
pub(super) fn rows(look: &Look, lit: Option<Span>, cursor: u32, per_row: u32, height: usize) -> Vec<Row> {
    let buffer = lit.map_or(0, |span| span.buf);
    let Some(bytes) = look.packet.buffers().get(usize::from(buffer)).map(|b| &b.bytes) else { return Vec::new() };
    let all = u32::try_from(bytes.len()).unwrap_or(u32::MAX).div_ceil(per_row);
    let height = u32::try_from(height).unwrap_or(u32::MAX);
    // What is lit, or the cursor in it, is in sight; a row above it, if there is one.
    let first = (cursor / per_row).saturating_sub(1).min(all.saturating_sub(height));
    (first..all.min(first.saturating_add(height)))
        .map(|row| {
            let offset = row * per_row;
            let lit = |at: u32| lit.is_some_and(|span| span.start <= at && at < span.end());
            let of_row = bytes.iter().skip(offset as usize).take(per_row as usize);
            Row { offset, bytes: of_row.zip(offset..).map(|(&byte, at)| (byte, lit(at))).collect() }
        })
        .collect()
}
