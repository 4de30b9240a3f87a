//! A chart as a picture: a connection over time.

use super::{Escaped, Picture};
use crate::view::plot::{Chart, Curve, Look, moment, short, step};
use std::fmt::Write;

const WIDTH: usize = 960;
const HEIGHT: usize = 480;
/// Left, right, top and bottom of the field for the curves.
const FIELD: [f64; 4] = [80.0, 930.0, 28.0, 380.0];

/// The whole picture. Each curve has its colour, told apart by people who see no red or no green (Okabe and Ito), and its
/// look, too.
pub fn draw(chart: &Chart<'_>) -> Picture {
    let mut body = String::new();
    // A string takes every character.
    let _ = picture(chart, &mut body);
    Picture { title: chart.title.clone(), about: chart.caption.to_owned(), width: WIDTH, height: HEIGHT, body }
}

fn picture(chart: &Chart<'_>, out: &mut String) -> std::fmt::Result {
    let (last, top) = chart.extent();
    let up = step(top, 6);
    let place = Place { last: precise(last.unsigned_abs()), top: precise(top.div_ceil(up).saturating_mul(up)) };
    let [left, right, ceiling, floor] = FIELD;
    writeln!(out, "<text x=\"{left}\" y=\"{}\" class=\"p-faint\">{}</text>", ceiling - 8.0, Escaped(chart.counts))?;
    for n in 0..=(top.div_ceil(up)) {
        let number = n.saturating_mul(up);
        let y = place.y(number);
        writeln!(out, "<path class=\"p-rule\" d=\"M{left} {y:.1}H{right}\"/>")?;
        writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", left - 8.0, y + 5.0, short(number))?;
    }
    let along = step(last.unsigned_abs(), 8);
    for n in 0..=(last.unsigned_abs() / along) {
        let at = n * along;
        let x = place.x(i64::try_from(at).unwrap_or(i64::MAX));
        writeln!(out, "<path class=\"p-bar\" d=\"M{x:.1} {floor}v6\"/>")?;
        writeln!(out, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", floor + 24.0, moment(at, along))?;
    }
    writeln!(out, "<path class=\"p-bar\" d=\"M{left} {ceiling}V{floor}H{right}\"/>")?;
    for (number, curve) in chart.curves.iter().enumerate().rev() {
        draw_curve(curve, number % CURVES, &place, out)?;
    }
    legend(chart, floor + 58.0, top.div_ceil(up).saturating_mul(up), out)?;
    for (n, line) in crate::view::measure::wrap(chart.caption, 100).enumerate() {
        let y = floor + 80.0 + 18.0 * precise(n as u64);
        writeln!(out, "<text x=\"{left}\" y=\"{y}\" class=\"p-faint\">{}</text>", Escaped(line))?;
    }
    Ok(())
}

/// How many curves have a colour in `picture.css`.
const CURVES: usize = 4;

fn draw_curve(curve: &Curve<'_>, number: usize, place: &Place, out: &mut String) -> std::fmt::Result {
    let line = |out: &mut String, more: &str| {
        out.push_str("<path d=\"");
        let mut letter = 'M';
        for &(at, bytes) in curve.points {
            // Above the top the pen is lifted.
            match precise(bytes) > place.top {
                true if letter == 'L' => write!(out, "H{:.1}", place.x(at))?,
                true => {}
                false if letter == 'M' => write!(out, "M{:.1} {:.1}", place.x(at), place.y(bytes))?,
                false => write!(out, "H{:.1}V{:.1}", place.x(at), place.y(bytes))?,
            }
            letter = if precise(bytes) > place.top { 'M' } else { 'L' };
        }
        if letter == 'L' {
            write!(out, "H{:.1}", FIELD[1])?;
        }
        writeln!(out, "\" class=\"p-curve{number}\" fill=\"none\" stroke-width=\"2\"{more}/>")
    };
    match curve.look {
        Look::Steps => line(out, ""),
        Look::Dashes => line(out, " stroke-dasharray=\"6 4\""),
        Look::Dots => {
            out.push_str("<path d=\"");
            for &(at, bytes) in curve.points {
                write!(out, "M{:.1} {:.1}h0", place.x(at), place.y(bytes))?;
            }
            writeln!(out, "\" class=\"p-curve{number}\" stroke-width=\"4\" stroke-linecap=\"round\"/>")
        }
        Look::Marks(letter) => {
            for &(at, bytes) in curve.points {
                mark(letter, place.x(at), place.y(bytes) + 5.0, number, out)?;
            }
            Ok(())
        }
    }
}

fn mark(letter: char, x: f64, y: f64, number: usize, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" class=\"p-bold p-curve{number}\">{letter}</text>"
    )
}

fn legend(chart: &Chart<'_>, y: f64, top: u64, out: &mut String) -> std::fmt::Result {
    let mut x = FIELD[0];
    for (number, curve) in chart.curves.iter().enumerate() {
        let number = number % CURVES;
        let name = Chart::legend(curve, top);
        let (sample, dashes) = match curve.look {
            Look::Marks(letter) => {
                mark(letter, x + 12.0, y, number, out)?;
                ("", "")
            }
            Look::Dots => ("m0 -5h0m12 0h0m12 0h0", " stroke-linecap=\"round\""),
            Look::Steps => ("m0 -5h24", ""),
            Look::Dashes => ("m0 -5h24", " stroke-dasharray=\"6 4\""),
        };
        if !sample.is_empty() {
            writeln!(
                out,
                "<path d=\"M{x} {y}{sample}\" class=\"p-curve{number}\" fill=\"none\" stroke-width=\"3\"{dashes}/>"
            )?;
        }
        writeln!(out, "<text x=\"{}\" y=\"{y}\">{}</text>", x + 32.0, Escaped(&name))?;
        x += 60.0 + 8.5 * precise(name.len() as u64);
    }
    Ok(())
}

/// Where numbers stand in the field.
struct Place {
    last: f64,
    top: f64,
}

impl Place {
    fn x(&self, at: i64) -> f64 {
        FIELD[0] + precise(at.max(0).unsigned_abs()) / self.last * (FIELD[1] - FIELD[0])
    }

    fn y(&self, bytes: u64) -> f64 {
        FIELD[3] - precise(bytes) / self.top * (FIELD[3] - FIELD[2])
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture has far fewer places than a float has digits")]
fn precise(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::plot::tests::{POINTS, sample};

    #[test]
    fn a_picture_names_its_curves_and_escapes_its_texts() {
        let chart = sample(&POINTS);
        let svg = draw(&chart).file(chart.origin);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("<title>a &lt;b&gt; &amp; c</title>"), "{svg}");
        for name in ["again", "sent", "acked", "From somewhere."] {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}");
        }
        // The last point is at the right edge, three quarters up.
        assert!(svg.contains("H930.0V116.0"), "{svg}");
    }

    #[test]
    fn numbers_without_end_stay_in_the_field() {
        let far = [[(i64::MAX, u64::MAX); 3], [(0, 0); 3], [(-5, 1); 3]];
        let svg = draw(&sample(&far)).inline();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
