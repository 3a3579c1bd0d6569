//! Payment card numbers.

use std::ops::Range;

/// Finds runs of 13 to 19 digits, in groups separated by single spaces or hyphens, whose check digit is right.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (digits, end) = run(bytes, at);
        let mut rest = &digits[..];
        while let Some(card) = card(rest) {
            rest = &rest[rest.partition_point(|(at, _)| *at < card.end)..];
            found.push(card);
        }
        at = end;
    }
    found
}

/// The digits from here on with their places, and where they end.
fn run(bytes: &[u8], from: usize) -> (Vec<(usize, u8)>, usize) {
    let mut digits = Vec::new();
    let mut at = from;
    loop {
        match bytes.get(at) {
            Some(digit) if digit.is_ascii_digit() => {
                digits.push((at, digit - b'0'));
                at += 1;
            }
            Some(b' ' | b'-') if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => at += 1,
            _ => return (digits, at),
        }
    }
}

/// The first card number in a run, which may have other numbers before and after it, in groups of their own.
fn card(digits: &[(usize, u8)]) -> Option<Range<usize>> {
    let begins = |i: usize| i == 0 || digits[i].0 > digits[i - 1].0 + 1;
    let ends = |i: usize| i + 1 == digits.len() || digits[i + 1].0 > digits[i].0 + 1;
    for first in (0..digits.len()).filter(|i| begins(*i)) {
        let longest = (first + MOST).min(digits.len());
        for last in (first + LEAST - 1..longest).rev().filter(|i| ends(*i)) {
            let number = &digits[first..=last];
            if is_right(number) {
                return Some(number[0].0..number[number.len() - 1].0 + 1);
            }
        }
    }
    None
}

/// Whether the check digit is right, by Luhn's sum, and the first digit is that of a card scheme.
fn is_right(number: &[(usize, u8)]) -> bool {
    let mut sum = 0;
    for (i, (_, digit)) in number.iter().rev().enumerate() {
        let doubled = u32::from(*digit) * if i % 2 == 0 { 1 } else { 2 };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    sum % 10 == 0 && matches!(number[0].1, 2..=6)
}

const LEAST: usize = 13;
const MOST: usize = 19;
