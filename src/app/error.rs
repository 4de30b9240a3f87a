//! Failures: one clear sentence on standard error, what to do next, and an exit code.

#[cfg(feature = "live")]
use crate::machine;
use crate::model::show;
use crate::source::SourceError;
#[cfg(feature = "live")]
use crate::source::live::OpenError;
use crate::store::StoreError;
use std::io::Write;

/// Why a command could not be done.
#[derive(Debug)]
pub enum Failure {
    /// The command makes no sense: exit code 2.
    Usage(String),
    /// The data or the system said no: exit code 1.
    Data(String),
    /// The reader of standard output went away: nothing to say, exit code 0.
    ClosedPipe,
}

impl Failure {
    /// Says it on standard error and gives the exit code.
    pub fn report(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Data(text) => say(text, 1),
            Self::Usage(text) => say(text, 2),
        }
    }
}

/// Says `text` as one line; text may come from a file or its name, so it is escaped.
fn say(text: &str, code: u8) -> u8 {
    tell(&format!("osi-tutor: {text}"));
    code
}

/// Tells something on standard error that is no failure.
pub(super) fn tell(text: &str) {
    let mut line = String::new();
    // A caret below a filter is the one thing that needs lines of its own.
    show::escape_prose(text, &mut line);
    line.push('\n');
    // There is nobody left to tell if this fails.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// What clap says: help and version on standard output, mistakes on standard error.
pub(super) fn usage(error: &clap::Error) -> u8 {
    let failed = error.use_stderr();
    if failed {
        let text = error.render().to_string();
        let mut line = String::new();
        for (i, part) in text.lines().enumerate() {
            if i > 0 {
                line.push('\n');
            }
            show::escape(part.as_bytes(), &mut line);
        }
        let _ = writeln!(std::io::stderr().lock(), "{line}");
        return 2;
    }
    match error.print().and_then(|()| std::io::stdout().flush()) {
        Ok(()) => 0,
        Err(e) => Failure::from(e).report(),
    }
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        if e.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Data(format!("standard output could not be written: {e}"))
    }
}

impl From<SourceError> for Failure {
    fn from(e: SourceError) -> Self {
        if let SourceError::Io { error, .. } = &e
            && error.kind() == std::io::ErrorKind::BrokenPipe
        {
            return Self::ClosedPipe;
        }
        Self::Data(e.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Self::Data(e.to_string())
    }
}

#[cfg(feature = "live")]
impl From<OpenError> for Failure {
    /// Why no capture began, and what to do about it.
    fn from(why: OpenError) -> Self {
        match why {
            OpenError::Unknown { ref known, .. } => {
                Self::Usage(format!("{why}; this machine has {}", known.join(", ")))
            }
            OpenError::Denied { ref name } => {
                let without = ["simulate two-hosts", "read FILE"].map(str::to_owned);
                Self::Data(machine::denied(name, &format!("capture {}", machine::quoted(name)), &without))
            }
            OpenError::Down { .. } | OpenError::Io { .. } => Self::Data(why.to_string()),
        }
    }
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_interface_is_a_mistake_of_usage_and_names_the_others() {
        let why = OpenError::Unknown { name: "eth7".into(), known: vec!["lo".into(), "eth0".into()] };
        let Failure::Usage(text) = Failure::from(why) else { panic!("usage") };
        assert_eq!(text, "there is no interface called \"eth7\"; this machine has lo, eth0");
    }
}
