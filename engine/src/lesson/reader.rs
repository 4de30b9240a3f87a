//! Reading the TOML of a fence key by key. Each key is asked for once; a key that nobody asked for is a
//! mistake, and so is a value of another kind. Every value knows where it stands.

use super::error::{LessonError, Placed, Source};
use super::format::{Pick, Words};
use crate::fault::{self, FaultError};
use crate::filter::Filter;
use crate::model::FieldDef;
use crate::model::near;
use crate::model::show::{has_a_pile_of_marks, is_deceptive};
use crate::proto;
use crate::tutor::{Audience, Template};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table whose keys are taken one by one.
pub(super) struct Keys<'s, 't> {
    source: &'s Source<'t>,
    /// Where the table's text begins in the file.
    at: usize,
    /// What to point at when something is missing.
    span: Range<usize>,
    /// What the table is, in messages.
    what: &'static str,
    left: Vec<(Placed<String>, Spanned<DeValue<'s>>)>,
    asked: Vec<&'static str>,
    /// The page isn't for newcomers: where their text is missing, the student's does.
    pub(super) advanced: bool,
}

/// What a reader gives.
pub(super) type Read<T> = Result<T, LessonError>;

impl<'s, 't> Keys<'s, 't> {
    /// The TOML text `body`, which begins at byte `at` of the file; `span` is the line that opens it.
    pub(super) fn parse(
        source: &'s Source<'t>,
        what: &'static str,
        at: usize,
        body: &'s str,
        span: Range<usize>,
    ) -> Read<Self> {
        let table = DeTable::parse(body).map_err(|e| {
            let place = e.span().unwrap_or(0..1);
            source.error(at + place.start..at + place.end, e.message().trim_end().replace('\n', "; "))
        })?;
        Ok(Self::new(source, what, at, span, table.into_inner()))
    }

    fn new(source: &'s Source<'t>, what: &'static str, at: usize, span: Range<usize>, table: DeTable<'s>) -> Self {
        let left = table.into_iter().map(|(key, value)| {
            let span = key.span();
            (Placed { it: key.into_inner().into_owned(), span: at + span.start..at + span.end }, value)
        });
        Self { source, at, span, what, left: left.collect(), asked: Vec::new(), advanced: false }
    }

    /// Where the table was opened.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// A mistake at some bytes of the file.
    pub(super) fn error(&self, span: Range<usize>, why: impl Into<String>) -> LessonError {
        self.source.error(span, why)
    }

    /// That a key is missing.
    pub(super) fn lacks(&self, key: &str, example: &str) -> LessonError {
        self.error(self.span(), format!("this {} needs the key {key}: {key} = {example}", self.what))
    }

    /// Whether a key is there, and not yet taken.
    pub(super) fn has(&self, key: &str) -> bool {
        self.left.iter().any(|(k, _)| k.it == key)
    }

    fn take(&mut self, key: &'static str) -> Option<Placed<DeValue<'s>>> {
        self.asked.push(key);
        let at = self.left.iter().position(|(k, _)| k.it == key)?;
        let (_, value) = self.left.swap_remove(at);
        let span = value.span();
        Some(Placed { it: value.into_inner(), span: self.at + span.start..self.at + span.end })
    }

    fn wrong(&self, key: &str, value: &Placed<DeValue<'_>>, wanted: &str) -> LessonError {
        self.error(value.span.clone(), format!("{key} wants {wanted}, not {}", a_kind(&value.it)))
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Read<Option<Placed<String>>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        match value.it.as_str() {
            Some(text) => self.harmless(text, value.span).map(Some),
            None => Err(self.wrong(key, &value, "a text in quotes")),
        }
    }

    /// A text, unless it could command a terminal.
    fn harmless(&self, text: &str, span: Range<usize>) -> Read<Placed<String>> {
        if text.contains(|c| c != '\n' && is_unseen(c)) || has_a_pile_of_marks(text) {
            return Err(self.error(span, UNSEEN));
        }
        Ok(Placed { it: text.to_owned(), span })
    }

    /// A text that says something.
    pub(super) fn words_of_one(&mut self, key: &'static str) -> Read<Option<Placed<String>>> {
        let text = self.text(key)?;
        match text.as_ref().filter(|t| t.trim().is_empty()) {
            Some(empty) => {
                Err(self.error(empty.span.clone(), format!("{key} is empty: say something, or leave it out")))
            }
            None => Ok(text),
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &'static str) -> Read<Option<Placed<u64>>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let number = value.it.as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        match number {
            Some(number) => Ok(Some(Placed { it: number, span: value.span })),
            None => Err(self.wrong(key, &value, "a whole number that is not negative")),
        }
    }

    /// True or false; false where it is not there.
    pub(super) fn flag(&mut self, key: &'static str) -> Read<bool> {
        let Some(value) = self.take(key) else { return Ok(false) };
        value.it.as_bool().ok_or_else(|| self.wrong(key, &value, "true or false"))
    }

    /// A table inside this one.
    pub(super) fn table(&mut self, key: &'static str, what: &'static str) -> Read<Option<Self>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        self.as_table(key, what, value).map(Some)
    }

    fn as_table(&self, key: &str, what: &'static str, value: Placed<DeValue<'s>>) -> Read<Self> {
        match value.it {
            DeValue::Table(table) => {
                let keys = Self::new(self.source, what, self.at, value.span, table);
                Ok(Self { advanced: self.advanced, ..keys })
            }
            _ => Err(self.wrong(key, &value, "a table in braces")),
        }
    }

    /// A list of values; empty where it is not there.
    pub(super) fn list(&mut self, key: &'static str) -> Read<Vec<Placed<DeValue<'s>>>> {
        let Some(value) = self.take(key) else { return Ok(Vec::new()) };
        match value.it {
            DeValue::Array(array) => Ok(array
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    Placed { it: item.into_inner(), span: self.at + span.start..self.at + span.end }
                })
                .collect()),
            _ => Err(self.wrong(key, &value, "a list in brackets")),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Read<Vec<Placed<String>>> {
        let values = self.list(key)?;
        let of = |value: Placed<DeValue<'_>>| match value.it.as_str() {
            Some(text) => self.harmless(text, value.span),
            None => Err(self.wrong(key, &value, "texts in quotes")),
        };
        values.into_iter().map(of).collect()
    }

    /// A list of tables.
    pub(super) fn tables(&mut self, key: &'static str, what: &'static str) -> Read<Vec<Self>> {
        let values = self.list(key)?;
        values.into_iter().map(|value| self.as_table(key, what, value)).collect()
    }

    /// A list in which each item is a text, or a table of texts and numbers.
    pub(super) fn texts_or_tables(&mut self, key: &'static str) -> Read<Vec<Placed<TextOrTable>>> {
        let values = self.list(key)?;
        let mut out = Vec::new();
        for value in values {
            let it = match &value.it {
                DeValue::String(text) => TextOrTable::Text(self.harmless(text, value.span.clone())?.it),
                DeValue::Table(table) => TextOrTable::Table(self.pairs(table)?),
                _ => return Err(self.wrong(key, &value, "texts, or tables in braces")),
            };
            out.push(Placed { it, span: value.span });
        }
        Ok(out)
    }

    fn pairs(&self, table: &DeTable<'_>) -> Read<Vec<(Placed<String>, Scalar)>> {
        let mut pairs = Vec::new();
        for (key, value) in table {
            let span = self.at + key.span().start..self.at + key.span().end;
            let key = Placed { it: key.get_ref().clone().into_owned(), span };
            let scalar = scalar(value.get_ref());
            pairs.push((
                key,
                scalar.ok_or_else(|| {
                    let span = self.at + value.span().start..self.at + value.span().end;
                    self.error(span, "a text or a number is wanted here")
                })?,
            ));
        }
        Ok(pairs)
    }

    /// All keys that are left, as data for others to understand.
    pub(super) fn rest(&mut self) -> Read<Vec<(Placed<String>, Placed<Scalar>)>> {
        let mut out = Vec::new();
        for (key, value) in std::mem::take(&mut self.left) {
            let Some(scalar) = scalar(value.get_ref()) else {
                return Err(self.error(key.span, "a text, a number, or true is wanted here"));
            };
            let span = self.at + value.span().start..self.at + value.span().end;
            out.push((key, Placed { it: scalar, span }));
        }
        Ok(out)
    }

    /// A text with placeholders.
    pub(super) fn template(&self, text: Placed<String>) -> Read<Placed<Template>> {
        match Template::parse(&text.it) {
            Ok(template) => Ok(text.map(|_| template)),
            Err(why) => Err(self.error(self.find(&text, why.split(['{', '}']).nth(1)), why)),
        }
    }

    /// The placeholder inside a text, if it can be found there.
    fn find(&self, text: &Placed<String>, inside: Option<&str>) -> Range<usize> {
        let raw = self.source.text.get(text.span.clone()).unwrap_or("");
        let found = inside.filter(|i| !i.is_empty()).and_then(|i| raw.find(i).map(|at| (at, i.len())));
        found.map_or(text.span.clone(), |(at, len)| text.span.start + at..text.span.start + at + len)
    }

    /// A text with placeholders, or one for each audience.
    pub(super) fn words(&mut self, key: &'static str) -> Read<Option<Words>> {
        let Some(value) = self.take(key) else { return Ok(None) };
        if let Some(text) = value.it.as_str() {
            let text = self.harmless(text, value.span)?;
            return Ok(Some(Words::one(self.spoken(text)?)));
        }
        let mut keys = self.as_table(key, "text for three audiences", value)?;
        let words = keys.three()?;
        keys.finish()?;
        Ok(Some(words))
    }

    /// The keys newcomer, student and engineer.
    pub(super) fn three(&mut self) -> Read<Words> {
        let mut texts = Vec::new();
        for audience in Audience::ALL {
            let text = self.text(audience.name())?;
            if text.is_none() && self.advanced && audience == Audience::Newcomer {
                continue;
            }
            let text = text.ok_or_else(|| {
                let what = self.what;
                self.error(
                    self.span(),
                    format!("the {audience} is left without a text: add the key {audience} to this {what}"),
                )
            })?;
            texts.push(self.spoken(text)?);
        }
        Ok(Words::three(texts))
    }

    fn spoken(&self, text: Placed<String>) -> Read<Placed<Template>> {
        if text.trim().is_empty() {
            return Err(self.error(text.span, "this audience is left without a text"));
        }
        self.template(text)
    }

    /// A display filter.
    pub(super) fn filter(&mut self, key: &'static str) -> Read<Option<Placed<Filter>>> {
        self.text(key)?.map(|text| self.as_filter(text)).transpose()
    }

    /// What is written is a display filter.
    pub(super) fn as_filter(&self, text: Placed<String>) -> Read<Placed<Filter>> {
        let filter =
            Filter::parse(&text.it).map_err(|e| self.error(self.within(&text.span, e.span()), e.to_string()))?;
        Ok(text.map(|_| filter))
    }

    /// Where some bytes of a text stand, which is written at `text`.
    pub(super) fn within(&self, text: &Range<usize>, bytes: Range<usize>) -> Range<usize> {
        let at = |n| text.start + inside(self.source.text.get(text.clone()).unwrap_or(""), n);
        at(bytes.start)..at(bytes.end)
    }

    /// What is written is a display filter, perhaps with `2 of` before it.
    pub(super) fn as_pick(&self, text: &Placed<String>) -> Read<Placed<Pick>> {
        let one = fault::Pick::one(&text.it);
        let (filter, nth) = one.map_err(|error| self.misread(&text.span, 0, error))?;
        Ok(Placed { it: Pick { filter, nth }, span: text.span.clone() })
    }

    /// What is wrong with a fault that is written at `text`, so many bytes of which were put before it.
    pub(super) fn misread(&self, text: &Range<usize>, before: usize, error: FaultError) -> LessonError {
        match error {
            FaultError::Value(why) => self.error(text.clone(), why),
            FaultError::Filter { at, error } => {
                let (from, span) = (at.saturating_sub(before), error.span());
                self.error(self.within(text, from + span.start..from + span.end), error.to_string())
            }
        }
    }

    /// A display filter, perhaps with `2 of` before it.
    pub(super) fn pick(&mut self, key: &'static str) -> Read<Option<Placed<Pick>>> {
        self.text(key)?.map(|text| self.as_pick(&text)).transpose()
    }

    /// What is written is the name of a field.
    pub(super) fn as_field(&self, name: &Placed<String>) -> Read<Placed<&'static FieldDef>> {
        let all = || proto::identities().flat_map(|i| i.fields);
        let Some(&def) = all().find(|f| f.name == name.it) else {
            let near = nearest(&name.it, all().map(|f| f.name));
            return Err(self.error(name.span.clone(), format!("there is no field {}{near}", name.it)));
        };
        Ok(Placed { it: def, span: name.span.clone() })
    }

    /// No key may be left.
    pub(super) fn finish(self) -> Read<()> {
        let Some((key, _)) = self.left.iter().min_by_key(|(k, _)| k.span.start) else { return Ok(()) };
        let near = nearest(&key.it, self.asked.iter().copied());
        let known = self.asked.join(", ");
        Err(self.error(key.span.clone(), format!("a {} has no key {}{near} (it has {known})", self.what, key.it)))
    }
}

/// A text, or a small table.
pub(super) enum TextOrTable {
    Text(String),
    Table(Vec<(Placed<String>, Scalar)>),
}

/// A text, a number, or true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

fn scalar(value: &DeValue<'_>) -> Option<Scalar> {
    Some(match value {
        DeValue::String(text) if text.contains(is_unseen) => return None,
        DeValue::String(text) => Scalar::Text(text.clone().into_owned()),
        DeValue::Integer(n) => Scalar::Number(i64::from_str_radix(n.as_str(), n.radix()).ok()?),
        DeValue::Boolean(b) => Scalar::Flag(*b),
        _ => return None,
    })
}

/// What is wrong with a text that holds one.
pub(super) const UNSEEN: &str = "a control character, or one that nobody sees, is in this text; leave it out";

/// Whether a character commands a terminal, or hides what is beside it.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control() || is_deceptive(c)
}

/// What of a whole file may not be drawn as it is.
pub(super) fn unseen(source: &Source<'_>) -> Option<LessonError> {
    if let Some(at) = source.text.find(|c| c != '\n' && is_unseen(c)) {
        return Some(source.error(at..at + 1, UNSEEN));
    }
    let line = source.text.lines().find(|line| has_a_pile_of_marks(line))?;
    let at = line.as_ptr().addr() - source.text.as_ptr().addr();
    Some(source.error(at..at + 1, "too many marks are stacked on one letter here"))
}

/// `; did you mean …?` where one of the candidates is near.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    near::nearest(word, candidates).map_or(String::new(), |name| format!("; did you mean {name}?"))
}

fn a_kind(value: &DeValue<'_>) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i', 'o', 'u', 'e']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// Where byte `n` of a text stands in its TOML spelling, quotes and escapes counted.
fn inside(raw: &str, n: usize) -> usize {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| raw.starts_with(q)).unwrap_or("");
    let (mut at, mut told) = (quote.len(), 0);
    let escapes = quote.starts_with('"');
    while told < n {
        let Some(c) = raw.get(at..).and_then(|r| r.chars().next()) else { break };
        if escapes && c == '\\' {
            at += 1 + raw.get(at + 1..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8);
            told += 1;
        } else {
            at += c.len_utf8();
            told += c.len_utf8();
        }
    }
    at
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(n) => n.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}
