//! The sentences: data beside the code, so that they can be translated.
//!
//! A file of `text/` is TOML. Its tables are named like rules; each has a list of sentences for each
//! audience, and nothing else:
//!
//! ```toml
//! [tcp-syn]
//! newcomer = ["The client knocks.", "It starts counting its bytes at {tcp.seq_raw}."]
//! student  = ["…"]
//! engineer = ["…"]
//! ```
//!
//! A placeholder is a field's name, or one of [`NAMES`]. `{dns.qry.type|name}` gives only what the
//! value is called; `{tcp.segment|all}` gives every field of that kind in the layer. A sentence whose
//! placeholder has no value in this packet is left out. `{{` stands for a brace.

use super::made_of::MadeOf;
use super::name::{NAMES, Name};
use super::value::value;
use super::{
    Audience, Here, Moment, Needs, Rule, application, capture, link, network, rules, seven, socketio, tls, transport,
    trouble, web,
};
use crate::filter;
use crate::model::{FieldDef, Identity, show};
use hashbrown::HashMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use thiserror::Error;

/// The text of a layer that no rule speaks of.
pub(super) const BASIC: &str = "basic";

/// The English sentences, one file for each file of rules.
const ENGLISH: &[(&str, &str)] = &[
    ("capture.toml", capture::TEXT),
    ("link.toml", link::TEXT),
    ("network.toml", network::TEXT),
    ("transport.toml", transport::TEXT),
    ("application.toml", application::TEXT),
    ("web.toml", web::TEXT),
    ("tls.toml", tls::TEXT),
    ("socketio.toml", socketio::TEXT),
    ("trouble.toml", trouble::TEXT),
    ("seven.toml", seven::TEXT),
];

/// Values that `|all` lists.
const MOST_VALUES: usize = 8;

/// Every sentence of one language, ready to be filled. Made once; its owner passes it on.
#[derive(Debug)]
pub struct Texts {
    said: Vec<Said>,
    /// Where in there each entry is.
    places: HashMap<&'static str, Place>,
    /// The rules that speak of a protocol, by its address, ascending.
    rules: Vec<(usize, Vec<Run>)>,
    /// Those of protocols that no rule speaks of alone.
    others: Vec<Run>,
}

/// Rules that stand together and need the same.
#[derive(Debug)]
struct Run {
    quoted: bool,
    needs: Needs,
    rules: Vec<(&'static Rule, Place)>,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place(pub(super) usize);

/// What there is to say of one rule. A command needs a few of hundreds: each is read when it's first asked for.
#[derive(Debug)]
struct Said {
    /// Its table in the file, without its name.
    toml: &'static str,
    /// By audience.
    sentences: [OnceLock<Sentences>; 3],
}

/// What is said to one audience.
#[derive(Debug, Default)]
struct Sentences {
    all: Vec<Sentence>,
    /// All their placeholders.
    given: Vec<Given>,
}

impl Said {
    /// Its sentences for one audience. What can't be read is silent; a test reads all of [`ENGLISH`].
    fn to(&self, audience: Audience) -> &Sentences {
        const NONE: &Sentences = &Sentences { all: Vec::new(), given: Vec::new() };
        let read = || {
            let mut list: BTreeMap<String, Vec<String>> = toml::from_str(lists(self.toml, audience)?).ok()?;
            Sentences::parse(&list.remove(audience.name())?, || (String::new(), String::new())).ok()
        };
        let sentences = self.sentences.get(audience as usize);
        sentences.map_or(NONE, |sentences| sentences.get_or_init(|| read().unwrap_or_default()))
    }
}

impl Sentences {
    /// Sentences, taken apart; `at` names file and rule in errors.
    fn parse(list: &[String], at: impl Fn() -> (String, String)) -> Result<Self, TextError> {
        let mut into = Self::default();
        for sentence in list {
            let sentence = Sentence::parse(sentence, &at)?;
            into.given.extend(sentence.0.iter().filter_map(Part::given));
            // Sentences that need no packet are one.
            match (into.all.last_mut().map(|last: &mut Sentence| &mut last.0[..]), &sentence.0[..]) {
                (Some([Part::Text(before)]), [Part::Text(text)]) => before.extend([" ", text]),
                _ => into.all.push(sentence),
            }
        }
        Ok(into)
    }
}

/// What a table has for one audience: the line that begins with its name, and those that follow up to the next name.
fn lists(table: &'static str, audience: Audience) -> Option<&'static str> {
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let mut names = table.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at - line.len(), line))
    });
    let (from, _) = names.find(|(_, line)| line.starts_with(audience.name()))?;
    let to = names.find(|(_, line)| begins(line)).map_or(table.len(), |(at, _)| at);
    table.get(from..to)
}

/// The tables of a file, each with its name: what follows on a line that begins with a bracket.
fn tables(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.split("\n[").skip(1).filter_map(|table| table.split_once("]\n"))
}

/// What is wrong with a file of sentences.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each says it in its message")]
pub enum TextError {
    #[error("{file}: {source}")]
    Toml { file: String, source: Box<toml::de::Error> },
    #[error("{file}: no rule is named {id:?}")]
    Unknown { file: String, id: String },
    #[error("{file}: {id:?} is there twice")]
    Twice { file: String, id: String },
    #[error("no file has sentences for {id:?}")]
    Missing { id: &'static str },
    #[error("{file}: {id:?} has no sentence for the {audience}")]
    Silent { file: String, id: String, audience: Audience },
    #[error("{file}: {id:?} mentions {{{name}}}, and there is no such field or name")]
    Placeholder { file: String, id: String, name: String },
    #[error("{file}: {id:?} opens a brace and does not close it")]
    Brace { file: String, id: String },
}

/// One sentence, taken apart.
#[derive(Debug)]
struct Sentence(Vec<Part>);

/// A text of somebody else's (a lesson's) with the same placeholders. It is filled from a packet's
/// innermost layer; a value that the packet lacks becomes a dash.
#[derive(Debug)]
pub struct Template(Sentence);

#[derive(Debug)]
enum Part {
    Text(String),
    Given(Given),
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug)]
enum Given {
    Field(&'static FieldDef, Form),
    Name(&'static Name),
}

/// How a field's value is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Value,
    NameOnly,
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    newcomer: Vec<String>,
    student: Vec<String>,
    engineer: Vec<String>,
}

impl Entry {
    fn of(&self, audience: Audience) -> &[String] {
        match audience {
            Audience::Newcomer => &self.newcomer,
            Audience::Student => &self.student,
            Audience::Engineer => &self.engineer,
        }
    }

    /// Its sentences, taken apart; `at` names file and rule in errors.
    fn sentences(&self, at: impl Fn() -> (String, String)) -> Result<[Sentences; 3], TextError> {
        let mut all = [Sentences::default(), Sentences::default(), Sentences::default()];
        for (audience, into) in Audience::ALL.into_iter().zip(&mut all) {
            if self.of(audience).is_empty() {
                let (file, id) = at();
                return Err(TextError::Silent { file, id, audience });
            }
            *into = Sentences::parse(self.of(audience), &at)?;
        }
        Ok(all)
    }
}

impl Texts {
    /// The sentences that are compiled in.
    pub fn english() -> Self {
        let tables = ENGLISH.iter().flat_map(|(_, text)| tables(text));
        Self::new(tables.map(|(id, toml)| (id, Said { toml, sentences: Default::default() })))
    }

    fn new(entries: impl IntoIterator<Item = (&'static str, Said)>) -> Self {
        let speaks = |rule: &Rule, of: Option<usize>| {
            rule.of.is_empty() || rule.of.iter().any(|about| Some(address(about)) == of)
        };
        let (mut said, mut places) = (Vec::new(), HashMap::default());
        for (id, entry) in entries {
            places.insert(id, Place(said.len()));
            said.push(entry);
        }
        // What has no sentences can't be said; a test finds it.
        let placed: Vec<_> = rules().filter_map(|rule| Some((rule, *places.get(rule.id)?))).collect();
        let of = |protocol| {
            let mut runs: Vec<Run> = Vec::new();
            for &(rule, at) in placed.iter().filter(|(rule, _)| speaks(rule, protocol)) {
                match runs.last_mut().filter(|run| run.quoted == rule.quoted && run.needs == rule.needs) {
                    Some(run) => run.rules.push((rule, at)),
                    None => runs.push(Run { quoted: rule.quoted, needs: rule.needs, rules: vec![(rule, at)] }),
                }
            }
            runs
        };
        let mut named: Vec<usize> = rules().flat_map(|rule| rule.of).map(|about| address(about)).collect();
        named.sort_unstable();
        named.dedup();
        let rules = named.into_iter().map(|at| (at, of(Some(at)))).collect();
        Self { rules, others: of(None), said, places }
    }

    /// Sentences from files, each with the name to use in errors. Together they must hold all.
    pub fn parse<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, TextError> {
        let known: Vec<&'static str> = keys().collect();
        let mut entries: HashMap<&'static str, Said> = HashMap::default();
        for (file, text) in files {
            let tables: BTreeMap<String, Entry> = toml::from_str(text)
                .map_err(|source| TextError::Toml { file: file.into(), source: Box::new(source) })?;
            for (id, entry) in &tables {
                let at = || (file.to_owned(), id.clone());
                let Some(&key) = known.iter().find(|k| **k == id.as_str()) else {
                    let (file, id) = at();
                    return Err(TextError::Unknown { file, id });
                };
                let said = Said { toml: "", sentences: entry.sentences(at)?.map(OnceLock::from) };
                if entries.insert(key, said).is_some() {
                    let (file, id) = at();
                    return Err(TextError::Twice { file, id });
                }
            }
        }
        match known.into_iter().find(|id| !entries.contains_key(id)) {
            Some(id) => Err(TextError::Missing { id }),
            None => Ok(Self::new(entries)),
        }
    }

    /// The sentences of one entry that mention nothing of a packet.
    pub fn plain(&self, id: &str, audience: Audience) -> String {
        let mut out = String::new();
        for sentence in self.place(id).and_then(|at| self.said.get(at.0)).map_or(&[][..], |said| &said.to(audience).all)
        {
            if let [Part::Text(text)] = &sentence.0[..] {
                out.push_str(if out.is_empty() { "" } else { " " });
                out.push_str(text);
            }
        }
        out
    }

    /// Appends all that what [`fill`](Self::fill) writes depends on.
    pub(super) fn made_of(&self, at: Place, audience: Audience, here: &Here<'_>, into: &mut MadeOf) {
        for given in self.said.get(at.0).map_or(&[][..], |said| &said.to(audience).given) {
            given.made_of(here, into);
        }
    }

    /// Where an entry is.
    pub(super) fn place(&self, id: &str) -> Option<Place> {
        self.places.get(id).copied()
    }

    /// Appends the sentences of one entry that this packet can fill, with a space between them.
    pub(super) fn fill(&self, at: Place, audience: Audience, here: &Here<'_>, out: &mut String) {
        let Some(said) = self.said.get(at.0) else { return };
        let from = out.len();
        for sentence in &said.to(audience).all {
            let before = out.len();
            if before > from {
                out.push(' ');
            }
            if sentence.fill(here, out).is_none() {
                out.truncate(before);
            }
        }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.said.len()
    }

    /// Gives the rules that hold of a layer, from the wire up.
    pub(super) fn holding(&self, here: &Here<'_>, mut give: impl FnMut(&'static Rule, Place)) {
        let mut meant = None;
        for run in self.rules_of(here.layer.proto) {
            if run.quoted == here.layer.quoted && run.needs.has(here, &mut meant) {
                for &(rule, at) in &run.rules {
                    if (rule.on)(here) {
                        give(rule, at);
                    }
                }
            }
        }
    }

    /// What is said of a layer that no rule speaks of: the fields that tell something are named. The frame is not a
    /// protocol: where nothing is odd about it, there is nothing to say.
    pub(super) fn basic(&self, here: &Here<'_>) -> Option<Place> {
        self.place(BASIC).filter(|_| here.index > 0)
    }

    /// The rules that may speak of a protocol's layers, from the wire up.
    fn rules_of(&self, about: &'static Identity) -> &[Run] {
        let found = self.rules.binary_search_by_key(&address(about), |&(at, _)| at);
        found.ok().and_then(|at| self.rules.get(at)).map_or(&self.others, |(_, rules)| rules)
    }
}

impl Template {
    /// Takes a text apart.
    ///
    /// # Errors
    /// A placeholder is neither a field nor one of [`NAMES`], or a brace is not closed: a sentence
    /// that says so.
    pub fn parse(text: &str) -> Result<Self, String> {
        let at = || (String::new(), String::new());
        Sentence::parse(text, at).map(Self).map_err(|e| match e {
            TextError::Placeholder { name, .. } => format!("there is no field or name {{{name}}}"),
            _ => "a brace is opened and not closed; {{ stands for a brace".into(),
        })
    }

    /// Its sentences, placeholders as they were written.
    pub fn sentences(&self) -> Vec<String> {
        let push = |whole: &mut String, name: &str| whole.extend(["{", name, "}"]);
        let mut whole = String::new();
        for part in &self.0.0 {
            match part {
                Part::Text(text) => whole.push_str(text),
                Part::Given(given) => push(&mut whole, given.name()),
            }
        }
        whole.split_inclusive(". ").map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
    }

    /// The placeholders that this packet has no value for.
    pub fn lacks(&self, moment: &Moment<'_>) -> Vec<&'static str> {
        let here = moment.packet.layers.len().checked_sub(1).and_then(|last| Here::new(moment, last));
        let absent = |part: &&Part| here.as_ref().is_none_or(|h| part.fill(h, &mut String::new()).is_none());
        self.0.0.iter().filter(absent).filter_map(Part::name).collect()
    }

    /// The text without a packet: each value is a dash.
    pub fn plain(&self) -> String {
        self.0.0.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { "–" }).collect()
    }

    /// All its placeholders.
    pub fn placeholders(&self) -> Vec<&'static str> {
        self.0.0.iter().filter_map(Part::name).collect()
    }

    /// The sentences of the text that this packet has all values for; without a packet, those that need none.
    pub fn told(&self, moment: Option<&Moment<'_>>) -> String {
        /// Stands for a value that is not there: no text and no value has a control character.
        const ABSENT: char = '\0';
        let last = moment.and_then(|moment| Here::new(moment, moment.packet.layers.len().checked_sub(1)?));
        let mut whole = String::new();
        for part in &self.0.0 {
            let before = whole.len();
            let filled = match (part, &last) {
                (Part::Text(text), _) => {
                    whole.push_str(text);
                    Some(())
                }
                (_, Some(here)) => part.fill(here, &mut whole),
                (_, None) => None,
            };
            if filled.is_none() {
                whole.truncate(before);
                whole.push(ABSENT);
            }
        }
        if !whole.contains(ABSENT) {
            return whole;
        }
        let ends = whole.match_indices(". ").chain(whole.match_indices("? ")).chain(whole.match_indices("! "));
        let mut ends: Vec<usize> = ends.map(|(at, end)| at + end.len()).chain([whole.len()]).collect();
        ends.sort_unstable();
        let mut from = 0;
        let mut sentences: Vec<&str> = Vec::new();
        for end in ends {
            sentences.extend(whole.get(from..end).filter(|sentence| !sentence.contains(ABSENT)).map(str::trim));
            from = end;
        }
        sentences.join(" ")
    }

    /// The text with this packet's values.
    pub fn fill(&self, moment: &Moment<'_>) -> String {
        let mut out = String::new();
        let Some(here) = moment.packet.layers.len().checked_sub(1).and_then(|last| Here::new(moment, last)) else {
            return out;
        };
        for part in &self.0.0 {
            let before = out.len();
            if part.fill(&here, &mut out).is_none() {
                out.truncate(before);
                out.push('–');
            }
        }
        out
    }
}

/// A protocol as a number: each is one static row.
fn address(about: &'static Identity) -> usize {
    std::ptr::from_ref(about).addr()
}

/// What a file may and all files together must have sentences for.
fn keys() -> impl Iterator<Item = &'static str> {
    rules().map(|r| r.id).chain([BASIC]).chain(seven::KEYS.iter().copied())
}

impl Sentence {
    fn parse(text: &str, at: impl Fn() -> (String, String)) -> Result<Self, TextError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                plain.push('{');
                rest = after;
                continue;
            }
            let Some((inside, after)) = after.split_once('}') else {
                let (file, id) = at();
                return Err(TextError::Brace { file, id });
            };
            let Some(given) = placeholder(inside) else {
                let (file, id) = at();
                return Err(TextError::Placeholder { file, id, name: inside.to_owned() });
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Given(given));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() || parts.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// Appends the sentence; `None` when this packet lacks something that it mentions.
    fn fill(&self, here: &Here<'_>, out: &mut String) -> Option<()> {
        self.0.iter().try_for_each(|part| part.fill(here, out))
    }
}

impl Part {
    /// What a placeholder is called.
    fn name(&self) -> Option<&'static str> {
        self.given().map(Given::name)
    }

    fn given(&self) -> Option<Given> {
        match self {
            Self::Text(_) => None,
            Self::Given(given) => Some(*given),
        }
    }

    fn fill(&self, here: &Here<'_>, out: &mut String) -> Option<()> {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Given(given) => given.fill(here, out)?,
        }
        Some(())
    }
}

impl Given {
    fn name(self) -> &'static str {
        match self {
            Self::Field(def, _) => def.name,
            Self::Name(name) => name.name,
        }
    }

    fn fill(self, here: &Here<'_>, out: &mut String) -> Option<()> {
        match self {
            Self::Name(name) => name.write(here, out)?,
            Self::Field(def, Form::Value) => value(here.field(def)?, here, out)?,
            Self::Field(def, Form::NameOnly) => out.push_str(def.name_of(here.field(def)?.value.uint()?)?),
            Self::Field(def, Form::All) => all(def, here, out)?,
        }
        Some(())
    }

    /// Adds all that it depends on.
    #[inline]
    fn made_of(self, here: &Here<'_>, into: &mut MadeOf) {
        match self {
            Self::Name(name) => name.made_of(here, into),
            Self::Field(def, Form::Value | Form::NameOnly) => into.field(here.packet(), here.field(def)),
            Self::Field(def, Form::All) => {
                here.own(def).for_each(|field| into.field(here.packet(), Some(field)));
                into.field(here.packet(), None);
            }
        }
    }
}

fn placeholder(inside: &str) -> Option<Given> {
    let (name, form) = match inside.split_once('|') {
        None => (inside, Form::Value),
        Some((name, "name")) => (name, Form::NameOnly),
        Some((name, "all")) => (name, Form::All),
        Some(_) => return None,
    };
    if let Some(def) = filter::field(name) {
        return Some(Given::Field(def, form));
    }
    let name = NAMES.iter().find(|n| n.name == name)?;
    matches!(form, Form::Value).then_some(Given::Name(name))
}

/// Every field of a kind in this layer: `3, 4 and 6`.
fn all(def: &'static FieldDef, here: &Here<'_>, out: &mut String) -> Option<()> {
    let count = here.own(def).count();
    for (i, field) in here.own(def).take(MOST_VALUES).enumerate() {
        match i {
            0 => {}
            _ if i + 1 == count => out.push_str(" and "),
            _ => out.push_str(", "),
        }
        value(field, here, out)?;
    }
    if count > MOST_VALUES {
        out.push_str(" and ");
        show::number((count - MOST_VALUES) as u64, out);
        out.push_str(" more");
    }
    (count > 0).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An English with one file's text replaced.
    fn with(file: &str, text: &str) -> Result<Texts, TextError> {
        Texts::parse(ENGLISH.iter().map(|&(name, old)| (name, if name == file { text } else { old })))
    }

    #[test]
    fn every_rule_speaks_to_every_audience_and_no_placeholder_is_unknown() {
        if let Err(error) = Texts::parse(ENGLISH.iter().copied()) {
            panic!("{error}");
        }
    }

    #[test]
    fn a_table_that_is_read_when_it_is_needed_says_the_same_as_the_whole_file() {
        let (lazy, whole) = (Texts::english(), Texts::parse(ENGLISH.iter().copied()).unwrap());
        assert_eq!(lazy.places.len(), whole.places.len());
        for id in whole.places.keys() {
            for audience in Audience::ALL {
                let to = |texts: &Texts| format!("{:?}", texts.said[texts.place(id).unwrap().0].to(audience));
                assert_eq!(to(&lazy), to(&whole), "{id} {audience}");
            }
        }
    }

    #[test]
    fn no_two_audiences_and_no_two_rules_share_a_sentence() {
        let mut seen = BTreeMap::new();
        for (file, text) in ENGLISH {
            let tables: BTreeMap<String, Entry> = toml::from_str(text).unwrap();
            for (id, entry) in &tables {
                for audience in Audience::ALL {
                    for sentence in entry.of(audience) {
                        if let Some(other) = seen.insert(sentence.clone(), (*file, id.clone(), audience)) {
                            panic!("{file} [{id}] {audience} repeats {other:?}: {sentence}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_sentence_is_under_twenty_words_and_ends() {
        let mut long = Vec::new();
        for (file, text) in ENGLISH {
            let tables: BTreeMap<String, Entry> = toml::from_str(text).unwrap();
            for (id, entry) in &tables {
                for sentence in Audience::ALL.into_iter().flat_map(|a| entry.of(a)) {
                    let words = sentence.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count();
                    if words > 20 || !sentence.trim_end_matches('"').ends_with(['.', '?', '!', '}']) {
                        long.push(format!("{file} [{id}] {words} words: {sentence}"));
                    }
                }
            }
        }
        assert!(long.is_empty(), "{}", long.join("\n"));
    }

    #[test]
    fn a_file_with_a_mistake_is_refused_and_the_message_says_where() {
        let says = |text: &str| with("link.toml", text).map(|_| ()).unwrap_err().to_string();
        let entry = |s: &str| format!("[eth-hop]\nnewcomer = ['{s}']\nstudent = ['b.']\nengineer = ['c.']\n");
        assert_eq!(
            says(&entry("{eth.sorc}.")),
            r#"link.toml: "eth-hop" mentions {eth.sorc}, and there is no such field or name"#
        );
        assert_eq!(says(&entry("{eth.src.")), r#"link.toml: "eth-hop" opens a brace and does not close it"#);
        assert!(says(&entry("{client|all}")).contains("{client|all}"));
        assert!(says("[eth-hip]\nnewcomer=[]\nstudent=[]\nengineer=[]").contains(r#"no rule is named "eth-hip""#));
        assert!(says("[eth-hop]\nnewcomer=[]\nstudent=['b.']\nengineer=['c.']").contains("for the newcomer"));
        assert!(says("[eth-hop]\nlearner=['a.']").contains("link.toml"));
        assert!(says(&entry("a.")).starts_with("no file has sentences for"));
    }
}
