//! `osi-tutor play` and `export html`: the playground that is inside this program, if it was built so.

mod scorm;

pub(super) use self::scorm::run as scorm;
use super::Failure;
use crate::cli::{Html, Play};

#[cfg(feature = "playground")]
pub(super) use here::{html, play};

#[cfg(feature = "playground")]
mod here {
    use super::{Failure, Html, Play};
    use crate::app::origin::Origin;
    use crate::app::{error, outputs};
    use crate::cli::PORT;
    use crate::lesson;
    use crate::rights::{self, Needs};
    use crate::serve::ending;
    use crate::sim::scenario::Scenario;
    use crate::site::{self, Address, Capture};
    use crate::source::file;
    use std::fs::File;
    use std::io::{self, Cursor, Read, Write as _};
    use std::path::Path;
    use std::sync::Arc;

    /// Bytes of a capture that a page carries. Its browser keeps the page, the text of the capture, and its packets.
    const MOST: u64 = 32 << 20;

    /// Serves the site.
    pub(in crate::app) fn play(args: &Play) -> Result<(), Failure> {
        let open = match site::Open::at(args.port.unwrap_or(PORT)) {
            // Nobody asked for that very port: any other serves.
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && args.port.is_none() => site::Open::at(0),
            open => open,
        };
        let open = open.map_err(|e| {
            Failure::Data(format!("the playground can't be served: {e}{}", ending::remedy(&e, "osi-tutor play")))
        })?;
        rights::seal(&Needs::default());
        let address = open.address();
        Ok(open.serve(|| {
            error::tell(&format!("The playground is at http://{address}/"));
            error::tell("Only this machine can reach it. Ctrl-C ends it.");
        })?)
    }

    /// Writes the one file.
    pub(in crate::app) fn html(args: &Html) -> Result<(), Failure> {
        let Some(what) = &args.what else { return write(args, None, None) };
        let name = what.to_string_lossy().to_lowercase();
        let lesson =
            lesson::built_in(lesson::canonical(&name)).transpose().map_err(|e| Failure::Data(e.to_string()))?;
        if let Some(lesson) = lesson {
            return write(args, Some(Address::new("l", &lesson.id)), None);
        }
        if Scenario::ready(&name).is_some() {
            return write(args, Some(Address::new("sim", &name)), None);
        }
        if args.seed.is_some() {
            return Err(Failure::Usage(
                "the packets of a file are as they are; --seed is for a lesson or a scenario".to_owned(),
            ));
        }
        let bytes = packets(what)?;
        outputs::spare("-o", Some(&args.to.output), what)?;
        let name = what.file_name().filter(|name| *name != "-").map_or("capture".into(), |name| name.to_string_lossy());
        write(args, Some(Address::new("c", &name)), Some(Capture { name: &name, bytes: &bytes }))
    }

    fn write(args: &Html, address: Option<Address>, capture: Option<Capture<'_>>) -> Result<(), Failure> {
        let address = address.map(|address| address.on(args.seed, args.audience));
        let page = site::one(address.as_ref(), capture)?;
        outputs::open(&args.to)?.write_all(page.as_bytes()).map_err(|e| outputs::no(&args.to.output, &e))
    }

    /// A capture, whole; nothing that's too large, or no capture.
    fn packets(what: &Path) -> Result<Arc<[u8]>, Failure> {
        let shown = what.display();
        let standard = what == Path::new("-");
        if !standard && !what.exists() {
            // It says what else there is.
            Origin::of(what)?;
        }
        let no = |e| Failure::Data(format!("{shown}: {e}"));
        let input: Box<dyn Read> =
            if standard { Box::new(io::stdin()) } else { Box::new(File::open(what).map_err(no)?) };
        let mut bytes = Vec::new();
        input.take(MOST + 1).read_to_end(&mut bytes).map_err(no)?;
        if bytes.len() as u64 > MOST {
            return Err(Failure::Data(format!(
                "{shown} has more than the {} MiB that a page carries; keep a part of it: \
                 osi-tutor read FILE -q -c 10000 -w part.pcapng",
                MOST >> 20
            )));
        }
        let bytes: Arc<[u8]> = bytes.into();
        file::File::read(Box::new(Cursor::new(Arc::clone(&bytes))), &what.to_string_lossy())?;
        Ok(bytes)
    }
}

/// What to do about a program without it.
#[cfg(not(feature = "playground"))]
pub(super) fn without() -> Failure {
    Failure::Usage(
        "this program was built without the playground; packages have it, and from a checkout \
         `playground/build && cargo install --locked --path . --features playground` builds it"
            .to_owned(),
    )
}

#[cfg(not(feature = "playground"))]
pub(super) fn play(_: &Play) -> Result<(), Failure> {
    Err(without())
}

#[cfg(not(feature = "playground"))]
pub(super) fn html(_: &Html) -> Result<(), Failure> {
    Err(without())
}
