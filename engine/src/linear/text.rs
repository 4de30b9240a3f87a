//! A scene as sentences, a line each.

use crate::view::ask::{ANSWER, BELIEF, BUT};
use crate::view::hex::ROW;
use crate::view::plain::{self, is_drawn, plain, spelled};
use crate::view::prose::{Block, Span};
use crate::view::scene::resolved::{
    Ends, Evidence, Host, Ladder, Layers, Lit, Question, Resolved, Row, Session, Timelines, Verdict, Whole, Work,
};
use crate::view::scene::{WITH_THE_FAULT, WITHOUT_THE_FAULT};

/// Seconds from which on a packet is said to be late.
const LATE: f64 = 0.1;

/// This number of characters in a row is a text, and no accident.
const READABLE: usize = 4;

/// A text in the making.
#[derive(Default)]
struct Out(String);

impl Out {
    /// A line, unless it is empty.
    fn line(&mut self, text: &str) {
        let text = plain::line(text);
        if !text.is_empty() {
            self.0.push_str(&text);
            self.0.push('\n');
        }
    }

    /// Lines as they are: code.
    fn lines(&mut self, text: &str) {
        for line in text.lines() {
            // Of a drawing, its words are left.
            if line.contains(is_drawn) {
                self.line(line);
                continue;
            }
            self.0.push_str(plain(line).trim_end());
            self.0.push('\n');
        }
    }

    fn some(&mut self, before: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.line(&format!("{before}{text}"));
        }
    }
}

/// A scene, with where its packets come from; of one that goes on with the page that was told before, only what is new.
pub(super) fn scene(scene: &Resolved, told: Option<&Resolved>, with_origin: bool) -> String {
    let mut out = Out::default();
    let before = told.filter(|told| told.page == scene.page && told.audience == scene.audience);
    let is_same = before.is_some();
    if !is_same {
        out.0.push('\n');
        // Who listens hears the title once, and for whom it is when that changes.
        let known = told.filter(|told| told.title == scene.title && told.audience == scene.audience);
        match known {
            Some(_) => out.line(&format!("Page {} of {}.", scene.page, scene.pages)),
            None => {
                out.line(&format!("{}. Page {} of {}, for {}s.", scene.title, scene.page, scene.pages, scene.audience));
            }
        }
        if told.is_none() && with_origin {
            out.line(&format!("{}.", scene.origin));
        }
        scene.prose.iter().for_each(|block| prose(block, &mut out));
    }
    let again = |same: &dyn Fn(&Resolved) -> bool| before.is_none_or(|told| !same(told));
    if matches!(scene.kind, "shown" | "worked") && again(&|told| told.ladder == scene.ladder && told.view == scene.view)
    {
        let rows: Vec<&Row> = scene.ladder.rows.iter().filter(|row| row.new || scene.view != "wire").collect();
        ladder(&scene.ladder, &rows, &mut out);
    } else if scene.kind == "asked" && !is_same {
        out.some("", scene.ladder.remark);
    }
    if again(&|told| told.layers == scene.layers) && scene.kind == "shown" {
        layers(scene, told, &mut out);
    }
    if again(&|told| told.text == scene.text) && scene.kind != "broken" {
        out.some("", scene.text.as_deref());
    }
    if again(&|told| told.lit == scene.lit) {
        scene.lit.iter().for_each(|field| lit(field, &mut out));
    }
    if again(&|told| told.whole == scene.whole) {
        scene.whole.iter().for_each(|packet| whole(packet, &mut out));
    }
    if let Some(task) = scene.work.as_ref().filter(|_| again(&|told| told.work == scene.work)) {
        work(task, is_same, &mut out);
    }
    if let Some(asked) = &scene.question {
        let known = before.and_then(|told| told.question.as_ref());
        question(asked, known, &mut out);
    }
    if let Some(what_if) = scene.what_if.as_ref().filter(|_| again(&|told| told.what_if == scene.what_if)) {
        timelines(what_if, &mut out);
        out.some("", scene.text.as_deref());
    }
    if scene.kind != "shown" && again(&|told| told.layers == scene.layers) {
        layers(scene, told, &mut out);
    }
    out.some("", scene.notice.as_deref());
    out.0
}

/// A question of a quiz; of one that was told before, only what is new.
pub(super) fn session(scene: &Session, told: Option<&Session>) -> String {
    let mut out = Out::default();
    let Some(asked) = &scene.question else {
        out.some("", scene.result.as_deref());
        return out.0;
    };
    let before = told.filter(|told| told.number == scene.number);
    if before.is_none() {
        out.0.push('\n');
        out.line(&format!("Question {} of {}: {}.", scene.number, scene.of, scene.kind.unwrap_or_default()));
        out.line(&asked.prompt);
        scene.shown.iter().for_each(|line| out.line(&spelled(line)));
    }
    let known = before.and_then(|told| told.question.as_ref());
    let mut asked = Question { prompt: String::new(), ..asked.clone() };
    let verdict = asked.verdict.iter_mut().flat_map(|verdict| &mut verdict.order);
    asked.items.iter_mut().chain(verdict).for_each(|item| item.text = spelled(&item.text));
    asked.packets.iter_mut().for_each(|packet| packet.text = spelled(&packet.text));
    question(&asked, known.map(|known| Question { prompt: String::new(), ..known.clone() }).as_ref(), &mut out);
    if let Some(proof) = &scene.proof {
        out.line(&format!("Proof: {}", proof.filter));
        out.line(&spelled(&proof.line));
    }
    out.some("", scene.notice.as_deref());
    out.0
}

/// All packets so far.
pub(super) fn packets(all: &Ladder) -> String {
    let mut out = Out::default();
    if all.rows.is_empty() && all.remark.is_none() {
        out.line("There are no packets so far.");
    }
    ladder(all, &all.rows.iter().collect::<Vec<_>>(), &mut out);
    out.0
}

// ---- prose

fn prose(block: &Block, out: &mut Out) {
    let text = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
    match block {
        Block::Heading { spans } => {
            out.0.push('\n');
            out.line(&text(spans));
        }
        Block::Paragraph { spans } => out.line(&text(spans)),
        Block::List { items } => items.iter().for_each(|item| out.line(&format!("- {}", text(item)))),
        Block::Code { text } => out.lines(text),
    }
}

// ---- packets

/// Some packets of a ladder.
fn ladder(all: &Ladder, rows: &[&Row], out: &mut Out) {
    let mut states: Vec<Ends> = Vec::new();
    let mut last: Option<f64> = None;
    for row in rows {
        out.some("", row.gap.as_deref());
        if let Some(before) = &row.before {
            out.line(&format!("Before it: {}", ends(before)));
        }
        packet(all, row, last, out);
        last = row.time.parse().ok().or(last);
        // Of each state it is said once that it is so.
        if let Some(now) = row.states.as_ref().filter(|now| states.last() != Some(now)) {
            out.line(&ends(now));
            states.push(now.clone());
        }
        row.kernel.iter().for_each(|line| out.line(line));
        for (what, both) in [("knows", &row.knows), ("program", &row.calls)] {
            let Some(both) = both else { continue };
            for (end, text) in [("Client", &both.client), ("Server", &both.server)] {
                let head = if what == "program" { format!("{end}'s program: ") } else { format!("{end}: ") };
                out.some(&head, text.as_deref());
            }
        }
    }
    out.some("", all.remark);
}

/// `Packet 3, client to server: SYN, sequence number 0.`
fn packet(all: &Ladder, row: &Row, last: Option<f64>, out: &mut Out) {
    let [from, to] = &row.who;
    let from = from.clone().unwrap_or_else(|| named(&all.hosts, row.from));
    let to = to.clone().or_else(|| row.to.map(|to| named(&all.hosts, to)));
    let to = to.unwrap_or_else(|| "everybody on the link".to_owned());
    let at = row.time.parse::<f64>().ok().filter(|at| last.is_some_and(|last| at - last >= LATE));
    let at = at.map_or(String::new(), |_| format!(" at {} seconds,", row.time));
    out.line(&format!("Packet {},{at} {from} to {to}: {}.", row.packet, spelled(&row.line)));
    if let Some(hop) = &row.hop {
        let ([from, to], [card, next]) = (&hop.addresses, &hop.cards);
        out.line(&format!("{from} to {to}. TTL {}, {card} to {next}.", hop.ttl));
    }
    row.messages.iter().for_each(|message| out.line(&format!("{message}.")));
    out.some("", row.remark.as_deref());
}

/// What a host is called: where names are alike, with its port; without a name, by its address.
fn named(hosts: &[Host], at: usize) -> String {
    let Some(host) = hosts.get(at) else { return "somebody".to_owned() };
    let port = host.ports.first().map_or(String::new(), |port| format!(" port {port}"));
    let address = host.addresses.first().cloned().unwrap_or_default();
    if host.name.is_empty() {
        return address + &port;
    }
    let is_alone = hosts.iter().filter(|other| other.name == host.name).count() == 1;
    if is_alone { host.name.clone() } else { format!("{}{port}", host.name) }
}

fn ends(both: &Ends) -> String {
    let one = |end: &str, state: &Option<String>| state.as_ref().map(|state| format!("{end}: {state}."));
    let all = [one("Client", &both.client), one("Server", &both.server)];
    all.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

// ---- layers, fields, bytes

/// The seven layers of each packet: in one line, or a line a layer where they are unfolded. Of a packet whose layers were
/// just told, only the one that the page is about.
fn layers(scene: &Resolved, told: Option<&Resolved>, out: &mut Out) {
    let unlit = |stack: &Layers| {
        let mut stack = stack.clone();
        stack.rows.iter_mut().for_each(|row| row.lit = false);
        stack
    };
    for stack in &scene.layers {
        if scene.unfolded {
            each_layer(stack, out);
            continue;
        }
        let known = told.is_some_and(|told| told.layers.iter().any(|other| unlit(other) == unlit(stack)));
        if let Some(row) = stack.rows.iter().find(|row| row.lit).filter(|_| known) {
            out.line(&format!("This page is about layer {} of packet {}: {}.", row.layer, stack.packet, row.short));
            continue;
        }
        let mut parts: Vec<String> = Vec::new();
        for row in &stack.rows {
            let about = if row.lit { ", which this page is about" } else { "" };
            if row.evidence == "not visible" && !row.lit {
                continue;
            }
            let inferred = if row.evidence == "inferred" { ", inferred" } else { "" };
            parts.push(format!("{} {}: {}{inferred}{about}", row.layer, row.name, row.short));
        }
        let hidden: Vec<String> = stack
            .rows
            .iter()
            .filter(|row| row.evidence == "not visible" && !row.lit)
            .map(|row| row.layer.to_string())
            .collect();
        let mut line = format!("Layers of packet {}. {}.", stack.packet, parts.join("; "));
        if !hidden.is_empty() {
            line.extend([" Not visible: ", &hidden.join(", "), "."]);
        }
        out.line(&line);
    }
}

fn each_layer(stack: &Layers, out: &mut Out) {
    out.line(&format!("Layers of packet {}, from the highest down:", stack.packet));
    for row in stack.rows.iter().rev() {
        let about = if row.lit { ", which this page is about" } else { "" };
        let what = if row.what == "–" { String::new() } else { format!(": {}", spelled(&row.what)) };
        out.line(&format!("Layer {}, {}, {}{about}{what}.", row.layer, row.name, row.evidence));
        out.some("", row.why.as_deref());
    }
}

fn lit(field: &Lit, out: &mut Out) {
    let place = match (field.length, field.buffer) {
        (0, _) => String::new(),
        (1, 0) => format!(", byte {} of the frame", field.offset),
        (length, 0) => format!(", bytes {} to {} of the frame", field.offset, field.offset + length - 1),
        (length, _) => format!(", {length} bytes of what was put together"),
    };
    out.line(&format!("{}: {} ({}{place}).", field.label, field.value, field.field));
}

/// All of a packet: its fields layer by layer, what the tutor says, and its bytes.
fn whole(packet: &Whole, out: &mut Out) {
    out.line(&format!("All of packet {}:", packet.packet));
    let list = |key: &str| packet.fields.get(key).and_then(|all| all.as_array()).cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    for (index, layer) in list("layers").iter().enumerate() {
        out.line(&format!("Layer {}, {}:", layer["osi"], text(&layer["name"])));
        for field in layer["fields"].as_array().into_iter().flatten() {
            out.line(&format!("{}: {}", text(&field["name"]), text(&field["value"])));
        }
        for note in list("notes").iter().filter(|note| note["layer"].as_u64() == Some(index as u64)) {
            out.line(&text(&note["text"]));
        }
    }
    for held in &packet.bytes {
        let name =
            if held.buffer == 0 { "The frame".to_owned() } else { format!("Bytes put together, {}", held.buffer) };
        out.line(&format!("{name}, {} bytes:", held.length));
        bytes(&held.hex, out);
    }
}

/// Bytes in hexadecimal, sixteen a line, each line with its first and last byte.
fn bytes(hex: &str, out: &mut Out) {
    let all: Vec<&str> = (0..hex.len() / 2).filter_map(|at| hex.get(2 * at..2 * at + 2)).collect();
    for (row, part) in all.chunks(ROW).enumerate() {
        let first = row * ROW;
        out.line(&format!("Bytes {first} to {}: {}", first + part.len() - 1, part.join(" ")));
    }
    readable(&all, out);
}

/// What can be read in bytes: a screen has it beside them.
fn readable(all: &[&str], out: &mut Out) {
    let letter = |digits: &&str| u8::from_str_radix(digits, 16).ok().map(char::from).filter(|c| matches!(c, ' '..='~'));
    let letters: Vec<Option<char>> = all.iter().map(letter).collect();
    let mut first = 0;
    for run in letters.chunk_by(|a, b| a.is_some() == b.is_some()) {
        let text: String = run.iter().flatten().collect();
        if text.trim().len() >= READABLE {
            out.line(&format!("Bytes {first} to {} as text: {text}", first + run.len() - 1));
        }
        first += run.len();
    }
}

// ---- questions

fn question(asked: &Question, told: Option<&Question>, out: &mut Out) {
    if told.is_none_or(|told| told.prompt != asked.prompt || told.form != asked.form) {
        out.line(&asked.prompt);
        asked.items.iter().for_each(|item| out.line(&format!("{}: {}", item.label, item.text)));
        asked.packets.iter().for_each(|packet| out.line(&format!("Packet {}: {}", packet.packet, packet.text)));
        for (place, name) in (1..).zip(&asked.blanks) {
            out.line(&format!("{place}: {name}"));
        }
        if let Some(hex) = &asked.bytes {
            bytes(hex, out);
        }
        out.some("", asked.note);
    }
    if told.is_none_or(|told| told.hint != asked.hint) {
        out.some("Hint: ", asked.hint.as_deref());
    }
    if let Some(told) = asked.verdict.as_ref().filter(|_| told.is_none_or(|told| told.verdict != asked.verdict)) {
        verdict(told, out);
    }
}

fn verdict(told: &Verdict, out: &mut Out) {
    let answer = told.answer.as_ref().map_or(String::new(), |answer| format!(" {ANSWER}{answer}"));
    out.line(&format!("{}{answer}", told.headline));
    if told.given.len() > 1 {
        let parts =
            told.given.iter().map(|part| format!("{} {}", part.text, if part.right { "right" } else { "wrong" }));
        out.line(&format!("Your answer: {}.", parts.collect::<Vec<_>>().join(", ")));
    }
    told.order.iter().for_each(|item| out.line(&format!("{}: {}", item.label, item.text)));
    out.some("", told.said.as_deref());
    if let Some(belief) = &told.misconception {
        out.line(&format!("{BELIEF}{}", belief.claim));
        out.line(&format!("{BUT}{}", belief.refutation));
    }
    evidence(told.against.as_ref(), out);
    out.some("", told.why.as_deref());
    evidence(told.proof.as_ref(), out);
    if let Some(spec) = &told.spec {
        out.line(&format!("See {spec}."));
    }
}

fn evidence(shown: Option<&Evidence>, out: &mut Out) {
    let Some(shown) = shown else { return };
    out.line(&format!("{}.", shown.text));
    shown.ladder.rows.iter().for_each(|row| packet(&shown.ladder, row, None, out));
    shown.fields.iter().for_each(|field| lit(field, out));
}

fn work(task: &Work, is_same: bool, out: &mut Out) {
    if !is_same {
        out.line(&format!("{} ({})", task.title, task.turn));
        task.given.iter().for_each(|given| out.line(&format!("Given: {} = {}", given.name, given.value)));
    }
    for (number, step) in (1..).zip(&task.steps) {
        let value = match (&step.value, step.current) {
            (Some(value), _) => format!(": {value}"),
            (None, true) => ": your answer".to_owned(),
            (None, false) => ": later".to_owned(),
        };
        let formula =
            step.formula.as_ref().map_or(String::new(), |formula| format!(" = {}", formula.replace('#', "step ")));
        out.line(&format!("Step {number}: {}{value}{formula}", step.say));
    }
    out.some("", task.text.as_deref());
}

fn timelines(both: &Timelines, out: &mut Out) {
    if let Some(why) = &both.error {
        return out.line(why);
    }
    for (head, timeline) in [(WITHOUT_THE_FAULT, &both.before), (WITH_THE_FAULT, &both.after)] {
        out.line(head);
        ladder(timeline, &timeline.rows.iter().collect::<Vec<_>>(), out);
    }
}
