//! Pictures: SVG 1.1, with nothing to load and no script. A [`ladder`], the [`layers`] of a packet, a packet's [`hops`] over
//! several links, and the [`chart`] of a connection.
//!
//! A picture is a file of its own, which carries its colours and says where its packets come from ([`Picture::file`]), or a
//! part of a page, which has both already ([`Picture::inline`]). `picture.css` has the colours, for light and for dark.

pub mod chart;
pub mod hops;
pub mod ladder;
pub mod layers;
mod sequence;

use super::measure::{cut, width, wrap};
use crate::model::show::is_deceptive;
use std::fmt::{self, Display, Write};

/// The colours of pictures, for light and dark.
pub const STYLE: &str = include_str!("picture.css");
/// Around everything in a file.
const EDGE: usize = 16;
/// What a file's heading and foot take of its height.
const HEADING: usize = 44;
const FOOT: usize = 36;
/// Thousandths of a pixel that a column of large text takes, and one of small text.
const COLUMN: usize = 8_430;
const SMALL_COLUMN: usize = 7_230;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it shows.
    pub title: String,
    /// The same in a sentence, for those who can't see it.
    pub about: String,
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// What is drawn: markup, in which every text is escaped.
    body: String,
}

impl Picture {
    /// A whole document; `origin` says where the packets come from.
    pub fn file(&self, origin: &str) -> String {
        let least = [(&*self.title, COLUMN), (origin, SMALL_COLUMN)].map(|(text, column)| pixels(width(text), column));
        let inner = least.into_iter().fold(self.width, usize::max).min(self.width.max(960));
        let (wide, high) = (inner + 2 * EDGE, self.height + HEADING + FOOT);
        let mut out = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" ");
        let _ = write!(out, "viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" ");
        self.head(&mut out);
        let _ = writeln!(out, "<style>\n{STYLE}</style>");
        let _ = writeln!(out, "<rect class=\"p-ground\" width=\"{wide}\" height=\"{high}\" rx=\"8\"/>");
        let line = |class: &'static str, y: usize, text: &str, column: usize| {
            let mut text = text.to_owned();
            cut(&mut text, 0, columns(inner, column));
            Text { class, x: EDGE, y, line: &text, anchor: Anchor::Start }.to_string()
        };
        out.push_str(&line("p-bold", 28, &self.title, COLUMN));
        let _ = write!(out, "<g transform=\"translate({EDGE} {HEADING})\">\n{}</g>\n", self.body);
        out.push_str(&line("p-small p-faint", high - 14, origin, SMALL_COLUMN));
        out.push_str("</svg>\n");
        out
    }

    /// A part of a page, which has its colours ([`STYLE`]).
    pub fn inline(&self) -> String {
        let (wide, high) = (self.width, self.height);
        let mut out = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" ");
        let _ = write!(out, "viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" ");
        self.head(&mut out);
        let _ = write!(out, "{}</svg>", self.body);
        out
    }

    fn head(&self, out: &mut String) {
        let (title, about) = (Escaped(&self.title), Escaped(&self.about));
        let _ = writeln!(out, "class=\"picture\" role=\"img\">\n<title>{title}</title>\n<desc>{about}</desc>");
    }
}

/// How wide text of so many columns is.
const fn pixels(columns: usize, column: usize) -> usize {
    columns.saturating_mul(column) / 1000
}

/// How many columns fit.
const fn columns(pixels: usize, column: usize) -> usize {
    pixels.saturating_mul(1000) / column
}

/// On which side of a place its text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text.
struct Text<'t> {
    class: &'t str,
    x: usize,
    y: usize,
    line: &'t str,
    anchor: Anchor,
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let anchor = match self.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        write!(f, "<text x=\"{}\" y=\"{}\"{anchor}", self.x, self.y)?;
        if !self.class.is_empty() {
            write!(f, " class=\"{}\"", self.class)?;
        }
        writeln!(f, ">{}</text>", Escaped(self.line))
    }
}

/// The lines of a text that fit into so many pixels, at most `most`; the last one says if there is more.
fn lines(text: &str, pixels: usize, column: usize, most: usize) -> Vec<String> {
    let room = columns(pixels, column).max(4);
    let mut lines: Vec<String> = wrap(text, room).map(str::to_owned).collect();
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            cut(last, 0, room.saturating_sub(1));
            last.push('…');
        }
    }
    lines
}

/// Text in XML: markup and control characters are no markup here, and nothing turns its direction.
pub(in crate::view) struct Escaped<'t>(pub &'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // XML has no place for the last two, either.
                c if c.is_control() || is_deceptive(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                    f.write_char('\u{fffd}')?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
