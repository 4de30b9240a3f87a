//! A chart as a picture: SVG 1.1, with nothing to load and no script.

use super::{Chart, Curve, Look, moment, short, step};
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 540.0;
/// Left, right, top and bottom of the field for the curves.
const FIELD: [f64; 4] = [80.0, 930.0, 60.0, 420.0];
/// One colour a curve, told apart by people who see no red or no green (Okabe and Ito); each has its look, too.
const COLOURS: [&str; 4] = ["#d55e00", "#0072b2", "#009e73", "#777777"];

/// The whole picture.
pub fn draw(chart: &Chart<'_>) -> String {
    let mut out = String::new();
    // A string takes every character.
    let _ = picture(chart, &mut out);
    out
}

fn picture(chart: &Chart<'_>, out: &mut String) -> std::fmt::Result {
    let (last, top) = chart.extent();
    let up = step(top, 6);
    let place = Place { last: precise(last.unsigned_abs()), top: precise(top.div_ceil(up).saturating_mul(up)) };
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"15\">"
    )?;
    writeln!(out, "<title>{}</title>\n<desc>{}</desc>", Escaped(&chart.title), Escaped(chart.caption))?;
    writeln!(out, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>")?;
    let [left, right, ceiling, floor] = FIELD;
    writeln!(
        out,
        "<text x=\"{left}\" y=\"32\" font-size=\"16\" font-weight=\"bold\">{}</text>",
        Escaped(&chart.title)
    )?;
    writeln!(out, "<text x=\"{left}\" y=\"{}\" fill=\"#555555\">{}</text>", ceiling - 8.0, Escaped(chart.counts))?;
    for n in 0..=(top.div_ceil(up)) {
        let number = n.saturating_mul(up);
        let y = place.y(number);
        writeln!(out, "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#dddddd\"/>")?;
        writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", left - 8.0, y + 5.0, short(number))?;
    }
    let along = step(last.unsigned_abs(), 8);
    for n in 0..=(last.unsigned_abs() / along) {
        let at = n * along;
        let x = place.x(i64::try_from(at).unwrap_or(i64::MAX));
        writeln!(out, "<path d=\"M{x:.1} {floor}v6\" stroke=\"#333333\"/>")?;
        writeln!(out, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", floor + 24.0, moment(at, along))?;
    }
    writeln!(out, "<path d=\"M{left} {ceiling}V{floor}H{right}\" fill=\"none\" stroke=\"#333333\"/>")?;
    for (curve, colour) in chart.curves.iter().zip(COLOURS).rev() {
        draw_curve(curve, colour, &place, out)?;
    }
    legend(chart, floor + 58.0, top.div_ceil(up).saturating_mul(up), out)?;
    for (n, line) in crate::view::measure::wrap(chart.caption, 110).enumerate() {
        let y = floor + 84.0 + 20.0 * precise(n as u64);
        writeln!(out, "<text x=\"{left}\" y=\"{y}\" fill=\"#555555\">{}</text>", Escaped(line))?;
    }
    let [x, y] = [right, HEIGHT - 14.0];
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\" font-size=\"13\" fill=\"#555555\">{}</text>",
        Escaped(chart.origin)
    )?;
    out.push_str("</svg>\n");
    Ok(())
}

fn draw_curve(curve: &Curve<'_>, colour: &str, place: &Place, out: &mut String) -> std::fmt::Result {
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
        writeln!(out, "\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{more}/>")
    };
    match curve.look {
        Look::Steps => line(out, ""),
        Look::Dashes => line(out, " stroke-dasharray=\"6 4\""),
        Look::Dots => {
            out.push_str("<path d=\"");
            for &(at, bytes) in curve.points {
                write!(out, "M{:.1} {:.1}h0", place.x(at), place.y(bytes))?;
            }
            writeln!(out, "\" stroke=\"{colour}\" stroke-width=\"4\" stroke-linecap=\"round\"/>")
        }
        Look::Marks(letter) => {
            for &(at, bytes) in curve.points {
                mark(letter, place.x(at), place.y(bytes) + 5.0, colour, out)?;
            }
            Ok(())
        }
    }
}

fn mark(letter: char, x: f64, y: f64, colour: &str, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-weight=\"bold\" fill=\"{colour}\">{letter}</text>"
    )
}

fn legend(chart: &Chart<'_>, y: f64, top: u64, out: &mut String) -> std::fmt::Result {
    let mut x = FIELD[0];
    for (curve, colour) in chart.curves.iter().zip(COLOURS) {
        let name = Chart::legend(curve, top);
        let (sample, dashes) = match curve.look {
            Look::Marks(letter) => {
                mark(letter, x + 12.0, y, colour, out)?;
                ("", "")
            }
            Look::Dots => ("m0 -5h0m12 0h0m12 0h0", " stroke-linecap=\"round\""),
            Look::Steps => ("m0 -5h24", ""),
            Look::Dashes => ("m0 -5h24", " stroke-dasharray=\"6 4\""),
        };
        if !sample.is_empty() {
            writeln!(out, "<path d=\"M{x} {y}{sample}\" stroke=\"{colour}\" stroke-width=\"3\"{dashes}/>")?;
        }
        writeln!(out, "<text x=\"{}\" y=\"{y}\">{}</text>", x + 32.0, Escaped(&name))?;
        x += 60.0 + 8.0 * precise(name.len() as u64);
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

/// Text in XML: markup and control characters are no markup here.
pub(in crate::view) struct Escaped<'t>(pub &'t str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                c if c.is_control() => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{POINTS, sample};
    use super::*;

    #[test]
    fn a_picture_names_its_curves_and_escapes_its_texts() {
        let svg = draw(&sample(&POINTS));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("<title>a &lt;b&gt; &amp; c</title>"), "{svg}");
        for name in ["again", "sent", "acked", "From somewhere."] {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}");
        }
        // The last point is at the right edge, three quarters up.
        assert!(svg.contains("H930.0V150.0"), "{svg}");
    }

    #[test]
    fn numbers_without_end_stay_in_the_field() {
        let far = [[(i64::MAX, u64::MAX); 3], [(0, 0); 3], [(-5, 1); 3]];
        let svg = draw(&sample(&far));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
