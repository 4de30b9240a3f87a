//! How long one packet takes: dissection with the conversations' memory, and with each view behind it.
//!
//! The packets come from the simulator, so that everybody measures the same bytes. `ratio.py` beside
//! this compares the whole program with tshark and tcpdump.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Packet, RawFrame};
use osi_tutor::proto::walk;
use osi_tutor::sim::Simulation;
use osi_tutor::sim::scenario::Scenario;
use osi_tutor::source::{Source, Step};
use osi_tutor::view::{Theme, brief::Brief, ink::Ink, json};
use std::hint::black_box;

/// The frames of the scenario that the lessons play: ARP, handshake, HTTP, upgrade, WebSocket, close.
fn frames() -> Vec<RawFrame> {
    let scenario = Scenario::ready("two-hosts").expect("a ready scenario").expect("its file is right");
    let (mut simulation, mut all, mut frame) = (Simulation::new(&scenario, 1), Vec::new(), RawFrame::default());
    while simulation.next(&mut frame).expect("a simulation does not fail") == Step::Frame {
        all.push(frame.clone());
    }
    all
}

/// Dissects every frame, and shows each packet to `view`.
fn play(frames: &[RawFrame], packet: &mut Packet, mut view: impl FnMut(&Packet)) {
    let mut tracker = Tracker::new(Limits::default());
    for frame in frames {
        walk(frame, &mut tracker, packet);
        view(packet);
    }
}

fn dissect(c: &mut Criterion) {
    let frames = frames();
    let mut packet = Packet::new();
    let mut group = c.benchmark_group("two-hosts");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("walk", |b| b.iter(|| play(&frames, &mut packet, |p| _ = black_box(p.fields.len()))));
    group.bench_function("brief", |b| {
        let (mut brief, mut out) = (Brief::new(Theme::new(false), None), Ink::default());
        b.iter(|| {
            play(&frames, &mut packet, |p| brief.write(p, &mut out));
            black_box(&out);
            out.clear(1 << 20);
        });
    });
    group.bench_function("json", |b| {
        let (mut out, mut json) = (Ink::default(), json::Writer::new());
        b.iter(|| {
            play(&frames, &mut packet, |p| json.line(p, None, &mut out));
            black_box(&out);
            out.clear(1 << 20);
        });
    });
    group.finish();
}

criterion_group!(benches, dissect);
criterion_main!(benches);
