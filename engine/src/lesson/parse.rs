//! Reading a lesson file: front matter, pages, fences. The guide for writers is [`format`](super::format).

use super::compute::Expr;
use super::error::{LessonError, Placed, Source};
use super::fault;
use super::format::{
    Ask, AskKind, Blank, Choice, DefaultSource, Evidence, Example, Fence, Lesson, Page, Pick, Probe, ProbeId, Proof,
    Say, Scope, Show, Slip, Step, Typed, Wanted, WhatIf, Worked, WorkedStep,
};
use super::note;
use super::posed::mix;
use super::programs;
use super::reader::{Keys, Read, TextOrTable, nearest, unseen};
use crate::ask::bank::{Misconception, bank, misconception};
use crate::filter::Filter;
use crate::model::Osi;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// The live fences, and those that stay text.
const FENCES: [&str; 7] = ["say", "show", "ask", "whatif", "worked", "file", "text"];
/// The most pages, probes, and items of a list: more make no lesson.
const MOST: usize = 200;

impl Lesson {
    /// Reads a lesson file; `file` names it in messages.
    ///
    /// # Errors
    /// The first mistake in it, with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, LessonError> {
        Self::read(file, text).map_err(|mut all| all.swap_remove(0))
    }

    /// Only what its front matter says, without pages: a list of lessons needs no more.
    ///
    /// # Errors
    /// The first mistake there, with its place.
    pub fn head(file: &str, text: &str) -> Result<Self, LessonError> {
        let source = Source { file, text };
        let (front, _) = source.halves()?;
        Builder::over(&source).front(front)
    }

    /// The same, and every mistake: the first of each fence.
    ///
    /// # Errors
    /// At least one mistake.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<LessonError>> {
        let source = Source { file, text };
        if let Some(wrong) = unseen(&source) {
            return Err(vec![wrong]);
        }
        let (front, body) = source.halves().map_err(|e| vec![e])?;
        let mut builder = Builder::over(&source);
        let front = builder.front(front);
        builder.body(body);
        builder.questions();
        let Builder { mut wrong, pages, probes, .. } = builder;
        match front {
            Ok(front) if wrong.is_empty() => Ok(Self { pages, probes, ..front }),
            Ok(_) => Err(wrong),
            Err(e) => {
                wrong.insert(0, e);
                Err(wrong)
            }
        }
    }
}

struct Builder<'s, 't> {
    source: &'s Source<'t>,
    wrong: Vec<LessonError>,
    pages: Vec<Page>,
    probes: Vec<Probe>,
    /// Questions so far.
    asked: usize,
}

impl<'s, 't> Builder<'s, 't> {
    fn over(source: &'s Source<'t>) -> Self {
        Self { source, wrong: Vec::new(), pages: Vec::new(), probes: Vec::new(), asked: 0 }
    }

    fn front(&self, body: &'s str) -> Read<Lesson> {
        let mut keys = Keys::parse(self.source, "front matter", 4, body, 0..3)?;
        let id = keys.words_of_one("id")?.ok_or_else(|| keys.lacks("id", "\"handshake\""))?;
        if !is_id(&id) {
            return Err(keys.error(id.span, "an id is made of small letters, digits and hyphens"));
        }
        let title = keys.words_of_one("title")?.ok_or_else(|| keys.lacks("title", "\"What it teaches\""))?;
        let osi = layer(&mut keys, "osi")?.ok_or_else(|| keys.lacks("osi", "\"transport\""))?.it;
        let needs = keys.texts("needs")?.into_iter().map(|n| n.it).collect();
        let minutes = keys.number("minutes")?.ok_or_else(|| keys.lacks("minutes", "10"))?.it;
        let scope = match keys.text("scope")? {
            None => Scope::Conversation,
            Some(word) if word.it == "conversation" => Scope::Conversation,
            Some(word) if word.it == "capture" => Scope::Capture,
            Some(word) => return Err(keys.error(word.span, "scope is \"conversation\" or \"capture\"")),
        };
        let example = "{ scenario = \"two-hosts\", seed = 7 }";
        let mut inner = keys.table("source", "source")?.ok_or_else(|| keys.lacks("source", example))?;
        let scenario = inner.words_of_one("scenario")?.ok_or_else(|| inner.lacks("scenario", "\"two-hosts\""))?;
        let seed = inner.number("seed")?.ok_or_else(|| inner.lacks("seed", "7"))?.it;
        let at = inner.words_of_one("at")?.map(|t| t.it);
        inner.finish()?;
        keys.finish()?;
        Ok(Lesson {
            file: self.source.file.to_owned(),
            id: id.it,
            title: title.it,
            osi,
            needs,
            minutes,
            scope,
            source: DefaultSource { scenario: scenario.it, seed, at },
            pages: Vec::new(),
            probes: Vec::new(),
        })
    }

    /// Cuts the body into pages: each ends with a live fence.
    fn body(&mut self, from: usize) {
        let mut prose = String::new();
        let mut at = from;
        let mut lines = self.source.text.get(from..).unwrap_or("").split_inclusive('\n');
        while let Some(line) = lines.next() {
            let start = at;
            at += line.len();
            let Some(kind) = line.strip_prefix("```").map(str::trim).filter(|k| !k.is_empty()) else {
                prose.push_str(line);
                continue;
            };
            let body_at = at;
            let mut body_end = None;
            for inner in lines.by_ref() {
                let begins = at;
                at += inner.len();
                if inner.trim_end() == "```" {
                    body_end = Some(begins);
                    break;
                }
            }
            let here = start..start + line.trim_end().len();
            let Some(body_end) = body_end else {
                self.wrong.push(self.source.error(here, "this fence is not closed by a line ```"));
                return;
            };
            let body = self.source.text.get(body_at..body_end).unwrap_or("");
            if programs::add(self.source, (kind, body), &here, &mut prose, &mut self.wrong) {
                continue;
            }
            if self.pages.len() >= MOST {
                self.wrong.push(self.source.error(here, format!("a lesson has at most {MOST} pages")));
                return;
            }
            let read = self.fence(kind, body_at, body, here);
            if let Err(e) = read.map(|pages| self.add(pages, &mut prose)) {
                self.wrong.push(e);
            }
        }
        if !prose.trim().is_empty() {
            self.pages.push(Page::new(prose, None, at..at));
        }
    }

    /// Pages that a fence made; the prose above it is on the first.
    fn add(&mut self, pages: Vec<Page>, prose: &mut String) {
        for page in pages {
            let asks = match &page.fence {
                Some(Fence::Ask(_)) => true,
                Some(Fence::WhatIf(whatif)) => !whatif.choices.is_empty(),
                Some(Fence::Worked(worked, example)) => (0..worked.steps.len()).any(|s| worked.is_missing(*example, s)),
                _ => false,
            };
            self.asked += usize::from(asks);
            let question = asks.then(|| page.question.unwrap_or_else(|| format!("q{}", self.asked)));
            self.pages.push(Page { prose: std::mem::take(prose), question, ..page });
        }
    }

    /// No two questions may have one name in the learner's record.
    fn questions(&mut self) {
        let mut seen = HashSet::new();
        for page in &self.pages {
            if let Some(id) = &page.question
                && !seen.insert(id)
            {
                self.wrong.push(self.source.error(page.span.clone(), format!("another question has the id {id}, too")));
            }
        }
    }

    fn fence(&mut self, kind: &str, at: usize, body: &'s str, here: Range<usize>) -> Read<Vec<Page>> {
        let what = match kind {
            "say" => "say fence",
            "show" => "show fence",
            "ask" => "ask fence",
            "whatif" => "whatif fence",
            "worked" => "worked fence",
            _ => {
                let near = nearest(kind, FENCES.into_iter());
                let why = format!("there is no fence {kind}{near} There are {}", FENCES.join(", "));
                return Err(self.source.error(here, why.replace(" There", "; there").replace("?;", "?")));
            }
        };
        let mut keys = Keys::parse(self.source, what, at, body, here.clone())?;
        keys.advanced = keys.flag("advanced")?;
        let advanced = keys.advanced;
        let question = match kind {
            "ask" | "whatif" => keys.words_of_one("id")?.map(|t| t.it),
            _ => None,
        };
        let when = keys.pick("when")?.map(|pick| self.pick(pick, true));
        let layer = if kind == "say" { None } else { layer(&mut keys, "layer")? };
        let mut note = note::read(&mut keys)?;
        let fence = match kind {
            "say" => Fence::Say(Say { words: keys.three()?, of: self.of(&mut keys)? }),
            "show" => Fence::Show(Box::new(show(&mut keys)?)),
            "ask" => Fence::Ask(Box::new(self.ask(&mut keys)?)),
            "whatif" => Fence::WhatIf(Box::new(self.whatif(&mut keys)?)),
            _ => {
                let worked = Arc::new(self.worked(&mut keys)?);
                keys.finish()?;
                let mut page = |i| Page {
                    layer: layer.clone(),
                    when,
                    advanced,
                    note: note.take(),
                    ..Page::new(String::new(), Some(Fence::Worked(Arc::clone(&worked), i)), here.clone())
                };
                return Ok((0..worked.on.len()).map(&mut page).collect());
            }
        };
        keys.finish()?;
        Ok(vec![Page { layer, when, question, advanced, note, ..Page::new(String::new(), Some(fence), here) }])
    }

    // ---- probes

    fn probe(&mut self, what: Wanted, needed: bool) -> ProbeId {
        self.probes.push(Probe { what, needed });
        self.probes.len() - 1
    }

    fn pick(&mut self, pick: Placed<Pick>, needed: bool) -> ProbeId {
        self.probe(Wanted::Pick(Box::new(pick)), needed)
    }

    fn of(&mut self, keys: &mut Keys<'s, '_>) -> Read<Option<ProbeId>> {
        Ok(keys.pick("of")?.map(|pick| self.pick(pick, true)))
    }

    /// The packet that contradicts a misconception: the writer's, else the bank's.
    fn against(
        &mut self,
        own: Option<Placed<Pick>>,
        what: Option<&Misconception>,
        at: Range<usize>,
    ) -> Option<ProbeId> {
        if let Some(own) = own {
            return Some(self.pick(own, true));
        }
        let filter = what.and_then(Misconception::filter)?;
        Some(self.pick(Placed { it: Pick { filter, nth: 1 }, span: at }, false))
    }

    // ---- ask

    fn ask(&mut self, keys: &mut Keys<'s, '_>) -> Read<Ask> {
        let prompt = keys.words("prompt")?.ok_or_else(|| keys.lacks("prompt", "\"What comes next?\""))?;
        let of = self.of(keys)?;
        let kinds = ["choices", "fill", "number", "order", "impossible", "mark", "packet", "blanks"];
        let there: Vec<&str> = kinds.into_iter().filter(|k| keys.has(k)).collect();
        let [kind] = there[..] else {
            let why = format!("a question has exactly one of {}; this one has {}", kinds.join(", "), there.len());
            return Err(keys.error(keys.span(), why));
        };
        let mut evidence = Evidence { packet: None, spec: keys.words_of_one("spec")?.map(|t| t.it) };
        let kind = match kind {
            "choices" => {
                let of = ChoiceOf::Question { by_spec: evidence.spec.is_some() };
                AskKind::Choices(self.choices(keys, "choices", of)?)
            }
            "impossible" => AskKind::Impossible(self.choices(keys, "impossible", ChoiceOf::Impossible)?),
            "order" => AskKind::Order(self.order(keys, evidence.spec.is_some())?),
            "mark" => {
                let name = keys.text("mark")?.ok_or_else(|| keys.lacks("mark", "\"tcp.dstport\""))?;
                if of.is_none() {
                    return Err(keys.lacks("of", "\"tcp.flags.syn == 1\""));
                }
                AskKind::Mark(keys.as_field(&name)?)
            }
            "packet" => {
                let pick = keys.pick("packet")?.ok_or_else(|| keys.lacks("packet", "\"tcp.flags.fin == 1\""))?;
                AskKind::Packet(self.pick(pick, true))
            }
            "blanks" => AskKind::Blanks(blanks(keys)?),
            number => AskKind::Typed(self.typed(keys, number == "number")?),
        };
        match &kind {
            AskKind::Choices(choices) => {
                let right = choices.iter().find(|c| c.right);
                evidence.packet = right.and_then(|c| c.packet);
            }
            AskKind::Typed(typed) => {
                let of = of.ok_or_else(|| keys.lacks("of", "\"tcp.flags.syn == 1\""))?;
                evidence.packet = self.answer_proof(keys, of, &typed.answer)?;
                if evidence.packet.is_none() && evidence.spec.is_none() {
                    evidence.packet = Some(of);
                }
            }
            AskKind::Packet(right) => evidence.packet = Some(*right),
            AskKind::Impossible(_) | AskKind::Order(_) | AskKind::Mark(_) | AskKind::Blanks(_) => evidence.packet = of,
        }
        let why = keys.words("why")?.ok_or_else(|| keys.lacks("why", "\"Because …\""))?;
        let read_off = keys.flag("read_off")?;
        Ok(Ask { prompt, of, kind, read_off, hint: keys.words("hint")?, why, evidence })
    }

    /// `proof`, which may mention `{answer}`.
    fn answer_proof(&mut self, keys: &mut Keys<'s, '_>, of: ProbeId, answer: &Expr) -> Read<Option<ProbeId>> {
        let Some(text) = keys.words_of_one("proof")? else { return Ok(None) };
        if !Proof::mentions_answer(&text) {
            let pick = keys.as_pick(&text)?;
            return Ok(Some(self.pick(pick, true)));
        }
        // A number stands for the answer here: inside quotes and outside it must read as a filter.
        if let Err(e) = Filter::parse(&text.replace("{answer}", "1")) {
            return Err(keys.error(text.span.clone(), format!("with 1 as the answer: {e}")));
        }
        let proof = text.map(Proof::new);
        Ok(Some(self.probe(Wanted::Answer { proof, of, answer: answer.clone() }, true)))
    }

    fn typed(&mut self, keys: &mut Keys<'s, '_>, number: bool) -> Read<Typed> {
        let key = if number { "number" } else { "fill" };
        let text = keys.words_of_one(key)?.ok_or_else(|| keys.lacks(key, "\"{tcp.ack_raw}\""))?;
        let answer = expression(keys, text)?;
        let accept = keys.texts("accept")?.into_iter().map(|t| expression(keys, t)).collect::<Read<_>>()?;
        Ok(Typed { answer, number, accept, wrong: self.slips(keys)? })
    }

    fn slips(&mut self, keys: &mut Keys<'s, '_>) -> Read<Vec<Slip>> {
        let mut slips = Vec::new();
        for mut item in keys.tables("wrong", "wrong answer")? {
            let text = item.words_of_one("answer")?.ok_or_else(|| item.lacks("answer", "\"{tcp.seq_raw}\""))?;
            let answer = expression(&item, text)?;
            let betrays = betrays(&mut item)?.ok_or_else(|| item.lacks("betrays", "\"ack-means-arrived\""))?;
            let own = item.pick("against")?;
            let packet = self.against(own, Some(betrays), item.span());
            item.finish()?;
            slips.push(Slip { answer, betrays, packet });
        }
        Ok(slips)
    }

    fn choices(&mut self, keys: &mut Keys<'s, '_>, key: &'static str, of: ChoiceOf) -> Read<Vec<Choice>> {
        let mut choices = Vec::new();
        for mut item in keys.tables(key, "choice")? {
            let text = item.words_of_one("text")?.ok_or_else(|| item.lacks("text", "\"SYN and ACK\""))?;
            let text = item.template(text)?.map(Arc::new);
            let right = item.flag("right")?;
            let betrays = betrays(&mut item)?;
            let why = item.words("why")?;
            let (mut packet, mut proof) = (None, None);
            match of {
                ChoiceOf::Question { by_spec } if right => match item.pick("proof")? {
                    Some(pick) => packet = Some(self.pick(pick, true)),
                    None if by_spec => {}
                    None => return Err(item.lacks("proof", "\"tcp.flags.ack == 1\" (or give the question a spec)")),
                },
                ChoiceOf::Question { .. } => {
                    let own = item.pick("against")?;
                    packet = self.against(own, betrays, item.span());
                }
                ChoiceOf::Impossible => {
                    let filter =
                        item.filter("filter")?.ok_or_else(|| item.lacks("filter", "\"tcp.flags.syn == 1\""))?;
                    packet = Some(self.pick(filter.map(|filter| Pick { filter, nth: 1 }), !right));
                }
                ChoiceOf::WhatIf if right => proof = item.pick("proof")?,
                ChoiceOf::WhatIf => {}
            }
            item.finish()?;
            choices.push(Choice { text, right, betrays, packet, proof, why });
        }
        let at = keys.span();
        if choices.iter().filter(|c| c.right).count() != 1 {
            return Err(keys.error(at, format!("exactly one of {key} is right: right = true")));
        }
        if !(2..=9).contains(&choices.len()) {
            return Err(keys.error(at, format!("{key} are two to nine")));
        }
        if of != ChoiceOf::Impossible && choices.iter().all(|c| c.betrays.is_none()) {
            let why = "no wrong choice betrays a misconception, as in betrays = \"handshake-is-hello\" (osi-tutor explain misconceptions lists them); if none fits, ask with number, fill, mark or packet";
            return Err(keys.error(at, why));
        }
        if let Some(odd) = choices.iter().find(|c| c.right && c.betrays.is_some()) {
            return Err(keys.error(odd.text.span.clone(), "a right choice betrays nothing"));
        }
        // Writers mostly put the right one first; nobody shall learn its place.
        let lengths: Vec<usize> = choices.iter().map(|choice| choice.text.span.len()).collect();
        mix(&mut choices, &format!("{lengths:?}"));
        Ok(choices)
    }

    fn order(&mut self, keys: &mut Keys<'s, '_>, by_spec: bool) -> Read<Vec<Placed<Step>>> {
        let mut steps = Vec::new();
        for mut item in keys.tables("order", "step")? {
            let text = item.words_of_one("text")?.ok_or_else(|| item.lacks("text", "\"SYN\""))?;
            let span = text.span.clone();
            let text = Arc::new(item.template(text)?.it);
            let packet = item.pick("filter")?.map(|pick| self.pick(pick, true));
            if packet.is_none() && !by_spec {
                return Err(item.lacks("filter", "\"tcp.flags.syn == 1\" (or give the question a spec)"));
            }
            item.finish()?;
            steps.push(Placed { it: Step { text, packet }, span });
        }
        if !(3..=9).contains(&steps.len()) {
            return Err(keys.error(keys.span(), "three to nine steps can be put in order"));
        }
        Ok(steps)
    }

    // ---- whatif and worked

    fn whatif(&mut self, keys: &mut Keys<'s, '_>) -> Read<WhatIf> {
        let prompt = keys.words("prompt")?.ok_or_else(|| keys.lacks("prompt", "\"What happens now?\""))?;
        let inner =
            keys.table("fault", "fault")?.ok_or_else(|| keys.lacks("fault", "{ drop = \"tcp.flags.syn == 1\" }"))?;
        let fault = fault::read(inner)?;
        let at = keys.words_of_one("at")?.map(|t| t.it);
        let choices = if keys.has("choices") { self.choices(keys, "choices", ChoiceOf::WhatIf)? } else { Vec::new() };
        let proof = keys.pick("proof")?.ok_or_else(|| keys.lacks("proof", "\"tcp.analysis.retransmission\""))?;
        let hint = keys.words("hint")?;
        Ok(WhatIf { fault, at, prompt, choices, hint, proof, words: keys.three()? })
    }

    fn worked(&mut self, keys: &mut Keys<'s, '_>) -> Read<Worked> {
        let title = keys.words_of_one("title")?.ok_or_else(|| keys.lacks("title", "\"What comes next?\""))?.it;
        let mut on = Vec::new();
        for item in keys.texts_or_tables("on")? {
            let it = match item.it {
                TextOrTable::Text(text) => {
                    let pick = keys.as_pick(&Placed { it: text, span: item.span.clone() })?;
                    Example::Packet(self.pick(pick, true))
                }
                TextOrTable::Table(pairs) => {
                    Example::Given(pairs.into_iter().map(|(k, v)| (k.it, v.to_string())).collect())
                }
            };
            on.push(Placed { it, span: item.span });
        }
        if !(1..=9).contains(&on.len()) {
            return Err(keys.lacks("on", "[\"FILTER\", …], one to nine packets"));
        }
        let mut steps = Vec::new();
        for mut item in keys.tables("steps", "step")? {
            let say = item.words_of_one("say")?.ok_or_else(|| item.lacks("say", "\"The first byte's number\""))?;
            let say = item.template(say)?.map(Arc::new);
            let value = item.words_of_one("value")?.ok_or_else(|| item.lacks("value", "\"{tcp.seq}\""))?;
            let value = expression(&item, value)?;
            let given = item.flag("given")?;
            item.finish()?;
            steps.push(WorkedStep { say, value, given });
        }
        if !(1..=12).contains(&steps.len()) || steps.last().is_some_and(|s| s.given) {
            return Err(keys.error(keys.span(), "a procedure has one to twelve steps, and its last one is not given"));
        }
        let wrong = self.slips(keys)?;
        Ok(Worked { title, on, steps, wrong, hint: keys.words("hint")?, words: keys.three()? })
    }
}

/// Where choices stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChoiceOf {
    /// Of a question that has a `spec`, or not.
    Question {
        by_spec: bool,
    },
    Impossible,
    WhatIf,
}

fn show(keys: &mut Keys<'_, '_>) -> Read<Show> {
    let filter = keys.filter("filter")?.ok_or_else(|| keys.lacks("filter", "\"tcp.flags.syn == 1\""))?;
    let frames = match keys.number("frames")? {
        None => 1,
        Some(n) if (1..=32).contains(&n.it) => usize::try_from(n.it).unwrap_or(1),
        Some(n) => return Err(keys.error(n.span, "1 to 32 packets can be shown together")),
    };
    let highlight = keys.texts("highlight")?.iter().map(|name| keys.as_field(name)).collect::<Read<_>>()?;
    let states = ends(keys, "states")?;
    let calls = ends(keys, "calls")?;
    Ok(Show { filter, frames, highlight, words: keys.three()?, states, calls })
}

/// A text for the client, one for the server; either may be missing.
fn ends(keys: &mut Keys<'_, '_>, key: &'static str) -> Read<[Option<Placed<Arc<crate::tutor::Template>>>; 2]> {
    let Some(mut inner) = keys.table(key, "table of two ends")? else { return Ok([None, None]) };
    let mut of = |end| {
        let text = inner.words_of_one(end)?;
        text.map(|t| Ok(inner.template(t)?.map(Arc::new))).transpose()
    };
    let both = [of("client")?, of("server")?];
    inner.finish()?;
    Ok(both)
}

/// Several numbers, each with its name.
fn blanks(keys: &mut Keys<'_, '_>) -> Read<Vec<Blank>> {
    let mut blanks = Vec::new();
    for mut item in keys.tables("blanks", "blank")? {
        let text = item.words_of_one("text")?.ok_or_else(|| item.lacks("text", "\"sequence number\""))?;
        let text = item.template(text)?.map(Arc::new);
        let answer = item.words_of_one("answer")?.ok_or_else(|| item.lacks("answer", "\"{tcp.seq}\""))?;
        let answer = expression(&item, answer)?;
        item.finish()?;
        blanks.push(Blank { text, answer });
    }
    if !(2..=9).contains(&blanks.len()) {
        return Err(keys.error(keys.span(), "two to nine numbers can be asked for at once"));
    }
    Ok(blanks)
}

fn expression(keys: &Keys<'_, '_>, text: Placed<String>) -> Read<Placed<Expr>> {
    match Expr::parse(&text) {
        Ok(expr) => Ok(text.map(|_| expr)),
        Err((why, at)) => {
            // One byte further for the opening quote; an expression has no escapes worth counting.
            let from = text.span.start + 1 + at.start;
            Err(keys.error(from..from + at.len(), why))
        }
    }
}

fn betrays(keys: &mut Keys<'_, '_>) -> Read<Option<&'static Misconception>> {
    let Some(id) = keys.words_of_one("betrays")? else { return Ok(None) };
    misconception(&id).map(Some).ok_or_else(|| {
        let near = nearest(&id, bank().iter().map(|m| m.id.as_str()));
        let all = "; to see all: osi-tutor explain misconceptions";
        keys.error(id.span.clone(), format!("the bank has no misconception {}{near}{all}", id.it))
    })
}

const LAYERS: [(&str, Osi); 7] = [
    ("physical", Osi::Physical),
    ("link", Osi::Link),
    ("network", Osi::Network),
    ("transport", Osi::Transport),
    ("session", Osi::Session),
    ("presentation", Osi::Presentation),
    ("application", Osi::Application),
];

/// The name of an OSI layer, if the key is there.
fn layer(keys: &mut Keys<'_, '_>, key: &'static str) -> Read<Option<Placed<Osi>>> {
    let Some(word) = keys.text(key)? else { return Ok(None) };
    let Some(&(_, osi)) = LAYERS.iter().find(|(name, _)| *name == word.it) else {
        let names: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
        return Err(keys.error(word.span.clone(), format!("there is no layer {}: {}", word.it, names.join(", "))));
    };
    Ok(Some(word.map(|_| osi)))
}

/// Small letters, digits, hyphens.
pub(super) fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !id.is_empty() && id.len() <= 40 && id.chars().all(plain) && !id.starts_with('-') && !id.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = "+++\nid = 'x'\ntitle = 'X'\nosi = 'transport'\nminutes = 1\nsource = { scenario = 'two-hosts', seed = 1 }\n+++\n";

    fn says(body: &str) -> String {
        Lesson::parse("10-x.md", &format!("{FRONT}{body}")).map(|_| ()).unwrap_err().to_string()
    }

    fn reads(body: &str) -> Lesson {
        Lesson::parse("10-x.md", &format!("{FRONT}{body}")).unwrap_or_else(|e| panic!("{e}"))
    }

    fn fence(filter: &str, text: &str) -> String {
        format!("```show\nfilter = \"{filter}\"\nnewcomer = \"a\"\nstudent = \"{text}\"\nengineer = \"c\"\n```\n")
    }

    fn ask(keys: &str) -> String {
        format!("```ask\nprompt = 'Which?'\nwhy = 'So.'\n{keys}\n```\n")
    }

    /// The message, and the text above the caret.
    fn blamed(body: &str) -> (String, String) {
        let said = says(body);
        let lines: Vec<&str> = said.lines().collect();
        let from = lines[2].find('^').unwrap();
        let word = lines[1].get(from..from + lines[2].matches('^').count()).unwrap_or_default();
        (lines[0].to_owned(), word.to_owned())
    }

    #[test]
    fn a_page_ends_with_its_fence_and_plain_text_fences_stay_in_the_prose() {
        let lesson = reads(&format!("One.\n\n{}\nTwo.\n\n```text\nSYN\n```\n", fence("tcp", "b")));
        assert_eq!(lesson.pages.len(), 2);
        assert_eq!(lesson.pages[0].prose.trim(), "One.");
        assert_eq!(lesson.shows().count(), 1);
        assert!(lesson.pages[1].prose.contains("SYN"));
    }

    #[test]
    fn a_mistake_is_shown_with_its_line_and_a_caret_below_the_word() {
        assert_eq!(blamed(&fence("tcp.flags.sin == 1", "b")).1, "tcp.flags.sin");
        let escaped = "```show\nfilter = \"http.host == \\\"a\\\" && tcp.prt\"\n```\n";
        assert_eq!(blamed(escaped).1, "tcp.prt", "escapes before the word are counted");
        let (why, word) = blamed("```show\nfilter = 'tcp'\nstudnet = 'b'\n```\n");
        assert!(why.starts_with("10-x.md:8: ") && why.contains("the newcomer is left without a text"), "{why}");
        assert_eq!(word, "```show");
        let (why, word) = blamed(&fence("tcp", "b").replace("student", "studnet"));
        assert!(why.contains("the student is left without a text"), "{why} {word}");
        let (why, word) = blamed(&fence("tcp", "b\"\nnose = \"c"));
        assert!(why.contains("has no key nose") && word == "nose", "{why}");
        assert_eq!(blamed(&fence("tcp", "see {tcp.no_such}")).1, "tcp.no_such");
        assert!(says("```shwo\n```\n").contains("no fence shwo; did you mean show?"));
        assert!(says("```show\nfilter = \"tcp\"\n").contains("not closed"));
        assert!(blamed(&fence("tcp", "b\"\nframes = \"c")).0.contains("a whole number"));
    }

    #[test]
    fn no_lesson_can_command_the_terminal() {
        assert!(says("Red: \u{1b}[31m").contains("a control character"));
        assert!(says("Right to left: \u{202e}").contains("a control character"));
        assert!(says(&format!("Thai: \u{e01}{}", "\u{e49}".repeat(300))).contains("too many marks"));
        let (why, word) = blamed(&fence("tcp", "\\u001b[31m"));
        assert!(why.contains("a control character") && word.contains("u001b"), "{why} {word}");
        let (why, _) = blamed(&fence("tcp", "b\"\nstates = { client = \"\\u202e\" }\n#\""));
        assert!(why.contains("a control character"), "{why}");
    }

    #[test]
    fn every_mistake_of_a_file_is_found_at_once() {
        let body = format!("{}{}", fence("tcp.x", "b"), fence("tcp", "{no}"));
        let all = Lesson::read("10-x.md", &format!("{FRONT}{body}").replace("'transport'", "'trnsport'")).unwrap_err();
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn a_question_has_one_kind_and_one_right_choice() {
        let two =
            "choices = [{ text = 'a', right = true, proof = 'tcp' }, { text = 'b', betrays = 'ack-means-arrived' }]";
        assert_eq!(reads(&ask(two)).pages[0].question.as_deref(), Some("q1"));
        assert!(says(&ask("")).contains("exactly one of choices, fill"));
        assert!(says(&ask(&format!("{two}\nmark = 'tcp.port'"))).contains("this one has 2"));
        assert!(
            says(&ask(&two.replace("right = true, proof = 'tcp'", "why = 'no'")))
                .contains("exactly one of choices is right")
        );
        assert!(says(&ask(&two.replace(", proof = 'tcp'", ""))).contains("needs the key proof"));
        assert!(says(&ask(&two.replace(", betrays = 'ack-means-arrived'", ""))).contains("betrays a misconception"));
        let (why, word) = blamed(&ask(&two.replace("means-arrived", "means-arived")));
        assert!(why.contains("did you mean ack-means-arrived?") && word == "'ack-means-arived'", "{why}");
        assert!(
            says(&(ask(&format!("id = 'q'\n{two}")) + &ask(&format!("id = 'q'\n{two}")))).contains("the id q, too")
        );
    }

    #[test]
    fn computed_answers_and_their_proofs_are_read() {
        let number = "of = 'tcp'\nnumber = '{tcp.seq} + 1'\nproof = 'tcp.ack == {answer}'";
        assert!(matches!(reads(&ask(number)).probes[1].what, Wanted::Answer { of: 0, .. }));
        assert_eq!(blamed(&ask(&number.replace("+ 1", "+ SYN"))).1, "SYN");
        assert!(says(&ask(&number.replace("of = 'tcp'", ""))).contains("needs the key of"));
        assert!(says(&ask(&number.replace("tcp.ack ==", "tcp.ak =="))).contains("with 1 as the answer"));
    }

    #[test]
    fn a_procedure_becomes_a_page_for_each_packet_and_fades() {
        let body = "```worked\ntitle = 'T'\non = ['tcp', '2 of tcp', { 'tcp.seq' = 4 }]\nsteps = [{ say = 'a', value = '{tcp.seq}' }, { say = 'b', value = '#1 + 1' }]\nnewcomer = 'a'\nstudent = 'b'\nengineer = 'c'\n```\n";
        let lesson = reads(body);
        let asked: Vec<_> = lesson.pages.iter().map(|p| p.question.as_deref()).collect();
        assert_eq!(asked, [None, Some("q1"), Some("q2")]);
        assert!(says(&body.replace("'2 of tcp'", "'0 of tcp'")).contains("counted from 1"));
        assert!(says(&body.replace("'#1 + 1'", "'#1 +'")).contains("missing"));
    }
}
