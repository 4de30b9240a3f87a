//! Slides that are no lesson's: a quiz's questions, and the packets of a capture with all that can be asked about them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::deck::{Deck, Side, Slide, preview};
use crate::ask::{Kind, Question};
use crate::filter::Filter;
use crate::model::Packet;
use crate::tutor::{Audience, Moment, Texts};
use crate::view::brief::sentence;
use crate::view::scene::resolved::Layers;

/// The most packets that a class browses.
pub const MOST: usize = 1_000;
/// The most bytes of them.
const BYTES: usize = 16 << 20;
/// The longest line of a list, in letters.
const LINE: usize = 200;

/// The packets of a capture, to be filtered.
#[derive(Debug, Default)]
pub struct Shelf {
    packets: Vec<Packet>,
    bytes: usize,
    /// Its capture has more than are here.
    pub cut: bool,
}

/// A packet of the list, and which slides are about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its number.
    pub packet: u64,
    /// It in a line.
    pub line: String,
    /// The slide that shows it, from 0.
    pub slide: usize,
    /// What can be asked about it, and the slide that does.
    pub asks: Vec<(&'static str, usize)>,
}

/// A packet for a slide: its line, and its layers drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    line: String,
    layers: Json,
}

impl Drawn {
    /// A packet, right after it was walked.
    pub fn of(moment: &Moment<'_>, audience: Audience, texts: &Texts) -> Self {
        let mut line = String::new();
        sentence(moment.packet, &mut line);
        let line = line.chars().take(LINE).collect();
        Self { line, layers: json!([Layers::of(moment, audience, texts)]) }
    }
}

impl Drawn {
    /// Its layers, none of them lit: the question may be about another one than the highest.
    fn unlit(&self) -> Json {
        let mut layers = self.layers.clone();
        for row in layers.pointer_mut("/0/rows").and_then(Json::as_array_mut).into_iter().flatten() {
            row["lit"] = false.into();
            row["why"] = Json::Null;
        }
        layers
    }
}

impl Shelf {
    /// Puts a packet on it; `false`: there is no more room.
    pub fn put(&mut self, packet: &Packet) -> bool {
        self.bytes += packet.buffers().iter().map(|held| held.bytes.len()).sum::<usize>();
        self.cut = self.packets.len() >= MOST || self.bytes > BYTES;
        if !self.cut {
            self.packets.push(packet.clone());
        }
        !self.cut
    }

    /// How many are on it.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The numbers of the packets that a display filter selects; all, where it is empty.
    ///
    /// # Errors
    /// What is wrong with the filter.
    pub fn select(&self, filter: &str) -> Result<Vec<u64>, String> {
        let filter = match filter.trim() {
            "" => None,
            text => Some(Filter::parse(text).map_err(|why| why.to_string())?),
        };
        let wanted = |packet: &&Packet| filter.as_ref().is_none_or(|filter| filter.matches(packet));
        Ok(self.packets.iter().filter(wanted).map(|packet| packet.number).collect())
    }
}

impl Deck {
    /// A quiz: a slide for each question, and the packet that proves its answer where it is known.
    pub fn of_quiz(title: &str, audience: Audience, questions: Vec<Question>, drawn: &BTreeMap<u64, Drawn>) -> Self {
        let slide = |question: Question| asking(title, question, drawn);
        let slides = questions.into_iter().map(slide).collect();
        Self { name: title.to_owned(), title: title.to_owned(), audience, browsed: false, slides }
    }

    /// A capture: a slide for each packet, and after it, beside the way, one for each question about that packet.
    pub fn of_capture(title: &str, audience: Audience, questions: Vec<Question>, drawn: &BTreeMap<u64, Drawn>) -> Self {
        let mut about = BTreeMap::<u64, Vec<Question>>::new();
        for question in questions {
            if let Some((_, _, frame)) = Question::read_id(&question.id) {
                about.entry(frame).or_default().push(question);
            }
        }
        let mut slides = Vec::new();
        for (number, packet) in drawn {
            let scene = json!({ "origin": title, "listed": [listed(*number, packet)], "layers": packet.layers });
            let line = preview(&listed(*number, packet));
            slides.push(Slide { scene: scene.clone(), revealed: scene, about: line, ..Slide::default() });
            let side = Some(Side::About);
            let questions = about.remove(number).unwrap_or_default();
            slides.extend(questions.into_iter().map(|question| Slide { side, ..asking(title, question, drawn) }));
        }
        Self { name: title.to_owned(), title: title.to_owned(), audience, browsed: true, slides }
    }

    /// The list that the teacher browses; empty where the class is no capture's.
    pub fn list(&self) -> Vec<Listed> {
        let mut all: Vec<Listed> = Vec::new();
        if !self.browsed {
            return all;
        }
        for (at, slide) in self.slides.iter().enumerate() {
            let packet = slide.scene.pointer("/layers/0/packet").and_then(Json::as_u64);
            match (slide.side, packet) {
                (Some(Side::About), _) => {
                    let kind = slide.scene.get("kind").and_then(Json::as_str);
                    let kind = Kind::QUIZ.into_iter().find(|known| Some(known.name()) == kind);
                    if let (Some(last), Some(kind)) = (all.last_mut(), kind) {
                        last.asks.push((kind.name(), at));
                    }
                }
                (None, Some(packet)) => {
                    all.push(Listed { packet, line: slide.about.clone(), slide: at, asks: Vec::new() });
                }
                _ => {}
            }
        }
        all
    }
}

/// A line of a list, with its number.
fn listed(number: u64, packet: &Drawn) -> String {
    format!("{number:>5}  {}", packet.line)
}

/// The slide of a question.
fn asking(title: &str, question: Question, drawn: &BTreeMap<u64, Drawn>) -> Slide {
    let Question { kind, prompt, shown, task, proof, why, .. } = question;
    let scene = json!({ "origin": title, "kind": kind.name(), "listed": shown });
    let mut revealed = scene.clone();
    if let Some(revealed) = revealed.as_object_mut() {
        // What is there already isn't drawn twice.
        let line = Some(&proof.line).filter(|line| !shown.contains(line));
        revealed.insert("proof".to_owned(), json!({ "filter": proof.filter, "line": line }));
        if let Some(packet) = drawn.get(&proof.frame) {
            revealed.insert("layers".to_owned(), packet.unlit());
        }
    }
    let about = preview(&prompt);
    Slide { prompt, task: Some(task), why, scene, revealed, about, ..Slide::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::draft::paper::Maker;
    use crate::flow::Limits;
    use crate::flow::reader::each;
    use crate::sim::Simulation;
    use crate::sim::scenario::Scenario;
    use crate::source::SourceError;

    /// The packets of a scenario, all that can be asked about them, and a shelf with them.
    fn seen(name: &str) -> (BTreeMap<u64, Drawn>, Vec<Question>, Shelf) {
        let scenario = Scenario::ready(name).unwrap().unwrap();
        let (texts, mut drawn, mut shelf) = (Texts::english(), BTreeMap::new(), Shelf::default());
        let mut maker = Maker::new(name, 1, &Kind::QUIZ, MOST, Vec::new(), sentence);
        each::<SourceError>(&mut Simulation::new(&scenario, 7), Limits::default(), |packet, tracker| {
            maker.take(packet, tracker);
            shelf.put(packet);
            let moment = Moment::new(packet, tracker);
            drawn.insert(packet.number, Drawn::of(&moment, Audience::Student, &texts));
            Ok(true)
        })
        .unwrap();
        (drawn, maker.finish().1, shelf)
    }

    #[test]
    fn every_packet_has_its_slide_and_what_is_asked_about_it_is_beside_the_way() {
        let (drawn, questions, shelf) = seen("two-hosts");
        let asked = questions.len();
        let deck = Deck::of_capture("From the file a.pcap", Audience::Student, questions, &drawn);
        let list = deck.list();
        assert_eq!((list.len(), shelf.len()), (drawn.len(), drawn.len()));
        assert_eq!(list.iter().map(|listed| listed.asks.len()).sum::<usize>(), asked);
        assert!(asked > list.len(), "{asked} questions about {} packets", list.len());
        let mut at = Some(0);
        for listed in &list {
            assert_eq!(at, Some(listed.slide), "the way goes from packet to packet");
            assert!(listed.line.contains(&listed.packet.to_string()));
            at = deck.after(listed.slide);
            for (_, ask) in &listed.asks {
                assert_eq!(deck.after(*ask), at);
                let slide = &deck.slides[*ask];
                assert_eq!(
                    slide.task.as_ref().unwrap().judge(&slide.task.as_ref().unwrap().right()).map(|v| v.right),
                    Some(true)
                );
                assert!(slide.scene.get("layers").is_none() && slide.revealed.get("layers").is_some());
            }
        }
        assert_eq!(at, None);
    }

    #[test]
    fn a_quiz_is_a_slide_a_question_and_nothing_to_browse() {
        let (drawn, questions, _) = seen("socketio");
        let deck = Deck::of_quiz("Simulated: socketio", Audience::Student, questions.clone(), &drawn);
        assert_eq!((deck.slides.len(), deck.questions(), deck.list().len()), (questions.len(), questions.len(), 0));
        for (slide, question) in deck.slides.iter().zip(&questions) {
            assert_eq!((slide.task.as_ref(), &slide.prompt), (Some(&question.task), &question.prompt));
            let seen = slide.revealed.to_string();
            assert_eq!(seen.matches(&json!(question.proof.line).to_string()).count(), 1, "once: {seen}");
            assert!(!seen.contains("\"lit\":true"), "{seen}");
        }
    }

    #[test]
    fn a_display_filter_selects_packets_and_a_wrong_one_says_why() {
        let (_, _, shelf) = seen("two-hosts");
        let syn = shelf.select("tcp.flags.syn == 1").unwrap();
        assert_eq!(syn.len(), 4, "two connections");
        assert_eq!(shelf.select(" ").unwrap().len(), shelf.len());
        assert!(shelf.select("tcp.flags.sin == 1").unwrap_err().contains("tcp.flags.sin"));
    }

    #[test]
    fn a_shelf_is_full_some_day() {
        let (_, _, full) = seen("two-hosts");
        let mut shelf = Shelf::default();
        let packet = &full.packets[0];
        assert_eq!((0..MOST + 5).filter(|_| shelf.put(packet)).count(), MOST);
        assert!(shelf.cut);
        let mut large = packet.clone();
        large.number = 1;
        let mut shelf = Shelf { bytes: BYTES, ..Shelf::default() };
        assert!(!shelf.put(&large) && shelf.is_empty());
    }
}
