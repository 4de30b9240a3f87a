//! Which rows a reader of packets wants written. Nearly all questions are "is this one wanted?", asked for each field of
//! each packet, so that the answer is one look at a few bits.

use super::field::{ANY, At, FieldDef, TOLD};

/// The rows that are wanted: all of them, those that a line mentions, or none, and in either case some by name.
#[derive(Clone, Debug)]
pub struct Wanted {
    marks: u64,
    /// Those by name: each at the first free place behind the one that its address says.
    asked: Vec<Option<&'static FieldDef>>,
    /// What was found out about groups, each at the place that its address says.
    groups: Vec<Option<(&'static Group, bool)>>,
}

/// Places for groups.
const GROUPS: usize = 64;

/// Rows that stand together in a header, so that all are passed over at once where none is wanted.
#[derive(Debug)]
pub struct Group {
    /// They, in order.
    pub rows: &'static [&'static FieldDef],
    marks: u64,
    /// How many bytes of their layer they reach over.
    pub reach: usize,
}

impl Wanted {
    /// All rows.
    pub const fn all() -> Self {
        Self { marks: ANY, asked: Vec::new(), groups: Vec::new() }
    }

    /// Those that a line mentions, and these.
    pub fn line(asked: Vec<&'static FieldDef>) -> Self {
        let only = Self::only(asked);
        Self { marks: only.marks | TOLD, ..only }
    }

    /// These and no others.
    pub fn only(asked: Vec<&'static FieldDef>) -> Self {
        // Most places are free, so that one look is enough.
        let mut only =
            Self { marks: 0, asked: vec![None; (asked.len() * 4).next_power_of_two()], groups: vec![None; GROUPS] };
        for def in asked {
            only.marks |= def.marks & !(ANY | TOLD);
            if !only.is_asked(def)
                && let Some(free) = only.places(def).find(|&at| only.asked.get(at).is_some_and(Option::is_none))
                && let Some(free) = only.asked.get_mut(free)
            {
                *free = Some(def);
            }
        }
        only
    }

    /// Where a row may be found.
    #[inline]
    fn places(&self, def: &FieldDef) -> impl Iterator<Item = usize> + use<> {
        let (all, first) = (self.asked.len(), std::ptr::from_ref(def).addr() / size_of::<FieldDef>());
        (0..all).map(move |n| (first + n) & (all - 1))
    }

    /// Whether this row is.
    #[inline]
    pub fn has(&self, def: &FieldDef) -> bool {
        let common = self.marks & def.marks;
        common != 0 && (common & (ANY | TOLD) != 0 || self.is_asked(def))
    }

    /// Whether one of these is.
    #[inline]
    pub fn has_any(&mut self, group: &'static Group) -> bool {
        let common = self.marks & group.marks;
        common != 0 && (common & (ANY | TOLD) != 0 || self.is_any_asked(group))
    }

    #[inline(never)]
    fn is_any_asked(&mut self, group: &'static Group) -> bool {
        let place = std::ptr::from_ref(group).addr() / size_of::<Group>() % GROUPS;
        match self.groups.get(place) {
            Some(Some((known, is_asked))) if std::ptr::eq(*known, group) => *is_asked,
            _ => {
                let is_asked = group.rows.iter().any(|def| self.has(def));
                if let Some(place) = self.groups.get_mut(place) {
                    *place = Some((group, is_asked));
                }
                is_asked
            }
        }
    }

    #[inline(never)]
    fn is_asked(&self, def: &FieldDef) -> bool {
        for at in self.places(def) {
            match self.asked.get(at) {
                Some(Some(asked)) if std::ptr::eq(*asked, def) => return true,
                Some(Some(_)) => {}
                _ => return false,
            }
        }
        false
    }
}

impl Default for Wanted {
    fn default() -> Self {
        Self::all()
    }
}

impl Group {
    /// These rows.
    pub const fn of(rows: &'static [&'static FieldDef]) -> Self {
        let (mut marks, mut reach, mut i) = (0, 0, 0);
        while i < rows.len() {
            marks |= rows[i].marks;
            if let At::Fixed { start, len, .. } = rows[i].at {
                let end = start as usize + len as usize;
                reach = if end > reach { end } else { reach };
            }
            i += 1;
        }
        Self { rows, marks, reach }
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::row;
    use super::*;

    static TOLD_ROW: FieldDef = row::u16_at(2, "t.told", "Told", "");
    static DETAIL: FieldDef = row::u8_at(9, "t.detail", "Detail", "").detail();
    static OTHER: FieldDef = row::derived(crate::model::Kind::Flag, "t.other", "Other", "").hidden();
    static BOTH: Group = Group::of(&[&TOLD_ROW, &DETAIL]);
    static DETAILS: Group = Group::of(&[&DETAIL, &OTHER]);

    static DERIVED: Group = Group::of(&[&OTHER]);

    #[test]
    fn a_row_is_wanted_by_all_by_a_line_that_tells_it_or_by_its_name() {
        for (mut wanted, rows, groups) in [
            (Wanted::all(), [true, true, true], [true, true]),
            (Wanted::line(Vec::new()), [true, false, false], [true, false]),
            (Wanted::line(vec![&OTHER]), [true, false, true], [true, true]),
            (Wanted::only(Vec::new()), [false, false, false], [false, false]),
            (Wanted::only(vec![&DETAIL]), [false, true, false], [true, true]),
        ] {
            assert_eq!([&TOLD_ROW, &DETAIL, &OTHER].map(|def| wanted.has(def)), rows);
            for _ in 0..2 {
                assert_eq!([&BOTH, &DETAILS].map(|group| wanted.has_any(group)), groups);
            }
        }
    }

    #[test]
    fn one_with_the_same_marks_is_not_taken_for_another() {
        static TWIN: FieldDef = row::u8_at(9, "t.detail", "Detail", "").detail();
        assert_eq!(TWIN.marks, DETAIL.marks);
        assert!(!Wanted::only(vec![&DETAIL]).has(&TWIN));
    }

    #[test]
    fn a_group_reaches_over_all_its_bytes() {
        assert_eq!((BOTH.reach, DETAILS.reach, DERIVED.reach), (10, 10, 0));
    }
}
