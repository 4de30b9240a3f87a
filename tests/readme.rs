//! The README and the pages of docs/guide show what the program really prints.
//!
//! Each `console` block is run in a shell, in order, each page in a folder of its own; what follows its `$` line must
//! be what comes out. The pictures are drawn from real output, too. After a change that is meant:
//! `UPDATE_README=1 cargo test --test readme`, and read the difference before you commit it.
#![cfg(unix)]

use std::any::Any;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread};

/// The pictures of the README, and the command that prints what each shows.
const PICTURES: &[(&str, &str)] = &[
    // The ninth step shows all three segments.
    ("handshake.svg", "osi-tutor explain handshake --color always | awk '/── Three segments/ { n++ } n == 9'"),
    (
        "websocket.svg",
        "osi-tutor simulate two-hosts -q -c 20 -w chat.pcapng; osi-tutor read chat.pcapng --hex --color always -c 1 \
         -Y 'websocket.mask == 1 && websocket.opcode == 1' | awk '/WebSocket.*bytes/ { n = 1 } /^$/ { n = 0 } n'",
    ),
    ("what-if.svg", "osi-tutor simulate two-hosts --what-if 'drop tcp.flags == 0x12' -c 4 --color always"),
];

/// Size of one character of the picture.
const CELL: (f32, f32) = (8.4, 18.0);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn update() -> bool {
    std::env::var_os("UPDATE_README").is_some_and(|v| v == "1")
}

/// Runs a line of shell with the program on its path; what it says (standard error), then what it prints.
fn run(line: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_osi-tutor")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.display());
    let done =
        Command::new("sh").args(["-c", line]).current_dir(folder).env_clear().env("PATH", path).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap() + &String::from_utf8(done.stdout).unwrap();
    said.trim_end().lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// A new folder to run examples in.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The README and the pages of the guide, by their place in the repository.
fn pages() -> Vec<String> {
    let guide = fs::read_dir(root().join("docs/guide")).unwrap();
    let mut pages: Vec<String> =
        guide.map(|page| format!("docs/guide/{}", page.unwrap().file_name().to_str().unwrap())).collect();
    pages.sort();
    assert!(pages.len() > 5, "{pages:?}");
    pages.insert(0, "README.md".to_owned());
    pages
}

/// Every text at the front of the repository that newcomers read.
fn texts() -> Vec<String> {
    let others = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned);
    pages().into_iter().chain(others).collect()
}

#[test]
fn every_example_prints_what_its_page_shows() {
    let pages = pages();
    let examples = |page: &String| {
        let kept = fs::read_to_string(root().join(page)).unwrap();
        let (folder, mut fresh, mut rest) = (folder(&page.replace('/', "-")), String::new(), kept.as_str());
        while let Some((before, after)) = rest.split_once("```console\n$ ") {
            let (block, behind) = after.split_once("```\n").expect("a block has an end");
            let command = block.lines().next().unwrap_or_default();
            write!(fresh, "{before}```console\n$ {command}\n{}```\n", run(command, &folder)).unwrap();
            rest = behind;
        }
        fresh.push_str(rest);
        assert!(page != "README.md" || fresh.contains("```console"), "the README has an example");
        same(&root().join(page), &kept, &fresh);
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = pages.iter().map(|page| scope.spawn(move || examples(page))).collect();
        running.into_iter().filter_map(|page| page.join().err()).map(|e| said(&*e)).collect()
    });
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What somebody who panicked said.
fn said(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a page cannot be read".to_owned())
}

#[test]
fn the_readme_is_short_and_leads_to_every_page_of_the_guide() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let index = fs::read_to_string(root().join("docs/guide/README.md")).unwrap();
    assert!(readme.len() <= 10_000, "the README has {} bytes: details belong into docs/guide", readme.len());
    assert_eq!(readme.matches("![").count(), PICTURES.len(), "each picture is shown once");
    for page in &pages()[1..] {
        let name = page.trim_start_matches("docs/guide/");
        assert!(readme.contains(&format!("]({page})")), "README.md has no link to {page}");
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "docs/guide/README.md lacks {name}");
    }
}

/// `cargo` does nothing, and what `sudo` does below /usr/local happens in the home, which is empty.
#[test]
fn the_install_lines_work_on_a_fresh_machine() {
    use std::os::unix::fs::PermissionsExt as _;
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("## Install").unwrap();
    let (block, _) = section.split_once("```sh\n").unwrap().1.split_once("```").unwrap();
    let home = folder("fresh");
    let bin = home.join("bin");
    fs::create_dir_all(home.join("local/bin")).unwrap();
    fs::create_dir(&bin).unwrap();
    let sudo = "#!/bin/sh\nn=$#\nfor a in \"$@\"; do set -- \"$@\" \"$(printf %s \"$a\" | sed \"s|^/usr/local|$HOME/local|\")\"; \
                done\nshift $n\nexec \"$@\"\n";
    for (name, script) in [("sudo", sudo), ("cargo", "#!/bin/sh\n")] {
        fs::write(bin.join(name), script).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_osi-tutor")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", bin.display(), program.display());
    let done =
        Command::new("sh").args(["-ec", block]).env_clear().env("PATH", path).env("HOME", &home).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    for made in ["local/bin/osi-tutor", "local/share/man/man1/osi-tutor.1"] {
        assert!(home.join(made).metadata().unwrap().len() > 0, "{made}");
    }
    let completions = home.join(".local/share/bash-completion/completions/osi-tutor");
    assert!(fs::read_to_string(completions).unwrap().contains("osi-tutor"));
    // The page sends nobody to a page that there is not.
    let page = fs::read_to_string(home.join("local/share/man/man1/osi-tutor.1")).unwrap();
    assert!(!page.contains("(1)") && page.contains("osi\\-tutor help explain"), "{page}");
}

#[test]
fn what_is_installed_is_what_was_tested() {
    for name in texts().iter().map(String::as_str).chain(["fuzz/run", ".ci/run"]) {
        let text = fs::read_to_string(root().join(name)).unwrap();
        for line in text.lines().filter(|line| line.contains("cargo install --")) {
            assert!(line.contains("--locked"), "{name}: {line}");
        }
    }
}

#[test]
fn every_picture_shows_what_the_program_prints() {
    for (name, command) in PICTURES {
        let text = run(&format!("{{ {command}; }} 2>/dev/null"), &folder(name));
        let path = root().join("docs").join(name);
        let kept = fs::read_to_string(&path).unwrap_or_default();
        same(&path, &kept, &svg(&text.lines().collect::<Vec<_>>()));
    }
}

#[test]
fn every_link_leads_somewhere() {
    for name in texts() {
        let path = root().join(&name);
        let text = fs::read_to_string(&path).unwrap();
        for (_, after) in text.match_indices("](").map(|(i, _)| text.split_at(i + 2)) {
            let target = after.split(')').next().unwrap();
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(file.exists(), "{name} links to {target}, which is not there");
            let known = heading.is_empty() || headings(&fs::read_to_string(&file).unwrap()).any(|h| h == heading);
            assert!(known, "{name} links to {target}, but there is no such heading");
        }
    }
}

#[test]
fn every_file_that_is_named_is_there() {
    let rooms = ["engine/", "src/", "tests/", "lessons/", "docs/", "examples/", ".ci/"];
    for name in texts().iter().filter(|name| *name != "CHANGELOG.md") {
        let text = fs::read_to_string(root().join(name)).unwrap();
        // What stands in code; words in capitals stand for others.
        let code = text.split('`').skip(1).step_by(2).filter_map(|code| code.split([' ', '\n']).next());
        for path in code.filter(|path| rooms.iter().any(|room| path.starts_with(room))) {
            let begun = path.split("NAME").next().unwrap().trim_end_matches(|c| c != '/');
            let path = if path.contains("NAME") { begun } else { path };
            assert!(root().join(path).exists(), "{name} names {path}, which is not there");
        }
    }
}

/// The script that CONTRIBUTING.md names, in a copy of what it changes.
#[test]
fn a_protocol_is_begun_and_registered() {
    // The copy is read by bash, not executed: a file just written may be open in another test's child.
    let copy = folder("new-protocol");
    for file in [".ci/new-protocol", "engine/src/proto/mod.rs", "engine/src/proto/registry.rs"] {
        let to = copy.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(file), to).unwrap();
    }
    for (name, key, over) in
        [("toy-u", "UdpPort(65000)", "Over::Packet"), ("toyt", "TcpPort(65001)", "Over::Stream(frame)")]
    {
        let said = Command::new("bash").arg(copy.join(".ci/new-protocol")).args([name, key]).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let written = fs::read_to_string(copy.join(format!("engine/src/proto/{}.rs", name.replace('-', "_")))).unwrap();
        assert!(written.contains(&format!("follows: &[Key::{key}], over: {over}, dissect")), "{written}");
        let again = Command::new("bash").arg(copy.join(".ci/new-protocol")).args([name, key]).output().unwrap();
        assert_eq!(again.status.code(), Some(1), "a file that is there stays");
    }
    let door = fs::read_to_string(copy.join("engine/src/proto/mod.rs")).unwrap();
    assert!(door.contains("pub mod toyt;\n") && door.contains("pub mod toy_u;\n"));
    let registry = fs::read_to_string(copy.join("engine/src/proto/registry.rs")).unwrap();
    assert!(registry.contains("    &[&toy_u::PROTOCOL],\n    &[&toyt::PROTOCOL],\n    &[&data::PROTOCOL],\n"));
    fs::write(copy.join("engine/src/proto/several.rs"), "    name: \"second\",\n").unwrap();
    let known = Command::new("bash").arg(copy.join(".ci/new-protocol")).arg("second").output().unwrap();
    let told = String::from_utf8_lossy(&known.stderr);
    assert!(
        known.status.code() == Some(1) && told.contains("second is already in engine/src/proto/several.rs"),
        "{told}"
    );
    let wrong = Command::new(copy.join(".ci/new-protocol")).arg("No Name").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

/// The names that links give to the headings of a page.
fn headings(page: &str) -> impl Iterator<Item = String> {
    page.lines().filter(|line| line.starts_with('#')).map(|line| {
        let words = line.trim_start_matches(['#', ' ']).to_lowercase().replace(' ', "-");
        words.chars().filter(|&c| c.is_alphanumeric() || c == '-').collect()
    })
}

/// Compares, or writes when asked to.
fn same(path: &Path, kept: &str, fresh: &str) {
    if kept == fresh {
        return;
    }
    if update() {
        fs::write(path, fresh).unwrap();
        return;
    }
    let differs = kept.lines().zip(fresh.lines()).position(|(a, b)| a != b);
    let line = differs.unwrap_or_else(|| kept.lines().count().min(fresh.lines().count()));
    panic!(
        "{}, line {}: it shows\n  {}\nbut the program prints\n  {}\nUPDATE_README=1 cargo test --test readme writes it anew",
        path.display(),
        line + 1,
        kept.lines().nth(line).unwrap_or("(nothing)"),
        fresh.lines().nth(line).unwrap_or("(nothing)"),
    );
}

/// Lines of a terminal as a picture. Each run of one style is a text of its own at its own column, so that
/// the columns hold whatever font the reader has.
fn svg(lines: &[&str]) -> String {
    let columns = lines.iter().map(|line| plain(line).chars().count()).fold(80, usize::max);
    let (width, height) = (CELL.0.mul_add(count(columns), 32.0), CELL.1.mul_add(count(lines.len()), 32.0));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n<g fill=\"#d7dae0\" xml:space=\"preserve\">\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let (mut column, mut style) = (0, "");
        for part in line.split('\x1b') {
            let (code, text) = match part.strip_prefix('[').and_then(|p| p.split_once('m')) {
                Some((code, text)) => (code, text),
                None => (style, part),
            };
            style = code;
            for word in words(text) {
                let (shown, length) = (word.trim(), word.chars().count());
                if !shown.is_empty() {
                    // Not every browser keeps the spaces around a text.
                    let from = column + length - word.trim_start().chars().count();
                    let (x, y) = (CELL.0.mul_add(count(from), 16.0), CELL.1.mul_add(count(row), 30.0));
                    let long = CELL.0 * count(shown.chars().count());
                    let text = shown.replace('&', "&amp;").replace('<', "&lt;");
                    let ink = ink(style);
                    writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{long:.1}\"{ink}>{text}</text>")
                        .unwrap();
                }
                column += length;
            }
        }
    }
    out + "</g>\n</svg>\n"
}

/// A line of a terminal without its styles.
fn plain(line: &str) -> String {
    let mut parts = line.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, shown)| shown))
}

/// A number of cells, to measure with.
fn count(cells: usize) -> f32 {
    u16::try_from(cells).expect("a picture is small").into()
}

/// The text cut where two spaces or more stand, spaces kept.
fn words(text: &str) -> Vec<&str> {
    let (mut found, mut from) = (Vec::new(), 0);
    for (i, _) in text.match_indices("  ") {
        if i > from {
            found.push(&text[from..i]);
        }
        if i >= from {
            let end = i + text[i..].len() - text[i..].trim_start_matches(' ').len();
            found.push(&text[i..end]);
            from = end;
        }
    }
    found.push(&text[from..]);
    found
}

/// What a style of the terminal is in the picture.
fn ink(code: &str) -> String {
    code.split(';').fold(String::new(), |ink, part| {
        ink + match part {
            "1" => " font-weight=\"bold\"",
            "2" => " fill=\"#8b919c\"",
            "31" => " fill=\"#f2777a\"",
            "32" => " fill=\"#8fc67a\"",
            "33" => " fill=\"#e5c07b\"",
            "35" => " fill=\"#d194e0\"",
            "36" => " fill=\"#6cc5d0\"",
            "92" => " fill=\"#b5e890\"",
            "94" => " fill=\"#8ab8ff\"",
            _ => "",
        }
    })
}
