//! What is on a page, in parts that a screen places: prose, the picture of the packets, what is said, what is asked,
//! the seven layers, bytes.

use super::asked::{Hand, place_of};
use super::rows::{Of, Row, Writer};
use crate::ask::Mode;
use crate::ask::session;
use crate::lesson::Hit;
use crate::lesson::scene::{Body, Offers, Scene, Stack, Told};
use crate::lesson::veil::places;
use crate::model::{Field, show};
use crate::tui::paint::Paint;
use crate::tutor::{Texts, Truth};
use crate::view::Theme;
use crate::view::mask::Mask;
use crate::view::measure::{cut, spaces, width};
use crate::view::scene::Stage;
use crate::view::scene::resolved::{self, Lit, Question, Resolved};
use crate::view::theme::sign;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// The most older packets of a ladder that are drawn, and the fewest.
const MOST_RUNGS: usize = 10;
const FEW_RUNGS: usize = 2;
/// With so many, a what-if shows all of both timelines.
const SOME_RUNGS: usize = 4;
/// Where what is in a layer begins, beside the page.
const STANDING: usize = 18;

/// What part of a page rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What is read first.
    Prose,
    /// The packets.
    Picture,
    /// The layers, where they have no place of their own.
    Layers,
    /// What is said of the packets, or of an answer.
    Said,
    /// What is asked, and the answer so far.
    Asked,
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: String,
    /// Where the packets come from, where that fits after the title.
    pub(super) origin: String,
    /// At the right of the title.
    pub(super) place: String,
    /// Which page, or question, from 1; of a quiz's end, one more.
    pub(super) number: usize,
    pub(super) parts: Vec<(Part, Vec<Row>)>,
    /// Which part is the newest: it should be in sight.
    pub(super) newest: Option<usize>,
    /// The seven layers of the packet that the page is about, beside it.
    pub(super) layers: Vec<Row>,
    pub(super) dump: Option<Dump>,
    pub(super) fields: Vec<Lit>,
    pub(super) mode: Mode,
    pub(super) offers: Offers,
    /// How many things the arrows choose from.
    pub(super) choices: usize,
    /// The packets that can be chosen.
    pub(super) packets: Vec<u64>,
    /// How much of an order is taken.
    pub(super) taken: usize,
    /// Something is typed.
    pub(super) typed: bool,
}

/// Bytes beside a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dump {
    pub(super) bytes: Vec<u8>,
    /// What those are that are chosen.
    pub(super) what: String,
    /// Those that the page speaks of.
    pub(super) lit: Vec<Range<usize>>,
    /// Those of the chosen field.
    pub(super) chosen: Range<usize>,
    /// Those that say who it was, where that is hidden.
    pub(super) hidden: Vec<Range<u32>>,
}

/// Where a page is drawn, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'g> {
    pub(super) paint: Paint,
    pub(super) theme: &'g Theme,
    pub(super) texts: &'g Arc<Texts>,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Columns of the whole screen.
    pub(super) all: usize,
    /// Columns beside it, for layers and bytes; 0 for none.
    pub(super) side: usize,
    pub(super) hand: Hand,
    /// The byte that is chosen.
    pub(super) byte: Option<usize>,
    /// Who is hidden, where that is wanted.
    pub(super) mask: Option<&'g RefCell<Mask>>,
    /// For a room: where there is space, between rows, too.
    pub(super) spaced: bool,
}

impl Ground<'_> {
    fn write(&self, write: impl FnOnce(&mut Writer<'_>)) -> Vec<Row> {
        let mut writer = Writer::new(self.paint, self.columns, self.mask);
        write(&mut writer);
        writer.done()
    }

    fn stage(&self, rungs: usize) -> Stage {
        Stage::part(self.theme.clone(), self.columns, rungs, Arc::clone(self.texts))
    }

    /// A page of a lesson.
    pub(super) fn lesson(&self, scene: &Scene<'_>) -> Page {
        let seen = Resolved::of(scene, self.texts);
        if let Some(mask) = self.mask {
            let hits = scene.so_far.iter().map(|past| past.hit).chain(subject(scene));
            hits.for_each(|hit| mask.borrow_mut().meet(&hit.packet));
        }
        let proof = seen.question.as_ref().and_then(|q| q.verdict.as_ref()).and_then(|v| v.proof.as_ref());
        let fields = if seen.lit.is_empty() { proof.map_or(&[][..], |p| &p.fields) } else { &seen.lit };
        let mut hand = self.hand;
        hand.cursor = entry(scene).map_or(0, |entry| entry.cursor);
        let ground = Self { hand, ..*self };
        let place = format!("{} · {} of {}", seen.audience, seen.page, seen.pages);
        let is_above =
            [&seen.title, &seen.origin, &place].map(|text| width(text)).iter().sum::<usize>() + 7 <= self.all;
        let mut parts = vec![(Part::Prose, ground.prose(&seen, !is_above))];
        let newest = ground.body(scene, &seen, fields, &mut parts);
        // What is left is the picture's.
        let used: usize = parts.iter().map(|(_, rows)| rows.len() + 1).sum();
        if let Some((_, rows)) = parts.iter_mut().find(|(part, _)| *part == Part::Picture) {
            *rows = ground.picture(scene, self.rows.saturating_sub(used));
        }
        self.space(&mut parts);
        let newest = newest.filter(|&at| at < parts.len());
        let question = seen.question.as_ref();
        Page {
            title: seen.title.clone(),
            origin: if is_above { seen.origin.clone() } else { String::new() },
            place,
            number: seen.page,
            newest,
            layers: if self.side > 0 { ground.layers(scene) } else { Vec::new() },
            dump: if self.side > 0 { ground.dump(scene, fields) } else { None },
            fields: fields.to_vec(),
            mode: scene.mode,
            offers: scene.offers,
            choices: question.map_or(0, choices),
            packets: question.map_or_else(Vec::new, |q| q.packets.iter().map(|p| p.packet).collect()),
            taken: question.map_or(0, |q| q.taken.len()),
            typed: question.is_some_and(|q| !q.typed.is_empty()),
            parts,
        }
    }

    /// For a room: with space between the rows of text, if all of the page is in sight even so.
    fn space(&self, parts: &mut [(Part, Vec<Row>)]) {
        let text = |part: &Part| matches!(part, Part::Prose | Part::Said | Part::Asked);
        let rows = |(part, rows): &(Part, Vec<Row>)| rows.len() * if text(part) { 2 } else { 1 } + 1;
        if !self.spaced || parts.iter().map(rows).sum::<usize>() > self.rows {
            return;
        }
        for (_, rows) in parts.iter_mut().filter(|(part, _)| text(part)) {
            let all = std::mem::take(rows).into_iter();
            let spaced = all.flat_map(|row| [Row { line: Line::default(), of: row.of }, row]).skip(1);
            *rows = spaced.collect();
        }
    }

    fn prose(&self, seen: &Resolved, with_origin: bool) -> Vec<Row> {
        self.write(|w| {
            if with_origin {
                w.say("", &seen.origin, self.paint.faint(), Of::Text);
            }
            w.prose(&seen.prose);
        })
    }

    /// Everything between prose and end. Gives which part is the newest.
    fn body(
        &self,
        scene: &Scene<'_>,
        seen: &Resolved,
        fields: &[Lit],
        parts: &mut Vec<(Part, Vec<Row>)>,
    ) -> Option<usize> {
        let picture = (Part::Picture, Vec::new());
        let layers = || {
            (
                Part::Layers,
                if self.side > 0 {
                    Vec::new()
                } else {
                    self.write(|w| w.painted(&self.stage(FEW_RUNGS).layers(scene)))
                },
            )
        };
        let text = seen.text.as_deref().unwrap_or("");
        match &scene.body {
            Body::Prose => None,
            Body::Said(_) => {
                parts.push((Part::Said, self.write(|w| w.text(text))));
                None
            }
            Body::Shown(_) => {
                let said = self.write(|w| {
                    if seen.absent {
                        return w.say("! ", text, Style::new(), Of::Text);
                    }
                    w.styled(("", Style::new()), text, &self.spoken(text, fields), Of::Text);
                    w.gap();
                    w.fields(fields, self.hand);
                });
                parts.extend([picture, layers(), (Part::Said, said)]);
                if seen.deeper {
                    parts.push((
                        Part::Said,
                        self.write(|w| w.painted(self.stage(FEW_RUNGS).whole(scene).trim_start_matches('\n'))),
                    ));
                    return Some(parts.len() - 1);
                }
                None
            }
            Body::Asked(_) => {
                parts.push(picture);
                let newest = self.asked(scene, seen, parts);
                parts.push(layers());
                newest
            }
            Body::Broken(broken) => {
                let newest = self.asked(scene, seen, parts);
                if let Some(what_if) = &seen.what_if {
                    if let Some(error) = &what_if.error {
                        parts.push((Part::Said, self.write(|w| w.say("! ", error, Style::new(), Of::Text))));
                    }
                    parts.extend([picture, layers(), (Part::Said, self.write(|w| w.text(text)))]);
                }
                newest.or(broken.outcome.is_some().then_some(2))
            }
            Body::Worked(task) => {
                let Some(work) = &seen.work else { return None };
                let title = format!("{} ({})", work.title, work.turn);
                parts.push((Part::Said, self.write(|w| w.say("", &title, Paint::strong(), Of::Text))));
                if task.hit.is_some() {
                    parts.extend([picture, layers()]);
                }
                self.asked(scene, seen, parts)
            }
        }
    }

    /// What is asked, or a procedure; once it is told, what that was worth, which is the newest then.
    fn asked(&self, scene: &Scene<'_>, seen: &Resolved, parts: &mut Vec<(Part, Vec<Row>)>) -> Option<usize> {
        let question = seen.question.as_ref();
        let verdict = question.and_then(|question| question.verdict.as_ref());
        let shown = verdict.filter(|told| seen.kind != "broken" || told.mark != "skipped");
        let ask = |w: &mut Writer<'_>| match (&seen.work, question) {
            (Some(work), question) if !work.steps.is_empty() => {
                w.steps(work, question.map_or("", |question| question.typed.as_str()), self.hand);
            }
            (_, Some(question)) => w.question(question, self.hand),
            _ => {}
        };
        let say = |w: &mut Writer<'_>| {
            w.hint(question.and_then(|question| question.hint.as_deref()));
            if let Some(told) = shown {
                w.verdict(told, &self.arrows(scene), self.hand);
            } else if let Some(text) = seen.work.as_ref().and_then(|work| work.text.as_deref()) {
                w.gap();
                w.text(text);
            }
            if let Some(notice) = &seen.notice {
                w.gap();
                w.say("! ", notice, Paint::strong(), Of::Text);
            }
        };
        if scene.open.is_some() {
            parts.push((Part::Asked, self.write(|w| (ask(w), say(w)).0)));
            return None;
        }
        parts.extend([(Part::Asked, self.write(ask)), (Part::Said, self.write(say))]);
        shown.map(|_| parts.len() - 1)
    }

    /// The packets of a verdict: against it, and the proof.
    fn arrows(&self, scene: &Scene<'_>) -> [String; 2] {
        let arrow = |hit: Option<&Hit>| hit.map_or(String::new(), |hit| self.stage(FEW_RUNGS).arrow_of(scene, hit));
        told(scene).map_or_else(Default::default, |told| [arrow(told.against), arrow(told.proof)])
    }

    /// The packets, with as many older ones as there is room for.
    fn picture(&self, scene: &Scene<'_>, room: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for rungs in (FEW_RUNGS..=scene.so_far.len().clamp(SOME_RUNGS, MOST_RUNGS)).rev() {
            rows = self.write(|w| w.painted(&self.stage(rungs).picture(scene)));
            if rows.len() <= room {
                break;
            }
        }
        rows
    }

    /// The sentences that speak of the chosen field, in their style.
    fn spoken(&self, text: &str, fields: &[Lit]) -> Vec<(Range<usize>, Style)> {
        let Some(field) = self.hand.field.and_then(|at| fields.get(at)) else { return Vec::new() };
        let speaks = |sentence: &str| {
            [field.value.as_str(), field.label].iter().any(|word| places(sentence, word).next().is_some())
        };
        let spoken = sentences(text).into_iter().filter(|range| text.get(range.clone()).is_some_and(speaks));
        spoken.map(|range| (range, Paint::selected(true))).collect()
    }

    // ---- beside the page

    fn layers(&self, scene: &Scene<'_>) -> Vec<Row> {
        let Some(stack) = scene.stacks.last() else { return Vec::new() };
        let mut w = Writer::new(self.paint, self.side, self.mask);
        w.say("", &format!("Seven layers of packet {}", stack.packet), Paint::strong(), Of::Layer);
        for row in stack.rows.iter().rev() {
            self.layer(&mut w, stack, row, scene.unfolded);
        }
        let mut legend = Vec::new();
        for truth in [Truth::Observed, Truth::Inferred, Truth::NotVisible] {
            legend.push(Span::styled(format!("{} {}  ", sign(truth), truth.name()), self.paint.truth(truth)));
        }
        w.push(Line::from(legend), Of::Layer);
        w.rows
    }

    fn layer(&self, w: &mut Writer<'_>, stack: &Stack, row: &crate::tutor::Row, unfolded: bool) {
        let is_lit = row.osi == stack.lit;
        let style = if is_lit { Paint::strong() } else { self.paint.faint() };
        let mut head = format!("{} {} {}", if is_lit { "▶" } else { " " }, row.osi.number(), row.osi.name());
        spaces(STANDING.saturating_sub(width(&head)), &mut head);
        let from = head.len();
        head.push_str(if unfolded && self.side > 60 { &row.line } else { &row.short });
        cut(&mut head, from, self.side.saturating_sub(STANDING + 2));
        let gap = self.side.saturating_sub(width(&head) + 1);
        let truth = Span::styled(sign(row.truth), self.paint.truth(row.truth));
        w.push(Line::from(vec![Span::styled(head, style), Span::raw(" ".repeat(gap)), truth]), Of::Layer);
        if unfolded || is_lit {
            w.say("    ", &row.text, self.paint.faint(), Of::Layer);
        }
    }

    /// The bytes of the packet that the page is about.
    fn dump(&self, scene: &Scene<'_>, fields: &[Lit]) -> Option<Dump> {
        let hit = subject(scene)?;
        let chosen = self.hand.field.and_then(|at| fields.get(at)).filter(|field| field.length > 0);
        let buffer = chosen.or(fields.iter().find(|field| field.length > 0)).map_or(0, |field| field.buffer);
        let bytes = hit.packet.buffers().get(usize::from(buffer))?.bytes.clone();
        let range = |field: &Lit| field.offset as usize..(field.offset + field.length) as usize;
        let lit = fields.iter().filter(|field| field.buffer == buffer).map(range).collect();
        let at = self.byte.filter(|&at| at < bytes.len());
        let around = at.and_then(|at| innermost(hit, buffer, at));
        let (chosen, what) = match (chosen, at, around) {
            (Some(field), ..) => (range(field), format!("{}: {}", place_of(field), field.label)),
            (_, Some(_), Some(field)) => {
                let (first, end) = (field.span.start as usize, field.span.end() as usize);
                let mut value = String::new();
                show::value(&hit.packet, field, &mut value);
                let last = end.saturating_sub(1);
                let place = if first == last { format!("byte {first}") } else { format!("bytes {first} to {last}") };
                (first..end, format!("{place}: {} {value}", field.def.label))
            }
            (_, Some(at), None) => (at..at + 1, format!("byte {at}")),
            _ => (0..0, String::new()),
        };
        let mut dump = Dump { bytes, what, lit, chosen, hidden: Vec::new() };
        if let Some(mask) = self.mask {
            let mut mask = mask.borrow_mut();
            dump.what = mask.text(&dump.what);
            dump.hidden = mask.bytes(&hit.packet, buffer);
        }
        Some(dump)
    }

    // ---- quizzes

    /// A question of a quiz, or how it went.
    pub(super) fn quiz(&self, scene: &session::Scene<'_>, title: &str, seed: u64) -> Page {
        let seen = resolved::quiz(scene, title, seed);
        let mut parts = vec![(Part::Prose, self.write(|w| w.say("", title, self.paint.faint(), Of::Text)))];
        parts.extend(asked(scene, &seen, &|| Writer::new(self.paint, self.columns, self.mask), self.hand));
        let question = seen.question.as_ref();
        if let Some(result) = &seen.result {
            parts.push((Part::Said, self.write(|w| result.lines().for_each(|line| w.text(line)))));
        }
        self.space(&mut parts);
        let newest = question.and_then(|question| question.verdict.as_ref()).map(|_| parts.len() - 1);
        Page {
            title: seen.kind.unwrap_or("The end").to_owned(),
            origin: String::new(),
            place: format!("{} of {}", seen.number, seen.of),
            number: seen.number + usize::from(question.is_none()),
            parts,
            newest,
            layers: Vec::new(),
            dump: None,
            fields: Vec::new(),
            mode: scene.mode,
            offers: Offers { skip: scene.mode != Mode::Read, ..Offers::default() },
            choices: question.map_or(0, choices),
            packets: question.map_or_else(Vec::new, |q| q.packets.iter().map(|p| p.packet).collect()),
            taken: question.map_or(0, |q| q.taken.len()),
            typed: question.is_some_and(|q| !q.typed.is_empty()),
        }
    }
}

/// A question of a quiz: what belongs to it, how it's answered, what the answer was worth.
pub(super) fn asked<'m>(
    scene: &session::Scene<'_>,
    seen: &resolved::Session,
    writer: &dyn Fn() -> Writer<'m>,
    hand: Hand,
) -> Vec<(Part, Vec<Row>)> {
    let hand = Hand { cursor: scene.entry.cursor, ..hand };
    let Some(question) = &seen.question else { return Vec::new() };
    let (mut shown, mut asked, mut told) = (writer(), writer(), writer());
    seen.shown.iter().for_each(|line| shown.say("    ", line, Style::new(), Of::Text));
    asked.question(question, hand);
    if let Some(notice) = &seen.notice {
        asked.gap();
        asked.say("! ", notice, Paint::strong(), Of::Text);
    }
    if let Some(verdict) = &question.verdict {
        told.verdict(verdict, &Default::default(), hand);
    }
    if let Some(proof) = &seen.proof {
        told.say("  Proof: ", &proof.filter, Style::new(), Of::Text);
        told.say("    ", &proof.line, Style::new(), Of::Text);
    }
    vec![(Part::Said, shown.done()), (Part::Asked, asked.done()), (Part::Said, told.done())]
}

fn choices(question: &Question) -> usize {
    if question.open { question.items.len().max(question.packets.len()) } else { 0 }
}

/// The answer in the making.
fn entry<'s>(scene: &'s Scene<'_>) -> Option<&'s crate::ask::Entry> {
    match &scene.body {
        Body::Asked(asked) => Some(asked.entry),
        Body::Broken(broken) => Some(broken.entry),
        Body::Worked(task) => Some(task.entry),
        Body::Prose | Body::Said(_) | Body::Shown(_) => None,
    }
}

/// What an answer was worth.
fn told<'s, 'p>(scene: &'s Scene<'p>) -> Option<&'s Told<'p>> {
    match &scene.body {
        Body::Asked(asked) => asked.verdict.as_ref(),
        Body::Broken(broken) => broken.verdict.as_ref(),
        Body::Worked(task) => task.verdict.as_ref(),
        Body::Prose | Body::Said(_) | Body::Shown(_) => None,
    }
}

/// The packet whose bytes a page may show: none while a question is open, which they could answer.
pub(super) fn subject<'p>(scene: &Scene<'p>) -> Option<&'p Hit> {
    match &scene.body {
        _ if scene.open.is_some() => None,
        Body::Prose | Body::Said(_) => None,
        Body::Shown(shown) => shown.hits.last(),
        Body::Asked(asked) => asked.verdict.as_ref().and_then(|told| told.proof),
        Body::Broken(broken) => broken.proof,
        Body::Worked(task) => task.hit,
    }
}

/// The smallest field around a byte.
fn innermost(hit: &Hit, buffer: u8, at: usize) -> Option<&Field> {
    let all = hit.packet.layers.iter().flat_map(|layer| hit.packet.fields_of(layer));
    let around = all.filter(|field| {
        let span = field.span;
        span.buf == buffer && (span.start as usize..span.end() as usize).contains(&at)
    });
    around.min_by_key(|field| field.span.len)
}

/// The sentences of a text.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let (mut all, mut from) = (Vec::new(), 0);
    for (at, _) in text.match_indices(". ") {
        all.push(from..at + 1);
        from = at + 2;
    }
    all.push(from..text.len());
    all
}
