//! osi-tutor in a browser: the engine as WebAssembly, run in a Web Worker. Text goes in and out as JSON.
//!
//! [`ask`] takes what `wish.rs` lists; [`drive`] takes a line of `schema/input.json` for the lesson or the questions that
//! are open, and answers as `--drive` does. Whoever calls writes into [`room`], and reads what [`answer`] points at. A
//! capture isn't copied in: the engine calls `read` when it wants the next bytes, so that a large file costs what is kept.

mod browser;
mod engine;
mod papers;
mod tasks;
mod wish;
mod world;

use engine::Engine;
use std::cell::RefCell;
use std::io::{self, Read};

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
    static ROOM: RefCell<Vec<u8>> = RefCell::default();
    static ANSWER: RefCell<Vec<u8>> = RefCell::default();
}

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// Writes the capture's next bytes, at most `most`; gives how many they are, 0 at its end.
    fn read(into: *mut u8, most: usize) -> usize;
}

/// The capture that is open, wherever the page has it.
struct Capture;

impl Read for Capture {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the page writes at most as many bytes as there is room for.
        let read = unsafe { read(into.as_mut_ptr(), into.len()) };
        if read > into.len() { Err(io::Error::other("the browser could not read the file")) } else { Ok(read) }
    }
}

/// Room for a question of that many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    ROOM.with_borrow_mut(|room| {
        room.clear();
        room.resize(bytes, 0);
        room.as_mut_ptr()
    })
}

/// Answers what is in the room; gives the bytes of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> usize {
    answered(|engine, question| engine.ask(question))
}

/// Drives what is open with the line in the room, at a time in milliseconds; gives the bytes of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn drive(now: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a clock that runs from 0")]
    answered(|engine, line| engine.drive(line, now.max(0.0) as u64))
}

/// Where the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    ANSWER.with_borrow(|answer| answer.as_ptr())
}

fn answered(ask: impl FnOnce(&mut Engine, &[u8]) -> String) -> usize {
    let told = ROOM.with_borrow(|room| ENGINE.with_borrow_mut(|engine| ask(engine, room)));
    ANSWER.with_borrow_mut(|answer| {
        *answer = told.into_bytes();
        answer.len()
    })
}
