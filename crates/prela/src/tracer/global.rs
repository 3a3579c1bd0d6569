//! The instance that `prela::tracer()` follows.

use super::Tracer;
use crate::span::provider::Provider;
use crate::{Error, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

static PROVIDER: RwLock<Option<Arc<Provider>>> = RwLock::new(None);
/// So that a program without an instance pays for one load and no lock.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// The tracer of the global instance.
///
/// Can be had at any time: before [`init`](crate::init) and after shutdown its spans do nothing, and
/// one that was had before follows an instance that is installed later.
pub fn tracer() -> Tracer {
    Tracer { source: None }
}

pub(super) fn provider() -> Option<Arc<Provider>> {
    if !IS_INSTALLED.load(Ordering::Acquire) {
        return None;
    }
    PROVIDER.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Whether a running instance is installed.
pub(crate) fn is_installed() -> bool {
    provider().is_some_and(|provider| provider.is_running())
}

/// Installs an instance, unless a running one is installed.
pub(crate) fn install(provider: Arc<Provider>) -> Result<(), Error> {
    let mut slot = PROVIDER.write().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_some_and(|installed| installed.is_running()) {
        return Err(already_installed());
    }
    *slot = Some(provider);
    IS_INSTALLED.store(true, Ordering::Release);
    Ok(())
}

pub(crate) fn already_installed() -> Error {
    let text = "install a global instance: one is already running in this process";
    Error::new(ErrorKind::AlreadyInitialized, text)
}
