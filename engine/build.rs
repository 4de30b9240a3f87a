//! Lists what is inside the engine: the files of `lessons/`, in the order of the numbers that they begin with, and the
//! programs that belong to a lesson, in the folder of its name.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=../lessons");
    let folder = |name| env::var(name).map_err(io::Error::other);
    let (here, out) = (folder("CARGO_MANIFEST_DIR")?, folder("OUT_DIR")?);
    let (mut lessons, mut programs) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(Path::new(&here).join("../lessons"))? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "scenarios") {
            for entry in fs::read_dir(&path)? {
                programs.push(entry?.path());
            }
        }
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let Some((name, place)) = path.file_name().and_then(|name| name.to_str()).zip(path.to_str()) else {
            return Err(io::Error::other(format!("{}: its name is no text", path.display())));
        };
        let number = name.split('-').next().and_then(|number| number.parse::<u32>().ok());
        lessons.push((number, name.to_owned(), place.to_owned()));
    }
    lessons.sort();
    let mut list = String::from("&[\n");
    for (_, name, place) in &lessons {
        // Writing to a string cannot fail.
        let _ = writeln!(list, "    ({name:?}, include_str!({place:?})),");
    }
    list.push_str("]\n");
    fs::write(Path::new(&out).join("course.rs"), list)?;
    programs.sort();
    let mut list = String::from("&[\n");
    for path in &programs {
        let name = |path: Option<&Path>| Some(path?.file_name()?.to_str()?.to_owned());
        let Some(((folder, name), place)) = name(path.parent()).zip(name(Some(path))).zip(path.to_str()) else {
            return Err(io::Error::other(format!("{}: its name is no text", path.display())));
        };
        let _ = writeln!(list, "    ({folder:?}, {name:?}, include_str!({place:?})),");
    }
    list.push_str("]\n");
    fs::write(Path::new(&out).join("programs.rs"), list)?;
    Ok(())
}
