//! What is pressed in Wireshark's toolbar, in its order.

use crate::app::wait::Wait;
use crate::view::extcap::{LOSE, NEXT, status, used};
use std::cell::Cell;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// Waits for [`NEXT`], if not for a time. What is pressed counts in its order.
pub(super) struct Pressed {
    pub buttons: Option<Receiver<u8>>,
    pub lose: Rc<Cell<bool>>,
}

impl Wait for Pressed {
    fn wait(&mut self, at_most: Option<Duration>) -> io::Result<bool> {
        let until = at_most.map(|time| Instant::now() + time);
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let pressed = match (&self.buttons, left) {
                (Some(buttons), Some(left)) => buttons.recv_timeout(left),
                (Some(buttons), None) => buttons.recv().map_err(RecvTimeoutError::from),
                (None, Some(left)) => {
                    thread::sleep(left);
                    return Ok(true);
                }
                (None, None) => return Ok(false),
            };
            match pressed {
                Ok(LOSE) => self.lose.set(true),
                Ok(NEXT) | Err(RecvTimeoutError::Timeout) => return Ok(true),
                Ok(_) => {}
                // Without a toolbar, time goes on.
                Err(RecvTimeoutError::Disconnected) => self.buttons = None,
            }
        }
    }
}

/// Reads what is pressed, until Wireshark ends.
pub(super) fn listen(path: &Path, tell: &Sender<u8>, says: &SyncSender<Vec<u8>>) -> io::Result<()> {
    let mut pipe = io::BufReader::new(std::fs::File::open(path)?);
    while let Some(button) = used(&mut pipe)? {
        if button == LOSE {
            let _ = says.try_send(status("The next TCP segment will be lost."));
        }
        if tell.send(button).is_err() {
            break;
        }
    }
    Ok(())
}
