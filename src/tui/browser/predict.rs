//! A question about the next packet, before it is looked at. The quiz makes it, from the packets before.

use super::Replay;
use super::store::Store;
use crate::ask::draft::paper::Maker;
use crate::ask::session::{Input, Millis};
use crate::ask::{Kind, Mode, Session};
use crate::flow::{Limits, reader};
use crate::source::SourceError;
use crate::tui::paint::Paint;
use crate::tui::player;
use crate::tui::player::keys::answer;
use crate::view::brief::sentence;
use crate::view::hex::ROW;
use crossterm::event::KeyCode;
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
        let mut replay = Replay { end: place + 1, next: place.saturating_sub(PAST), ..Replay::all(store) };
        // The store gives what it kept: nothing breaks it.
        let _ = reader::each(&mut replay, limits, |packet, tracker| {
            maker.take(packet, tracker);
            Ok::<_, SourceError>(true)
        });
        let mut made: Vec<_> = maker.finish().0.into_iter().filter(|question| question.proof.frame == number).collect();
        // Another kind for another packet.
        let turn = usize::try_from(number).unwrap_or(0).checked_rem(made.len())?;
        Some(Self { session: Session::new(vec![made.swap_remove(turn)]), shown })
    }

    pub(super) fn key(&mut self, code: KeyCode, now: Millis) -> Done {
        let mode = self.session.step(Input::Look, now).mode;
        let input = match code {
            KeyCode::Esc => return Done::Left,
            KeyCode::Tab => return Done::Seen,
            KeyCode::Enter | KeyCode::Char(' ') if mode == Mode::Read => return Done::Seen,
            code => match answer(code, mode, ROW.cast_signed()) {
                Some(step) => Input::Key(step),
                None => return Done::Not,
            },
        };
        self.session.step(input, now);
        Done::Not
    }

    /// The page's lines, and what the keys do.
    pub(super) fn page(&mut self, columns: usize, paint: Paint) -> (Vec<Line<'static>>, &'static str) {
        let scene = self.session.step(Input::Look, 0);
        let keys = match scene.mode {
            Mode::Read => "Enter look at it · Esc back",
            Mode::Choose(_) => "1-9 choose · Tab look at it · Esc back",
            Mode::Type => "type, then Enter · Tab look at it · Esc back",
            _ => "Enter done · Tab look at it · Esc back",
        };
        (player::question(&scene, columns, paint), keys)
    }
}
