//! `osi-tutor completions` and `osi-tutor man`: what the command line says of itself, for shells and manuals.

use super::Failure;
use crate::cli::Cli;
use clap::CommandFactory;
use std::io::Write;

/// The completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    // Written in one go: the generator itself would panic on a full disk.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "osi-tutor", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// The manual page. clap refers to a page for each command; there are none, but each has a help.
pub(super) fn page() -> Result<(), Failure> {
    let (mut page, program) = (Vec::new(), Cli::command());
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    let names = program.get_subcommands().map(clap::Command::get_name);
    for name in names.chain(["help"]) {
        let name = name.replace('-', "\\-");
        page = page.replace(&format!("osi\\-tutor\\-{name}(1)"), &format!("osi\\-tutor help {name}"));
    }
    Ok(std::io::stdout().write_all(page.as_bytes())?)
}
