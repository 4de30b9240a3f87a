//! The bank of misconceptions: what learners often believe, why it is wrong, and what shows it.
//!
//! It is data, `lessons/misconceptions.toml`, compiled in. A wrong answer betrays one of them by its id; the player
//! then shows the refutation. No lesson may teach one as a fact: [`Misconception::is_taught_by`] looks for it.

use crate::filter::Filter;
use crate::tutor::Audience;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../../lessons/misconceptions.toml");

static BANK: LazyLock<Result<Vec<Misconception>, String>> = LazyLock::new(|| parse(TEXT));

/// A misconception by its id; the bank has it.
pub type Belief = &'static str;

/// One misconception.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misconception {
    /// Its name: `handshake-is-hello`.
    pub id: String,
    /// What people believe.
    pub claim: String,
    /// Why it is wrong, and what is right.
    pub refutation: String,
    /// The same without jargon, for newcomers.
    newcomer: Option<String>,
    /// Packets that contradict it.
    filter: Option<String>,
    /// The section of a standard that contradicts it.
    pub spec: Option<String>,
    /// The lesson that confronts it.
    pub lesson: String,
    /// How it sounds when somebody teaches it.
    phrases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bank {
    misconception: Vec<Misconception>,
}

/// All misconceptions, in the order of the bank. They are tested; a broken bank would be empty.
pub fn bank() -> &'static [Misconception] {
    BANK.as_ref().map_or(&[], Vec::as_slice)
}

/// The misconception of this id.
pub fn misconception(id: &str) -> Option<&'static Misconception> {
    bank().iter().find(|m| m.id == id)
}

/// Reads the id of a misconception that the bank has.
///
/// # Errors
/// The bank has none of this id.
pub(super) fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Belief>, D::Error> {
    let id = Option::<String>::deserialize(from)?;
    let find =
        |id: String| misconception(&id).ok_or_else(|| serde::de::Error::custom(format!("no misconception {id}")));
    Ok(id.map(find).transpose()?.map(|m| m.id.as_str()))
}

fn parse(text: &str) -> Result<Vec<Misconception>, String> {
    let bank: Bank = toml::from_str(text).map_err(|e| e.to_string())?;
    Ok(bank.misconception)
}

/// The ids of misconceptions that questions know of, as `lessons/misconceptions.toml` has them.
pub mod belief {
    use super::Belief;

    /// The handshake only checks whether both hear each other.
    pub const HELLO: Belief = "handshake-is-hello";
    /// Sequence numbers count packets, or begin at 0 on the wire.
    pub const COUNTS_PACKETS: Belief = "sequence-counts-packets";
    /// Ack = n says that byte n arrived.
    pub const ACK_ARRIVED: Belief = "ack-means-arrived";
    /// An acknowledgment says that the application got it.
    pub const ACK_APPLICATION: Belief = "ack-means-application-read";
    /// The session layer does authentication.
    pub const SESSION_AUTH: Belief = "session-layer-is-login";
    /// The session layer keeps track of packets.
    pub const SESSION_TRACKS: Belief = "session-layer-counts-packets";
    /// Masking encrypts.
    pub const MASKING: Belief = "masking-encrypts";
    /// 42 is a status code.
    pub const STATUS_42: Belief = "42-is-a-status-code";
    /// All of them.
    pub const ALL: &[Belief] =
        &[HELLO, COUNTS_PACKETS, ACK_ARRIVED, ACK_APPLICATION, SESSION_AUTH, SESSION_TRACKS, MASKING, STATUS_42];
}

/// A misconception, and why it is wrong, as a learner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Refuted {
    /// Its name in the bank.
    pub id: &'static str,
    /// What is believed.
    pub claim: &'static str,
    /// Why it is wrong, in the audience's words.
    pub refutation: &'static str,
}

impl Misconception {
    /// As this audience is told.
    pub fn refuted(&'static self, audience: Audience) -> Refuted {
        let plain = self.newcomer.as_ref().filter(|_| audience == Audience::Newcomer);
        Refuted { id: &self.id, claim: &self.claim, refutation: plain.unwrap_or(&self.refutation) }
    }

    /// The filter that selects packets which contradict it.
    pub fn filter(&self) -> Option<Filter> {
        self.filter.as_deref().and_then(|f| Filter::parse(f).ok())
    }

    /// That filter, as it is written in the bank.
    pub fn filter_text(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// The words of a text that teach it as a fact.
    pub fn is_taught_by(&self, text: &str) -> Option<&str> {
        let plain = squeeze(text);
        let claim = self.claim.trim_end_matches('.');
        self.phrases.iter().map(String::as_str).chain([claim]).find(|phrase| plain.contains(&squeeze(phrase)))
    }
}

/// Lower case, one space between words, Markdown's signs left out.
fn squeeze(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '*' | '`' | '_' | '"')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_bank_is_well_formed() {
        let bank = BANK.as_ref().unwrap();
        assert!(bank.len() >= 30);
        let ids: HashSet<&str> = bank.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(ids.len(), bank.len(), "ids are unique");
        for m in bank {
            let kebab = m.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(kebab, "{}", m.id);
            assert!(m.claim.ends_with('.') && m.refutation.ends_with('.'), "{}", m.id);
            assert!(m.filter.is_some() || m.spec.is_some(), "{}: a packet or a standard contradicts it", m.id);
            if let Some(filter) = &m.filter {
                Filter::parse(filter).unwrap_or_else(|e| panic!("{}: {e}\n{}", m.id, e.caret()));
            }
            assert!(m.phrases.len() > 1, "{}", m.id);
            for text in [&m.refutation].into_iter().chain(&m.newcomer) {
                assert!(m.is_taught_by(text).is_none(), "{}: the refutation repeats the claim", m.id);
            }
        }
    }

    #[test]
    fn a_claim_is_found_whatever_its_case_and_emphasis() {
        let masking = misconception("masking-encrypts").unwrap();
        assert_eq!(masking.is_taught_by("So **Masking\n encrypts** it."), Some("masking encrypts"));
        assert_eq!(masking.is_taught_by("Masking hides nothing."), None);
    }
}
