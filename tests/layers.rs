//! The house rules that Cargo cannot enforce inside a package: who may import whom, behind which door
//! an external crate stays, and how long a file and a function may get.
//!
//! The sources are read as tokens, so that comments and text do not count. `ARCHITECTURE.md` draws the ranks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by rank. A file imports lower ranks or its own room.
const RANKS: &[(&str, u8)] = &[
    ("model", 0),
    ("rng", 0),
    ("tty", 0),
    ("proto", 1),
    ("rights", 1),
    ("source", 1),
    ("filter", 2),
    ("flow", 2),
    ("peers", 2),
    ("sim", 3),
    ("stats", 3),
    ("tutor", 3),
    ("ask", 4),
    ("fault", 4),
    ("lab", 4),
    ("lesson", 5),
    ("serve", 5),
    ("page", 6),
    ("store", 6),
    ("view", 6),
    ("browse", 7),
    ("chat", 7),
    ("cli", 7),
    ("drive", 7),
    ("linear", 7),
    ("machine", 7),
    ("site", 7),
    ("classroom", 8),
    ("tui", 9),
    ("app", 10),
];

/// The only places that may name an external crate; unit tests are free. `""` is everywhere.
const DOORS: &[(&str, &[&str])] = &[
    ("aes_gcm", &["proto/quic", "peers/tls"]),
    ("axum", &["chat", "classroom", "page", "serve", "site"]),
    ("base64", &["proto", "peers", "lesson/compute", "site", "tui"]),
    ("brotli_decompressor", &["proto/compressed"]),
    ("caps", &["rights/linux"]),
    ("clap", &["cli", "app"]),
    ("clap_complete", &["cli", "app"]),
    ("clap_mangen", &["app"]),
    ("colored", &["view/theme"]),
    ("crossterm", &["chat/join", "machine", "tty", "tui", "app"]),
    ("ed25519_dalek", &["peers/tls"]),
    ("etherparse", &["proto", "sim"]),
    ("flate2", &["proto/inflate", "site", "source/file"]),
    ("hashbrown", &["flow", "stats", "tutor/text"]),
    ("hkdf", &["proto/quic"]),
    ("hmac", &["peers/tls"]),
    ("httparse", &["peers"]),
    ("itoa", &["model", "view"]),
    ("landlock", &["rights/linux"]),
    ("libc", &["rights/calls", "source/live", "lab"]),
    ("md5", &["proto/tls"]),
    ("memchr", &["proto"]),
    ("nix", &["rights"]),
    ("pcap_file", &["source/file"]),
    ("pnet", &["source/live"]),
    ("pulldown_cmark", &["lesson/check", "view/prose"]),
    ("qrcode", &["classroom/qr"]),
    ("ratatui", &["tui"]),
    ("redis", &["classroom/hub/far"]),
    ("regex", &["filter", "lesson/check"]),
    ("rustix", &["tty"]),
    ("rustls", &["peers/tls"]),
    ("ruzstd", &["proto/compressed"]),
    ("seccompiler", &["rights"]),
    ("serde", &["peers", "sim", "lab", "tutor", "ask", "lesson", "view", "drive", "chat/entry", "classroom"]),
    ("serde_json", &["chat", "classroom", "drive", "linear", "machine", "peers", "serve", "site", "store", "view"]),
    ("sha1", &["proto", "peers", "tutor", "lesson/compute"]),
    ("sha2", &["proto/quic", "peers/tls"]),
    ("signal_hook", &["tty"]),
    ("smoltcp", &["sim"]),
    ("socketioxide", &["chat", "classroom", "serve"]),
    ("socketioxide_redis", &["classroom/hub/far"]),
    ("strsim", &["model/near"]),
    ("thiserror", &[""]),
    ("tokio", &["lab", "chat", "classroom", "serve", "site"]),
    ("toml", &["peers", "sim", "tutor", "ask", "lesson"]),
    ("unicode_width", &["filter/error", "model/show", "view/measure"]),
    ("x25519_dalek", &["peers/tls"]),
    ("zip", &["site/scorm"]),
];

/// The only files that may talk to the kernel by hand.
const UNSAFE: &[&str] = &["source/live/sys.rs", "lab/sys.rs"];
/// The only places that may look at a clock of this machine, or begin a thread.
const CLOCKS: &[&str] = &["source/live", "lab", "chat", "classroom/hub", "serve", "store", "tty", "tui", "app"];
/// Lines of a file above its tests.
const LONGEST_FILE: usize = 600;
/// The same of a command, which only wires: options, one pipeline, its output.
const LONGEST_COMMAND: usize = 150;
/// Lines of a function, from `fn` to its last brace.
const LONGEST_FUNCTION: usize = 80;

/// One source file, as tokens.
struct Source {
    /// Its path below its package's `src/`, with forward slashes; the rooms of both packages have different names.
    path: String,
    /// The same from the top of the project on.
    place: String,
    /// Where it stands in the module tree: `proto/dns/mod.rs` is `["proto", "dns"]`.
    module: Vec<String>,
    tokens: Vec<Token>,
    /// How many tokens, and how many lines, stand above its tests.
    above: (usize, usize),
}

/// A word or a sign; text literals are left out.
struct Token {
    text: String,
    line: usize,
}

/// The manifests of the engine and of the program, and where their files are.
const PACKAGES: [(&str, &str); 2] = [("engine/Cargo.toml", "engine/src"), ("Cargo.toml", "src")];

fn sources() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = |folder| {
        let mut files = Vec::new();
        walk(&top.join(folder), &mut files);
        files.sort();
        files.into_iter().map(move |file| Source::read(top, folder, &file))
    };
    PACKAGES.iter().flat_map(|&(_, folder)| package(folder)).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn read(top: &Path, folder: &str, file: &Path) -> Self {
        let place = file.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/");
        let path = place[folder.len() + 1..].to_owned();
        let text = fs::read_to_string(file).unwrap();
        let tokens = tokens(&text);
        let stem = path.trim_end_matches(".rs");
        let module = stem.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main"));
        let first_test =
            (0..tokens.len()).find(|&i| starts(&tokens[i..], &["#", "[", "cfg", "(", "test", ")", "]", "mod"]));
        // A module of tests that has a file of its own is all tests.
        let own = matches!(stem.rsplit('/').next(), Some("tests" | "testing"));
        let above = match first_test {
            _ if own => (0, 0),
            // `#[cfg(test)] mod testing;` at the top declares such a file; the text goes on below it.
            Some(i) if tokens.get(i + 9).is_some_and(|t| t.text == "{") => (i, tokens[i].line - 1),
            _ => (tokens.len(), text.lines().count()),
        };
        Self { module: module.map(str::to_owned).collect(), path, place, tokens, above }
    }

    /// The first folder or file: the room it stands in. `lib.rs` and `main.rs` stand in none.
    fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// Every path of this crate that the file names, from the crate's root on, with its line. `all` counts its tests, too.
    fn imports(&self, all: bool) -> Vec<(Vec<String>, usize)> {
        let end = if all { self.tokens.len() } else { self.above.0 };
        let tokens = &self.tokens[..end];
        let (mut found, mut here, mut depths, mut depth) = (Vec::new(), self.module.clone(), Vec::new(), 0_usize);
        for i in 0..tokens.len() {
            match tokens[i].text.as_str() {
                "{" => {
                    if i >= 2 && tokens[i - 2].text == "mod" {
                        here.push(tokens[i - 1].text.clone());
                        depths.push(depth);
                    }
                    depth += 1;
                }
                "}" => {
                    depth = depth.saturating_sub(1);
                    if depths.last() == Some(&depth) {
                        depths.pop();
                        here.pop();
                    }
                }
                root @ ("crate" | "super" | "self")
                    if starts(&tokens[i + 1..], &["::"]) && !follows_path(tokens, i) =>
                {
                    let mut path = if root == "crate" { Vec::new() } else { here.clone() };
                    if root == "super" {
                        path.pop();
                    }
                    tree(&tokens[i + 2..], &path, &mut found);
                }
                _ => {}
            }
        }
        found
    }

    /// The names of all statics of type `Protocol`.
    fn rows(&self) -> Vec<&str> {
        let tokens = &self.tokens[..self.above.0];
        let is_row = |i: &usize| starts(&tokens[i + 2..], &[":", "Protocol"]) && tokens[*i].text == "static";
        (0..tokens.len().saturating_sub(3)).filter(is_row).map(|i| tokens[i + 1].text.as_str()).collect()
    }

    /// The rows that its `ROWS` names: all single words from there to the end of the list.
    fn group(&self) -> Vec<&str> {
        let Some(start) = (0..self.tokens.len()).find(|&i| starts(&self.tokens[i..], &["ROWS", ":"])) else {
            return Vec::new();
        };
        let list = self.tokens[start..].iter().map(|t| t.text.as_str());
        list.take_while(|t| !matches!(*t, ";" | "}")).filter(|t| t.len() > 1).collect()
    }
}

fn starts(tokens: &[Token], with: &[&str]) -> bool {
    tokens.len() >= with.len() && tokens.iter().zip(with).all(|(token, text)| token.text == *text)
}

fn follows_path(tokens: &[Token], i: usize) -> bool {
    i > 0 && tokens[i - 1].text == "::"
}

/// Adds every path of the use tree (or plain path) at the start of `tokens`; gives how many tokens it has.
fn tree(tokens: &[Token], before: &[String], found: &mut Vec<(Vec<String>, usize)>) -> usize {
    let (mut path, mut i) = (before.to_vec(), 0);
    let line = tokens.first().map_or(0, |t| t.line);
    while let Some(token) = tokens.get(i) {
        match token.text.as_str() {
            "{" => {
                i += 1;
                while tokens.get(i).is_some_and(|t| t.text != "}") {
                    i += if tokens[i].text == "," { 1 } else { tree(&tokens[i..], &path, found) };
                }
                return i + 1;
            }
            "super" => drop(path.pop()),
            "self" => {}
            name => path.push(name.to_owned()),
        }
        i += 1;
        if tokens.get(i).is_none_or(|t| t.text != "::") {
            break;
        }
        i += 1;
    }
    found.push((path, line));
    if tokens.get(i).is_some_and(|t| t.text == "as") {
        i += 2;
    }
    i
}

/// Words and signs of Rust source; `::` is one sign; comments, text, and characters are left out.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let (mut out, mut i, mut line) = (Vec::new(), 0, 1);
    while i < bytes.len() {
        let rest = &text[i..];
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |n| n + 2)
        } else {
            literal(rest)
        };
        if skipped > 0 {
            line += rest[..skipped].matches('\n').count();
            i += skipped;
            continue;
        }
        let c = rest.chars().next().unwrap();
        let length = if c.is_alphanumeric() || c == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        line += usize::from(c == '\n');
        if !c.is_whitespace() {
            out.push(Token { text: rest[..length].to_owned(), line });
        }
        i += length;
    }
    out
}

/// The length of the text, byte or character literal at the start, or 0. A lifetime is none.
fn literal(rest: &str) -> usize {
    let plain = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - plain.len();
    if prefix > 1 {
        return 0;
    }
    if let Some(raw) = plain.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = prefix + 1 + hashes + 1;
            return rest[open..].find(&close).map_or(rest.len(), |n| open + n + close.len());
        }
    }
    if plain.starts_with('"') {
        return prefix + quoted(plain, '"');
    }
    let mut chars = plain.chars();
    let is_char = chars.next() == Some('\'') && (chars.next() == Some('\\') || chars.next() == Some('\''));
    if is_char { prefix + quoted(plain, '\'') } else { 0 }
}

/// The length of what stands between two of `quote`, both counted; a backslash hides one.
fn quoted(text: &str, quote: char) -> usize {
    let mut hidden = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            c if c == quote => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn rank(room: &str) -> Option<u8> {
    RANKS.iter().find(|(name, _)| *name == room).map(|&(_, rank)| rank)
}

/// Fails with every finding at once.
#[track_caller]
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// The files that each file names, by module; a name that a module passes on counts as its owner's. Between a folder's
/// `mod.rs` and the files below it both ways are natural, and left out.
fn arrows(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    let modules: BTreeSet<&[String]> = sources.iter().map(|s| s.module.as_slice()).collect();
    let owner = |path: &[String]| (1..=path.len()).rev().find(|&n| modules.contains(&path[..n]));
    let mut passed = BTreeMap::new();
    for source in sources {
        for (path, _) in source.imports(false) {
            if let (Some(n), Some(name)) = (owner(&path), path.last()) {
                passed.insert((source.module.clone(), name.clone()), path[..n].to_vec());
            }
        }
    }
    let mut arrows = BTreeMap::<String, BTreeSet<String>>::new();
    for source in sources {
        for (path, _) in source.imports(false) {
            let Some(n) = owner(&path) else { continue };
            let named = path[..n].to_vec();
            let to = path.get(n).and_then(|name| passed.get(&(named.clone(), name.clone()))).unwrap_or(&named);
            if !to.starts_with(&source.module) && !source.module.starts_with(to) {
                arrows.entry(source.module.join("/")).or_default().insert(to.join("/"));
            }
        }
    }
    arrows
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = arrows(&sources());
    let reached = |from: &str| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(at) = open.pop() {
            open.extend(arrows.get(&at).into_iter().flatten().filter(|to| reached.insert((*to).clone())).cloned());
        }
        reached
    };
    let all: BTreeMap<&String, BTreeSet<String>> = arrows.keys().map(|from| (from, reached(from))).collect();
    let mut findings = BTreeSet::new();
    for (from, to) in &all {
        let circle: Vec<&str> = to
            .iter()
            .filter(|other| all.get(other).is_some_and(|back| back.contains(*from)))
            .map(String::as_str)
            .collect();
        if to.contains(*from) {
            findings.insert(circle.join(", "));
        }
    }
    none(&findings.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_room_has_a_rank_and_imports_only_lower_ones() {
    let mut findings = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let Some(own) = rank(room) else {
            findings.push(format!("{}: {room} has no rank", source.place));
            continue;
        };
        for (path, line) in source.imports(true) {
            let Some(other) = path.first().filter(|other| *other != room) else { continue };
            match rank(other) {
                Some(theirs) if theirs < own => {}
                Some(theirs) => findings.push(format!(
                    "{}:{line}: {room} (rank {own}) imports {} (rank {theirs})",
                    source.place,
                    path.join("::")
                )),
                // A macro of the crate's root, or the like.
                None => {}
            }
        }
    }
    none(&findings);
}

#[test]
fn no_protocol_imports_another() {
    let sources = sources();
    let protocols: Vec<String> = protocols(&sources).into_keys().collect();
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.room() == Some("proto")) {
        let Some(own) = source.module.get(1).filter(|own| protocols.contains(own)) else { continue };
        for (path, line) in source.imports(false) {
            let other = path.get(1).filter(|_| path[0] == "proto");
            if other.is_some_and(|other| other != own && protocols.contains(other)) {
                findings.push(format!("{}:{line}: {own} imports {}", source.place, path.join("::")));
            }
        }
    }
    none(&findings);
}

/// Protocol files (or folders) and their rows. What has no row is a tool that protocols share.
fn protocols(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for source in sources.iter().filter(|s| s.room() == Some("proto")) {
        let rows = source.rows();
        if let (Some(name), false) = (source.module.get(1), rows.is_empty()) {
            found.entry(name.clone()).or_default().extend(rows.into_iter().map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_protocol_is_registered() {
    let sources = sources();
    let file = |path: &str| sources.iter().find(|s| s.path == path).unwrap();
    let (door, registry) = (file("proto/mod.rs"), file("proto/registry.rs"));
    let says = |source: &Source, words: &[&str]| (0..source.tokens.len()).any(|i| starts(&source.tokens[i..], words));
    let in_proto = || sources.iter().filter(|s| s.room() == Some("proto"));
    let mut findings = Vec::new();
    for source in in_proto().filter(|s| s.module.len() == 2) {
        if !says(door, &["mod", &source.module[1], ";"]) {
            findings.push(format!("{}: proto/mod.rs has no mod {};", source.place, source.module[1]));
        }
        if source.path != "proto/registry.rs"
            && says(source, &["ROWS", ":"])
            && !says(registry, &[&source.module[1], "::", "ROWS", ","])
        {
            findings.push(format!("{}: registry.rs lacks {}::ROWS", source.place, source.module[1]));
        }
    }
    let protocols = protocols(&sources);
    assert!(protocols.len() > 30, "the search for rows finds too little: {protocols:?}");
    for (module, rows) in protocols {
        let own = in_proto().filter(|s| s.module.get(1) == Some(&module));
        let grouped: BTreeSet<&str> = own.flat_map(Source::group).collect();
        for row in rows.iter().filter(|row| !grouped.contains(row.as_str())) {
            if !says(registry, &["&", &module, "::", row]) {
                findings.push(format!("registry.rs lacks &{module}::{row}, and no ROWS of its file has it"));
            }
        }
    }
    none(&findings);
}

#[test]
fn external_crates_stay_behind_their_doors() {
    let manifests = PACKAGES.map(|(manifest, _)| {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest)).unwrap();
        text.parse::<toml::Table>().unwrap()
    });
    let tables = manifests.iter().flat_map(|manifest| {
        let targets = manifest.get("target").and_then(toml::Value::as_table);
        let targets = targets.into_iter().flat_map(toml::Table::values).filter_map(|t| t.get("dependencies"));
        std::iter::once(&manifest["dependencies"]).chain(targets)
    });
    let names = tables.flat_map(|t| t.as_table().unwrap().keys()).map(|name| name.replace('-', "_"));
    let crates: BTreeSet<String> = names.filter(|name| name != "osi_tutor_engine").collect();

    let sources = sources();
    let mut findings = Vec::new();
    for name in crates {
        let Some((_, doors)) = DOORS.iter().find(|(door, _)| *door == name) else {
            findings.push(format!("Cargo.toml: {name} has no door in tests/layers.rs"));
            continue;
        };
        for source in &sources {
            let stem = source.path.trim_end_matches(".rs");
            let allowed = |door: &&str| door.is_empty() || stem == *door || stem.starts_with(&format!("{door}/"));
            if doors.iter().any(allowed) {
                continue;
            }
            let tokens = &source.tokens[..source.above.0];
            let used = (0..tokens.len()).find(|&i| starts(&tokens[i..], &[&name, "::"]) && !follows_path(tokens, i));
            if let Some(i) = used {
                findings.push(format!("{}:{}: {name} belongs behind {doors:?}", source.place, tokens[i].line));
            }
        }
    }
    none(&findings);
}

#[test]
fn only_the_two_doors_to_the_kernel_are_unsafe() {
    let sources = sources();
    let outside = sources.iter().filter(|s| !UNSAFE.contains(&s.path.as_str()));
    let findings: Vec<_> = outside
        .flat_map(|s| s.tokens.iter().filter(|t| t.text == "unsafe").map(|t| format!("{}:{}: unsafe", s.place, t.line)))
        .collect();
    none(&findings);
}

#[test]
fn the_architecture_draws_these_ranks_and_doors() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let rank = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches('`').to_owned(), rank))
    };
    let drawn: BTreeMap<String, u8> = text.lines().filter_map(row).collect();
    let told: BTreeMap<String, u8> = RANKS.iter().map(|&(room, rank)| (room.to_owned(), rank)).collect();
    assert_eq!(drawn, told);
    for line in text.lines().filter(|line| row(line).is_some()) {
        let (room, _) = row(line).unwrap();
        let open = |door: &&str| door.split('/').next() == Some(room.as_str());
        let crates = DOORS.iter().filter(|(_, doors)| doors.iter().any(open));
        let told: Vec<String> = crates.map(|(name, _)| name.replace('_', "-")).collect();
        let drawn = line.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        assert_eq!(drawn, told.join(", "), "ARCHITECTURE.md: the crates of {room}");
    }
}

#[test]
fn logic_knows_no_clock_and_no_thread() {
    let mut findings = Vec::new();
    for source in sources() {
        if CLOCKS.iter().any(|door| source.path.starts_with(&format!("{door}/")) || source.path == format!("{door}.rs"))
        {
            continue;
        }
        let tokens = &source.tokens[..source.above.0];
        for (i, token) in tokens.iter().enumerate() {
            // The simulator's stacks have an `Instant` of their own, which they are told.
            let found = match token.text.as_str() {
                "SystemTime" => true,
                "Instant" => !tokens.iter().any(|token| token.text == "smoltcp"),
                "thread" => follows_path(tokens, i) && tokens[i - 2].text == "std",
                _ => false,
            };
            if found {
                findings.push(format!("{}:{}: {}", source.place, token.line, token.text));
            }
        }
    }
    none(&findings);
}

#[test]
fn files_and_functions_are_short_enough_to_read() {
    let mut findings = Vec::new();
    for source in sources() {
        let most = if source.room() == Some("app") { LONGEST_COMMAND } else { LONGEST_FILE };
        if source.above.1 > most {
            findings.push(format!("{}: {} lines above its tests, {most} at most", source.place, source.above.1));
        }
        for i in (0..source.tokens.len()).filter(|&i| source.tokens[i].text == "fn") {
            let lines = function(&source.tokens[i..]);
            // A test may hold a table that is long for a reason, and says so.
            let table =
                i >= source.above.0 && source.tokens[..i].iter().rev().take(12).any(|t| t.text == "too_many_lines");
            if lines > LONGEST_FUNCTION && !table {
                let (name, line) = (&source.tokens[i + 1].text, source.tokens[i].line);
                findings.push(format!("{}:{line}: fn {name} has {lines} lines", source.path));
            }
        }
    }
    none(&findings);
}

/// The lines of the function at the start; 0 for a type such as `fn(u8)` or one without a body.
fn function(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for token in tokens {
        match token.text.as_str() {
            ";" | "," | ")" | ">" | "=" if depth == 0 && tokens[1].text == "(" => return 0,
            ";" if depth == 0 => return 0,
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    return token.line - tokens[0].line + 1;
                }
            }
            _ => {}
        }
    }
    0
}

#[test]
fn the_scanner_sees_imports_and_nothing_else() {
    let text = "use crate::a::{self, b::c, d as e};\n// use crate::x;\nlet s = \"crate::y\"; let c = '\"'; \
                fn f<'a>(z: &'a crate::g::H) {}\nmod tests { use super::*; use super::super::k; }\nlet t = r#\"crate::z\"#;";
    let (tokens, module) = (tokens(text), vec!["room".to_owned(), "file".to_owned()]);
    let source = Source { path: String::new(), place: String::new(), module, above: (tokens.len(), 0), tokens };
    let found: Vec<_> = source.imports(true).into_iter().map(|(path, line)| (path.join("::"), line)).collect();
    let expected = [("a", 1), ("a::b::c", 1), ("a::d", 1), ("g::H", 3), ("room::file::*", 4), ("room::k", 4)]
        .map(|(p, l)| (p.to_owned(), l));
    assert_eq!(found, expected);
}
