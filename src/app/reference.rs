//! `osi-tutor explain` for what is no lesson: an OSI layer, a protocol, a field, a misconception.

use super::{Failure, color};
use crate::cli::Explain;
use crate::lesson::Lesson;
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::plain::plain;
use crate::view::reference::{Reference, Topic, near};
use crate::view::theme::Color;
use std::io::Write;

/// Explains a name that is no lesson's.
pub(super) fn explain(name: &str, course: &[Lesson], args: &Explain, choice: Color) -> Result<(), Failure> {
    let topic = Topic::find(name).ok_or_else(|| unknown(name, course))?;
    if args.scenes || args.drive || args.from.is_some() {
        let why = format!(
            "only a lesson has pages and scenes, and '{}' is none. To see the course: osi-tutor explain",
            name.escape_debug()
        );
        return Err(Failure::Usage(why));
    }
    let (audience, linear) = (args.audience, super::linear(args.linear));
    let texts = Texts::english();
    let mut text = String::new();
    Reference { course, audience, texts: &texts, theme: &Theme::new(!linear && color(choice)) }.draw(topic, &mut text);
    let text = if linear { plain(&text) } else { text };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn unknown(name: &str, course: &[Lesson]) -> Failure {
    let hint = near(name, course).map_or(String::new(), |name| format!(" Did you mean {name}?"));
    Failure::Usage(format!(
        "there is no lesson, layer, protocol or field '{}'.{hint} To see the course: osi-tutor explain",
        name.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_told_with_a_hint_and_cannot_command_a_terminal() {
        let says = |name: &str| match unknown(name, &[]) {
            Failure::Usage(text) => text,
            other => panic!("{other:?}"),
        };
        assert!(says("tcp.flags.sin").contains("'tcp.flags.sin'. Did you mean tcp.flags.syn?"));
        assert!(!says("qqqqqqqq").contains("Did you mean"));
        assert!(says("\u{1b}[31m").is_ascii());
    }
}
