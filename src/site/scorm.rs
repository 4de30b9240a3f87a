//! The one file as a package for learning platforms: SCORM 1.2 (ADL, content aggregation model §2.3 and run-time environment
//! §3.2). Each lesson is an item; the page tells the platform how far its learner is, and how many answers were right.

use super::{Address, one};
use std::fmt::Write as _;
use std::io::{self, Cursor, Write as _};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The page that every item opens.
const PAGE: &str = "index.html";

/// A lesson of the package.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name: letters, digits, hyphens.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where the page opens.
    pub address: Address,
}

/// The package, as a ZIP file.
///
/// # Errors
/// The page can't be compressed.
pub fn package(title: &str, items: &[Item]) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("imsmanifest.xml", manifest(title, items)), (PAGE, one(None, None)?)] {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

/// What is in the package, and in which order.
fn manifest(title: &str, items: &[Item]) -> String {
    let (title, version) = (escaped(title), env!("CARGO_PKG_VERSION"));
    let mut rows = String::new();
    for Item { id, title, address: Address(address) } in items {
        let (title, address) = (escaped(title), escaped(address));
        let _ = writeln!(
            rows,
            "      <item identifier=\"item-{id}\" identifierref=\"page\" parameters=\"{address}\"><title>{title}</title></item>"
        );
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="osi-tutor" version="{version}" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="course">
    <organization identifier="course">
      <title>{title}</title>
{rows}    </organization>
  </organizations>
  <resources>
    <resource identifier="page" type="webcontent" adlcp:scormtype="sco" href="{PAGE}"><file href="{PAGE}"/></resource>
  </resources>
</manifest>
"#
    )
}

/// As text or an attribute of XML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
