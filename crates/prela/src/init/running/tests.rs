use super::*;
use crate::export::MemoryExporter;

#[test]
fn a_shutdown_under_way_is_waited_for_until_it_is_over() {
    let prela = crate::builder().env([("", ""); 0]).service_name("known by its name");
    let prela = prela.exporter(MemoryExporter::new()).build().unwrap();
    let is_its = |it: &Arc<Running>| Arc::ptr_eq(&it.provider, &prela.source().provider);
    let running = all().into_iter().find(is_its).expect("it is known while it runs");
    assert!(running.is_wanted());
    let ending = Ending::begin(&running);
    assert!(!running.provider.is_running() && running.is_wanted());
    assert!(!ending.finish(Duration::from_secs(5)).timed_out);
    assert!(!running.is_wanted());
    // A thread that could not be started drops it.
    drop(Ending::begin(&running));
    assert!(!running.is_wanted());
}
