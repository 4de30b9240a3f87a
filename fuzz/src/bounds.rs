//! How much memory one input may take at a time.
//!
//! Counted for the thread, by an allocator that goes on to the system's. How long an input may take is libFuzzer's
//! matter (`-timeout`): a test on a busy machine can't know.

#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait to implement")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(more: usize, less: usize) {
    // A thread that ends may still allocate; nobody counts it.
    let _ = HELD.try_with(|held| {
        let now = held.get().wrapping_add_unsigned(more).wrapping_sub_unsigned(less);
        held.set(now);
        let _ = MOST.try_with(|most| most.set(most.get().max(now)));
    });
}

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps `GlobalAlloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs something; gives how many bytes it held at most, at one moment, beside what was held before.
pub fn most(run: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    run();
    MOST.get().wrapping_sub(before).max(0).unsigned_abs()
}

/// Runs a check, which may never hold more than this many MB on top of what is held now.
pub fn within(megabytes: u32, check: impl FnOnce()) {
    let held = most(check);
    let allowed = usize::try_from(megabytes).unwrap_or(usize::MAX) << 20;
    assert!(held <= allowed, "{held} bytes at once; {megabytes} MB are allowed");
}
