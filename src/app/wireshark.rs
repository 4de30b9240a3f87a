//! `osi-tutor wireshark`: puts our interfaces and our dissector where Wireshark looks, and takes them back.

use super::Failure;
use super::rights::as_caller;
use crate::cli::WiresharkCommand;
use crate::machine::wireshark::{Folders, Part, Stand};
use crate::model::show::escape_prose;
use std::io::{self, Write};

/// Runs it.
pub(super) fn run(command: &WiresharkCommand) -> Result<(), Failure> {
    // What is written is the user's who typed it, under sudo, too.
    as_caller();
    let folders = Folders::find().map_err(Failure::Data)?;
    let mut out = io::stdout().lock();
    if !folders.asked {
        writeln!(out, "tshark isn't on the path; these are the folders of Wireshark 4.2 and newer.")?;
    }
    let (mut refused, mut ready) = (Vec::new(), true);
    for part in folders.parts() {
        let done = match command {
            WiresharkCommand::Install => part.install(),
            WiresharkCommand::Remove => part.remove(),
            WiresharkCommand::Status => part.stand(),
        };
        let mut path = String::new();
        escape_prose(&part.path.to_string_lossy(), &mut path);
        match done {
            Ok(Stand::Strangers) if !matches!(command, WiresharkCommand::Status) => {
                refused.push(format!("{path} isn't ours, and stays as it is"));
            }
            Ok(before) => {
                ready &= before == Stand::Ours;
                writeln!(out, "{}: {path} {}", part.about, says(command, before))?;
            }
            Err(error) => refused.push(no(&part, command, &error)),
        }
    }
    match command {
        _ if !refused.is_empty() => return Err(Failure::Data(refused.join("\n"))),
        WiresharkCommand::Install => {
            writeln!(out, "Restart Wireshark, and capture on an interface such as osi-tutor-handshake.")?;
        }
        WiresharkCommand::Status if !ready => writeln!(out, "To put all there: osi-tutor wireshark install")?,
        WiresharkCommand::Status | WiresharkCommand::Remove => {}
    }
    Ok(out.flush()?)
}

/// What was done, or is found.
fn says(command: &WiresharkCommand, before: Stand) -> &'static str {
    match (command, before) {
        (WiresharkCommand::Install, Stand::Old) => "is renewed",
        (WiresharkCommand::Install, Stand::Ours | Stand::Strangers) => "was installed already",
        (WiresharkCommand::Remove, Stand::Absent) => "wasn't there",
        (WiresharkCommand::Remove, _) => "is removed",
        (WiresharkCommand::Status, Stand::Absent) => "isn't there",
        (WiresharkCommand::Install, Stand::Absent) | (WiresharkCommand::Status, Stand::Ours) => "is installed",
        (WiresharkCommand::Status, Stand::Old) => "is of another version of osi-tutor, or names another place of it",
        (WiresharkCommand::Status, Stand::Strangers) => "isn't ours",
    }
}

fn no(part: &Part, command: &WiresharkCommand, error: &io::Error) -> String {
    let what = match command {
        WiresharkCommand::Install => "written",
        WiresharkCommand::Remove => "removed",
        WiresharkCommand::Status => "read",
    };
    format!("{} could not be {what}: {error}", part.path.display())
}
