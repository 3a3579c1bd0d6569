//! The page's files, embedded in the program.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::OnceLock;

/// A file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its name, as the page's sources call it.
    pub name: &'static str,
    /// Its content.
    pub text: &'static str,
}

impl Asset {
    /// Its media type.
    pub fn kind(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        }
    }
}

macro_rules! assets {
    ($($name:literal)*) => {
        &[$(Asset { name: $name, text: include_str!(concat!("../../page/", $name)) }),*]
    };
}

/// All files of the page; modules after those whose values they need at their top level.
pub fn assets() -> &'static [Asset] {
    ASSETS
}

/// A number that changes with any file, so that browsers may cache the files of a version.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        ASSETS.iter().for_each(|asset| (asset.name, asset.text).hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    })
}

const ASSETS: &[Asset] = assets![
    "index.html" "icon.svg" "theme.css" "layout.css" "trace.css" "detail.css"
    "dom.js" "units.js" "theme.js" "route.js" "source.js" "live.js" "rows.js"
    "model.js" "sums.js" "critical.js" "gaps.js" "scale.js" "threads.js"
    "otlp.js" "messages.js" "conversation.js" "content.js" "facts.js" "detail.js"
    "list.js" "empty.js" "hits.js" "sessions.js"
    "minimap.js" "row.js" "waterfall.js" "lanes.js" "flame.js" "doctor.js" "find.js" "share.js" "headline.js" "walk.js" "trace.js"
    "diff.js" "keys.js" "main.js"
];
