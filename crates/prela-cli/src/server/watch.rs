//! Traces as they come in.

use super::readers::Readers;
use crate::query::{Cursor, QueryError, TraceSummary};
use futures_util::stream::{self, Stream};
use std::time::Duration;
use tokio::sync::watch;

/// Where news comes from.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub(super) readers: Readers,
    pub(super) commits: watch::Receiver<u64>,
    /// Set when the server stops.
    pub(super) stopped: watch::Receiver<bool>,
}

/// What comes in from now on, gathered over a moment, until the server ends. A list that is asked for
/// afterwards misses nothing in between.
pub(super) async fn changes(
    news: News,
) -> Result<impl Stream<Item = Result<Vec<TraceSummary>, QueryError>> + Send + 'static, QueryError>
{
    let now = news.readers.ask(|reader| reader.now()).await?;
    Ok(changes_since(news, now))
}

fn changes_since(
    news: News,
    cursor: Cursor,
) -> impl Stream<Item = Result<Vec<TraceSummary>, QueryError>> + Send + 'static {
    stream::try_unfold((news, cursor), async |(mut news, mut cursor)| {
        let News { readers, commits, stopped } = &mut news;
        loop {
            tokio::select! {
                changed = commits.changed() => if changed.is_err() { return Ok(None) },
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(None),
            }
            // Many spans of a trace come shortly after each other.
            tokio::time::sleep(GATHER).await;
            commits.mark_unchanged();
            let mut traces = Vec::new();
            loop {
                let changes = readers.ask(move |reader| reader.changes(cursor)).await?;
                let is_end = changes.traces.is_empty();
                (cursor, traces) = (changes.cursor, merge(traces, changes.traces));
                if is_end || traces.len() >= MOST {
                    break;
                }
            }
            if !traces.is_empty() {
                return Ok(Some((traces, (news, cursor))));
            }
        }
    })
}

/// Joins changes; of a trace in both, the later state counts.
fn merge(mut earlier: Vec<TraceSummary>, later: Vec<TraceSummary>) -> Vec<TraceSummary> {
    if !earlier.is_empty() {
        let again: std::collections::HashSet<_> = later.iter().map(|it| it.trace_id).collect();
        earlier.retain(|trace| !again.contains(&trace.trace_id));
    }
    earlier.extend(later);
    earlier
}

const GATHER: Duration = Duration::from_millis(200);
/// Traces after which a message is sent.
const MOST: usize = 5_000;
