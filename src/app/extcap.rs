//! `osi-tutor extcap`: what Wireshark starts to list its interfaces, and to capture on one of ours.

use super::annotate::Annotated;
use super::pace::Pace;
use super::{Failure, faults};
use crate::cli::Extcap;
use crate::fault::Faults;
use crate::lesson::{self, Lesson};
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
        (_, true, _) => view::options(interface.seed()),
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
        course.iter().map(|lesson| (lesson.id.as_str(), lesson.title.as_str())),
        scenarios.iter().map(|(name, scenario)| (*name, scenario.title.as_str())),
    ))
}

/// What is captured on.
enum Interface {
    Lesson(Box<Lesson>),
    Scenario(String, u64),
}

impl Interface {
    fn of(name: &str) -> Result<Self, Failure> {
        if let Some((scenario, Ok(ready))) =
            name.strip_prefix(view::SCENARIO).and_then(|s| Some((s, Scenario::ready(s)?)))
        {
            return Ok(Self::Scenario(scenario.to_owned(), ready.seed));
        }
        if let Some(Ok(lesson)) = name.strip_prefix(view::PREFIX).and_then(lesson::built_in) {
            return Ok(Self::Lesson(Box::new(lesson)));
        }
        let name = name.escape_debug();
        Err(Failure::Usage(format!("there is no interface '{name}'; to see all: osi-tutor extcap --extcap-interfaces")))
    }

    fn seed(&self) -> u64 {
        match self {
            Self::Lesson(lesson) => lesson.source.seed,
            Self::Scenario(_, seed) => *seed,
        }
    }
}

/// Writes packets with their comments into the pipe that Wireshark reads.
fn capture(args: &Extcap, interface: Interface) -> Result<(), Failure> {
    if args.extcap_capture_filter.as_deref().is_some_and(|filter| !filter.trim().is_empty()) {
        return Err(Failure::Usage(no_filter().trim_end().to_owned()));
    }
    let mut broken = Faults::default();
    if !args.drop.trim().is_empty() {
        broken.add("drop", &args.drop).map_err(faults::failure)?;
    }
    let pace = if args.pace == "0" { None } else { Some(Pace::read(&args.pace)?) };
    let seed = if args.seed == 0 { interface.seed() } else { args.seed };
    let annotated = match interface {
        Interface::Lesson(lesson) => Annotated::lesson(*lesson, Some(seed), args.audience, &broken)?,
        Interface::Scenario(name, _) => Annotated::scenario(&name, seed, args.audience, &broken)?,
    };
    let Some(fifo) = args.fifo.as_deref() else { return Ok(()) };
    let mut writer = Writer::about(fifo, &annotated.about)?;
    // Wireshark waits for the first block before it shows that a capture runs.
    writer.flush()?;
    annotated.write(pace, &mut writer)
}
