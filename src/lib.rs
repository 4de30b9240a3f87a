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
//! use osi_tutor::filter::Filter;
//! use osi_tutor::flow::{Limits, reader};
//! use osi_tutor::sim::Simulation;
//! use osi_tutor::sim::scenario::Scenario;
//! use osi_tutor::source::SourceError;
//! use osi_tutor::view::{Theme, brief::Brief};
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
#[cfg(not(target_family = "wasm"))]
pub mod rights;
pub mod rng;
pub mod source;
#[cfg(not(target_family = "wasm"))]
pub mod tty;

pub mod filter;
pub mod flow;
pub mod peers;

pub mod sim;
pub mod stats;
pub mod tutor;

pub mod ask;
#[cfg(feature = "lab")]
pub mod lab;

pub mod fault;

pub mod lesson;
#[cfg(not(target_family = "wasm"))]
pub mod machine;
#[cfg(all(feature = "web", not(target_family = "wasm")))]
pub mod serve;

pub mod view;

#[cfg(all(feature = "web", not(target_family = "wasm")))]
pub mod page;

pub mod browse;
#[cfg(all(feature = "chat", not(target_family = "wasm")))]
pub mod chat;
#[cfg(all(feature = "classroom", not(target_family = "wasm")))]
pub mod classroom;
#[cfg(not(target_family = "wasm"))]
pub mod cli;
pub mod drive;
pub mod linear;
#[cfg(all(feature = "playground", not(target_family = "wasm")))]
pub mod site;
#[cfg(not(target_family = "wasm"))]
pub mod store;

#[cfg(all(feature = "tui", not(target_family = "wasm")))]
pub mod tui;

#[cfg(not(target_family = "wasm"))]
pub mod app;
