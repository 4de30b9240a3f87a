//! The address as a QR code (ISO/IEC 18004): for a terminal, and as rows for a page.

use qrcode::{Color, EcLevel, QrCode};

/// Light cells around it; the standard wants four, and readers are content with two.
const QUIET: usize = 2;

/// Its cells, row by row, with a quiet zone: whether each is dark. Nothing, where the text is too long for one.
pub fn cells(text: &str) -> Vec<Vec<bool>> {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else { return Vec::new() };
    let width = code.width();
    let dark: Vec<bool> = code.to_colors().iter().map(|color| *color == Color::Dark).collect();
    let side = width + 2 * QUIET;
    let cell = |x: usize, y: usize| {
        let inside = |n: usize| n.checked_sub(QUIET).filter(|&n| n < width);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| dark.get(y * width + x) == Some(&true))
    };
    (0..side).map(|y| (0..side).map(|x| cell(x, y)).collect()).collect()
}

/// Two rows of cells in one line of a terminal: light cells are drawn, as most terminals are dark.
pub fn lines(text: &str) -> Vec<String> {
    let cells = cells(text);
    let sign = |upper: bool, lower: bool| match (upper, lower) {
        (false, false) => '█',
        (false, true) => '▀',
        (true, false) => '▄',
        (true, true) => ' ',
    };
    let line = |pair: &[Vec<bool>]| {
        let none = Vec::new();
        let (upper, lower) = (pair.first().unwrap_or(&none), pair.get(1));
        let below = |x: usize| lower.and_then(|row| row.get(x)).copied().unwrap_or(true);
        upper.iter().enumerate().map(|(x, &dark)| sign(dark, below(x))).collect()
    };
    cells.chunks(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_has_its_three_corners_and_fits_a_terminal() {
        let cells = cells("http://192.168.178.23:8080/#abcd2345");
        assert!(cells.iter().all(|row| row.len() == cells.len()));
        let corner = |x: usize, y: usize| {
            (0..7).all(|n| cells[y][x + n] && cells[y + 6][x + n] && cells[y + n][x] && cells[y + n][x + 6])
        };
        let far = cells.len() - QUIET - 7;
        assert!(corner(QUIET, QUIET) && corner(far, QUIET) && corner(QUIET, far));
        let lines = lines("http://192.168.178.23:8080/#abcd2345");
        assert!(lines.len() <= 20 && lines.iter().all(|line| line.chars().count() == cells.len()));
        assert!(lines[0].chars().all(|c| c == '█'), "the quiet zone is light");
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(cells(&"x".repeat(5_000)).is_empty() && lines(&"x".repeat(5_000)).is_empty());
    }
}
