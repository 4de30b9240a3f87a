//! Markdown: paragraphs, headings, lists, emphasis, code; as plain data ([`blocks`]), and wrapped for a terminal.

use super::measure::{cut, spaces, width};
use super::theme::Theme;
use crate::model::show::escape_prose;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde::Serialize;

/// One block of a text, in plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "block", rename_all = "lowercase")]
pub enum Block {
    /// A heading.
    Heading {
        /// What it says.
        spans: Vec<Span>,
    },
    /// A paragraph.
    Paragraph {
        /// What it says.
        spans: Vec<Span>,
    },
    /// A list.
    List {
        /// Each of its items.
        items: Vec<Vec<Span>>,
    },
    /// Lines as they are.
    Code {
        /// The lines.
        text: String,
    },
}

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// How it is shown.
    pub style: Look,
    /// What it says.
    pub text: String,
}

/// How a run of text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// As any text.
    Plain,
    /// It stands out.
    Strong,
    /// It is typed, or is a name.
    Code,
}

/// A text's blocks. What commands a terminal is escaped.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for event in Parser::new(text) {
        reader.take(event);
    }
    reader.close();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    items: Vec<Vec<Span>>,
    /// Lists that are open.
    depth: usize,
    heading: bool,
    strong: bool,
    code: Option<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Heading { .. }) => self.heading = true,
            Event::Start(Tag::CodeBlock(_)) => {
                self.close();
                self.code = Some(String::new());
            }
            Event::End(TagEnd::CodeBlock) => {
                let text = self.code.take().unwrap_or_default();
                self.blocks.push(Block::Code { text: text.trim_end_matches('\n').to_owned() });
            }
            Event::Start(Tag::List(_)) => {
                self.close();
                self.depth += 1;
            }
            Event::End(TagEnd::List(_)) => {
                self.close();
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.blocks.push(Block::List { items: std::mem::take(&mut self.items) });
                }
            }
            Event::Start(Tag::Item) | Event::End(TagEnd::Paragraph | TagEnd::Item) => self.close(),
            Event::End(TagEnd::Heading(_)) => {
                self.close();
                self.heading = false;
            }
            Event::Start(Tag::Strong | Tag::Emphasis) => self.strong = true,
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => self.strong = false,
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&plain(&text)),
                None => self.span(if self.strong { Look::Strong } else { Look::Plain }, &plain(&text)),
            },
            Event::Code(text) => self.span(Look::Code, &plain(&text)),
            Event::SoftBreak | Event::HardBreak => self.span(Look::Plain, " "),
            _ => {}
        }
    }

    fn span(&mut self, style: Look, text: &str) {
        match self.spans.last_mut() {
            Some(last) if last.style == style && style == Look::Plain => last.text.push_str(text),
            _ => self.spans.push(Span { style, text: text.to_owned() }),
        }
    }

    /// Ends the paragraph, heading or item that is being read.
    fn close(&mut self) {
        if self.spans.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.spans);
        if self.depth > 0 {
            self.items.push(spans);
        } else if self.heading {
            self.blocks.push(Block::Heading { spans });
        } else {
            self.blocks.push(Block::Paragraph { spans });
        }
    }
}

/// A word with the signs that stand around it, and how wide it is.
struct Writer<'a> {
    theme: &'a Theme,
    columns: usize,
    out: &'a mut String,
    /// Columns used in this line.
    used: usize,
    /// Where lines begin.
    indent: usize,
    /// A space is due before the next word.
    space: bool,
}

/// Appends Markdown, wrapped to so many columns.
pub fn markdown(text: &str, columns: usize, theme: &Theme, out: &mut String) {
    let mut w = Writer { theme, columns, out, used: 0, indent: 0, space: false };
    for (i, block) in blocks(text).iter().enumerate() {
        if i > 0 {
            w.out.push('\n');
        }
        match block {
            Block::Paragraph { spans } => w.spans(spans, false),
            Block::Heading { spans } => w.spans(spans, true),
            Block::List { items } => {
                for item in items {
                    w.indent = 2;
                    w.out.push_str("• ");
                    w.used = 2;
                    w.spans(item, false);
                }
                w.indent = 0;
            }
            Block::Code { text } => {
                for line in text.lines() {
                    // Code that is wrapped no longer runs when it is copied, so what is too long is cut.
                    let from = w.out.len();
                    spaces(if line.is_empty() { 0 } else { 4 }, w.out);
                    w.out.push_str(line);
                    cut(w.out, from, w.columns);
                    w.out.push('\n');
                }
            }
        }
    }
}

/// What a text may put on a screen. Markdown decodes character references (`&#27;`) only now, long after the file was
/// checked for what commands a terminal.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_prose(text, &mut out);
    out
}

impl Writer<'_> {
    /// A run of spans, and the end of its line.
    fn spans(&mut self, spans: &[Span], strong: bool) {
        for span in spans {
            self.text(&span.text, strong || span.style != Look::Plain);
        }
        self.end_line();
    }

    fn text(&mut self, text: &str, strong: bool) {
        self.space |= text.starts_with(char::is_whitespace);
        for (i, word) in text.split_whitespace().enumerate() {
            self.space |= i > 0;
            let wide = width(word);
            if self.space && self.used > self.indent {
                if self.used + 1 + wide > self.columns {
                    self.out.push('\n');
                    spaces(self.indent, self.out);
                    self.used = self.indent;
                } else {
                    self.out.push(' ');
                    self.used += 1;
                }
            }
            self.space = false;
            if strong {
                self.theme.strong.paint(word, self.out);
            } else {
                self.out.push_str(word);
            }
            self.used += wide;
        }
        self.space |= text.ends_with(char::is_whitespace);
    }

    fn end_line(&mut self) {
        if self.used > 0 {
            self.out.push('\n');
        }
        self.used = 0;
        self.space = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_code_that_is_too_long_is_cut_and_never_wrapped() {
        let mut out = String::new();
        markdown("```text\nabc\n\n  one two three\n```\n", 18, &Theme::new(false), &mut out);
        assert_eq!(out, "    abc\n\n      one two thr…\n");
    }

    #[test]
    fn a_character_reference_cannot_command_the_terminal() {
        let mut out = String::new();
        let evil =
            "a&#27;]0;T&#7; &#x9b;31m &#x202e;txt `b&#27;` &rlm;x [l](&#27;) \\&#27;\n\n    c&#27;\n\n<p>&#27;</p>\n";
        markdown(evil, 200, &Theme::new(false), &mut out);
        assert!(out.chars().all(|c| c == '\n' || (!c.is_control() && c.is_ascii())), "{out:?}");
        assert!(out.contains(r"a\x1b]0;T\x07 \u{009b}31m \u{202e}txt"), "{out}");
    }

    #[test]
    fn paragraphs_wrap_and_items_hang() {
        let mut out = String::new();
        markdown("One **two** `three`\nfour.\n\n- first item here\n- second\n", 12, &Theme::new(false), &mut out);
        assert_eq!(out, "One two\nthree four.\n\n• first item\n  here\n• second\n");
    }
}
