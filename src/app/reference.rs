//! `osi-tutor explain` for what is no lesson: an OSI layer, a protocol, a field, a misconception.

use super::{Failure, color};
use crate::ask::{Misconception, bank, misconception};
use crate::cli::Color;
use crate::lesson::Lesson;
use crate::model::{At, FieldDef, Identity, Kind, Osi};
use crate::proto;
use crate::tutor::{Audience, Texts};
use crate::view::Theme;
use crate::view::measure::{pad, wrap};
use std::io::Write;

/// Columns of the text.
const WIDTH: usize = 80;
/// How near a name must be to be suggested.
const NEAR: f64 = 0.75;

/// Explains a name that is no lesson's.
pub(super) fn explain(name: &str, course: &[Lesson], audience: Audience, choice: Color) -> Result<(), Failure> {
    let theme = Theme::new(color(choice));
    let mut text = String::new();
    let alone = name.strip_prefix("protocol:");
    if let Some(osi) = alone.is_none().then(|| layer(name)).flatten() {
        osi_layer(osi, audience, &theme, &mut text)?;
    } else if name == "misconceptions" {
        for m in bank() {
            claim(m, &theme, &mut text);
        }
        text.push_str("One in full: osi-tutor explain misconception:ID\n");
    } else if let Some(id) = name.strip_prefix("misconception:") {
        let found = misconception(id).ok_or_else(|| unknown(name, course))?;
        refuted(found, course, &theme, &mut text);
    } else if let Some(identity) = proto::identities().find(|i| i.name == alone.unwrap_or(name)) {
        protocol(identity, &theme, &mut text);
    } else if let Some((owner, def)) = field(alone.unwrap_or(name)) {
        one_field(owner, def, &theme, &mut text);
    } else {
        return Err(unknown(name, course));
    }
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// `7`, `layer 7`, `l7`, `application`.
fn layer(name: &str) -> Option<Osi> {
    let bare = name.trim_start_matches("layer").trim_start_matches([' ', '-', ':']);
    let number = bare.strip_prefix('l').unwrap_or(bare);
    Osi::ALL.into_iter().find(|osi| {
        number == osi.number().to_string() || bare == osi.name().to_lowercase() || (bare == "link" && *osi == Osi::Link)
    })
}

fn field(name: &str) -> Option<(&'static Identity, &'static FieldDef)> {
    proto::identities().find_map(|i| i.fields.iter().find(|f| f.name == name).map(|&f| (i, f)))
}

fn paragraph(text: &str, indent: &str, out: &mut String) {
    for line in wrap(text, WIDTH - indent.len()) {
        out.extend([indent, line, "\n"]);
    }
}

fn heading(text: &str, theme: &Theme, out: &mut String) {
    theme.strong.paint(text, out);
    out.push('\n');
}

// ---- layers

fn osi_layer(osi: Osi, audience: Audience, theme: &Theme, out: &mut String) -> Result<(), Failure> {
    let texts = Texts::english().map_err(|e| Failure::Data(e.to_string()))?;
    heading(&format!("OSI layer {osi}"), theme, out);
    paragraph(&texts.plain(&format!("osi-{}", osi.number()), audience), "", out);
    let here: Vec<&Identity> = proto::identities().filter(|i| i.osi == osi).collect();
    if !here.is_empty() {
        out.push('\n');
        heading("Protocols of this layer that are dissected", theme, out);
        let names: Vec<&str> = here.iter().map(|i| i.name).collect();
        paragraph(&names.join(", "), "  ", out);
    }
    out.push('\n');
    paragraph(&texts.plain(crate::tutor::JUDGEMENT, audience), "", out);
    Ok(())
}

// ---- protocols and fields

fn protocol(identity: &Identity, theme: &Theme, out: &mut String) {
    heading(&format!("{} ({})", identity.title, identity.name), theme, out);
    paragraph(&format!("OSI layer {}. Specified in {}.", identity.osi, identity.spec), "", out);
    out.push('\n');
    let shown = || identity.fields.iter().filter(|f| !f.hidden);
    heading(&format!("Its {} fields", shown().count()), theme, out);
    let width = shown().map(|f| f.name.len()).max().unwrap_or(0).min(34);
    for def in shown() {
        let from = out.len();
        out.push_str("  ");
        out.push_str(def.name);
        pad(out, from, width + 4);
        let room = WIDTH.saturating_sub(width + 4).max(20);
        for (i, line) in wrap(def.about, room).enumerate() {
            if i > 0 {
                let line = out.len();
                pad(out, line, width + 4);
            }
            out.extend([line, "\n"]);
        }
    }
    out.push('\n');
    paragraph(&format!("One field: osi-tutor explain {}", shown().next().map_or("NAME", |f| f.name)), "", out);
}

fn one_field(owner: &Identity, def: &FieldDef, theme: &Theme, out: &mut String) {
    heading(&format!("{} ({})", def.label, def.name), theme, out);
    paragraph(def.about, "", out);
    out.push('\n');
    paragraph(&format!("Protocol: {} ({}), OSI layer {}, {}", owner.title, owner.name, owner.osi, owner.spec), "", out);
    paragraph(&format!("Value: {}", kind(def.kind)), "", out);
    let place = match def.at {
        At::Fixed { start, len, mask, scale } => {
            let bits = if mask == 0 { String::new() } else { format!(", the bits {mask:#x} of them") };
            let unit = if scale > 1 { format!(", counted in units of {scale} bytes") } else { String::new() };
            let bytes = if len == 1 {
                format!("byte {start}")
            } else {
                format!("bytes {start} to {}", start + u16::from(len) - 1)
            };
            format!("Place: {bytes} of the header{bits}{unit}")
        }
        At::Dynamic { .. } => "Place: depends on the packet".to_owned(),
        At::Derived => "Place: in no byte; computed from others, or from other packets".to_owned(),
    };
    paragraph(&place, "", out);
    if !def.names.is_empty() {
        out.push('\n');
        heading("Its values", theme, out);
        for (value, name) in def.names.iter().take(40) {
            paragraph(&format!("{value}  {name}"), "  ", out);
        }
        if def.names.len() > 40 {
            let more = format!("… and {} more: osi-tutor fields {} --values", def.names.len() - 40, def.name);
            paragraph(&more, "  ", out);
        }
    }
    out.push('\n');
    paragraph(&format!("As a filter: osi-tutor read FILE -Y '{}'", def.name), "", out);
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Flag => "none; it is there or not".into(),
        Kind::Bool => "true or false".into(),
        Kind::Uint(bits) => format!("a number without sign, {bits} bits"),
        Kind::Hex(bits) => format!("a number, {bits} bits, read in hexadecimal"),
        Kind::Int(bits) => format!("a number with sign, {bits} bits"),
        Kind::Bytes => "bytes".into(),
        Kind::Text => "text".into(),
        Kind::Ether => "a MAC address".into(),
        Kind::Ipv4 => "an IPv4 address".into(),
        Kind::Ipv6 => "an IPv6 address".into(),
        Kind::Duration => "a span of time".into(),
        Kind::Millis => "a span of time, in milliseconds".into(),
        Kind::Moment => "a moment".into(),
        Kind::Frame => "the number of another frame".into(),
    }
}

// ---- misconceptions

fn claim(m: &Misconception, theme: &Theme, out: &mut String) {
    heading(&m.id, theme, out);
    paragraph(&format!("“{}”", m.claim), "  ", out);
    out.push('\n');
}

fn refuted(m: &Misconception, course: &[Lesson], theme: &Theme, out: &mut String) {
    heading(&format!("Many believe: {}", m.claim), theme, out);
    out.push('\n');
    paragraph(&m.refutation, "", out);
    out.push('\n');
    if let Some(filter) = m.filter_text() {
        paragraph(&format!("Packets that contradict it: {filter}"), "", out);
    }
    if let Some(spec) = &m.spec {
        paragraph(&format!("The standard: {spec}"), "", out);
    }
    if course.iter().any(|l| l.id == m.lesson) {
        paragraph(&format!("The lesson: osi-tutor explain {}", m.lesson), "", out);
    }
}

// ---- nothing

fn unknown(name: &str, course: &[Lesson]) -> Failure {
    let lessons = course.iter().map(|l| l.id.clone());
    let protocols = proto::identities().map(|i| i.name.to_owned());
    let fields = proto::identities().flat_map(|i| i.fields).map(|f| f.name.to_owned());
    let claims = bank().iter().map(|m| format!("misconception:{}", m.id));
    let layers = Osi::ALL.into_iter().map(|o| o.name().to_lowercase());
    let known = lessons.chain(layers).chain(["misconceptions".to_owned()]).chain(protocols).chain(claims).chain(fields);
    // What is much longer than any name is no name mistyped.
    let scored = known.filter(|_| name.len() <= 80).map(|k| (strsim::jaro_winkler(&k, name), k));
    let near = scored.filter(|(score, _)| *score > NEAR).fold(None, |best: Option<(f64, String)>, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => Some(next),
    });
    let hint = near.map_or(String::new(), |(_, name)| format!(" Did you mean {name}?"));
    Failure::Usage(format!(
        "there is no lesson, layer, protocol or field '{}'.{hint} To see the course: osi-tutor explain",
        name.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_known_by_its_number_and_its_name() {
        for name in ["4", "layer 4", "l4", "transport", "layer4", "layer-4"] {
            assert_eq!(layer(name), Some(Osi::Transport), "{name}");
        }
        assert_eq!(layer("data link"), Some(Osi::Link));
        assert_eq!(layer("link"), Some(Osi::Link));
        for name in ["0", "8", "tcp", "", "l", "44"] {
            assert_eq!(layer(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_near_is_suggested() {
        let says = |name: &str| match unknown(name, &[]) {
            Failure::Usage(text) => text,
            other => panic!("{other:?}"),
        };
        assert!(says("tcp.flags.sin").contains("Did you mean tcp.flags.syn?"));
        assert!(says("misconception:masking-encripts").contains("misconception:masking-encrypts?"));
        assert!(!says("qqqqqqqq").contains("Did you mean"));
        assert!(says("\u{1b}[31m").is_ascii());
    }
}
