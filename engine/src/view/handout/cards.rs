//! Cards for a class without phones: one HTML file to print, a page for each student. Folded twice, it shows one letter,
//! which can be read from the front of a room.

use std::fmt::Write as _;

/// One for each choice of a question.
const LETTERS: [char; 4] = ['A', 'B', 'C', 'D'];

/// On paper each letter has a quarter of the page, whether that is A4 or Letter: its height is about nine centimetres.
const STYLE: &str = "@page{margin:0}body{margin:0;font-family:sans-serif;color:#000;background:#fff}\
.how{max-width:42em;margin:2em auto;padding:0 1em;font:12pt/1.45 serif}\
.cards{display:grid;grid-template-columns:1fr 1fr;width:200mm;height:268mm;margin:auto}\
.card{display:grid;place-items:center;margin:0;font-size:125mm;font-weight:700;line-height:1;border:.3mm dashed #777}\
@media print{.how{display:none}}";

/// The whole file.
pub fn cards() -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Answer cards</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<div class=\"how\">\n<h1>Answer cards</h1>\n\
         <p>Print this page once for each student; this text isn't printed. They fold it twice, so that one letter is in \
         front, and all hold it up when you say so. Count the letters, and type the counts into the console: Hands, \
         for a class without phones.</p>\n</div>\n<div class=\"cards\">\n"
    );
    for letter in LETTERS {
        let _ = writeln!(out, "<p class=\"card\">{letter}</p>");
    }
    out.push_str("</div>\n</main>\n</body>\n</html>\n");
    out
}
