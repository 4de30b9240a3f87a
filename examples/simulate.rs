//! Plays a ready scenario on simulated wires, and prints what a tutor says of each packet.
//!
//! ```sh
//! cargo run --example simulate -- two-hosts
//! ```

use osi_tutor::flow::{Limits, reader};
use osi_tutor::sim::Simulation;
use osi_tutor::sim::scenario::Scenario;
use osi_tutor::source::SourceError;
use osi_tutor::tutor::{Audience, Moment, Texts, explain};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "two-hosts".to_owned());
    let scenario = Scenario::ready(&name).ok_or_else(|| format!("there is no ready scenario called {name}"))??;
    let texts = Texts::english();
    let mut world = Simulation::new(&scenario, 7);
    reader::each(&mut world, Limits::default(), |packet, tracker| {
        println!("Packet {}", packet.number);
        for note in explain(&Moment::new(packet, tracker), Audience::Student, &texts) {
            println!("  {}", note.text);
        }
        Ok::<_, SourceError>(true)
    })?;
    Ok(())
}
