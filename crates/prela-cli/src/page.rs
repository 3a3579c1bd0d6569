//! The web page: its files, its data of a trace, and a trace as a page of its own.
//!
//! The sources of the page are in `page/` beside `src/`: modules and style sheets as browsers read them, so
//! that nothing has to be built.

mod assets;
mod columns;
mod file;

pub use self::assets::{Asset, assets, version};
pub use self::columns::{columns, details, finding};
pub use self::file::{Content, file};
