//! Tables for a reader, lines of JSON for a program.

use crate::group::{Group, Measured};
use crate::runs::Number;
use std::fmt::Write as _;

pub(crate) fn markdown(group: &Group, profile: &str, numbers: &[Number]) -> String {
    let mut text = match &group.measured {
        Measured::Costs { unit, .. } => {
            let heading = format!("## {}{profile}\n\n{}; per {unit}.\n\n", group.name, group.work);
            heading + &costs(numbers)
        }
        Measured::Figures(_) => {
            let heading = format!("## {}{profile}\n\n{}.\n\n", group.name, group.work);
            heading + &figures(numbers)
        }
    };
    for note in group.notes.iter().filter(|_| profile.is_empty()) {
        let _ = writeln!(text, "\n{note}");
    }
    text.push('\n');
    text
}

fn costs(numbers: &[Number]) -> String {
    let mut text = "| variant | ns | time of the first | instructions | allocations | bars |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    let mut variants: Vec<_> = numbers.iter().map(|number| &*number.reading.variant).collect();
    variants.dedup();
    for variant in &variants {
        let own = || numbers.iter().filter(|number| number.reading.variant == *variant);
        let cell = |metric: &str, peer: &str, show: fn(&Number) -> String| {
            let mut own = own();
            let number =
                own.find(|number| number.reading.metric == metric && number.reading.peer == peer);
            number.map_or_else(|| "–".to_owned(), show)
        };
        let mut bars = String::new();
        for number in own() {
            let Some(goal) = number.reading.goal else { continue };
            let separator = if bars.is_empty() { "" } else { "; " };
            let (metric, peer) = (&number.reading.metric, &number.reading.peer);
            let verdict = goal.verdict(number.median);
            let _ = match peer.is_empty() {
                true => write!(bars, "{separator}{metric} {verdict}"),
                false => {
                    let ratio = number.median;
                    write!(bars, "{separator}{metric} {ratio:.2} of {peer}, {verdict}")
                }
            };
        }
        let nanos = cell("ns", "", |number| format!("{:.1}", number.reading.value));
        let ratio = cell("time", variants[0], |number| ranged(number, 2));
        let instructions =
            cell("instructions", "", |number| format!("{:.0}", number.reading.value));
        let allocations = cell("allocations", "", |number| format!("{:.2}", number.reading.value));
        let _ = writeln!(
            text,
            "| {variant} | {nanos} | {ratio} | {instructions} | {allocations} | {bars} |"
        );
    }
    text
}

fn figures(numbers: &[Number]) -> String {
    let mut text = "| variant | metric | value | bar |\n|---|---|---|---|\n".to_owned();
    for number in numbers {
        let reading = &number.reading;
        let verdict = reading.goal.map(|goal| goal.verdict(number.median)).unwrap_or_default();
        let value = ranged(number, if reading.value < 100.0 { 2 } else { 0 });
        let _ =
            writeln!(text, "| {} | {} | {value} | {verdict} |", reading.variant, reading.metric);
    }
    text
}

/// What one run gave, and the least and most of all.
fn ranged(number: &Number, digits: usize) -> String {
    let Number { reading, least, most, .. } = number;
    let value = format!("{:.digits$}", reading.value);
    match least == most {
        true => value,
        false => format!("{value} ({least:.digits$}–{most:.digits$})"),
    }
}

pub(crate) fn json(group: &Group, profile: &str, number: &Number) -> String {
    fn or_null<T: ToString>(value: Option<T>) -> String {
        value.map_or_else(|| "null".to_owned(), |value| value.to_string())
    }
    let Number { reading, median, least, most } = number;
    let bench = format!("{}/{}", group.name, reading.variant);
    let peer = Some(&reading.peer).filter(|peer| !peer.is_empty()).map(|peer| format!("{peer:?}"));
    format!(
        r#"{{"bench":{bench:?},"profile":{profile:?},"metric":{:?},"peer":{},"value":{:.3},"median":{median:.3},"least":{least:.3},"most":{most:.3},"bar":{},"stretch":{},"holds":{}}}"#,
        reading.metric,
        or_null(peer),
        reading.value,
        or_null(reading.goal.map(|goal| goal.bar)),
        or_null(reading.goal.and_then(|goal| goal.stretch)),
        or_null(reading.goal.map(|goal| goal.holds(*median))),
    )
}
