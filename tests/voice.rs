//! Every text that people read, held to `docs/guide/voice.md`: short sentences, and none of the habits listed there.

mod common;

use common::root;
use osi_tutor::lesson::COURSE;
use osi_tutor::lesson::check::hear;
use osi_tutor::lesson::check::voice::{Speech, advice};
use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

/// Words that are found and are right: part of a file's name, the words, why.
const RIGHT: &[(&str, &str, &str)] = &[
    ("voice.md", "", "it quotes the habits"),
    ("check/voice.rs", "", "it quotes the habits"),
    ("isakmp.rs", "Who speaks", "what the field says, not who does something"),
];

/// Fails with all advice on these texts, each with where it is.
fn listen<'t>(speech: Speech, texts: impl IntoIterator<Item = (String, &'t str)>) {
    let mut heard = Vec::new();
    let mut texts_read = 0;
    for (place, text) in texts {
        texts_read += 1;
        for one in advice(text, speech) {
            let words = text.get(one.at).unwrap_or("");
            let right = |(file, found, _): &&(&str, &str, &str)| place.contains(file) && words.contains(found);
            if RIGHT.iter().find(right).is_none() {
                heard.push(format!(
                    "{place}: {}\n    {}",
                    one.why,
                    words.split_whitespace().collect::<Vec<_>>().join(" ")
                ));
            }
        }
    }
    assert!(texts_read > 10, "the texts were not found");
    assert!(heard.is_empty(), "{} places could read better:\n{}", heard.len(), heard.join("\n"));
}

fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the checkout").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            let text = fs::read_to_string(&path).expect("it is text");
            found.push((path, text));
        }
    }
    found.sort();
    found
}

/// Where a text begins: file and line.
fn place(path: &Path, text: &str, at: usize) -> String {
    let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    format!("{}:{line}", path.strip_prefix(root()).unwrap_or(path).display())
}

/// Prose of Markdown: no fences, no tables' rules; code between backticks is one word.
fn prose(text: &str) -> Vec<(usize, String)> {
    let code = Regex::new("`[^`]*`").expect("a pattern");
    let mut all = Vec::new();
    // A fence may hold another that is shorter.
    let (mut at, mut fenced) = (0, 0);
    let mut paragraph: Option<(usize, String)> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(['>', ' ']);
        let ticks = bare.len() - bare.trim_start_matches('`').len();
        let fence = ticks >= 3 && (fenced == 0 || ticks >= fenced);
        if fence {
            fenced = if fenced == 0 { ticks } else { 0 };
        }
        let begins = bare.is_empty() || bare.starts_with(['|', '#', '-', '*', '<']) || bare.trim().is_empty();
        if begins || fence || fenced > 0 {
            all.extend(paragraph.take());
        }
        if !(fence || fenced > 0 || bare.trim().is_empty()) {
            // Each cell of a table is a text.
            let words = code.replace_all(bare, "code").replace('|', "\n\n");
            paragraph.get_or_insert_with(|| (at, String::new())).1.push_str(&words);
        }
        at += line.len();
    }
    all.extend(paragraph);
    all
}

#[test]
fn the_guide_reads_well() {
    let mut pages = files(&root().join("docs/guide"), "md");
    for name in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"] {
        pages.push((root().join(name), fs::read_to_string(root().join(name)).expect("it is there")));
    }
    let texts: Vec<(String, String)> = pages
        .iter()
        .flat_map(|(path, text)| prose(text).into_iter().map(move |(at, words)| (place(path, text, at), words)))
        .collect();
    listen(Speech::Instruction, texts.iter().map(|(place, words)| (place.clone(), words.as_str())));
}

#[test]
fn the_course_reads_well() {
    let lessons: Vec<_> = COURSE.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let heard: Vec<String> = hear(&lessons).iter().map(ToString::to_string).collect();
    assert!(lessons.len() > 10, "the lessons were not found");
    assert!(heard.is_empty(), "{} places could read better:\n{}", heard.len(), heard.join("\n"));
}

/// What the bank of misconceptions says, and what the tutor says of each packet. Filters and phrases to find are no speech.
#[test]
fn the_tutor_speaks_well() {
    let literal = Regex::new(r#""((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let silent = Regex::new("(?m)^(id|filter|spec|lesson|phrases) = .*$").expect("a pattern");
    let bank = root().join("lessons/misconceptions.toml");
    let mut sources = files(&root().join("engine/src/tutor/text"), "toml");
    sources.push((bank.clone(), fs::read_to_string(bank).expect("it is there")));
    let mut texts = Vec::new();
    for (path, text) in &sources {
        // Blanked where they are, so that places stay.
        let spoken = silent.replace_all(text, |c: &regex::Captures<'_>| " ".repeat(c[0].len()));
        let words = literal.captures_iter(&spoken).filter_map(|c| c.get(1));
        texts.extend(words.map(|w| (place(path, text, w.start()), w.as_str().replace("\\\"", "'"))));
    }
    assert!(texts.len() > 500, "the packet texts were not found");
    listen(Speech::Statement, texts.iter().map(|(place, words)| (place.clone(), words.as_str())));
}

/// Texts of the source: literals that read as sentences, and the help, which is written as comments.
fn literals(text: &str) -> Vec<(usize, String)> {
    let own = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    // Comments are blanked where they are, so that places stay; a quote as a character opens no text.
    let comment = Regex::new("(?m)^[ \t]*//.*$").expect("a pattern");
    let bare = comment.replace_all(own, |c: &regex::Captures<'_>| " ".repeat(c[0].len()));
    let bare = bare.replace("'\"'", "' '").replace("b'\"'", "b' '");
    let literal = Regex::new(r#"(?s)"((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let broken = Regex::new(r"\\\n\s*").expect("a pattern");
    literal
        .captures_iter(&bare)
        .filter_map(|c| c.get(1))
        .filter(|words| words.as_str().split_whitespace().count() > 3)
        .map(|words| (words.start(), broken.replace_all(words.as_str(), "").replace("\\n", "\n").replace('\n', "\n\n")))
        .collect()
}

#[test]
fn the_program_speaks_well() {
    let mut texts = Vec::new();
    let spoken =
        |(path, _): &(PathBuf, String)| path.file_name().is_some_and(|name| name != "tests.rs" && name != "voice.rs");
    let sources = ["engine/src", "src"].map(|folder| files(&root().join(folder), "rs"));
    for (path, text) in sources.into_iter().flatten().filter(spoken) {
        texts.extend(literals(&text).into_iter().map(|(at, words)| (place(&path, &text, at), words)));
    }
    let help = Regex::new("(?m)^ *///(.*)$").expect("a pattern");
    for (path, text) in files(&root().join("src/cli"), "rs")
        .into_iter()
        .chain([(root().join("src/cli.rs"), fs::read_to_string(root().join("src/cli.rs")).expect("it is there"))])
    {
        texts.extend(
            help.captures_iter(&text)
                .map(|c| (place(&path, &text, c.get(0).map_or(0, |m| m.start())), c[1].to_owned())),
        );
    }
    listen(Speech::Statement, texts.iter().map(|(place, words)| (place.clone(), words.as_str())));
}
