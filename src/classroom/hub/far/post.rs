//! What the computers of a class say to each other, as JSON.
//!
//! ```text
//! hub → owner    Batch    I'm here; these are my questions, numbered; I came (again), with these members
//! owner → hub    Answers  to these questions; what I hold
//! owner → all    Beat     I hold the class, and these hubs are known
//! ```
//!
//! A question is asked again until it is answered, and answered again without being done again. A hub that comes again has
//! a higher turn; what belongs to an earlier one is ignored.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use crate::classroom::hub::ask::{Ask, Reply};
use crate::classroom::session::Id;

/// The form of what is said.
const FORM: u32 = 1;
/// Bytes of a batch, and of everything else.
pub(super) const BATCH: usize = 2 << 20;
pub(super) const MOST: usize = 8 << 20;
/// Questions in a batch.
pub(super) const ASKS: usize = 256;
/// Hubs of a class beside its owner.
pub(super) const HUBS: usize = 16;
/// Connections of one member that a hub brings along.
pub(super) const LINKS: u32 = 64;

/// Members, and how many connections each has.
pub(super) type Links = BTreeMap<Id, u32>;

/// What a hub says. Each is a sign of life.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Batch {
    /// Who says it.
    pub(super) hub: String,
    pub(super) turn: u32,
    /// It comes, or comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comes: Option<Comes>,
    /// Every question before this one has its answer.
    #[serde(default)]
    pub(super) low: u64,
    /// The questions, each with its number and its class.
    #[serde(default)]
    pub(super) asks: Vec<(u64, usize, Ask)>,
    /// What was refused since the last batch, and why.
    #[serde(default)]
    pub(super) refused: BTreeMap<String, u32>,
    /// It may have missed something that was shown.
    #[serde(default)]
    pub(super) missed: bool,
}

/// A hub comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Comes {
    /// Where phones find it.
    pub(super) at: SocketAddr,
    /// The members that it carries, by class.
    pub(super) members: Vec<Links>,
}

/// What an owner answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Answers {
    pub(super) turn: u32,
    /// The owner's term: another one, or the same that was started again, has another.
    pub(super) term: String,
    /// To a hub that comes: the classes; or why it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) held: Option<Result<Vec<Held>, String>>,
    #[serde(default)]
    pub(super) replies: Vec<(u64, Reply)>,
    /// What all students see, by class: once, however many came in.
    #[serde(default)]
    pub(super) pages: BTreeMap<usize, Json>,
}

/// A class, as a hub has to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) title: String,
    pub(super) code: Option<String>,
    pub(super) secret: String,
    /// How many may be in it.
    pub(super) most: usize,
}

/// That the owner lives.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Beat {
    pub(super) term: String,
    /// Where phones find the owner and the hubs; a hub's with its name and turn.
    pub(super) owner: SocketAddr,
    pub(super) hubs: Vec<(String, u32, SocketAddr)>,
    /// It ends.
    #[serde(default)]
    pub(super) ends: bool,
}

#[derive(Serialize, Deserialize)]
struct Letter<T> {
    form: u32,
    letter: T,
}

/// What is said, as bytes.
pub(super) fn write<T: Serialize>(letter: &T) -> Vec<u8> {
    serde_json::to_vec(&Letter { form: FORM, letter }).unwrap_or_default()
}

/// What bytes say; nothing, if it can't be understood.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], most: usize) -> Option<T> {
    let letter: Letter<T> = serde_json::from_slice(bytes.get(..bytes.len().min(most + 1))?).ok()?;
    (letter.form == FORM && bytes.len() <= most).then_some(letter.letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classroom::hub::ask::{Answer, Joined, No};
    use crate::classroom::session::Input;

    #[test]
    fn what_is_said_is_read_back_and_nothing_else_is() {
        let vote = Input::Vote { member: 3, slide: 1, round: 1, given: "2".into(), sure: true };
        let batch = Batch {
            hub: "a".into(),
            turn: 2,
            comes: Some(Comes { at: "127.0.0.1:8080".parse().unwrap(), members: vec![Links::from([(3, 1)])] }),
            low: 7,
            asks: vec![(7, 0, Ask::Take(vote)), (8, 0, Ask::Knows("t".into()))],
            refused: BTreeMap::from([("why".into(), 2)]),
            missed: true,
        };
        let bytes = write(&batch);
        let again: Batch = read(&bytes, BATCH).unwrap();
        assert_eq!((again.asks, again.comes, again.low), (batch.asks, batch.comes, 7));
        assert!(read::<Batch>(&bytes, bytes.len()).is_some() && read::<Batch>(&bytes, bytes.len() - 1).is_none());
        let replies: Vec<(u64, Reply)> = vec![
            (1, Ok(Answer::Joined(Joined { member: 1, token: "t".into(), ..Joined::default() }))),
            (2, Err(No::Refused("no".into()))),
            (3, Ok(Answer::Selected(vec![1]))),
        ];
        let answers = Answers { replies: replies.clone(), ..Answers::default() };
        assert_eq!(read::<Answers>(&write(&answers), MOST).unwrap().replies, replies);
        for odd in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"form":2,"letter":{"hub":"a","turn":1}}"#,
            "\u{fffd}",
            r#"{"form":1,"letter":7}"#,
        ] {
            assert!(read::<Batch>(odd.as_bytes(), BATCH).is_none(), "{odd}");
        }
        assert!(read::<Batch>(&vec![b'['; 1 << 20], BATCH).is_none(), "too deep");
    }
}
