//! Radiotap — what a Wi-Fi card knew when it heard a frame; <https://www.radiotap.org>. Low byte first.
//!
//! ```text
//! | version (8) | pad (8) | length (16) | which fields are present (32), more such words while bit 31 is set | fields … |
//! ```

use super::prelude::*;

/// Radiotap.
pub static ABOUT: Identity = Identity {
    name: "radiotap",
    title: "Radiotap capture header",
    osi: Osi::Physical,
    spec: "radiotap.org",
    fields: FIELDS,
    summary: None,
};

fields! {
    VERSION = u8_at(0, "radiotap.version", "Version", "Always 0.");
    PAD     = u8_at(1, "radiotap.pad", "Padding", "Always 0.");
    LENGTH  = dynamic(Kind::Uint(16), "radiotap.length", "Length", "Bytes of this header.");
    PRESENT = dynamic(Kind::Hex(32), "radiotap.present.word", "Present", "Which of the fields follow, one bit each.");
    MACTIME = dynamic(Kind::Uint(64), "radiotap.mactime", "Card's clock", "The card's own clock in microseconds.");
    FLAGS   = dynamic(Kind::Hex(8), "radiotap.flags", "Flags", "How the frame was received.");
    FCS     = dynamic(Kind::Bool, "radiotap.flags.fcs", "Check sequence kept", "The frame's last four bytes are its check sequence.").bits(0x10);
    FREQ    = dynamic(Kind::Uint(32), "radiotap.channel.freq", "Frequency", "The radio channel's frequency in megahertz.");
    SIGNAL  = dynamic(Kind::Int(8), "radiotap.dbm_antsignal", "Signal", "How strong the signal was, in dBm; nearer to 0 is stronger.");
    NOISE   = dynamic(Kind::Int(8), "radiotap.dbm_antnoise", "Noise", "How strong the noise was, in dBm.");
    ANTENNA = dynamic(Kind::Uint(32), "radiotap.antenna", "Antenna", "Which antenna heard it.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::Link(127)], over: Over::Packet, dissect };

/// Size and alignment of the fields of bits 0 to 11, in that order.
const SIZES: [(usize, usize); 12] =
    [(8, 8), (1, 1), (1, 1), (4, 2), (2, 2), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (1, 1), (1, 1)];

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&VERSION)?;
    c.put(&PAD)?;
    let len = little(c, 2, 2)?;
    c.push(&LENGTH, 2, 2, Value::Uint(len));
    let header = usize::try_from(len).unwrap_or(0);
    let first = little(c, 4, 4)?;
    let mut at = 4;
    loop {
        let word = little(c, at, 4)?;
        c.push(&PRESENT, at, 4, Value::Uint(word));
        at += 4;
        if word & 1 << 31 == 0 {
            break;
        }
    }
    if header < at {
        return Err(c.malformed("the length is shorter than the header's fixed part"));
    }
    c.slice(0, header)?;
    let check_sequence = fields(c, first, at, header)?;
    Ok(Next::to(Key::Link(if check_sequence { FRAME_WITH_FCS } else { FRAME }), header))
}

/// 802.11 without and with its frame check sequence. The second number is ours alone: no `LINKTYPE_` has it.
const FRAME: u16 = 105;
const FRAME_WITH_FCS: u16 = 0xff69;

/// The fields that the first word announces, each aligned to its own size. Gives whether an FCS follows the frame.
fn fields(c: &mut Cursor<'_>, present: u64, mut at: usize, header: usize) -> Result<bool, Trouble> {
    let mut check_sequence = false;
    for (bit, (size, align)) in SIZES.into_iter().enumerate().filter(|(bit, _)| present & 1 << bit != 0) {
        at = at.next_multiple_of(align);
        if at + size > header {
            c.doubt(c.malformed("the fields that are announced do not fit into the header"));
            return Ok(check_sequence);
        }
        let value = little(c, at, size)?;
        match bit {
            0 => c.push(&MACTIME, at, size, Value::Uint(value)),
            1 => {
                c.push(&FLAGS, at, size, Value::Uint(value));
                check_sequence = value & 0x10 != 0;
                c.push(&FCS, at, size, Value::Bool(check_sequence));
            }
            3 => c.push(&FREQ, at, 2, Value::Uint(value & 0xffff)),
            5 => drop(c.read(&SIGNAL, at, 1)?),
            6 => drop(c.read(&NOISE, at, 1)?),
            11 => c.push(&ANTENNA, at, 1, Value::Uint(value)),
            _ => {}
        }
        at += size;
    }
    Ok(check_sequence)
}

fn little(c: &Cursor<'_>, at: usize, len: usize) -> Result<u64, Trouble> {
    Ok(c.slice(at, len)?.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    #[test]
    fn fields_are_aligned_and_low_byte_first() {
        let p = read(127, &[0, 0, 16, 0, 0x2a, 0, 0, 0, 0x10, 0, 0x6c, 9, 0, 0, 0xb6, 0, 0x80, 0]);
        assert_eq!((p.uint(&LENGTH), p.uint(&FREQ), p.flag(&FCS)), (Some(16), Some(2412), true));
        assert_eq!(p.field(&SIGNAL).map(|f| f.value), Some(Value::Int(-74)));
    }

    #[test]
    fn endless_presence_words_end_with_the_frame() {
        let p = read(127, &[&[0, 0, 0xff, 0xff][..], &[0xff; 64]].concat());
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn announced_fields_that_do_not_fit_are_doubted() {
        let p = read(127, &[0, 0, 8, 0, 0xff, 0, 0, 0, 0x80, 0]);
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
