//! Values that are JSON written as text: what is changed in one must leave it readable.

use crate::semconv::is_json;
use serde_json::Value as Json;

/// The JSON in a value of this key, if it is an object or a list.
pub(crate) fn read(key: &str, text: &str) -> Option<Json> {
    (is_json(key) && text.starts_with(['{', '[']))
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// Changes texts, and members by their names, in all of it.
pub(crate) fn each(json: &mut Json, change: &mut impl FnMut(Option<&str>, &mut Json)) {
    change(None, json);
    match json {
        Json::Array(values) => values.iter_mut().for_each(|value| each(value, change)),
        Json::Object(members) => {
            for (name, value) in members {
                change(Some(name), value);
                each(value, change);
            }
        }
        _ => {}
    }
}

/// The text with its longest texts cut, so that all of it is not much longer than `limit`; none if that cannot be.
pub(crate) fn shortened(key: &str, text: &str, limit: usize, mark: &str) -> Option<String> {
    let whole = read(key, text)?;
    let mut longest = limit;
    while longest >= SHORTEST {
        let mut json = whole.clone();
        each(&mut json, &mut |_, value| {
            if let Json::String(text) = value
                && text.len() > longest
            {
                let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end));
                text.truncate(end.unwrap_or(0));
                text.push_str(mark);
            }
        });
        let written = json.to_string();
        if written.len() <= limit {
            return Some(written);
        }
        longest /= 2;
    }
    None
}

/// Texts that are cut to less say nothing.
const SHORTEST: usize = 8;
