//! `osi-tutor extcap`: what Wireshark starts to list its interfaces, and to capture on one of ours.

mod interface;
#[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
mod lab;
mod pressed;
mod toolbar;

use self::interface::Interface;
use self::toolbar::{Again, Toolbar};
use super::annotate::Annotated;
use super::pace::Pace;
use super::{Failure, faults};
use crate::cli::Extcap;
use crate::fault::Faults;
use crate::lesson::{self, simulate};
use crate::sim::scenario::{READY, Scenario};
use crate::source::file::Writer;
use crate::view::extcap as view;
use std::io::Write;

/// Runs it.
pub(super) fn run(args: &Extcap) -> Result<(), Failure> {
    if args.extcap_interfaces {
        return interfaces();
    }
    let Some(name) = args.extcap_interface.as_deref() else {
        let why = "Wireshark runs this command; to let it: osi-tutor wireshark install";
        return Err(Failure::Usage(why.to_owned()));
    };
    let interface = Interface::of(name)?;
    if args.capture {
        return capture(args, interface);
    }
    // A filter alone is only asked about: an answer says what is wrong with it.
    let text = match (args.extcap_dlts, args.extcap_config, &args.extcap_capture_filter) {
        (true, ..) => view::link_types(),
        (_, true, _) => interface.options()?,
        (.., Some(_)) => no_filter(),
        _ => String::new(),
    };
    print(&text)
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn no_filter() -> String {
    "These interfaces take no capture filter; filter what is shown instead\n".to_owned()
}

fn interfaces() -> Result<(), Failure> {
    let course = lesson::course().map_err(|e| Failure::Data(e.to_string()))?;
    let scenarios: Vec<_> = READY.iter().filter_map(|(name, _)| Some((*name, Scenario::ready(name)?.ok()?))).collect();
    print(&view::interfaces(
        env!("CARGO_PKG_VERSION"),
        course.iter().map(|lesson| (lesson.id.as_str(), lesson.title.as_str())),
        scenarios.iter().map(|(name, scenario)| (*name, scenario.title.as_str())),
        cfg!(all(feature = "lab", feature = "live", target_os = "linux")),
    ))
}

/// Writes packets with their comments into the pipe that Wireshark reads.
fn capture(args: &Extcap, mut interface: Interface) -> Result<(), Failure> {
    if args.extcap_capture_filter.as_deref().is_some_and(|filter| !filter.trim().is_empty()) {
        return Err(Failure::Usage(no_filter().trim_end().to_owned()));
    }
    let mut broken = Faults::default();
    if !args.drop.trim().is_empty() {
        broken.add("drop", &args.drop).map_err(faults::failure)?;
    }
    let pace = if args.pace == "0" { None } else { Some(Pace::read(&args.pace)?) };
    // Nobody else can press it.
    if pace == Some(Pace::Step) && args.extcap_control_in.is_none() {
        let why = "the pace 'step' waits for Next in Wireshark's toolbar, and there is none; try --pace 1";
        return Err(Failure::Usage(why.to_owned()));
    }
    #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
    if let Interface::Lab = interface {
        let annotated = lab::annotated(&args.lesson, args.audience, args.drop.trim())?;
        return send(args, annotated, pace, None);
    }
    let mut source = interface.source();
    if args.seed != 0 {
        source.seed = args.seed;
    }
    let mut make = |broken: &Faults| match &mut interface {
        Interface::Lesson(lesson) => Annotated::lesson(lesson, Some(source.seed), args.audience, broken),
        _ => Annotated::scenario(&source, args.audience, broken),
    };
    let annotated = make(&broken)?;
    let mut again = |number: u64| {
        simulate::lose(&source, &mut broken, number).map_err(Failure::Data)?;
        make(&broken)
    };
    send(args, annotated, pace, Some(&mut again))
}

/// Sends it. `again` makes it anew with one more loss.
fn send(args: &Extcap, annotated: Annotated, pace: Option<Pace>, again: Option<Again<'_>>) -> Result<(), Failure> {
    let Some(fifo) = args.fifo.as_deref() else { return Ok(()) };
    let mut writer = Writer::about(fifo, &annotated.about)?;
    // Wireshark waits for the first block before it shows that a capture runs.
    writer.flush()?;
    let Some(pace) = pace else { return annotated.write(&mut writer) };
    let toolbar = Toolbar::new(args.extcap_control_in.clone(), args.extcap_control_out.clone());
    toolbar.write(annotated, pace, again, &mut writer)
}
