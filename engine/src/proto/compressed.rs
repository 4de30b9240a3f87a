//! Brotli (RFC 7932) and Zstandard (RFC 8878), as content codings of HTTP. Like `inflate.rs`, never more than
//! [`MOST`] bytes, and no window larger than HTTP allows (RFC 9659: 8 MB; Brotli's own bound is 16 MB).

use super::inflate::{MOST, Unpacked};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{ErrorKind, Read};

/// RFC 9659 §3: no decoder of HTTP needs more.
const WINDOW: u64 = 8 << 20;
/// How often frames of Zstandard may follow each other in one body.
const MOST_FRAMES: usize = 256;
/// How much is unpacked at a time.
const STEP: usize = 1 << 14;

/// Unpacks a body that claims to be Brotli. What follows its end is left alone.
pub(super) fn brotli(input: &[u8], out: &mut Vec<u8>) -> Unpacked {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let (mut left, mut at, mut total) = (input.len(), 0, 0);
    let mut step = vec![0; STEP];
    loop {
        let (mut room, mut written) = (step.len(), 0);
        let how = BrotliDecompressStream(
            &mut left,
            &mut at,
            input,
            &mut room,
            &mut written,
            &mut step,
            &mut total,
            &mut state,
        );
        out.extend_from_slice(step.get(..written).unwrap_or(&[]));
        if out.len() > MOST {
            out.truncate(MOST);
            return Unpacked::TooMuch;
        }
        match how {
            BrotliResult::ResultSuccess => return Unpacked::Whole,
            BrotliResult::NeedsMoreOutput if written > 0 => {}
            BrotliResult::NeedsMoreInput => return Unpacked::Short,
            BrotliResult::NeedsMoreOutput | BrotliResult::ResultFailure => return Unpacked::Damaged,
        }
    }
}

/// Unpacks a body that claims to be Zstandard: one frame or several, one after the other (RFC 8878 §3).
pub(super) fn zstd(input: &[u8], out: &mut Vec<u8>) -> Unpacked {
    let mut rest = input;
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW);
    for _ in 0..MOST_FRAMES {
        match decoder.reset(&mut rest) {
            Ok(()) => {}
            // §3.1.2: a frame that carries nothing of the body.
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                match usize::try_from(length).ok().and_then(|n| rest.get(n..)) {
                    Some(behind) => rest = behind,
                    None => return Unpacked::Short,
                }
                if rest.is_empty() {
                    return Unpacked::Whole;
                }
                continue;
            }
            Err(error) => return why(&error),
        }
        let how = frame(&mut decoder, &mut rest, out);
        if how != Unpacked::Whole || rest.is_empty() {
            return how;
        }
    }
    Unpacked::TooMuch
}

/// One frame, block by block: a block is 128 kB at most (§3.1.1.2.4).
fn frame(decoder: &mut FrameDecoder, rest: &mut &[u8], out: &mut Vec<u8>) -> Unpacked {
    // An empty last block, and room for a checksum: what the decoder holds back for its window comes out.
    const LAST: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];
    loop {
        let ended = decoder.decode_blocks(&mut *rest, BlockDecodingStrategy::UptoBlocks(1));
        let how = match &ended {
            Ok(true) => Unpacked::Whole,
            Ok(false) => Unpacked::Short,
            Err(error) => why(error),
        };
        if how == Unpacked::Short && ended.is_err() {
            // It was cut in the middle, and nothing is left to wait for.
            drop(decoder.decode_blocks(&LAST[..], BlockDecodingStrategy::UptoBlocks(1)));
        }
        if how == Unpacked::Damaged {
            return how;
        }
        let wanted = (MOST + 1).saturating_sub(out.len());
        if decoder.take(wanted as u64).read_to_end(out).is_err() {
            return Unpacked::Damaged;
        }
        if out.len() > MOST {
            out.truncate(MOST);
            return Unpacked::TooMuch;
        }
        match ended {
            Ok(false) => {}
            Ok(true)
                if decoder
                    .get_checksum_from_data()
                    .is_some_and(|sum| Some(sum) != decoder.get_calculated_checksum()) =>
            {
                return Unpacked::Damaged;
            }
            _ => return how,
        }
    }
}

/// Whether the input ended, asks for what nobody has here, or is wrong.
fn why(error: &FrameDecoderError) -> Unpacked {
    match error {
        FrameDecoderError::WindowSizeTooBig { .. } => {
            return Unpacked::Beyond("the body needs a larger window than HTTP allows (RFC 9659)");
        }
        FrameDecoderError::DictNotProvided { .. } => {
            return Unpacked::Beyond("the body is compressed with a dictionary that is not here");
        }
        _ => {}
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::UnexpectedEof) {
            return Unpacked::Short;
        }
        cause = error.source();
    }
    Unpacked::Damaged
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"the same words, the same words";
    const BROTLI: &[u8] = b"\x1b\x1d\0\xf8\xa5\x40\x58\x72\x90\x43\xa4\xc9\x01\x88\x40\xa6\x8d\x26";
    /// 20 MB of zeros.
    const BROTLI_BOMB: &[u8] = b"\xcb\xff\xff\x3f\xf8\x27\0\xe2\xb1\x40\x20\xf7\xfe\x8f\xff\xff\x7f\xf0\x4f\0\xc4\x61\x11\x80\xee\xfd\x5f\xfe\xff\xff\xe0\x9f\0\x88\xc3\x02\0\xdd\xfb\x1f";
    /// PLAIN twice, with a comma and a blank between; a checksum at the end.
    const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x04\x68\xbd\0\0\x80\x74\x68\x65\x20\x73\x61\x6d\x65\x20\x77\x6f\x72\x64\x73\x2c\x20\x01\0\x1e\x73\x2e\x01\x09\x90\x3b\x97";

    type Method = fn(&[u8], &mut Vec<u8>) -> Unpacked;

    fn unpacked(method: Method, input: &[u8]) -> (Unpacked, Vec<u8>) {
        let mut out = Vec::new();
        (method(input, &mut out), out)
    }

    /// A frame of Zstandard with this window descriptor and these blocks: type, size and bytes (RFC 8878 §3.1.1.2).
    fn frame_of(window: u8, blocks: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut all = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
        for (n, (kind, size, bytes)) in blocks.iter().enumerate() {
            let last = u32::from(n + 1 == blocks.len());
            all.extend_from_slice(&(size << 3 | kind << 1 | last).to_le_bytes()[..3]);
            all.extend_from_slice(bytes);
        }
        all
    }

    #[test]
    fn brotli_unpacks_whole_short_and_not_at_all() {
        assert_eq!(unpacked(brotli, BROTLI), (Unpacked::Whole, PLAIN.to_vec()));
        let (how, some) = unpacked(brotli, &BROTLI[..BROTLI.len() - 3]);
        assert!(how == Unpacked::Short && PLAIN.starts_with(&some));
        assert_eq!(unpacked(brotli, b"{\"not\": \"brotli\"}").0, Unpacked::Damaged);
    }

    #[test]
    fn zstandard_unpacks_whole_short_and_not_at_all() {
        let twice = [PLAIN, b", ", PLAIN].concat();
        assert_eq!(unpacked(zstd, ZSTD), (Unpacked::Whole, twice.clone()));
        let (how, some) = unpacked(zstd, &ZSTD[..ZSTD.len() - 2]);
        assert_eq!((how, some), (Unpacked::Short, twice.clone()), "half of the checksum is missing");
        let mut wrong = ZSTD.to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(unpacked(zstd, &wrong).0, Unpacked::Damaged, "the checksum is wrong");
        assert_eq!(unpacked(zstd, b"{\"not\": \"zstd\"}").0, Unpacked::Damaged);
        // Frames follow each other, and one may carry nothing.
        let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        let (how, both) = unpacked(zstd, &[&skipped[..], ZSTD, skipped, ZSTD].concat());
        assert_eq!((how, both), (Unpacked::Whole, twice.repeat(2)));
        assert_eq!(unpacked(zstd, &skipped[..9]).0, Unpacked::Short);
    }

    #[test]
    fn of_a_cut_frame_its_whole_blocks_are_shown() {
        let frame = frame_of(0x50, &[(0, 3, b"abc"), (1, 4, b"x"), (0, 5, b"later")]);
        assert_eq!(unpacked(zstd, &frame), (Unpacked::Whole, b"abcxxxxlater".to_vec()));
        assert_eq!(unpacked(zstd, &frame[..frame.len() - 2]), (Unpacked::Short, b"abcxxxx".to_vec()));
    }

    #[test]
    fn bombs_are_cut_at_the_bound_and_giant_windows_are_refused() {
        let blocks = vec![(1, 1 << 17, &b"x"[..]); 200];
        let bombs: [(Method, Vec<u8>); 2] = [(brotli, BROTLI_BOMB.to_vec()), (zstd, frame_of(0x68, &blocks))];
        for (method, bomb) in bombs {
            let (how, out) = unpacked(method, &bomb);
            assert_eq!((how, out.len()), (Unpacked::TooMuch, MOST));
        }
        assert!(matches!(unpacked(zstd, &frame_of(0x70, &blocks)).0, Unpacked::Beyond(_)));
        // A frame that names a dictionary.
        assert!(matches!(unpacked(zstd, b"\x28\xb5\x2f\xfd\x01\x50\x07\x01\0\0").0, Unpacked::Beyond(_)));
        assert_eq!(unpacked(zstd, &frame_of(0x50, &[(0, 0, b"")]).repeat(MOST_FRAMES + 1)).0, Unpacked::TooMuch);
    }

    #[test]
    fn damaged_input_never_panics() {
        let mut seed = 1_u32;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed as usize
        };
        for n in 0..2000 {
            let methods: [(Method, &[u8]); 2] = [(brotli, BROTLI), (zstd, ZSTD)];
            let (method, from) = methods[n % 2];
            let mut input = from.to_vec();
            for _ in 0..=random() % 3 {
                let at = random() % input.len();
                input[at] = random().to_le_bytes()[0];
            }
            assert!(unpacked(method, &input).1.len() <= MOST);
        }
    }
}
