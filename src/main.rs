//! `osi-tutor`: see, in real packets, how the network works.

fn main() {}
