//! What packages are made from: names, versions and descriptions are those of Cargo.toml, written once.
#![cfg(unix)]

mod common;

use common::root;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const DESCRIPTION: &str = env!("CARGO_PKG_DESCRIPTION");

/// Everything that makes a package.
fn makers() -> Vec<PathBuf> {
    let packages = fs::read_dir(root().join("packages")).unwrap().map(|entry| entry.unwrap().path());
    packages.chain(["flake.nix", ".github/workflows/release.yml"].map(|name| root().join(name))).collect()
}

/// Whether a program is here; what it alone can judge is left out without it, and said.
fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !here {
        println!("NOT JUDGED: {program} is not installed");
    }
    here
}

#[test]
fn version_and_description_are_written_once() {
    for path in makers() {
        let text = fs::read_to_string(&path).unwrap();
        for known in [VERSION, DESCRIPTION] {
            assert!(!text.contains(known), "{} copies {known:?}", path.display());
        }
    }
    let flake = fs::read_to_string(root().join("flake.nix")).unwrap();
    assert!(flake.contains("(builtins.fromTOML (builtins.readFile ./Cargo.toml)).package"));
    if is_here("nix-instantiate") {
        let parsed =
            Command::new("nix-instantiate").args(["--parse", "flake.nix"]).current_dir(root()).output().unwrap();
        assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
    }
}

#[test]
fn scripts_are_scripts() {
    for path in makers() {
        let text = fs::read_to_string(&path).unwrap();
        let Some(first) = text.lines().next().filter(|first| first.starts_with("#!")) else { continue };
        let shell = if first.ends_with("bash") { "bash" } else { "sh" };
        let read = Command::new(shell).arg("-n").arg(&path).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}

#[test]
fn the_formula_says_what_cargo_toml_says_and_has_the_sum_of_each_tarball() {
    let sums = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("SHA256SUMS");
    let (mac, linux) = ("a".repeat(64), "b".repeat(64));
    let lines = format!(
        "{mac}  osi-tutor-{VERSION}-aarch64-apple-darwin.tar.gz\n{linux} *osi-tutor-{VERSION}-x86_64-unknown-linux-musl.tar.gz\n\
         {linux}  osi-tutor_{VERSION}_x86_64.deb\n"
    );
    fs::File::create(&sums).unwrap().write_all(lines.as_bytes()).unwrap();
    let url = "https://example.org/osi-tutor/releases/download/v1";
    let made = Command::new(root().join("packages/formula")).arg(url).arg(&sums).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = String::from_utf8(made.stdout).unwrap();
    for wanted in [
        format!("desc \"{DESCRIPTION}\""),
        format!("version \"{VERSION}\""),
        "homepage \"https://example.org/osi-tutor\"".to_owned(),
        "license any_of: [\"MIT\", \"Apache-2.0\"]".to_owned(),
        format!("url \"{url}/osi-tutor-{VERSION}-aarch64-apple-darwin.tar.gz\"\n      sha256 \"{mac}\""),
        format!("url \"{url}/osi-tutor-{VERSION}-x86_64-unknown-linux-musl.tar.gz\"\n      sha256 \"{linux}\""),
    ] {
        assert!(text.contains(&wanted), "{wanted}\n{text}");
    }
    assert_eq!(text.matches("sha256").count(), 2, "where there's no tarball, there are no lines\n{text}");
    if is_here("ruby") {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("osi-tutor.rb");
        fs::write(&file, &text).unwrap();
        assert!(Command::new("ruby").arg("-c").arg(&file).status().unwrap().success());
    }
}

#[test]
fn the_deb_and_binstall_take_what_the_build_makes() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let build = fs::read_to_string(root().join("packages/build")).unwrap();
    let assets: Vec<&str> = manifest
        .lines()
        .skip_while(|line| !line.starts_with("assets = ["))
        .skip(1)
        .take_while(|line| *line != "]")
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(assets.len() > 5, "{assets:?}");
    for asset in assets {
        match asset.strip_prefix("target/packages/made/osi-tutor.") {
            Some("1") => assert!(build.contains("man >\"$made/osi-tutor.1\"")),
            Some(shell) => {
                assert!(build.contains("for shell in bash zsh fish;") && ["bash", "zsh", "fish"].contains(&shell));
            }
            None if asset == "target/release/osi-tutor" => {}
            None => assert!(root().join(asset).is_file(), "{asset}"),
        }
    }
    // The tarball, and the folder in it, are called as binstall looks for them.
    assert!(build.contains("name=osi-tutor-$version-$target\n") && build.contains("\"$out/$name.tar.gz\""));
    assert!(
        manifest.contains("/{ name }-{ version }-{ target }.tar.gz\"")
            && manifest.contains("bin-dir = \"{ name }-{ version }-{ target }/{ bin }\"")
    );
    // The right to capture is a sentence, and nothing that is done.
    let postinst = fs::read_to_string(root().join("packages/postinst")).unwrap();
    let (_, told) = postinst.split_once("<<'TEXT'").unwrap();
    assert!(
        told.split("\nTEXT\n").next().unwrap().contains("setcap cap_net_raw+ep")
            && postinst.matches("setcap").count() == 1
    );
}
