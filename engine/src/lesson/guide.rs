//! The guide for those who write lessons: one Markdown file, which is also the documentation of
//! [`format`](mod@super::format). Its tables are those of the code.

/// The guide.
pub const GUIDE: &str = include_str!("../../../docs/guide/lesson-format.md");

#[cfg(test)]
mod tests {
    use super::GUIDE;
    use crate::fault;
    use crate::lesson::compute::FUNCTIONS;
    use crate::lesson::{COURSE, Lesson};
    use crate::tutor::NAMES;
    use std::path::Path;

    /// The heads of the tables that are made of the code's own, and their rows.
    fn tables() -> [(&'static str, Vec<String>); 3] {
        let fault = |f: &fault::Row| {
            let value = if f.value.is_empty() { "true" } else { f.value };
            format!("| `{}` | `{value}` | {} |", f.key(), f.help)
        };
        [
            ("| Key | Value | What it does |\n|---|---|---|\n", fault::TABLE.iter().map(fault).collect()),
            (
                "| Function | What it gives |\n|---|---|\n",
                FUNCTIONS.iter().map(|f| format!("| `{}()` | {} |", f.name, f.about)).collect(),
            ),
            (
                "| Name | What it becomes |\n|---|---|\n",
                NAMES.iter().map(|n| format!("| `{{{}}}` | {} |", n.name, n.about)).collect(),
            ),
        ]
    }

    #[test]
    fn the_guide_has_every_fault_function_and_name() {
        let mut fresh = GUIDE.to_owned();
        for (head, rows) in tables() {
            let (before, after) = fresh.split_once(head).unwrap_or_else(|| panic!("the guide lacks {head}"));
            let kept: usize = after.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
            fresh = format!("{before}{head}{}\n{}", rows.join("\n"), &after[kept..]);
        }
        if std::env::var_os("UPDATE_README").is_some_and(|v| v == "1") {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/lesson-format.md");
            std::fs::write(path, fresh).unwrap();
            return;
        }
        let differs = GUIDE.lines().zip(fresh.lines()).find(|(kept, fresh)| kept != fresh);
        assert!(fresh == GUIDE, "{differs:?}: UPDATE_README=1 cargo test --lib lesson::guide writes it anew");
    }

    #[test]
    fn the_guides_examples_are_lessons() {
        let (_, front) = GUIDE.split_once("```toml\n").unwrap();
        let (front, _) = front.split_once("```").unwrap();
        let mut fences = 0;
        for (_, example) in GUIDE.match_indices("````markdown\n").map(|(i, head)| GUIDE.split_at(i + head.len())) {
            let (fence, _) = example.split_once("````").unwrap();
            let text = format!("+++\n{front}+++\n\nA lesson.\n\n{fence}");
            if let Err(e) = Lesson::parse("40-handshake.md", &text) {
                panic!("{e}\n{fence}");
            }
            fences += 1;
        }
        assert!(fences >= 8, "the guide shows every kind of fence, not {fences}");
        assert!(COURSE.iter().any(|(file, _)| GUIDE.contains(file)), "its example is a lesson of the course");
    }
}
