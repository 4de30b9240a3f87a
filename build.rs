//! Lists what is inside the program: with the feature `playground`, the site.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_PLAYGROUND").is_some() {
        let folder = |name| env::var(name).map_err(io::Error::other);
        let (here, out) = (folder("CARGO_MANIFEST_DIR")?, folder("OUT_DIR")?);
        site(&Path::new(&here).join("target/site"), Path::new(&out))?;
    }
    Ok(())
}

/// The site that `playground/build` has made. The one file is kept without its engine, which is the largest of the others:
/// the program puts it in again. Clippy and rustdoc look at the program without the site, too; what is run needs it.
fn site(site: &Path, out: &Path) -> io::Result<()> {
    /// What the engine follows in the one file; `src/site.rs` looks for the same.
    const ENGINE: &str = "<script type=\"text/plain\" id=\"engine\">";
    println!("cargo::rerun-if-changed={}", site.display());
    let whole = fs::read_to_string(site.join("osi-tutor.html")).unwrap_or_default();
    let (before, after) = whole.split_once(ENGINE).unwrap_or_default();
    let rest = after.split_once("</script>").map_or("", |(_, rest)| rest);
    fs::write(out.join("one.html"), format!("{before}{ENGINE}</script>{rest}"))?;
    let mut files = Vec::new();
    if !rest.is_empty() {
        for entry in fs::read_dir(site)? {
            files.push(entry?.path());
        }
    }
    files.sort();
    let mut list = String::from("{\n");
    if files.is_empty() {
        let why = "the feature `playground` needs target/site: run `rustup target add wasm32-unknown-unknown`, then `playground/build`";
        let _ = writeln!(list, "    #[cfg(not(any(clippy, doc)))]\n    compile_error!({why:?});");
    }
    list.push_str("    &[\n");
    for path in &files {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((name, place)) = name.filter(|name| *name != "osi-tutor.html").zip(path.to_str()) else { continue };
        let _ = writeln!(list, "        ({name:?}, include_bytes!({place:?})),");
    }
    list.push_str("    ]\n}\n");
    fs::write(out.join("site.rs"), list)
}
