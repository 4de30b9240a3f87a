//! A question about the next packet, before it is looked at. The quiz makes it, from the packets before.

use crate::ask::draft::paper::Maker;
use crate::ask::session::{Input, Millis};
use crate::ask::{Kind, Mode, Session};
use crate::browse::store::{Replay, Store};
use crate::flow::{Limits, reader};
use crate::source::SourceError;
use crate::tty::table::{Does, meaning, on, short};
use crate::tui::paint::Paint;
use crate::tui::player;
use crate::tui::player::keys::answer;
use crate::view::brief::sentence;
use crate::view::hex::ROW;
use crossterm::event::KeyEvent;
use ratatui::text::Line;

/// What can be asked of a packet that isn't known yet.
const KINDS: [Kind; 6] = [Kind::Flags, Kind::Ack, Kind::Seq, Kind::Mac, Kind::Reply, Kind::Retransmission];
/// Packets that are read before it, at most: what it follows from is seldom far.
const PAST: usize = 5_000;

/// One question, and where its packet is.
#[derive(Debug)]
pub(super) struct Prediction {
    pub(super) session: Session,
    /// The packet's place in what is shown.
    pub(super) shown: usize,
    /// The field that is typed into was left: letters are keys.
    left: bool,
}

/// What a key came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It is still asked, or told.
    Not,
    /// Nobody wants to know.
    Left,
    /// It was answered or skipped: now the packet may be looked at.
    Seen,
}

impl Prediction {
    /// About the packet at `place` of the store, which is the one at `shown` of what is shown; `None` where the packets before
    /// it decide nothing about it.
    pub(super) fn new(store: &Store, place: usize, shown: usize, limits: Limits) -> Option<Self> {
        let number = u64::from(store.get(place)?.number);
        let wanted = KINDS.map(|kind| (kind, number)).to_vec();
        let mut maker = Maker::new("packets", number, &KINDS, 1, wanted, sentence);
        let mut replay = Replay::all(store);
        (replay.next, replay.end) = (place.saturating_sub(PAST), place + 1);
        // The store gives what it kept: nothing breaks it.
        let _ = reader::each(&mut replay, limits, |packet, tracker| {
            maker.take(packet, tracker);
            Ok::<_, SourceError>(true)
        });
        let mut made: Vec<_> = maker.finish().0.into_iter().filter(|question| question.proof.frame == number).collect();
        // Another kind for another packet.
        let turn = usize::try_from(number).unwrap_or(0).checked_rem(made.len())?;
        Some(Self { session: Session::new(vec![made.swap_remove(turn)]), shown, left: false })
    }

    pub(super) fn key(&mut self, key: KeyEvent, now: Millis) -> Done {
        let mode = self.session.step(Input::Look, now).mode;
        let (does, typing) = (meaning(key, on::PACKETS), mode == Mode::Type && !self.left);
        let input = match does {
            Some(Does::Leave) if typing => {
                self.left = true;
                return Done::Not;
            }
            Some(Does::Leave) => return Done::Left,
            Some(Does::Skip) if !typing => return Done::Seen,
            Some(Does::Take | Does::Read) if mode == Mode::Read => return Done::Seen,
            Some(Does::Take) if mode == Mode::Type && self.left => {
                self.left = false;
                return Done::Not;
            }
            _ if mode == Mode::Type && self.left => return Done::Not,
            _ => match answer(key, mode, ROW.cast_signed()) {
                Some(step) => Input::Key(step),
                None => return Done::Not,
            },
        };
        self.session.step(input, now);
        Done::Not
    }

    /// The page's lines, and what the keys do.
    pub(super) fn page(&mut self, columns: usize, paint: Paint) -> (Vec<Line<'static>>, String) {
        let scene = self.session.step(Input::Look, 0);
        let skip = format!("{} · {}", short(Does::Skip), short(Does::Leave));
        let keys = match scene.mode {
            Mode::Read => format!("Enter look at it · {}", short(Does::Leave)),
            Mode::Choose(_) => format!("1-9 choose · {skip}"),
            Mode::Type if self.left => format!("Enter type · {skip}"),
            Mode::Type => "type, then Enter · Esc and then 0 skip".to_owned(),
            _ => format!("Enter done · {skip}"),
        };
        (player::question(&scene, columns, paint), keys)
    }
}
