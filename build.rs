//! Lists the course for the library: the files of `lessons/`, in the order of the numbers that they begin with.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=lessons");
    let folder = |name| env::var(name).map_err(io::Error::other);
    let (here, out) = (folder("CARGO_MANIFEST_DIR")?, folder("OUT_DIR")?);
    let mut lessons = Vec::new();
    for entry in fs::read_dir(Path::new(&here).join("lessons"))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".md")) else {
            continue;
        };
        let number = name.split('-').next().and_then(|number| number.parse::<u32>().ok());
        lessons.push((number, name.to_owned(), path.clone()));
    }
    lessons.sort();
    let mut list = String::from("&[\n");
    for (_, name, path) in &lessons {
        // Writing to a string cannot fail.
        let _ = writeln!(list, "    ({name:?}, include_str!({path:?})),");
    }
    list.push_str("]\n");
    fs::write(Path::new(&out).join("course.rs"), list)
}
