//! Reads spans from the newest on, without those that cannot have what is looked for.

use rusqlite::Connection;

/// Calls `read` with ranges of rows, from the newest on, until it gives `false`: those of blocks that may have what is
/// looked for, and those of which no block knows anything.
pub(super) fn newest_first(
    connection: &Connection,
    may_be_in: impl Fn(&[u8]) -> bool,
    mut read: impl FnMut(i64, i64) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let blocks = "SELECT first, last, grams FROM block ORDER BY first DESC";
    let mut blocks = connection.prepare_cached(blocks)?;
    let mut blocks = blocks.query([])?;
    // Rows before this one are still to be looked at.
    let mut end = i64::MAX;
    while let Some(block) = blocks.next()? {
        let (first, last): (i64, i64) = (block.get(0)?, block.get(1)?);
        let may_be_in = may_be_in(block.get_ref(2)?.as_blob()?);
        // Rows behind it have no block.
        let is_unknown = last + 1 < end;
        // A span that was replaced is in a block of its own, within the one that it was in before.
        let last_new = last.min(end - 1);
        if (is_unknown && !read(last + 1, end - 1)?) || (may_be_in && !read(first, last_new)?) {
            return Ok(());
        }
        end = first;
    }
    read(0, end - 1).map(drop)
}
