//! A ladder as a picture: the rows of a scene, or of a connection.

use super::Picture;
use super::sequence::{Arrow, Mark, Sequence};
use crate::view::ladder::{place, who};
use crate::view::scene::resolved::{Ends, Evidence, Host, Ladder, Resolved, Row, Timelines};

/// Packets of a scene that are drawn; older ones are on the pages before.
const MOST: usize = 8;

/// Draws a ladder: its rows from the place `first` on; `lit` is the packet that proves something.
pub fn draw(ladder: &Ladder, title: &str, first: usize, lit: Option<u64>) -> Picture {
    let heads: Vec<Vec<String>> = ladder.hosts.iter().map(head).collect();
    let mut drawn = Sequence::new(&heads);
    let rows = ladder.rows.get(first..).unwrap_or_default();
    let mut known: Vec<([usize; 2], Ends)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if drawn.is_full() {
            drawn.note(&format!("… {} more packets are left out", rows.len() - at));
            break;
        }
        if let Some(gap) = &row.gap {
            drawn.note(gap);
        }
        states(row, row.before.as_ref(), &mut known, &mut drawn);
        drawn.arrow(&arrow(row, lit));
        states(row, row.states.as_ref(), &mut known, &mut drawn);
        for (texts, class) in [(&row.knows, "p-state"), (&row.calls, "p-faint")] {
            if let Some(Ends { client, server }) = texts {
                drawn.beside(row.talk.unwrap_or([0, 1]), [client.as_deref(), server.as_deref()], class);
            }
        }
    }
    if let Some(remark) = ladder.remark {
        drawn.note(remark);
    }
    let about = match rows {
        [] => "No packet.".to_owned(),
        [one] => format!("Packet {}: {}", one.packet, one.line),
        [one, .., last] => {
            format!("Packets {} to {}, an arrow each, from the sender to the receiver.", one.packet, last.packet)
        }
    };
    drawn.finish(title.to_owned(), about)
}

fn head(host: &Host) -> Vec<String> {
    let (whole, _) = place(&host.addresses, &host.ports);
    let mut head = vec![host.name.clone(), whole];
    head.dedup();
    head.retain(|text| !text.is_empty());
    head
}

fn arrow(row: &Row, lit: Option<u64>) -> Arrow<'_> {
    let mut below: Vec<(&'static str, String)> = Vec::new();
    if let Some(ends) = who(&row.who) {
        below.push(("p-faint", ends));
    }
    below.extend(row.messages.iter().map(|text| ("", text.clone())));
    if let Some(hop) = &row.hop {
        let ([from, to], [card, next]) = (&hop.addresses, &hop.cards);
        below.push(("p-faint", format!("{from} → {to}  TTL {}", hop.ttl)));
        below.push(("p-faint", format!("{card} → {next}")));
    }
    let befell = row.remark.as_deref().or(row.lost.then_some("It never arrives."));
    below.extend(befell.map(|text| ("p-alarm", text.to_owned())));
    below.extend(row.kernel.iter().map(|text| ("p-faint", text.clone())));
    Arrow {
        number: Some(row.packet),
        time: &row.time,
        from: row.from,
        to: row.to,
        label: &row.line,
        below,
        lost: row.lost,
        mark: if lit == Some(row.packet) {
            Mark::Lit
        } else if row.new {
            Mark::New
        } else {
            Mark::None
        },
    }
}

/// The states of both ends, where they aren't what was last drawn.
fn states(row: &Row, now: Option<&Ends>, known: &mut Vec<([usize; 2], Ends)>, drawn: &mut Sequence) {
    let (Some(talk), Some(now)) = (row.talk, now) else { return };
    let old = known.iter_mut().find(|(ends, _)| *ends == talk);
    let last = old.as_ref().map(|(_, last)| last.clone());
    let news = |of: fn(&Ends) -> &Option<String>| {
        of(now).as_deref().filter(|text| last.as_ref().is_none_or(|last| of(last).as_deref() != Some(*text)))
    };
    let texts = [news(|ends| &ends.client), news(|ends| &ends.server)];
    if texts != [None, None] {
        drawn.beside(talk, texts, "p-state");
    }
    match old {
        Some((_, old)) => old.clone_from(now),
        None => known.push((talk, now.clone())),
    }
}

impl Ladder {
    /// Adds the picture, if there is something to see.
    fn pictured(&mut self, title: &str, first: usize, lit: Option<u64>) {
        if !self.rows.is_empty() {
            self.picture = Some(draw(self, title, first, lit).inline());
        }
    }
}

impl Timelines {
    /// The same with a picture of each.
    #[must_use]
    pub fn pictured(mut self) -> Self {
        self.before.pictured("Without the fault (simulated)", 0, None);
        self.after.pictured("With the fault (simulated)", 0, self.proof);
        self
    }
}

impl Resolved {
    /// The same with a picture beside each ladder.
    #[must_use]
    pub fn pictured(mut self) -> Self {
        let fresh = self.ladder.rows.iter().filter(|row| row.new).count();
        let first = self.ladder.rows.len().saturating_sub(fresh.max(MOST));
        self.ladder.pictured("The packets so far", first, None);
        self.what_if = self.what_if.map(Timelines::pictured);
        let verdict = self.question.as_mut().and_then(|question| question.verdict.as_mut());
        for shown in verdict.into_iter().flat_map(|verdict| [&mut verdict.proof, &mut verdict.against]).flatten() {
            let Evidence { text, ladder, .. } = shown;
            ladder.pictured(text, 0, None);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, address: &str) -> Host {
        Host { name: name.to_owned(), addresses: vec![address.to_owned()], ports: vec![80] }
    }

    fn row(packet: u64, from: usize, to: Option<usize>) -> Row {
        Row { packet, time: "0.000000".into(), from, to, line: format!("line {packet}"), ..Row::default() }
    }

    fn drawn(hosts: usize, rows: Vec<Row>) -> String {
        let hosts = (0..hosts).map(|n| host(&format!("h{n}"), &format!("192.0.2.{n}"))).collect();
        draw(&Ladder { hosts, rows, ..Ladder::default() }, "a <title>", 0, None).file("Simulated.")
    }

    #[test]
    fn an_arrow_points_at_the_receiver_and_a_lost_packet_ends_on_its_way() {
        let there = drawn(2, vec![row(1, 0, Some(1))]);
        // The head's point is on the receiver's line.
        assert!(there.contains("<path class=\"p-full\" d=\"M484 "), "{there}");
        let back = drawn(2, vec![row(1, 1, Some(0))]);
        assert!(back.contains("<path class=\"p-full\" d=\"M84 "), "{back}");
        let lost = drawn(2, vec![Row { lost: true, ..row(1, 0, Some(1)) }]);
        assert!(
            !lost.contains("\"p-full\"") && lost.contains("p-cross") && lost.contains("It never arrives."),
            "{lost}"
        );
        let all = drawn(3, vec![row(1, 1, None)]);
        assert_eq!(all.matches("\"p-full\"").count(), 2, "to both sides: {all}");
    }

    #[test]
    fn states_are_drawn_where_they_change() {
        let ends = |client: &str, server: &str| Some(Ends { client: Some(client.into()), server: Some(server.into()) });
        let talk = Some([0, 1]);
        let rows = vec![
            Row {
                talk,
                before: ends("CLOSED", "LISTEN"),
                states: ends("SYN-SENT", "SYN-RECEIVED"),
                ..row(1, 0, Some(1))
            },
            Row { talk, states: ends("ESTABLISHED", "SYN-RECEIVED"), ..row(2, 1, Some(0)) },
        ];
        let drawn = drawn(2, rows);
        for (state, times) in [("CLOSED", 1), ("LISTEN", 1), ("SYN-SENT", 1), ("SYN-RECEIVED", 1), ("ESTABLISHED", 1)] {
            assert_eq!(drawn.matches(&format!(">{state}<")).count(), times, "{state}: {drawn}");
        }
    }

    #[test]
    fn text_stays_text_and_a_picture_has_an_end() {
        let evil = "</text><script>alert(1)</script>\u{1}\u{202e}";
        let one = Row {
            line: evil.repeat(9),
            messages: vec![evil.repeat(99); 5],
            kernel: vec![evil.into()],
            ..row(1, 0, Some(1))
        };
        let rows: Vec<Row> = (0..20_000).map(|_| one.clone()).collect();
        let drawn = drawn(2, rows);
        assert!(!drawn.contains("<script") && !drawn.contains(['\u{1}', '\u{202e}']));
        assert!(drawn.len() < 3 << 20 && drawn.contains("more packets are left out"), "{}", drawn.len());
        for line in drawn.lines().filter(|line| line.starts_with("<text")) {
            assert!(line.ends_with("</text>") && line.matches('<').count() == 2, "{line}");
        }
    }

    #[test]
    fn sixteen_lines_have_room_for_their_labels() {
        let drawn = drawn(16, (0..16).map(|n| row(n + 1, usize::try_from(n).unwrap(), Some(15))).collect());
        assert!(drawn.contains("line 16") && drawn.contains(">h15<"), "{drawn}");
    }
}
