//! See, in real packets, how the network works.
//!
//! The order of the modules is the order of their ranks: a file may import only lower ranks or its
//! own folder, and `tests/layers.rs` holds it to that. `ARCHITECTURE.md` draws the pipeline.
//!
//! A [`source`] gives frames; a [`flow::reader`] reads each with all that the frames before it have taught, and gives a
//! [`Packet`](model::Packet): layers, and fields by Wireshark's names. A [`filter`] selects packets, a [`tutor`] explains
//! them, a [`view`] draws them. The source may be a file, an interface, or a simulation:
//!
//! ```
//! use osi_tutor_engine::filter::Filter;
//! use osi_tutor_engine::flow::{Limits, reader};
//! use osi_tutor_engine::sim::Simulation;
//! use osi_tutor_engine::sim::scenario::Scenario;
//! use osi_tutor_engine::source::SourceError;
//! use osi_tutor_engine::view::{Theme, brief::Brief};
//!
//! let scenario = Scenario::ready("two-hosts").expect("it is ready").expect("it is right");
//! let filter = Filter::parse("tcp.flags.syn == 1").expect("it is a filter");
//! let (mut lines, mut drawn) = (Brief::new(Theme::new(false), Some(80)), String::new());
//! reader::each(&mut Simulation::new(&scenario, 7), Limits::default(), |packet, _| {
//!     if filter.matches(packet) {
//!         lines.line(packet, &mut drawn);
//!     }
//!     Ok::<_, SourceError>(true)
//! })?;
//! assert!(drawn.lines().next().unwrap().contains("[SYN]"));
//! assert!(drawn.lines().nth(1).unwrap().contains("[SYN, ACK]"));
//! # Ok::<_, SourceError>(())
//! ```

pub mod model;
pub mod proto;
pub mod rng;
pub mod source;

pub mod filter;
pub mod flow;
pub mod peers;

pub mod sim;
pub mod stats;
pub mod tutor;

pub mod ask;

pub mod fault;

pub mod lesson;

pub mod view;

pub mod browse;
pub mod drive;
pub mod linear;
