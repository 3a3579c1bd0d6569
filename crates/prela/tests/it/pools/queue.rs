//! An executor of the test's own: threads that take jobs from one queue.

use prela::pool::{Job, SpawnTraced};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

/// Joins its threads when dropped, after the jobs that are queued.
pub(super) struct Queue {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn new(threads: usize) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let work = move || {
            loop {
                let job = queue.lock().unwrap().recv();
                let Ok(job) = job else { break };
                job();
            }
        };
        let threads = (0..threads).map(|_| thread::spawn(work.clone())).collect();
        Self { jobs: Some(jobs), threads }
    }
}

impl SpawnTraced for Queue {
    fn execute(&self, job: Job) {
        self.jobs.as_ref().expect("there until the drop").send(job).expect("threads are running");
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let outcome = thread.join();
            assert!(outcome.is_ok() || thread::panicking(), "a job panicked on its thread");
        }
    }
}
