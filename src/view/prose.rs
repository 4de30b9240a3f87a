//! Markdown for a terminal: paragraphs, headings, lists, emphasis, code.

use super::measure::{cut, spaces, width};
use super::theme::Theme;
use crate::model::show::escape_prose;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

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
    strong: bool,
}

/// Appends Markdown, wrapped to so many columns.
pub fn markdown(text: &str, columns: usize, theme: &Theme, out: &mut String) {
    let mut w = Writer { theme, columns, out, used: 0, indent: 0, space: false, strong: false };
    let mut first = true;
    let mut code = false;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::List(_)) => {
                if !first && w.indent == 0 {
                    w.out.push('\n');
                }
                first = false;
                match event {
                    Event::Start(Tag::Heading { .. }) => w.strong = true,
                    Event::Start(Tag::CodeBlock(_)) => code = true,
                    _ => {}
                }
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item) => w.end_line(),
            Event::End(TagEnd::Heading(_)) => {
                w.end_line();
                w.strong = false;
            }
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::End(TagEnd::List(_)) => w.indent = 0,
            Event::Start(Tag::Item) => {
                w.end_line();
                w.indent = 2;
                w.out.push_str("• ");
                w.used = 2;
            }
            Event::Start(Tag::Strong | Tag::Emphasis) => w.strong = true,
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => w.strong = false,
            Event::Text(text) if code => {
                for line in plain(&text).lines() {
                    // Code that is wrapped no longer runs when it is copied, so what is too long is cut.
                    let from = w.out.len();
                    spaces(if line.is_empty() { 0 } else { 4 }, w.out);
                    w.out.push_str(line);
                    cut(w.out, from, w.columns);
                    w.out.push('\n');
                }
            }
            Event::Text(text) => w.text(&plain(&text), w.strong),
            Event::Code(text) => w.text(&plain(&text), true),
            Event::SoftBreak | Event::HardBreak => w.space = true,
            _ => {}
        }
    }
    w.end_line();
}

/// What a text may put on a screen. Markdown decodes character references (`&#27;`) only now, long after the file was
/// checked for what commands a terminal.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_prose(text, &mut out);
    out
}

impl Writer<'_> {
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
