//! What a trace is of.

use super::error::QueryError;
use super::reader::Reader;
use crate::ids::TraceId;
use rusqlite::OptionalExtension as _;

impl Reader {
    /// The type of the first agent or workflow of a trace, however deep: under a web server the root is a request,
    /// which says nothing. None if there is none.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn kind(&self, trace: TraceId) -> Result<Option<&'static str>, QueryError> {
        let operation: Option<String> = self.ask(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT str.s FROM span JOIN str ON str.id = span.op
                 WHERE span.trace = (SELECT id FROM trace WHERE trace_id = ?1)
                     AND str.s IN ('invoke_agent', 'create_agent', 'AGENT', 'agent', 'invoke_workflow', 'workflow')
                 ORDER BY span.start_ns, span.id LIMIT 1",
            )?;
            select.query_row([trace.0], |row| row.get(0)).optional()
        })?;
        Ok(operation.map(|it| if it.contains("workflow") { "workflow" } else { "agent" }))
    }
}
