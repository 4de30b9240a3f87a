//! What can be typed after `simulate`.

use super::Show;
use crate::fault;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::path::PathBuf;

/// `osi-tutor simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// A ready scenario, or a scenario file (TOML)
    #[arg(value_name = "NAME|FILE", required_unless_present = "list")]
    pub scenario: Option<PathBuf>,
    /// List the scenarios that are ready
    #[arg(long, conflicts_with = "scenario")]
    pub list: bool,
    /// The number that decides everything random; without it, the scenario's own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Where the packets are seen: a host, switch or router, a router's card (router:lan), a link, or all links;
    /// without it, where the scenario says, or else at its first host
    #[arg(long, value_name = "PLACE")]
    pub at: Option<String>,
    /// The same once more with this fault, side by side: 'drop 1 of FILTER', 'delay 300ms 5', any fault below
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["pace", "plot", "brief", "hex", "notes", "write", "filter"])]
    pub what_if: Vec<String>,
    /// After each frame, what the hosts' stacks hold: sockets with states and queues, routes, neighbours
    #[arg(long, conflicts_with_all = ["what_if", "pace", "plot", "brief", "hex", "notes", "write", "filter"])]
    pub endpoints: bool,
    /// Follow one packet over all links: what each device read, did and changed. WHICH is its frame's number, as this
    /// capture shows it, or a display filter for the first that matches, or '2 of FILTER'
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["what_if", "endpoints", "pace", "plot", "brief", "notes", "hex", "write"])]
    pub hops: Option<String>,
    /// Play in real time (1), slower (0.1), faster (10), or a frame a key (step; q ends)
    #[arg(long, value_name = "SPEED|step", allow_hyphen_values = true, conflicts_with = "plot")]
    pub pace: Option<String>,
    /// How to show the packets
    #[command(flatten)]
    pub show: Show,
    /// What goes wrong on the way; last, for its heading
    #[command(flatten)]
    pub faults: Faults,
}

/// What goes wrong in a simulation: name and value of each fault, in the order of [`fault::TABLE`]. Its rows are the options.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<(&'static str, String)>);

impl Args for Faults {
    fn augment_args(command: Command) -> Command {
        let option = |row: &fault::Row| {
            let option = Arg::new(row.name).long(row.name).help(row.help);
            match row.value {
                "" => option.action(ArgAction::SetTrue),
                value => option.value_name(value).action(ArgAction::Append),
            }
        };
        command.next_help_heading("Faults").args(fault::TABLE.iter().map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Faults {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut faults = Self::default();
        faults.update_from_arg_matches(matches)?;
        Ok(faults)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for row in fault::TABLE {
            if !row.value.is_empty() {
                let values = matches.get_many::<String>(row.name).into_iter().flatten();
                self.0.extend(values.map(|value| (row.name, value.clone())));
            } else if matches.get_flag(row.name) {
                self.0.push((row.name, String::new()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::WHICH;
    use clap::CommandFactory as _;

    #[test]
    fn help_says_how_a_frame_is_chosen() {
        let mut command = crate::cli::Cli::command();
        let help = command.find_subcommand_mut("simulate").expect("it is a command").render_long_help().to_string();
        assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains(WHICH), "{help}");
    }
}
