//! Collects the lessons: every file of `lessons/` that is called by a number and a name, in the order of the numbers.
//! So a new lesson is a new file, and nothing else.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=lessons");
    println!("cargo::rerun-if-changed=build.rs");
    let home = env::var("CARGO_MANIFEST_DIR").expect("Cargo says where the package is");
    let folder = Path::new(&home).join("lessons");
    let mut lessons: Vec<(u32, String)> = fs::read_dir(&folder)
        .expect("the folder lessons/ is there")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "md"))
        .filter_map(|name| Some((name.split_once('-')?.0.parse().ok()?, name)))
        .collect();
    lessons.sort();
    let mut list = String::from("&[\n");
    for (_, name) in lessons {
        let path = folder.join(&name);
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("a text can grow");
    }
    list.push_str("]\n");
    let out = env::var("OUT_DIR").expect("Cargo says where to write");
    fs::write(Path::new(&out).join("course.rs"), list).expect("the list can be written");
}
