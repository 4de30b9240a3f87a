//! The helper: a process of its own that leaves this machine's network, plays a scenario in namespaces that nobody
//! else sees, and tells every frame that passes the watched card.
//!
//! It must not have a second thread before it has left. When it ends, or is killed, the kernel takes all of it away.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::kernel::TcpView;
use super::plan::Plan;
use super::programs::{self, News};
use super::refusal::{Refusal, Wanted};
use super::relay::Met;
use super::report::Report;
use super::{rig, space, sys};
use crate::model::{Interface, RawFrame, Time};
use crate::sim::Judge;
use crate::source::live::{self, Live, Options};
use crate::source::{Source as _, Step};

/// How long a capture waits for a frame.
const WAIT: Duration = Duration::from_millis(2);
/// A frame is told so long after it passed: by then each capture has given what is older, and the kernel was asked.
const HOLD: Duration = Duration::from_millis(50);
/// All is over when the last visit is, and nothing has passed for so long.
const QUIET: Duration = Duration::from_millis(150);
/// How long the programs may take to open their ports.
const OPENING: Duration = Duration::from_secs(5);
/// No scenario goes on for longer.
const LONGEST: Duration = Duration::from_mins(2);
/// More frames than these are not held.
const MOST: usize = 50_000;
/// More connections than these have no view kept.
const MOST_VIEWS: usize = 4096;

/// The lab while its programs run.
struct Stage {
    captures: Vec<(Live, Arc<Interface>)>,
    news: Receiver<News>,
    remarks: Receiver<Met>,
    /// Devices whose visits are not over.
    busy: usize,
    /// Captured and not yet told, by time.
    held: Vec<RawFrame>,
    unplaced: VecDeque<Met>,
    views: BTreeMap<(SocketAddr, SocketAddr), TcpView>,
    /// When something passed last.
    last: Instant,
}

/// Plays `plan` and tells of it on `out`, until all is over or nobody reads any more. This process must have one thread.
///
/// # Errors
/// `out` cannot be written.
pub fn help(plan: Result<Plan, String>, judge: Option<Judge>, out: &mut impl Write) -> io::Result<()> {
    let begun = Instant::now();
    let plan = plan.map_err(|words| Refusal::because(Wanted::Scenario, words));
    let told = match plan.and_then(|plan| stand_up(plan, judge)) {
        Ok((stage, gate)) => {
            let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            Report::Ready(micros).write(out)?;
            out.flush()?;
            gate.send_replace(true);
            stage.run(out)?
        }
        Err(refusal) => Report::Refused(refusal),
    };
    told.write(out)?;
    out.flush()
}

/// Leaves, builds, opens captures, starts the programs and waits until their ports are open.
fn stand_up(plan: Plan, judge: Option<Judge>) -> Result<(Stage, watch::Sender<bool>), Refusal> {
    let no = |wanted: Wanted| move |error: io::Error| Refusal::new(wanted, &error);
    let workshop = space::leave()?;
    sys::die_with_parent().map_err(no(Wanted::Start))?;
    let (remark, remarks) = channel();
    let rig = rig::build(&plan, judge, &workshop, remark)?;
    let mut captures = Vec::new();
    for watched in &plan.watched {
        let (at, card) = watched.end;
        let (Some(device), Some(space)) = (plan.devices.get(at), rig.spaces.get(at)) else { continue };
        let Some(card) = device.cards.get(card) else { continue };
        space.enter().map_err(no(Wanted::Capture))?;
        let options = Options { wait: WAIT, sent_only: watched.sent_only, ..Options::default() };
        let capture =
            live::open(&card.name, &options).map_err(|error| Refusal::because(Wanted::Capture, error.to_string()))?;
        captures.push((capture, Arc::new(Interface { name: watched.name.clone(), loopback: false })));
    }
    workshop.enter().map_err(no(Wanted::Net))?;
    if !rig.relay.is_empty() {
        // It ends with the process.
        thread::Builder::new().spawn(|| rig.relay.run()).map_err(no(Wanted::Start))?;
    }
    let (gate, opened) = watch::channel(false);
    let (tell, news) = channel();
    let busy = plan.devices.len();
    for (device, space) in plan.devices.into_iter().zip(rig.spaces) {
        programs::start(device, space, opened.clone(), tell.clone()).map_err(no(Wanted::Start))?;
    }
    for _ in 0..busy {
        match news.recv_timeout(OPENING) {
            Ok(News::Failed(error)) => return Err(Refusal::new(Wanted::Start, &error)),
            Ok(_) => {}
            Err(_) => return Err(Refusal::because(Wanted::Start, "they did not open their ports in time")),
        }
    }
    let stage = Stage {
        captures,
        news,
        remarks,
        busy,
        held: Vec::new(),
        unplaced: VecDeque::new(),
        views: BTreeMap::new(),
        last: Instant::now(),
    };
    Ok((stage, gate))
}

impl Stage {
    /// Tells frames until all is over; says how it ended.
    fn run(mut self, out: &mut impl Write) -> io::Result<Report> {
        let begun = Instant::now();
        loop {
            let round = now();
            let captured = match self.capture() {
                Ok(captured) => captured,
                Err(refusal) => return Ok(Report::Refused(refusal)),
            };
            if let Err(error) = self.hear(out)? {
                return Ok(Report::Refused(Refusal::new(Wanted::Start, &error)));
            }
            if captured {
                self.last = Instant::now();
            }
            let hold = i64::try_from(HOLD.as_nanos()).unwrap_or(0);
            self.tell(Time(round.0.saturating_sub(hold)), out)?;
            let over = self.busy == 0 && self.last.elapsed() > QUIET;
            if over || begun.elapsed() > LONGEST {
                self.tell(Time(i64::MAX), out)?;
                return Ok(Report::Over);
            }
            out.flush()?;
            if live::reader_gone() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    }

    /// Takes what has come in; says whether anything has.
    fn capture(&mut self) -> Result<bool, Refusal> {
        let before = self.held.len();
        let mut frame = RawFrame::default();
        for (capture, interface) in &mut self.captures {
            while self.held.len() < MOST {
                match capture.next(&mut frame) {
                    Ok(Step::Frame) => {
                        let interface = Some(Arc::clone(interface));
                        self.held.push(RawFrame { interface, ..std::mem::take(&mut frame) });
                    }
                    Ok(Step::Idle | Step::End) => break,
                    Err(error) => return Err(Refusal::because(Wanted::Capture, error.to_string())),
                }
            }
        }
        let any = self.held.len() > before;
        if any {
            self.held.sort_by_key(|frame| frame.time);
        }
        Ok(any)
    }

    /// Listens to the programs and the relay. The inner error is a program's.
    fn hear(&mut self, out: &mut impl Write) -> io::Result<Result<(), io::Error>> {
        while let Ok(news) = self.news.try_recv() {
            match news {
                News::Listening => {}
                News::Done => {
                    self.busy = self.busy.saturating_sub(1);
                    self.last = Instant::now();
                }
                News::Failed(error) => return Ok(Err(error)),
                News::View(view) => {
                    let key = (view.local, view.remote);
                    if self.views.get(&key).is_some_and(|known| known.same(&view)) {
                        continue;
                    }
                    Report::Kernel(view.clone()).write(out)?;
                    if self.views.len() < MOST_VIEWS || self.views.contains_key(&key) {
                        self.views.insert(key, view);
                    }
                }
            }
        }
        self.unplaced.extend(self.remarks.try_iter());
        self.unplaced.retain(|(bytes, remark)| {
            let frame = self.held.iter_mut().find(|frame| frame.remark.is_none() && frame.bytes == *bytes);
            frame.map(|frame| frame.remark = Some(*remark)).is_none()
        });
        // What the watched card did not send has no place.
        while self.unplaced.len() > MOST {
            self.unplaced.pop_front();
        }
        Ok(Ok(()))
    }

    /// Tells the frames from before a moment.
    fn tell(&mut self, before: Time, out: &mut impl Write) -> io::Result<()> {
        let count = self.held.partition_point(|frame| frame.time < before);
        for frame in self.held.drain(..count) {
            Report::Frame(frame).write(out)?;
        }
        Ok(())
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
