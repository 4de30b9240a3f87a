//! `osi-tutor capture`: packets as they pass an interface.

use super::rights::Rights;
use super::{Failure, error, machine, show};
use crate::cli::{Capture, Color};
#[cfg(feature = "lab")]
use crate::net::lab::demo::{self, Demo};
use crate::rights::{Files, Needs};
use crate::source::file::Writer;
use crate::source::live::{self, Live, OpenError, Options};
use std::time::{Duration, Instant};

/// How often to look whether anybody still reads what we write.
const LOOK: Duration = Duration::from_millis(250);

/// Runs it.
pub(super) fn run(args: &Capture, color: Color) -> Result<(), Failure> {
    // A mistake in the filter is told before anything is opened.
    args.show.filter.as_deref().map(show::filter).transpose()?;
    let options = Options { promiscuous: !args.no_promiscuous, snaplen: args.snaplen, ..Options::default() };
    let mut rights = Rights::of(args.user.as_deref())?;
    let mut source = live::open(&args.interface, &options)?;
    live::catch_interrupts();
    #[cfg_attr(not(feature = "lab"), expect(unused_mut, reason = "only the demonstration sets a filter"))]
    let mut view = args.show.clone();
    #[cfg(feature = "lab")]
    let demo = args.demo.then(demo::Open::new).transpose().map_err(no_demo)?;
    let writer = rights.leave(view.write.as_deref(), |path| Ok(Writer::create(path)?))?;
    #[cfg(feature = "lab")]
    let connect = demo.iter().map(demo::Open::port).collect();
    #[cfg(not(feature = "lab"))]
    let connect = Vec::new();
    // The plot is written when the capture ends.
    let write: Vec<_> = view.output.clone().into_iter().collect();
    write.iter().try_for_each(|path| rights.make(path))?;
    rights.seal(&Needs { connect, files: Files::Only { read: Vec::new(), write } });
    // The demonstration begins after the capture, so that its first SYN is seen, too.
    #[cfg(feature = "lab")]
    let _demo = demo.map(|demo| start(demo, &source, &mut view.filter)).transpose()?;
    error::tell(&format!("Capturing on {}. Ctrl-C ends it.", args.interface));

    let end = args.duration.and_then(|d| Instant::now().checked_add(d));
    let mut looked = Instant::now();
    let origin = format!("Captured live on {}", args.interface);
    let done = show::run_into(&mut source, &view, writer, &origin, color, &mut || {
        let now = Instant::now();
        let look = now.duration_since(looked) >= LOOK;
        if look {
            looked = now;
        }
        live::interrupted() || end.is_some_and(|end| now >= end) || (look && live::reader_gone())
    });
    summarise(&mut source, done.as_ref().ok().map(|tally| tally.shown));
    done.map(|_| ())
}

/// Starts the demonstration; without another filter, only its packets are shown.
#[cfg(feature = "lab")]
fn start(demo: demo::Open, source: &Live, filter: &mut Option<String>) -> Result<Demo, Failure> {
    let demo = demo.start().map_err(no_demo)?;
    let port = demo.port();
    error::tell(&format!("A web server on 127.0.0.1 port {port} has a visitor every few seconds."));
    if !source.interface().loopback {
        error::tell("They talk on loopback. To see them, capture there instead.");
    } else if filter.is_none() {
        *filter = Some(format!("tcp.port == {port}"));
        error::tell(&format!("Only their packets are shown (-Y 'tcp.port == {port}'); -Y FILTER shows others."));
    }
    Ok(demo)
}

#[cfg(feature = "lab")]
#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn no_demo(why: std::io::Error) -> Failure {
    Failure::Data(format!("the demonstration could not be started: {why}"))
}

/// What was captured, and what was lost.
fn summarise(source: &mut Live, shown: Option<u64>) {
    let (name, captured) = (source.interface().name.clone(), source.captured());
    if source.went_down() {
        error::tell(&format!("The link of {name} went down, so the capture ends."));
    }
    let shown = shown.map_or(String::new(), |n| format!(", {n} shown"));
    let dropped = source.dropped();
    let lost = dropped.map_or(String::new(), |n| format!(", {n} dropped by the kernel"));
    let packets = if captured == 1 { "packet" } else { "packets" };
    error::tell(&format!("{captured} {packets} captured on {name}{shown}{lost}."));
    if let (Some(1..), Some(bytes)) = (dropped, source.small_buffer()) {
        error::tell(&format!(
            "The kernel keeps only {} kB for this program, and drops packets when they are full.\n\
             Let it have more:  {}",
            bytes / 1000,
            machine::let_capture_all()
        ));
    }
}

impl From<OpenError> for Failure {
    /// Why no capture began, and what to do about it.
    fn from(why: OpenError) -> Self {
        match why {
            OpenError::Unknown { ref known, .. } => {
                Self::Usage(format!("{why}; this machine has {}", known.join(", ")))
            }
            OpenError::Denied { ref name } => {
                let without = ["simulate two-hosts", "read FILE"].map(str::to_owned);
                machine::denied(name, &format!("capture {}", machine::quoted(name)), &without)
            }
            OpenError::Down { .. } | OpenError::Io { .. } => Self::Data(why.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_interface_is_a_mistake_of_usage_and_names_the_others() {
        let why = OpenError::Unknown { name: "eth7".into(), known: vec!["lo".into(), "eth0".into()] };
        let Failure::Usage(text) = Failure::from(why) else { panic!("usage") };
        assert_eq!(text, "there is no interface called \"eth7\"; this machine has lo, eth0");
    }

    #[test]
    fn a_missing_right_names_this_binary_and_the_ways_without() {
        let Failure::Data(text) = Failure::from(OpenError::Denied { name: "lo".into() }) else { panic!("data") };
        let program = machine::this_program();
        assert!(text.contains(&format!("sudo {program} capture lo\n")), "{text}");
        assert!(text.contains("osi-tutor simulate two-hosts\n") && text.ends_with("osi-tutor read FILE"), "{text}");
    }
}
