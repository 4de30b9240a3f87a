//! A chart in characters: one cell a place, the legend beneath.

use super::{Chart, Curve, Look, moment, short, step};
use crate::stats::series::Point;
use crate::view::Theme;
use crate::view::measure::{cut, spaces, width, wrap};
use crate::view::theme::Style;

const NARROWEST: usize = 40;
const WIDEST: usize = 160;

/// What is in a cell, and whose curve it is.
type Cell = Option<(char, usize)>;

struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

/// Appends the chart, so wide and with so many rows for the curves.
pub fn draw(chart: &Chart<'_>, columns: usize, rows: usize, theme: &Theme, out: &mut String) {
    let columns = columns.clamp(NARROWEST, WIDEST);
    let rows = rows.clamp(6, 60);
    let mut title = chart.title.clone();
    cut(&mut title, 0, columns);
    theme.strong.paint(&title, out);
    out.push('\n');
    let (last, top) = chart.extent();
    let up = step(top, rows as u64 / 3);
    let top = top.div_ceil(up).saturating_mul(up);
    let labels: Vec<String> = (0..=top / up).map(|n| short(n.saturating_mul(up))).collect();
    let margin = labels.iter().map(String::len).max().unwrap_or_default();
    let mut grid = Grid::new(columns - margin - 2, rows);
    for (number, curve) in chart.curves.iter().enumerate().rev() {
        grid.curve(number, curve, last, top);
    }
    let label_at = |row: usize| labels.iter().enumerate().find(|(n, _)| grid.row(*n as u64 * up, top) == row);
    for row in 0..rows {
        let label = label_at(row).map_or("", |(_, label)| label);
        spaces(margin - label.len(), out);
        out.push_str(label);
        out.push_str(if label.is_empty() { " │" } else { " ┤" });
        grid.line(row, chart, theme, out);
        out.push('\n');
    }
    times(margin, grid.columns, last.unsigned_abs(), out);
    legend(chart, columns, top, theme, out);
}

impl Grid {
    fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![None; columns * rows] }
    }

    /// The row of a number; the first row is the top.
    fn row(&self, number: u64, top: u64) -> usize {
        let most = self.rows as u128 - 1;
        let up = (u128::from(number) * most * 2 + u128::from(top)) / (u128::from(top) * 2);
        self.rows - 1 - usize::try_from(up.min(most)).unwrap_or_default()
    }

    fn column(&self, at: i64, last: i64) -> usize {
        let most = self.columns as u128 - 1;
        let along = u128::from(at.max(0).unsigned_abs()) * most / u128::from(last.unsigned_abs());
        usize::try_from(along.min(most)).unwrap_or_default()
    }

    fn put(&mut self, column: usize, row: usize, cell: (char, usize)) {
        if let Some(place) = self.cells.get_mut(row * self.columns + column) {
            *place = Some(cell);
        }
    }

    fn curve(&mut self, number: usize, curve: &Curve<'_>, last: i64, top: u64) {
        let level = match curve.look {
            Look::Marks(letter) => return self.dots(letter, number, curve, last, top),
            Look::Dots => return self.dots('•', number, curve, last, top),
            Look::Steps => '─',
            Look::Dashes => '╌',
        };
        // Rows above the top are none. All points of a column are one stroke.
        let mut before: Option<(usize, Option<usize>)> = None;
        let row = |point: &Point| (point.1 <= top).then(|| self.row(point.1, top));
        let strokes: Vec<(usize, Vec<Option<usize>>)> = curve
            .points
            .chunk_by(|a, b| self.column(a.0, last) == self.column(b.0, last))
            .map(|same| (same.first().map_or(0, |point| self.column(point.0, last)), same.iter().map(row).collect()))
            .collect();
        for (column, rows) in strokes {
            if let Some((from, old)) = before {
                self.level(old, from + 1..column, (level, number));
            }
            let enters = before.map_or_else(|| rows.first().copied().flatten(), |(_, old)| old);
            let leaves = rows.last().copied().flatten();
            self.stroke(column, enters, leaves, &rows, (level, number));
            before = Some((column, leaves));
        }
        if let Some((from, row)) = before {
            self.level(row, from + 1..self.columns, (level, number));
        }
    }

    /// A level piece; above the top there is nothing to draw.
    fn level(&mut self, row: Option<usize>, columns: std::ops::Range<usize>, cell: (char, usize)) {
        if let Some(row) = row {
            columns.for_each(|column| self.put(column, row, cell));
        }
    }

    /// All that happens in one column: from the row where the curve enters to the one where it leaves.
    fn stroke(
        &mut self,
        column: usize,
        enters: Option<usize>,
        leaves: Option<usize>,
        rows: &[Option<usize>],
        (level, number): (char, usize),
    ) {
        let all = || rows.iter().copied().chain([enters, leaves]).map(|row| row.unwrap_or(0));
        let (highest, lowest) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
        if enters == leaves && highest == lowest {
            return self.level(enters, column..column + 1, (level, number));
        }
        (highest..=lowest).for_each(|row| self.put(column, row, ('│', number)));
        let mut corner = |row: Option<usize>, above: char, below: char, between: char| {
            if let Some(row) = row {
                let sign = match (row > highest, row < lowest) {
                    (true, true) => between,
                    (true, false) => above,
                    _ => below,
                };
                self.put(column, row, (sign, number));
            }
        };
        corner(enters, '╯', '╮', '┤');
        corner(leaves, '╰', '╭', '├');
        if enters == leaves {
            corner(enters, '┴', '┬', '┼');
        }
    }

    fn dots(&mut self, letter: char, number: usize, curve: &Curve<'_>, last: i64, top: u64) {
        for &(at, bytes) in curve.points {
            self.put(self.column(at, last), self.row(bytes, top), (letter, number));
        }
    }

    fn line(&self, row: usize, chart: &Chart<'_>, theme: &Theme, out: &mut String) {
        let cells = self.cells.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default();
        let used = cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for cell in cells.get(..used).unwrap_or_default() {
            match cell {
                None => out.push(' '),
                Some((sign, number)) => {
                    let look = chart.curves.get(*number).map_or(Look::Dots, |curve| curve.look);
                    style(look, theme).around(out, |out| out.push(*sign));
                }
            }
        }
    }
}

fn style(look: Look, theme: &Theme) -> &Style {
    match look {
        Look::Marks(_) => &theme.alarm,
        Look::Dots => &theme.observed,
        Look::Steps => &theme.strong,
        Look::Dashes => &theme.faint,
    }
}

/// The lower axis.
fn times(margin: usize, columns: usize, last: u64, out: &mut String) {
    let along = step(last, columns as u64 / 14);
    let column =
        |at: u64| usize::try_from(u128::from(at) * (columns as u128 - 1) / u128::from(last)).unwrap_or_default();
    let marks: Vec<u64> = (0..=last / along).map(|n| n * along).collect();
    spaces(margin, out);
    out.push_str(" └");
    for place in 0..columns {
        out.push(if marks.iter().any(|&at| column(at) == place) { '┴' } else { '─' });
    }
    out.push('\n');
    let from = out.len();
    for at in marks {
        let label = moment(at, along);
        let used = width(out.get(from..).unwrap_or_default());
        let begin = margin + 2 + column(at);
        if begin >= used && begin + width(&label) <= margin + 2 + columns {
            spaces(begin - used, out);
            out.push_str(&label);
        }
    }
    out.push('\n');
}

/// Which sign is which curve, and how to read them.
fn legend(chart: &Chart<'_>, columns: usize, top: u64, theme: &Theme, out: &mut String) {
    let mut used = 0;
    for curve in &chart.curves {
        let sign = match curve.look {
            Look::Marks(letter) => letter,
            Look::Dots => '•',
            Look::Steps => '─',
            Look::Dashes => '╌',
        };
        let name = Chart::legend(curve, top);
        let needs = 2 + width(&name);
        match used {
            0 => {}
            _ if used + 3 + needs > columns => {
                out.push('\n');
                used = 0;
            }
            _ => {
                out.push_str("   ");
                used += 3;
            }
        }
        used += needs;
        style(curve.look, theme).around(out, |out| out.push(sign));
        out.push(' ');
        out.push_str(&name);
    }
    out.push('\n');
    for line in wrap(chart.caption, columns).chain(wrap(chart.origin, columns)) {
        theme.faint.paint(line, out);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{POINTS, sample};
    use super::*;

    #[test]
    fn each_curve_stands_where_its_numbers_say() {
        let mut out = String::new();
        draw(&sample(&POINTS), 46, 9, &Theme::new(false), &mut out);
        let expected = "\
a <b> & c
4000 ┤                                       •
     │
     │                                       ╭
     │                                       │
2000 ┤                             ╭─────────╯
     │                             │
     │         •         R         │
     │                             │
   0 ┤•   ─────────────────────────╯
     └┴──────────────────┴───────────────────┴
      0 ms               2 ms
R again   • sent   ─ acked
How to read it.
From somewhere.
";
        assert_eq!(out, expected);
    }

    #[test]
    fn no_line_is_wider_than_the_screen_however_odd_the_numbers() {
        let far = [[(i64::MAX, u64::MAX); 3], [(0, 0); 3], [(-5, 1); 3]];
        for columns in NARROWEST..100 {
            for points in [&far, &POINTS] {
                let mut out = String::new();
                draw(&sample(points), columns, 12, &Theme::new(false), &mut out);
                assert!(out.lines().all(|line| width(line) <= columns), "{columns}:\n{out}");
            }
        }
    }
}
