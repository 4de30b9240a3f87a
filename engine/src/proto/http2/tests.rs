use super::*;
use crate::proto::Streams;

fn ask(bytes: &[u8]) -> Framing {
    frame(&mut Streams::default().view(true), bytes)
}

#[test]
fn the_preface_comes_alone_and_frames_say_their_length() {
    assert_eq!(ask(PREFACE), Framing::Message(24));
    assert_eq!(ask(b"PRI * H"), Framing::Need(24));
    assert_eq!(ask(b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01"), Framing::Message(13));
    assert_eq!(ask(b"\0\0\x04\x08"), Framing::Need(13));
    assert_eq!(ask(b"\0\0\x04\x08\0\0\0\0\0"), Framing::Need(13));
}
