//! `prela`: see [`prela_cli`].

use clap::Parser as _;
use prela_cli::commands::{Cli, Outcome};
use prela_cli::query::QueryError;
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = anstream::stdout();
    let result = cli.run(&mut out).and_then(|outcome| Ok(out.flush().map(|()| outcome)?));
    match result {
        Ok(outcome) => outcome.into(),
        // As in `prela list | head`: the reader needs no more.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        // What was asked for is not there: as when a search finds nothing.
        Err(error) if matches!(error.downcast_ref(), Some(QueryError::NotFound(_))) => {
            let _ = writeln!(anstream::stderr(), "prela: {error:#}");
            Outcome::Nothing.into()
        }
        Err(error) => {
            let _ = writeln!(anstream::stderr(), "prela: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut errors = error.chain().filter_map(|error| error.downcast_ref::<io::Error>());
    errors.any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
