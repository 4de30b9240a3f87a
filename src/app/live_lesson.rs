//! `osi-tutor explain --live`: a lesson's packets from a real kernel, in the private lab or on an interface.

use super::{Failure, rights};
use crate::cli::Explain;
use crate::lesson::{Lesson, Trace};
use crate::machine;
#[cfg(feature = "live")]
use crate::rights::{Files, Needs};

/// The lesson's packets, and in words where they come from.
pub(super) fn trace(args: &Explain, lesson: &Lesson, interface: Option<&str>) -> Result<(Trace, String), Failure> {
    match interface {
        Some(interface) => on_interface(args, lesson, interface),
        None if args.demo => {
            Err(Failure::Usage("--live without an interface has its own programs; --demo goes with --live=lo".into()))
        }
        None => {
            let played = in_lab(lesson)?;
            // The lab was built with the rights that there were, and is gone.
            rights::as_caller();
            rights::seal_all_but_files();
            Ok(played)
        }
    }
}

/// The lesson's scenario on this machine's kernel, in a network of its own, about to begin.
#[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
pub(super) fn start(lesson: &Lesson, faults: &[(&str, &str)]) -> Result<crate::lab::Lab, Failure> {
    use crate::lab::{Lab, OURSELVES};
    let wanted = &lesson.source;
    let seed = wanted.seed.to_string();
    let mut arguments = vec!["lab-helper", &wanted.scenario, "--seed", &seed];
    if let Some(at) = &wanted.at {
        arguments.extend(["--at", at]);
    }
    arguments.extend(faults.iter().flat_map(|(option, value)| [*option, value]));
    let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
    crate::source::live::catch_interrupts();
    Lab::start(OURSELVES, &arguments).map_err(|why| refused(&why, why.remedy(), lesson))
}

/// Finds the lesson's packets in what the kernel sends.
#[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
fn in_lab(lesson: &Lesson) -> Result<(Trace, String), Failure> {
    use crate::source::live;
    let mut lab = start(lesson, &[])?;
    let hosts = crate::lesson::simulate::hosts(lesson);
    let (trace, ended) = crate::lesson::find::search(lesson, hosts, &mut lab, &mut live::interrupted);
    if trace.is_empty() {
        ended?;
        return Err(Failure::Data(format!(
            "the live lab brought no packet of this lesson; on simulated packets: osi-tutor explain {}",
            lesson.id
        )));
    }
    if let Err(Failure::Data(why)) = ended.map_err(Failure::from) {
        super::error::tell(&format!("{why}. The lesson plays what has come."));
    }
    let stream = trace.stream.map_or(String::new(), |n| format!(", tcp.stream {n}"));
    Ok((trace, format!("Captured live on this machine's kernel: {}{stream}", lesson.source.scenario)))
}

#[cfg(not(all(feature = "lab", feature = "live", target_os = "linux")))]
fn in_lab(lesson: &Lesson) -> Result<(Trace, String), Failure> {
    Err(refused(&machine::NO_LAB, None, lesson))
}

/// Why there is no lab, and the ways that are left.
fn refused(why: &dyn std::fmt::Display, remedy: Option<&str>, lesson: &Lesson) -> Failure {
    let allow = remedy.map_or(String::new(), |command| format!("\nAllow it:         {command}"));
    Failure::Data(format!("there can be no live lab: {why}{allow}\nNo right needed:  osi-tutor explain {}", lesson.id))
}

/// Waits for the lesson's packets on an interface.
#[cfg(feature = "live")]
fn on_interface(args: &Explain, lesson: &Lesson, interface: &str) -> Result<(Trace, String), Failure> {
    use crate::source::live::{self, Options};
    let mut rights = rights::Rights::of(None)?;
    let mut source = live::open(interface, &Options::default()).map_err(|why| match why {
        live::OpenError::Denied { .. } => {
            let demo = if args.demo { " --demo" } else { "" };
            let id = machine::quoted(&lesson.id);
            let command = format!("explain {id} --live={}{demo}", machine::quoted(interface));
            let without = [format!("explain {id} --live"), format!("explain {id}")];
            Failure::Data(machine::denied(interface, &command, &without))
        }
        why => why.into(),
    })?;
    live::catch_interrupts();
    #[cfg(feature = "lab")]
    if args.demo && !source.interface().loopback {
        return Err(Failure::Usage(format!("the demonstration talks on loopback, and {interface} would never see it")));
    }
    #[cfg(feature = "lab")]
    let no_demo = |e| Failure::Data(format!("the demonstration could not be started: {e}"));
    #[cfg(feature = "lab")]
    let demo = args.demo.then(crate::lab::demo::Open::new).transpose().map_err(no_demo)?;
    rights.leave(None, |_| Ok(()))?;
    #[cfg(feature = "lab")]
    let connect = demo.iter().map(crate::lab::demo::Open::port).collect();
    #[cfg(not(feature = "lab"))]
    let connect = Vec::new();
    // What was learnt is kept at the end.
    let write = super::store().folder().map(Into::into).into_iter().collect();
    rights.seal(&Needs { connect, files: Files::Only { read: Vec::new(), write } });
    #[cfg(feature = "lab")]
    let demo = demo.map(crate::lab::demo::Open::start).transpose().map_err(no_demo)?;
    #[cfg(not(feature = "lab"))]
    let _ = args;
    super::error::tell(&format!("Waiting on {interface} for the packets of this lesson. Ctrl-C plays what has come."));
    let hosts = crate::lesson::hosts::Hosts::new(lesson.osi);
    let (trace, ended) = crate::lesson::find::search(lesson, hosts, &mut source, &mut live::interrupted);
    #[cfg(feature = "lab")]
    drop(demo);
    ended?;
    if trace.is_empty() {
        return Err(Failure::Data(format!("no packet of lesson {} passed {interface}", lesson.id)));
    }
    let stream = trace.stream.map_or(String::new(), |n| format!(", tcp.stream {n}"));
    Ok((trace, format!("Captured live on {interface}{stream}")))
}

#[cfg(not(feature = "live"))]
fn on_interface(_: &Explain, _: &Lesson, _: &str) -> Result<(Trace, String), Failure> {
    Err(Failure::Usage("this program was built without live capture".into()))
}
