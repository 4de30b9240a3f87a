//! The playground inside the program: `play`, and `export html`. The program of an ordinary build says how to get it; one with
//! it is built by `cargo test --features playground --test site`, after `playground/build`.
#![cfg(unix)]

mod common;
#[path = "chat/server.rs"]
#[allow(dead_code, reason = "of its calls, a few serve here")]
mod server;

use std::process::{Command, Output, Stdio};

fn ours(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(args).stdin(Stdio::null()).output().unwrap()
}

#[cfg(not(feature = "playground"))]
#[test]
fn a_program_without_the_playground_says_how_to_get_it() {
    for args in [
        &["play"][..],
        &["play", "8081"],
        &["export", "html", "handshake"],
        &["export", "html", "-o", "x.html"],
        &["export", "scorm"],
    ] {
        let done = ours(args);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{args:?}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("playground/build && cargo install"), "{said}");
    }
}

#[cfg(feature = "playground")]
mod with {
    use super::common::{browsers, capture, root};
    use super::ours;
    use super::server::Server;
    use serde_json::json;
    use std::fs;
    use std::path::PathBuf;

    /// A file that our program has written.
    fn written(name: &str, args: &[&str]) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let done = ours(&[&["export", "html", "--force", "-o", path.to_str().unwrap()], args].concat());
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        path
    }

    fn refused(args: &[&str], code: i32) -> String {
        let done = ours(&[&["export", "html"], args].concat());
        assert_eq!(done.status.code(), Some(code), "{args:?}");
        String::from_utf8(done.stderr).unwrap()
    }

    #[test]
    fn the_course_is_the_file_that_was_built() {
        let path = written("course.html", &[]);
        assert!(fs::read(path).unwrap() == fs::read(root().join("target/site/osi-tutor.html")).unwrap());
    }

    /// A platform opens two items of the package, and keeps what their learner does.
    #[test]
    fn a_learning_platform_keeps_the_score_and_where_its_learner_stopped() {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("scorm");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("course.zip");
        let done = ours(&["export", "scorm", "--force", "-o", path.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(refused_scorm("handshak").contains("Did you mean handshake?"));
        let mut package = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
        package.extract(&folder).unwrap();
        let manifest = fs::read_to_string(folder.join("imsmanifest.xml")).unwrap();
        let lessons = fs::read_dir(root().join("lessons")).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(
            manifest.matches("<item ").count(),
            lessons.filter(|path| path.extension().is_some_and(|e| e == "md")).count()
        );
        let Some(seen) = browsers("scorm.js", &[folder.to_str().unwrap()]) else { return };
        assert_eq!(seen["complaints"], json!([]), "the browser complains");
        assert_eq!(seen["items"].as_u64().unwrap(), manifest.matches("<item ").count() as u64, "the platform reads it");
        assert_eq!(seen["first"]["status"], "incomplete");
        assert_eq!(seen["first"]["score"], "0", "a question is on the screen, and not answered");
        assert_eq!(seen["stopped"], seen["again"], "the learner goes on where they stopped");
        assert_eq!(seen["last"]["status"], "completed");
        assert!(seen["last"]["score"].as_str().unwrap().parse::<u32>().unwrap() > 0, "{seen}");
        let time = seen["last"]["time"].as_str().unwrap();
        assert!(time.starts_with("00:0") && time != "00:00:00", "{seen}");
    }

    fn refused_scorm(name: &str) -> String {
        let done = ours(&["export", "scorm", name]);
        assert_eq!(done.status.code(), Some(2), "{name}");
        String::from_utf8(done.stderr).unwrap()
    }

    #[test]
    fn what_cant_be_opened_is_a_sentence() {
        assert!(refused(&["handshak"], 2).contains("Did you mean handshake?"));
        assert!(refused(&[root().join("README.md").to_str().unwrap()], 1).contains("is not a pcap or pcapng capture"));
        assert!(refused(&[capture("dns.pcap").to_str().unwrap(), "--seed", "1"], 2).contains("--seed"));
        let large = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("large.pcap");
        fs::File::create(&large).unwrap().set_len((32 << 20) + 1).unwrap();
        assert!(refused(&[large.to_str().unwrap()], 1).contains("more than the 32 MiB"));
    }

    #[test]
    fn a_browser_opens_what_was_written_and_what_is_served() {
        // What would end a script, or be markup, in the name of a capture.
        let strange = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("<img src=x onerror=alert(1)>&'\".pcap");
        fs::copy(capture("dns.pcap"), &strange).unwrap();
        let files = [
            written("lesson.html", &["Handshake", "--seed", "7", "--audience", "newcomer"]),
            written("scenario.html", &["two-hosts"]),
            written("capture.html", &[capture("http.pcapng").to_str().unwrap()]),
            written("strange.html", &[strange.to_str().unwrap()]),
        ];
        let mut server = Server::run("true", &["play", "0"], |line| line.contains("Ctrl-C ends it").then_some(false));
        assert!(server.address.ip().is_loopback());
        let url = server.url();
        let mut args = vec![url.as_str()];
        args.extend(files.iter().map(|file| file.to_str().unwrap()));
        if let Some(seen) = browsers("site.js", &args) {
            assert_eq!(seen["complaints"], json!([]), "the browser complains");
            assert_eq!(
                seen["served"],
                json!({ "heading": "See how the network works, packet by packet", "step": true })
            );
            let of = |at: usize, key: &str| seen["files"][at][key].as_str().unwrap_or_else(|| panic!("{key}: {seen}"));
            assert_eq!(of(0, "hash"), "#l=handshake&s=7&a=newcomer");
            assert!(of(0, "heading").contains("page 1 of"), "{seen}");
            assert!(of(1, "counted").ends_with(" packets"), "{seen}");
            assert_eq!((of(2, "origin"), of(2, "again")), ("From the file http.pcapng", of(2, "counted")));
            assert!(of(3, "origin").contains("<img src=x onerror=alert(1)>"), "{seen}");
            assert_eq!(seen["images"], 0, "a name is no markup");
        }

        // Whose page asks, and by which name.
        assert_eq!(server.status("/", ""), "200");
        assert_eq!(server.status("/", "Host: evil.example\r\n"), "403");
        let foreign = format!("Host: {}\r\nOrigin: http://evil.example\r\n", server.address);
        assert_eq!(server.status("/engine.wasm.gz", &foreign), "403");
        assert_eq!(server.status("/nothing", ""), "404");
        server.signal("TERM");
        assert_eq!(server.ends().1, Some(0));
    }
}
