//! Readers of the store for tasks, which must not block.

use crate::query::{QueryError, Reader};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Readers of one store; a few at a time.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: PathBuf,
    idle: Mutex<Vec<Reader>>,
    at_once: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(store: PathBuf) -> Self {
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        Self(Arc::new(Inner { store, idle: Mutex::new(Vec::new()), at_once }))
    }

    /// Asks a question on a blocking thread.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let inner = self.0.clone();
        // The semaphore is never closed.
        let turn = self.0.at_once.clone().acquire_owned().await;
        let asked = tokio::task::spawn_blocking(move || {
            let idle = inner.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = match idle {
                Some(reader) => reader,
                None => Reader::open(&inner.store)?.unmapped()?,
            };
            let answer = question(&reader);
            inner.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            // Only now, since the thread goes on even if nobody waits for its answer any more.
            drop(turn);
            answer
        });
        match asked.await {
            Ok(answer) => answer,
            Err(panic) => Err(QueryError::Internal(panic.to_string())),
        }
    }
}

/// Searches that find nothing read the whole store, and what comes in needs cores, too.
const AT_ONCE: usize = 4;

#[cfg(test)]
mod tests {
    use super::Readers;
    use crate::query::{Filter, QueryError};
    use crate::store::{Options, Store};

    #[tokio::test]
    async fn a_mistake_of_its_own_is_called_one_and_harms_no_other_question() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("prela.db");
        let store = Store::open(&path, Options::default()).unwrap();
        let readers = Readers::new(path);
        for _ in 0..2 * super::AT_ONCE {
            let asked = readers.ask(|_| -> Result<(), QueryError> { panic!("on purpose") }).await;
            assert!(matches!(asked, Err(QueryError::Internal(_))), "{asked:?}");
        }
        assert!(readers.ask(|it| it.list(&Filter::default())).await.unwrap().is_empty());
        drop(store);
    }
}
