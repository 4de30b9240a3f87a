//! What a simulated network remarks on a frame: something befell it on its way. Files keep it as a comment's first line.

use std::fmt;
use std::str::FromStr;

/// What befell a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A fault lost it.
    Dropped,
    /// A fault lets it arrive late.
    Late,
    /// A fault lets it arrive twice.
    Twice,
    /// A fault damages it.
    Damaged,
    /// A fault lets the next frame overtake it.
    HeldBack,
    /// The link lost it.
    Lost,
    /// The link carries no frame that long.
    TooLong,
    /// The link's queue was full.
    Refused,
}

/// Each, and its sentence.
const SENTENCES: [(Remark, &str); 8] = [
    (Remark::Dropped, "simulated fault: lost on the way"),
    (Remark::Late, "simulated fault: late"),
    (Remark::Twice, "simulated fault: arrives twice"),
    (Remark::Damaged, "simulated fault: one bit flips on the way"),
    (Remark::HeldBack, "simulated fault: held back until the next one has passed"),
    (Remark::Lost, "simulated link: lost on the way"),
    (Remark::TooLong, "simulated link: lost, for it is longer than the link carries"),
    (Remark::Refused, "simulated link: lost, for too many frames wait for it already"),
];

impl Remark {
    /// In a sentence.
    pub fn sentence(self) -> &'static str {
        SENTENCES.iter().find(|(remark, _)| *remark == self).map_or("", |(_, sentence)| sentence)
    }

    /// Whether the frame never arrives.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::Dropped | Self::Lost | Self::TooLong | Self::Refused)
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl FromStr for Remark {
    type Err = ();

    fn from_str(sentence: &str) -> Result<Self, ()> {
        SENTENCES.iter().find(|(_, own)| *own == sentence).map(|(remark, _)| *remark).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_remark_has_a_sentence_of_its_own_and_is_read_back() {
        for (remark, sentence) in SENTENCES {
            assert_eq!(remark.to_string().parse(), Ok(remark));
            assert_eq!(remark.is_loss(), sentence.contains(": lost"), "{sentence}");
        }
        assert_eq!("simulated fault".parse::<Remark>(), Err(()));
    }
}
