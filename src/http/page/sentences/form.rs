//! A form: a sentence with slots, found in a text and filled in another language. Pure.

use super::piece::{Piece, Told};

/// Which forms fit into a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// A whole error.
    Sentence,
    /// Why something failed.
    Cause,
    /// What helps.
    Cure,
    /// What is not done without a call to the daemon.
    Effect,
    /// How long something was waited for.
    Bound,
    /// What was tried on the database.
    Attempt,
    /// What is said of a container without a row.
    Detail,
    /// A kind of what is registered.
    Kind,
    /// By what TLS was asked for.
    Asker,
    /// Who holds a host.
    Holder,
}

/// What may stand in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filling {
    /// `{name}`: anything, kept as it is.
    Name,
    /// `{name:typed}`: anything, kept as it is, as something that is typed.
    Typed,
    /// `{name:time}`: a duration as `Debug` writes it.
    Time,
    /// `{name:quote}`: the words of somebody else.
    Quote,
    /// `{name:cure}`: one of that group, and nothing else.
    Of(Group),
    /// `{name:cause?}`: one of that group, or the words of somebody else.
    OfOrQuote(Group),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Slot(&'static str, Filling),
}

/// A sentence in English, and the same in Russian: there its slots may stand in another order.
#[derive(Debug)]
pub(super) struct Form {
    english: Vec<Part>,
    russian: Vec<Part>,
}

/// What stands in the slots.
type Filled = Vec<(&'static str, Told)>;

/// How many splits are tried of one text. What takes more is no sentence of ours: ours take some hundreds.
const MOST_TRIES: usize = 50_000;

/// The longest text that is looked at, in bytes: ours are bounded far below.
const LONGEST: usize = 4_000;

impl Form {
    pub(super) fn parse((english, russian): (&'static str, &'static str)) -> Self {
        Self { english: parts(english), russian: parts(russian) }
    }

    fn fill(&self, filled: &Filled) -> Told {
        let mut told = Told::new();
        for part in &self.russian {
            match part {
                Part::Text(text) => told.extend(words(text)),
                Part::Slot(name, _) => {
                    told.extend(filled.iter().filter(|(slot, _)| slot == name).flat_map(|(_, told)| told.clone()));
                }
            }
        }
        told
    }

    /// The slots of both sides, for the tests.
    #[cfg(test)]
    pub(super) fn slots(&self) -> [Vec<&'static str>; 2] {
        [&self.english, &self.russian].map(|parts| {
            let slot = |part: &Part| if let Part::Slot(name, _) = part { Some(*name) } else { None };
            let mut slots: Vec<_> = parts.iter().filter_map(slot).collect();
            slots.sort_unstable();
            slots
        })
    }

    /// Whether each slot of the English side ends where a text begins.
    #[cfg(test)]
    pub(super) fn is_clear(&self) -> bool {
        self.english.windows(2).all(|pair| !matches!(pair, [Part::Slot(..), Part::Slot(..)]))
    }
}

/// The text by the first form of the group that fits.
pub(super) fn told(forms: &[(Group, Vec<Form>)], group: Group, text: &str) -> Option<Told> {
    if text.len() > LONGEST {
        return None;
    }
    Search { forms, left: MOST_TRIES }.told(group, text)
}

/// The words of somebody else; nothing of nothing.
pub(super) fn quoted(text: &str) -> Told {
    if text.is_empty() { Vec::new() } else { vec![Piece::Quoted(text.to_owned())] }
}

struct Search<'a> {
    forms: &'a [(Group, Vec<Form>)],
    left: usize,
}

impl Search<'_> {
    fn told(&mut self, group: Group, text: &str) -> Option<Told> {
        let forms = self.forms;
        let of_group = forms.iter().filter(|(of, _)| *of == group).flat_map(|(_, forms)| forms);
        of_group.into_iter().find_map(|form| {
            let filled = self.fit(&form.english, text)?;
            Some(form.fill(&filled))
        })
    }

    /// Fits the text to the parts; of several ways the one whose slots end first.
    fn fit(&mut self, parts: &[Part], text: &str) -> Option<Filled> {
        self.left = self.left.checked_sub(1)?;
        match parts {
            [] => text.is_empty().then(Vec::new),
            [Part::Text(literal), rest @ ..] => self.fit(rest, text.strip_prefix(literal)?),
            [Part::Slot(name, filling)] => Some(vec![(*name, self.filling(*filling, text)?)]),
            [Part::Slot(name, filling), rest @ ..] => {
                let [Part::Text(end), ..] = rest else { return None };
                text.match_indices(end).find_map(|(at, _)| {
                    let mut filled = self.fit(rest, &text[at..])?;
                    filled.push((*name, self.filling(*filling, &text[..at])?));
                    Some(filled)
                })
            }
        }
    }

    fn filling(&mut self, filling: Filling, text: &str) -> Option<Told> {
        match filling {
            Filling::Name => Some(vec![Piece::Name(text.to_owned())]),
            Filling::Typed => Some(vec![Piece::Typed(text.to_owned())]),
            Filling::Time => Some(vec![Piece::Words(time(text)?)]),
            Filling::Quote => Some(quoted(text)),
            Filling::Of(group) => self.told(group, text),
            Filling::OfOrQuote(group) => Some(self.told(group, text).unwrap_or_else(|| quoted(text))),
        }
    }
}

/// `2.5s` in Russian.
fn time(text: &str) -> Option<String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let unit = match unit {
        "s" => "с",
        "ms" => "мс",
        "µs" => "мкс",
        "ns" => "нс",
        _ => return None,
    };
    number.parse::<f64>().ok()?;
    Some(format!("{} {unit}", number.replace('.', ",")))
}

/// What stands between backticks is to be typed.
fn words(text: &str) -> impl Iterator<Item = Piece> {
    let pieces = text.split('`').enumerate().filter(|(_, piece)| !piece.is_empty());
    pieces.map(|(index, piece)| match index % 2 {
        0 => Piece::Words(piece.to_owned()),
        _ => Piece::Typed(piece.to_owned()),
    })
}

/// A slot stands in braces; text that is not of one, such as the `{id}` of a path, comes in slots only.
fn parts(form: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = form;
    while let Some((before, behind)) = rest.split_once('{') {
        let (slot, after) = behind.split_once('}').unwrap_or((behind, ""));
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        let (name, filling) = slot.split_once(':').unwrap_or((slot, ""));
        parts.push(Part::Slot(name, filling_of(filling)));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

fn filling_of(word: &str) -> Filling {
    let group = |word| match word {
        "sentence" => Group::Sentence,
        "cause" => Group::Cause,
        "cure" => Group::Cure,
        "effect" => Group::Effect,
        "bound" => Group::Bound,
        "attempt" => Group::Attempt,
        "detail" => Group::Detail,
        "kind" => Group::Kind,
        "asker" => Group::Asker,
        "holder" => Group::Holder,
        other => unreachable!("the form names a filling that there is not: {other}"),
    };
    match word {
        "" => Filling::Name,
        "typed" => Filling::Typed,
        "time" => Filling::Time,
        "quote" => Filling::Quote,
        word => match word.strip_suffix('?') {
            Some(word) => Filling::OfOrQuote(group(word)),
            None => Filling::Of(group(word)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms() -> Vec<(Group, Vec<Form>)> {
        let sentences = [
            ("{what:typed} failed at {place}: {cause:cause?}; {cure:cure}", "{place}: сбой {what}: {cause}; {cure}"),
            ("{what:typed} failed at {place}: {cause:cause?}", "{place}: сбой {what}: {cause}"),
            ("it took {bound:time}", "это заняло {bound}"),
        ];
        let cures = [("start it; wait", "запустите (`start`) и ждите"), ("wait", "ждите")];
        let parsed = |forms: &[(&'static str, &'static str)]| forms.iter().map(|form| Form::parse(*form)).collect();
        vec![
            (Group::Sentence, parsed(&sentences)),
            (Group::Cause, parsed(&[("it is off", "он выключен")])),
            (Group::Cure, parsed(&cures)),
        ]
    }

    fn sentence(text: &str) -> Option<Told> {
        told(&forms(), Group::Sentence, text)
    }

    type Kind = fn(String) -> Piece;

    fn of(pieces: &[(Kind, &str)]) -> Option<Told> {
        Some(pieces.iter().map(|(piece, text)| piece((*text).to_owned())).collect())
    }

    use Piece::{Name, Quoted, Typed, Words};

    #[test]
    fn slots_are_filled_by_ours_translated_by_names_as_they_are_and_by_foreign_words_quoted() {
        let ours = sentence("GET /x failed at unix:///d: it is off; start it; wait");
        let expected = of(&[
            (Name, "unix:///d"),
            (Words, ": сбой "),
            (Typed, "GET /x"),
            (Words, ": "),
            (Words, "он выключен"),
            (Words, "; "),
            (Words, "запустите ("),
            (Typed, "start"),
            (Words, ") и ждите"),
        ]);
        assert_eq!(ours, expected);
        let foreign = sentence("GET /x failed at d: Connection refused; os error 111; wait").expect("it fits");
        assert!(foreign.contains(&Quoted("Connection refused; os error 111".into())), "{foreign:?}");
        let unknown = sentence("GET /x failed at d: it is off; pray").expect("it fits");
        assert!(unknown.contains(&Quoted("it is off; pray".into())), "{unknown:?}");
        assert_eq!(sentence("something else"), None);
    }

    #[test]
    fn durations_are_written_as_the_language_does() {
        for (text, told) in [("10s", Some("10 с")), ("2.5s", Some("2,5 с")), ("850ms", Some("850 мс")), ("s", None)]
        {
            assert_eq!(
                sentence(&format!("it took {text}")),
                told.map(|told| { vec![Words("это заняло ".into()), Words(told.to_owned())] })
            );
        }
    }

    /// What is made to look like many sentences at once costs a bounded time and is quoted.
    #[test]
    fn a_text_made_to_be_split_in_many_ways_is_given_up() {
        for (count, fits) in [(900, true), (100_000, false)] {
            let text = format!("x failed at {}", ": ; ".repeat(count));
            let told = sentence(&text);
            assert!(told.as_ref().is_none_or(|told| told.len() < 10), "{told:?}");
            assert!(fits || told.is_none(), "longer than anything of ours");
        }
    }
}
