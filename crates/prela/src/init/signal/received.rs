//! The signals that ask a process to end.

pub(super) use self::system::{Signal, Signals};

#[cfg(unix)]
mod system {
    use futures_util::future::{Either, select};
    use std::io;
    use std::pin::pin;
    use std::process;
    use tokio::signal::unix::{self, SignalKind};

    pub(in super::super) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
    }

    #[derive(Clone, Copy)]
    pub(in super::super) struct Signal(SignalKind);

    impl Signals {
        pub(in super::super) fn new() -> io::Result<Self> {
            let interrupt = unix::signal(SignalKind::interrupt())?;
            Ok(Self { interrupt, terminate: unix::signal(SignalKind::terminate())? })
        }

        pub(in super::super) async fn next(&mut self) -> Signal {
            // None of them ever closes.
            match select(pin!(self.interrupt.recv()), pin!(self.terminate.recv())).await {
                Either::Left(_) => Signal(SignalKind::interrupt()),
                Either::Right(_) => Signal(SignalKind::terminate()),
            }
        }
    }

    impl Signal {
        /// Ends the process by the signal, as without a handler.
        pub(in super::super) fn end_process(self) -> ! {
            let number = self.0.as_raw_value();
            let _ = signal_hook::low_level::emulate_default_handler(number);
            process::exit(128 + number) // the code that a shell reports
        }
    }
}

#[cfg(windows)]
mod system {
    use futures_util::future::select;
    use std::io;
    use std::pin::pin;
    use std::process;
    use tokio::signal::windows;

    pub(in super::super) struct Signals {
        interrupt: windows::CtrlC,
        terminate: windows::CtrlBreak,
    }

    #[derive(Clone, Copy)]
    pub(in super::super) struct Signal;

    impl Signals {
        pub(in super::super) fn new() -> io::Result<Self> {
            Ok(Self { interrupt: windows::ctrl_c()?, terminate: windows::ctrl_break()? })
        }

        pub(in super::super) async fn next(&mut self) -> Signal {
            select(pin!(self.interrupt.recv()), pin!(self.terminate.recv())).await;
            Signal
        }
    }

    impl Signal {
        /// The exit code without a handler: `STATUS_CONTROL_C_EXIT`.
        pub(in super::super) fn end_process(self) -> ! {
            process::exit(-1_073_741_510)
        }
    }
}
