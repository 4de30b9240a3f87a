//! The playground as somebody uses it: built, served, driven in Chromium, and opened from a disk without a network.
#![cfg(unix)]

mod common;

use common::{are_sound, browsers, root, skipped};
use serde_json::{Value as Json, json};
use std::process::Command;

/// Builds the site. Nothing where Rust can't build for WebAssembly.
fn built() -> Option<std::path::PathBuf> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output().ok()?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    if !std::path::Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown").is_dir() {
        let why = "Rust can't build for WebAssembly (rustup target add wasm32-unknown-unknown)";
        // `.ci/run` has tried to bring it, and said that it can't.
        if std::env::var_os("WITHOUT_WASM").is_some() {
            println!("SKIPPED: {why}");
        } else {
            skipped(why);
        }
        return None;
    }
    // The variables of this build are not for the other one.
    let run = Command::new(root().join("playground/build"))
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(root().join("target/site"))
}

fn text<'j>(seen: &'j Json, key: &str) -> &'j str {
    seen[key].as_str().unwrap_or_else(|| panic!("{key} is text: {seen}"))
}

#[test]
fn the_playground_plays_every_lesson_and_keeps_captures_to_itself() {
    let Some(site) = built() else { return };
    let size = |name: &str| std::fs::metadata(site.join(name)).unwrap().len();
    let is_here = |program: &str| Command::new(program).arg("--help").output().is_ok();
    if ["wasm-opt", "zopfli"].into_iter().all(is_here) {
        assert!(size("engine.wasm.gz") <= 1_600_000, "the engine is small: {}", size("engine.wasm.gz"));
    } else {
        skipped("wasm-opt and zopfli, which make the engine small, aren't installed (binaryen, zopfli)");
    }
    assert!(size("osi-tutor.html") <= 2_500_000, "the one file is small: {}", size("osi-tutor.html"));

    let captures = root().join("tests/captures");
    let args = [site.to_str().unwrap(), captures.to_str().unwrap()];
    let Some(seen) = browsers("playground.js", &args) else { return };
    println!("{}", seen["times"]);
    are_sound(&seen);

    // Lessons.
    let course = osi_tutor::lesson::COURSE.len();
    assert_eq!(seen["lessons"], course);
    assert_eq!(seen["ended"], json!(vec!["over"; course]), "every lesson is played to its end, what-ifs included");
    assert_eq!(seen["focus"], "H2", "a new page has the focus");
    let keyboard = &seen["keyboard"];
    assert_eq!(
        (&keyboard["over"], &keyboard["answered"], &keyboard["broken"]),
        (&json!("That was the lesson"), &json!(1), &json!(1))
    );
    assert!(text(&seen, "bytes").contains("tcp."), "the lit fields have bytes: {}", seen["bytes"]);
    assert_eq!(seen["back"], "#l=handshake&s=7&p=3");

    // Addresses that mean nothing.
    let broken: Vec<&str> = seen["broken"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    for (told, wanted) in broken.iter().zip([
        "There is no lesson nothing.",
        "the page isn't a whole number",
        "the seed isn't a whole number",
        "means nothing here",
        "too long",
        "",
        "never leaves the browser",
        "moon",
        "There is no lesson <img",
        "page ",
    ]) {
        assert!(told.contains(wanted), "{told}: {wanted}");
    }
    assert!(broken.iter().all(|told| !told.is_empty()), "{broken:?}");

    // Questions, and a simulation from the form.
    for key in ["4-quiz", "4-puzzle", "4-mixed"] {
        assert!(text(&seen, key).contains("0 of "), "{key}: {}", seen[key]);
    }
    assert_eq!(
        seen["simulated"]["hash"].as_str().unwrap().split("&n=").next(),
        Some("#sim=two-hosts&w=drop+1+of+tcp.flags.syn+%3D%3D+1")
    );
    assert!(text(&seen["simulated"], "origin").contains("with drop 1 of tcp.flags.syn == 1"));

    assert!(text(&seen, "hops").contains("link client-server"), "{}", seen["hops"]);
    let both = text(&seen, "both");
    assert!(both.contains("Without the fault (simulated)") && both.contains("lost on the way"), "{both}");

    // A capture.
    assert_eq!(seen["requests"], json!([]), "a capture that is opened causes no request");
    assert_eq!(seen["lit"].as_str().map(|bytes| bytes.split(' ').count()), Some(2), "a port is two bytes");
    assert!(text(&seen, "byte").contains("ip.proto") || text(&seen, "byte").contains("TCP (6)"), "{}", seen["byte"]);
    assert!(text(&seen, "meaning").contains("ip.proto"), "{}", seen["meaning"]);
    assert!(text(&seen, "mistake").contains("tcp.flags.syn"), "{}", seen["mistake"]);
    assert!(text(&seen, "filtered").contains(" of "), "{}", seen["filtered"]);
    assert!(text(&seen, "ladder").contains("ESTABLISHED"), "{}", seen["ladder"]);
    assert!(text(&seen, "follow").contains("GET "), "{}", seen["follow"]);
    assert!(seen["plotted"].as_u64() > Some(0), "the plot is a picture");
    assert!(text(&seen, "stats").contains("Transmission Control Protocol"), "{}", seen["stats"]);

    // Strangers.
    assert_eq!(seen["hostile"]["lost"], json!([]), "damaged captures are told, and nothing traps");
    assert!(seen["hostile"]["files"].as_u64() > Some(60), "{}", seen["hostile"]);
    assert_eq!(seen["markup"], json!({ "images": 0, "scripts": 0, "title": false, "shown": true }), "text stays text");
    assert!(text(&seen, "none").contains("is not a pcap or pcapng capture"), "{}", seen["none"]);
    assert!(text(&seen, "trapped").contains("started again"), "{}", seen["trapped"]);
    assert!(text(&seen, "silent").contains("no answer for ten seconds"), "{}", seen["silent"]);

    // Many packets: bounds that only a mistake exceeds, as other tests run beside this one.
    let time = |key: &str| seen["times"][key].as_f64().unwrap();
    for (key, most) in [("ready", 8_000.0), ("one", 8_000.0), ("listed", 20_000.0), ("filtered", 10_000.0)] {
        assert!((0.0..most).contains(&time(key)), "{key}: {} ms", time(key));
    }
    assert!(text(&seen, "many").ends_with(" of 100,000 packets"), "{}", seen["many"]);
    assert_eq!(seen["last"], "100000");
    assert_eq!(seen["large"], "200 packets");
    let huge = text(&seen, "huge");
    assert!(huge.ends_with(" packets. There was no room for more: what follows in the file isn't shown"), "{huge}");

    // Elsewhere.
    assert_eq!(seen["embedded"]["header"], false);
    assert!(text(&seen["embedded"], "heading").contains("page 4"));
    assert!(text(&seen, "one").contains("packets"), "{}", seen["one"]);
}

/// For a folder of captures that mean no good: `HOSTILE=FOLDER cargo test --test playground -- --ignored`.
#[test]
#[ignore = "it needs a folder of captures, named by HOSTILE"]
fn captures_of_strangers_are_opened_without_an_exception_and_without_markup() {
    let folder = std::env::var("HOSTILE").expect("HOSTILE names a folder");
    let Some(site) = built() else { return };
    let Some(seen) = browsers("hostile.js", &[site.to_str().unwrap(), &folder]) else { return };
    println!("{} files, {} opened; not: {:#}", seen["files"], seen["opened"], seen["refused"]);
    println!("started again: {:#}; slow (ms): {:#}", seen["restarted"], seen["slow"]);
    assert!(seen["files"].as_u64() > Some(0));
    assert_eq!((&seen["complaints"], &seen["wrong"]), (&json!([]), &json!([])));
}
