//! What can be looked up by its name: an OSI layer, a protocol, a field, a misconception.

use super::Theme;
use super::measure::{pad, wrap};
use crate::ask::{Misconception, bank, misconception};
use crate::lesson::Lesson;
use crate::model::near::nearest;
use crate::model::{At, FieldDef, Identity, Kind, Osi};
use crate::proto;
use crate::tutor::{Audience, JUDGEMENT, Texts};

/// Columns of the text.
const WIDTH: usize = 80;
/// Values of a field that are listed; `osi-tutor fields` has all.
const MOST_VALUES: usize = 40;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    /// A layer of the OSI model.
    Layer(Osi),
    /// A protocol.
    Protocol(&'static Identity),
    /// A field, and the protocol that it belongs to.
    Field(&'static Identity, &'static FieldDef),
    /// All misconceptions.
    Misconceptions,
    /// One of them.
    Misconception(&'static Misconception),
}

impl Topic {
    /// What this name stands for. `protocol:` before it says that no layer is meant, `misconception:` what is.
    pub fn find(name: &str) -> Option<Self> {
        if let Some(id) = name.strip_prefix("misconception:") {
            return misconception(id).map(Self::Misconception);
        }
        let alone = name.strip_prefix("protocol:");
        let shared = || match name {
            "misconceptions" => Some(Self::Misconceptions),
            name => layer(name).map(Self::Layer),
        };
        let bare = alone.unwrap_or(name);
        let protocol = || proto::identities().find(|i| i.name == bare).map(Self::Protocol);
        shared().or_else(protocol).or_else(|| field(bare).map(|(owner, def)| Self::Field(owner, def)))
    }
}

/// The known name that is most like this one, if any is.
pub fn near(name: &str, course: &[Lesson]) -> Option<String> {
    let claims: Vec<String> = bank().iter().map(|m| format!("misconception:{}", m.id)).collect();
    let layers: Vec<String> = Osi::ALL.into_iter().map(|o| o.name().to_lowercase()).collect();
    let names = course.iter().map(|l| l.id.as_str()).chain(layers.iter().map(String::as_str)).chain(["misconceptions"]);
    let names = names.chain(proto::identities().map(|i| i.name)).chain(claims.iter().map(String::as_str));
    nearest(name, names.chain(proto::identities().flat_map(|i| i.fields).map(|f| f.name))).map(str::to_owned)
}

/// Draws what is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'r> {
    /// The lessons that may be referred to.
    pub course: &'r [Lesson],
    /// For whom the texts are.
    pub audience: Audience,
    /// The tutor's texts.
    pub texts: &'r Texts,
    /// The colours.
    pub theme: &'r Theme,
}

impl Reference<'_> {
    /// Appends everything that is to be said of it.
    pub fn draw(&self, topic: Topic, out: &mut String) {
        match topic {
            Topic::Layer(osi) => self.layer(osi, out),
            Topic::Protocol(identity) => protocol(identity, self.theme, out),
            Topic::Field(owner, def) => one_field(owner, def, self.theme, out),
            Topic::Misconceptions => {
                for m in bank() {
                    claim(m, self.theme, out);
                }
                out.push_str("One in full: osi-tutor explain misconception:ID\n");
            }
            Topic::Misconception(m) => refuted(m, self.course, self.theme, out),
        }
    }

    fn layer(&self, osi: Osi, out: &mut String) {
        heading(&format!("OSI layer {osi}"), self.theme, out);
        paragraph(&self.texts.plain(&format!("osi-{}", osi.number()), self.audience), "", out);
        let here: Vec<&str> = proto::identities().filter(|i| i.osi == osi).map(|i| i.name).collect();
        if !here.is_empty() {
            out.push('\n');
            heading("Protocols of this layer that are dissected", self.theme, out);
            paragraph(&here.join(", "), "  ", out);
        }
        out.push('\n');
        paragraph(&self.texts.plain(JUDGEMENT, self.audience), "", out);
    }
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
        for (value, name) in def.names.iter().take(MOST_VALUES) {
            paragraph(&format!("{value}  {name}"), "  ", out);
        }
        if def.names.len() > MOST_VALUES {
            let more = format!("… and {} more: osi-tutor fields {} --values", def.names.len() - MOST_VALUES, def.name);
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
    fn a_name_stands_for_a_layer_before_a_protocol_unless_it_says_so() {
        assert!(matches!(Topic::find("tcp"), Some(Topic::Protocol(i)) if i.name == "tcp"));
        assert!(matches!(Topic::find("tcp.flags.syn"), Some(Topic::Field(i, _)) if i.name == "tcp"));
        assert!(matches!(Topic::find("transport"), Some(Topic::Layer(Osi::Transport))));
        assert!(matches!(Topic::find("protocol:tcp.flags"), Some(Topic::Field(..))));
        assert!(matches!(Topic::find("misconception:masking-encrypts"), Some(Topic::Misconception(_))));
        for name in ["protocol:transport", "protocol:misconceptions", "misconception:tcp", "", "\u{1b}[31m"] {
            assert!(Topic::find(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn what_is_near_is_suggested() {
        assert_eq!(near("tcp.flags.sin", &[]).as_deref(), Some("tcp.flags.syn"));
        assert_eq!(near("misconception:masking-encripts", &[]).as_deref(), Some("misconception:masking-encrypts"));
        assert_eq!(near("qqqqqqqq", &[]), None);
    }
}
