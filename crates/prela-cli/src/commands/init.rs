//! `prela init`.

use super::{Global, Outcome};
use crate::render::clean;
use crate::settings::{Collector, Program, Settings, bytes};
use crate::store::Options;
use anyhow::{Context as _, bail};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::str::FromStr;

/// Asks for this project's settings and writes them to prela.toml at its top.
///
/// `prela serve`, `run`, `demo`, `import` and `gc` read the file; `prela run` passes on to the program what is meant for
/// it.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// Takes the defaults without asking.
    #[arg(long, short)]
    yes: bool,
    /// Replaces the file if it exists.
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let project = global.project()?;
        let path = project.root.join(Settings::FILE);
        if path.exists() && !self.force {
            bail!("{} exists already: --force replaces it", path.display());
        }
        let mut settings = defaults(&project.name());
        if global.json && !self.yes {
            bail!("`--json` is for programs, which are asked nothing: say `--yes`, too");
        }
        if !self.yes {
            ask_for_all(out, &mut settings)?;
        }
        let mut file = OpenOptions::new();
        file.write(true);
        if self.force {
            file.create(true).truncate(true)
        } else {
            file.create_new(true)
        };
        let cannot = || format!("{} cannot be written", path.display());
        let mut file = file.open(&path).with_context(cannot)?;
        file.write_all(settings.to_toml().as_bytes()).with_context(cannot)?;
        if global.json {
            writeln!(out, "{}", json!({ "file": path }))?;
        } else {
            writeln!(out, "{} is written.", path.display())?;
            writeln!(out, "`prela run -- <program>` runs a program with it.")?;
        }
        Ok(Outcome::Done)
    }
}

fn defaults(name: &str) -> Settings {
    let (none, kept) = (Collector::default(), Options::default());
    Settings {
        program: Program { service: Some(name.to_owned()), sample_rate: Some(1.0) },
        collector: Collector {
            grpc_port: Some(none.grpc_port()),
            http_port: Some(none.http_port()),
            page_port: Some(none.page_port()),
            max_size: Some(kept.max_bytes),
            max_age: Some(kept.max_age),
        },
    }
}

fn ask_for_all(out: &mut dyn Write, settings: &mut Settings) -> anyhow::Result<()> {
    let Settings { program, collector } = settings;
    let name = |text: &str| Ok(text.to_owned());
    program.service = ask(out, "Service name", &program.service.take().unwrap_or_default(), name)?;
    let rate = |text: &str| {
        let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        rate.ok_or_else(|| "a number from 0 to 1".to_owned())
    };
    program.sample_rate = ask(out, "Part of the traces to record, 0 to 1", "1.0", rate)?;
    let port = |text: &str| u16::from_str(text).map_err(|_| "a port: 0 to 65535".to_owned());
    let (grpc, http) = (collector.grpc_port().to_string(), collector.http_port().to_string());
    collector.grpc_port = ask(out, "Port for OTLP over gRPC", &grpc, port)?;
    collector.http_port = ask(out, "Port for OTLP over HTTP", &http, port)?;
    let page = collector.page_port().to_string();
    collector.page_port = ask(out, "Port for the page", &page, port)?;
    collector.max_size = ask(out, "Most bytes to keep", "2GB", bytes)?;
    let time = |text: &str| {
        humantime::parse_duration(text).map_err(|_| "a time such as 12h or 7d".to_owned())
    };
    collector.max_age = ask(out, "How long to keep a trace", "7days", time)?;
    Ok(())
}

/// Asks until an answer can be used. An empty answer is the default.
fn ask<T>(
    out: &mut dyn Write,
    question: &str,
    default: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    loop {
        write!(out, "{question} [{}]: ", clean(default))?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            bail!("the input ended before all questions were asked: --yes takes the defaults");
        }
        let answer = if line.trim().is_empty() { default } else { line.trim() };
        match read(answer) {
            Ok(value) => return Ok(Some(value)),
            Err(wanted) => writeln!(out, "`{}` is not {wanted}.", clean(answer))?,
        }
    }
}
