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
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, waitid};
    use rustix::termios::tcgetpgrp;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::low_level::siginfo::{Cause, Origin};
    use std::fs::File;
    use std::io;
    use std::process::{Child, ExitStatus};
    use std::thread;

    /// The signals that this process takes from now on to pass them on, instead of being ended by them.
    pub(crate) struct Signals(SignalsInfo<WithOrigin>);

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            let all = [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2];
            SignalsInfo::new(all).map(Self)
        }
    }

    pub(super) async fn wait(mut child: Child, signals: Signals) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(&child);
        let Signals(mut signals) = signals;
        let ending = signals.handle();
        let pass_on = move || {
            for origin in signals.forever().filter(|origin| !is_of_key(origin)) {
                if let Some(signal) = Signal::from_named_raw(origin.signal) {
                    // The program may have ended just now.
                    let _ = kill_process(pid, signal);
                }
            }
        };
        let passing_on = thread::Builder::new().name("prela-signals".to_owned()).spawn(pass_on)?;
        // The process is left unreaped until no signal is passed on any more: its id cannot be another's before.
        let has_ended = move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            retry_on_intr(|| waitid(WaitId::Pid(pid), options)).map(drop)
        };
        tokio::task::spawn_blocking(has_ended).await??;
        ending.close();
        // It does not panic, and now ends.
        let _ = passing_on.join();
        child.wait()
    }

    /// Whether it is a key's, as Ctrl-C: a terminal signals each process of its foreground, so the program has it already.
    fn is_of_key(origin: &Origin) -> bool {
        let is_by_terminal = match origin.cause {
            Cause::Kernel => true,
            Cause::Unknown => is_in_foreground(),
            _ => false,
        };
        is_by_terminal && [SIGINT, SIGQUIT].contains(&origin.signal)
    }

    /// Whether keys of a terminal signal this process. Its standard input may be something else.
    fn is_in_foreground() -> bool {
        File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(&terminal) == Ok(getpgrp()))
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
