//! Waits for a program, and passes signals on to it.

use std::io;
use std::process::{Child, ExitStatus};

pub(super) use self::system::Signals;

/// Waits until a program has ended.
pub(super) async fn wait(child: Child, signals: Signals) -> io::Result<ExitStatus> {
    system::wait(child, signals).await
}

/// The exit code of a program; after a signal 128 and the signal's number, as in shells.
pub(super) fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(signal).unwrap_or(127).saturating_add(128);
        }
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}

#[cfg(unix)]
mod system {
    use rustix::io::retry_on_intr;
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
    use std::io::{self, IsTerminal as _};
    use std::process::{Child, ExitStatus};
    use tokio::signal::unix::{self, SignalKind};
    use tokio::task::JoinSet;

    /// The signals that this process takes from now on to pass them on, instead of being ended by them.
    pub(crate) struct Signals(Vec<(Signal, unix::Signal)>);

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            let listen = |(signal, kind)| Ok((signal, unix::signal(kind)?));
            let all = [
                (Signal::INT, SignalKind::interrupt()),
                (Signal::QUIT, SignalKind::quit()),
                (Signal::TERM, SignalKind::terminate()),
                (Signal::HUP, SignalKind::hangup()),
                (Signal::USR1, SignalKind::user_defined1()),
                (Signal::USR2, SignalKind::user_defined2()),
            ];
            Ok(Self(all.into_iter().map(listen).collect::<io::Result<_>>()?))
        }
    }

    pub(super) async fn wait(mut child: Child, signals: Signals) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(&child);
        // A terminal sends these to the program as well.
        let is_sent_already =
            |signal| io::stdin().is_terminal() && [Signal::INT, Signal::QUIT].contains(&signal);
        let mut forwarding = JoinSet::new();
        for (signal, mut coming) in signals.0 {
            let is_passed_on = !is_sent_already(signal);
            forwarding.spawn(async move {
                while coming.recv().await.is_some() {
                    if is_passed_on {
                        // The program may have ended just now.
                        let _ = kill_process(pid, signal);
                    }
                }
            });
        }
        // The process is left unreaped until no signal is passed on any more: its id cannot be another's before.
        let has_ended = move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            retry_on_intr(|| waitid(WaitId::Pid(pid), options)).map(drop)
        };
        tokio::task::spawn_blocking(has_ended).await??;
        forwarding.shutdown().await;
        child.wait()
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;
    use std::process::{Child, ExitStatus};

    /// A listener to Ctrl-C, which reaches the program by itself; this process only has to outlive it.
    pub(crate) struct Signals(tokio::task::JoinHandle<()>);

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self(tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} })))
        }
    }

    pub(super) async fn wait(mut child: Child, signals: Signals) -> io::Result<ExitStatus> {
        let status = tokio::task::spawn_blocking(move || child.wait()).await?;
        signals.0.abort();
        status
    }
}
