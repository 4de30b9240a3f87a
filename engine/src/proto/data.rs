//! Data: what no protocol here claims. Its bytes are shown as they are.

use super::prelude::*;

/// Unclaimed bytes.
pub static ABOUT: Identity =
    Identity { name: "data", title: "Data", osi: Osi::Application, spec: "none", fields: FIELDS, summary: None };

fields! {
    DATA = dynamic(Kind::Bytes,   "data.data", "Data",   "Bytes that no protocol here knows how to read.");
    LEN  = derived(Kind::Int(32), "data.len",  "Length", "How many of them there are.");
}

/// The row; the walk comes here when nobody follows.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Media("application/octet-stream")], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    c.read(&DATA, 0, len)?;
    c.derive(&LEN, Value::Int(len.try_into().unwrap_or(i64::MAX)));
    Ok(Next::end(len))
}
