//! The `fault` of a what-if: keys are the names of [`fault::TABLE`], values are written as on the command line.
//!
//! A part of a value may also stand beside it, under a key of its own: `{ drop = "tcp", nth = 2 }` is
//! `{ drop = "2 of tcp" }`.

use super::error::Placed;
use super::reader::{Keys, Read, Scalar, nearest};
use crate::fault::{Faults, Row, TABLE};

/// A part of a value under its own key.
struct Part {
    key: &'static str,
    /// What its fault's grammar has, where it makes sense.
    of: &'static str,
    /// What it wants to be.
    wants: &'static str,
    /// The text that comes before the value, and the one that comes after it.
    around: fn(&Scalar) -> Option<[String; 2]>,
}

/// All of them; of two before one value, the later comes first.
const PARTS: &[Part] = &[
    Part {
        key: "nth",
        of: "WHICH",
        wants: "a number, such as 2",
        around: |value| Some([format!("{} of ", number(value)?), String::new()]),
    },
    Part {
        key: "each",
        of: "WHICH",
        wants: "true or false",
        around: |value| match value {
            Scalar::Flag(each) => Some([if *each { "each of ".to_owned() } else { String::new() }, String::new()]),
            _ => None,
        },
    },
    Part {
        key: "by_ms",
        of: "TIME ",
        wants: "milliseconds, such as 300",
        around: |value| Some([format!("{}ms ", number(value)?), String::new()]),
    },
    Part {
        key: "link",
        of: "LINK",
        wants: "the name of a link",
        around: |value| match value {
            Scalar::Text(link) => Some([format!("{link}="), String::new()]),
            _ => None,
        },
    },
    Part {
        key: "at_ms",
        of: "@TIME",
        wants: "milliseconds, such as 300",
        around: |value| Some([String::new(), format!("@{}ms", number(value)?)]),
    },
];

fn number(value: &Scalar) -> Option<i64> {
    if let Scalar::Number(number @ 0..) = value { Some(*number) } else { None }
}

/// What breaks.
pub(super) fn read(mut keys: Keys<'_, '_>) -> Read<Placed<Faults>> {
    let span = keys.span();
    let (mut faults, mut parts) = (Faults::default(), Vec::new());
    let mut rows = Vec::new();
    for (key, value) in keys.rest()? {
        if let Some(part) = PARTS.iter().find(|part| part.key == key.it) {
            let around = (part.around)(&value.it);
            let around = around.ok_or_else(|| keys.error(value.span, format!("{} wants {}", part.key, part.wants)))?;
            parts.push((part, key, around));
        } else if let Some(row) = Row::named(&key.it) {
            rows.push((row, key, value));
        } else {
            let known: Vec<_> = TABLE.iter().map(Row::key).collect();
            let near = nearest(&key.it, known.iter().map(String::as_str));
            let why = format!("there is no fault {}{near} (there are {})", key.it, known.join(", "));
            return Err(keys.error(key.span, why));
        }
    }
    if rows.is_empty() {
        return Err(keys.lacks("drop", "\"tcp.flags.syn == 1\" (or delay, duplicate, corrupt, reorder, mtu, silent …)"));
    }
    parts.sort_by_key(|(part, ..)| PARTS.iter().position(|other| other.key == part.key));
    if let Some((_, key, _)) = parts.iter().find(|(part, ..)| !rows.iter().any(|(row, ..)| row.value.contains(part.of)))
    {
        return Err(keys.error(key.span.clone(), format!("no fault here has a place for {}", key.it)));
    }
    for (row, key, value) in rows {
        let written = match &value.it {
            Scalar::Text(text) => text.clone(),
            Scalar::Number(number) => number.to_string(),
            Scalar::Flag(true) if row.value.is_empty() => String::new(),
            Scalar::Flag(flag) => flag.to_string(),
        };
        let (mut text, mut before) = (written, 0);
        for (_, _, [prefix, suffix]) in parts.iter().filter(|(part, ..)| row.value.contains(part.of)) {
            text = format!("{prefix}{text}{suffix}");
            before += prefix.len();
        }
        faults.add(row.name, &text).map_err(|error| keys.misread(&value.span, before, error))?;
        if faults.by_number() {
            let why = "a lesson means packets by a filter: on another source the numbers differ";
            return Err(keys.error(value.span, why));
        }
        if faults.of_frames() > 1 {
            return Err(keys.error(key.span, "one thing breaks at a time"));
        }
    }
    Ok(Placed { it: faults, span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::format::{Fence, Lesson};
    use crate::lesson::guide::GUIDE;

    /// A lesson in which this breaks.
    fn lesson(fault: &str) -> Result<Lesson, String> {
        let front =
            "id = 'x'\ntitle = 'T'\nosi = 'transport'\nminutes = 1\nsource = { scenario = 'two-hosts', seed = 1 }";
        let texts = "newcomer = 'a'\nstudent = 'b'\nengineer = 'c'";
        let fence = format!("```whatif\nfault = {fault}\nprompt = 'And?'\nproof = 'tcp'\n{texts}\n```");
        Lesson::parse("10-x.md", &format!("+++\n{front}\n+++\n{fence}\n")).map_err(|error| error.to_string())
    }

    fn reads(fault: &str) -> String {
        let lesson = lesson(fault).unwrap_or_else(|error| panic!("{error}"));
        let Some(Fence::WhatIf(whatif)) = &lesson.pages[0].fence else { panic!("a what-if") };
        format!("{:?}", whatif.fault.it)
    }

    fn says(fault: &str) -> String {
        lesson(fault).expect_err(fault)
    }

    #[test]
    fn a_lesson_can_break_what_the_command_line_can() {
        for row in TABLE {
            let value = if row.value.is_empty() { "true".into() } else { format!("'{}'", row.example) };
            reads(&format!("{{ {} = {value} }}", row.key()));
        }
        for which in ["first of dns", "each of dns", "2 of dns", "10% of dns", "dns"] {
            reads(&format!("{{ drop = '{which}' }}"));
        }
        reads("{ mtu = 576, silent = 'server' }");
    }

    #[test]
    fn parts_of_a_value_may_stand_beside_it() {
        for (apart, whole) in [
            ("{ drop = 'tcp', nth = 2 }", "{ drop = '2 of tcp' }"),
            ("{ drop = 'tcp', each = true }", "{ drop = 'each of tcp' }"),
            ("{ drop = 'tcp', each = false }", "{ drop = 'tcp' }"),
            ("{ delay = 'tcp', by_ms = 300 }", "{ delay = '300ms tcp' }"),
            ("{ nth = 2, delay = 'tcp', by_ms = 300 }", "{ delay = '300ms 2 of tcp' }"),
            ("{ mtu = 576, link = 'client-server' }", "{ mtu = 'client-server=576' }"),
            ("{ silent = 'server', at_ms = 300 }", "{ silent = 'server@300ms' }"),
        ] {
            assert_eq!(reads(apart), reads(whole));
        }
        assert!(says("{ drop = 'tcp', at_ms = 2 }").contains("no fault here has a place for at_ms"));
        for bad in ["'two'", "-2"] {
            assert!(says(&format!("{{ drop = 'tcp', nth = {bad} }}")).contains("nth wants a number"));
        }
    }

    #[test]
    fn what_breaks_is_one_thing_and_has_a_name() {
        assert!(says("{ drop = 'tcp', delay = '3ms tcp' }").contains("one thing breaks"));
        assert!(says("{ delay = 'tcp' }").contains("300ms 2 of http"));
        assert!(says("{ mtv = 576 }").contains("did you mean mtu?"));
        assert!(says("{ }").contains("needs the key drop"));
        assert!(says("{ drop = 3 }").contains("by a filter"));
        assert!(says("{ drop = '0 of tcp' }").contains("counted from 1"));
        assert!(says("{ unmasked = false }").contains("takes no value"));
    }

    #[test]
    fn a_caret_points_at_the_mistake_in_a_filter_behind_its_pick() {
        for fault in ["{ drop = '2 of tcp.lem > 0' }", "{ delay = 'tcp.lem > 0', nth = 2, by_ms = 3 }"] {
            let told = says(fault);
            let [.., line, caret] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
            let from = caret.find('^').unwrap();
            assert_eq!(line.get(from..from + caret.matches('^').count()), Some("tcp.lem"), "{told}");
        }
    }

    #[test]
    fn the_guide_says_how_a_fault_is_picked_and_taken_apart() {
        assert!(GUIDE.contains(crate::fault::WHICH));
        assert!(PARTS.iter().all(|part| GUIDE.contains(&format!("`{{ drop = \"tcp\", {} = ", part.key))
            || GUIDE.contains(&format!("`{} = ", part.key))));
    }
}
