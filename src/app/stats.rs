//! `osi-tutor stats`: a whole capture, counted.

use super::{Failure, color, columns, error, show};
use crate::cli::Stats as Args;
use crate::filter::Filter;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::Wanted;
#[cfg(feature = "tui")]
use crate::source::Source;
use crate::source::file::File;
use crate::stats::Stats;
use crate::view::Theme;
use crate::view::json::to_line;
use crate::view::stats::{self as view, Table};
use crate::view::tally::Links;
use crate::view::theme::Color;
use std::io::Write;

/// Runs it.
pub(super) fn run(args: &Args, choice: Color) -> Result<(), Failure> {
    let filter = args.filter.as_deref().map(show::filter).transpose()?;
    let mut source = File::open(&args.file)?;
    let (mut stats, mut links) = (Stats::default(), Links::default());
    let mut reader = Reader::new(Limits::default());
    if let Some(decides) = filter.as_ref().map_or_else(|| Some(Vec::new()), Filter::fields) {
        reader = reader.wanting(Wanted::only([decides, Stats::FIELDS.to_vec()].concat()));
    }
    let ended = reader.each(&mut source, |packet, _| {
        if let Some(unread) = links.note(packet.link) {
            error::tell(&unread);
        }
        if filter.as_ref().is_none_or(|f| f.matches(packet)) {
            stats.count(packet);
        }
        Ok(true)
    });
    // The program ends with what is remembered: giving it back piece by piece would take longer than printing.
    std::mem::forget(reader);
    let tables = if args.only.is_empty() { Table::ALL.to_vec() } else { args.only.clone() };
    let most = if args.top == 0 { usize::MAX } else { args.top };
    let text = if args.json {
        to_line(&view::object(&stats, &tables))
    } else {
        view::text(&stats, &tables, most, columns(), &Theme::new(color(choice)))
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    ended
}

/// All tables, for a screen of this width.
#[cfg(feature = "tui")]
pub(super) fn tables(source: &mut dyn Source, columns: usize, to: &mut dyn Write) -> Result<(), Failure> {
    let mut stats = Stats::default();
    Reader::new(Limits::default()).wanting(Wanted::only(Stats::FIELDS.to_vec())).each(source, |packet, _| {
        stats.count(packet);
        Ok::<_, Failure>(true)
    })?;
    Ok(to.write_all(view::text(&stats, &Table::ALL, 10, Some(columns), &Theme::default()).as_bytes())?)
}
