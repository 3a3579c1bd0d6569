//! `prela import`.

mod importer;

use self::importer::Importer;
use super::progress::Progress;
use super::{Global, Outcome};
use crate::settings::Settings;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Stores the traces of a file: OTLP's JSON, as the OpenTelemetry Collector and `prela export` write it,
/// or the JSON lines of Prela's SDK for Python.
///
/// A span that is stored already stays as it is, unless it has no end yet and the file has it.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The file to read; `-` is the standard input.
    file: PathBuf,
}

impl Import {
    pub(super) fn run(self, global: &Global, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let name = self.file.display();
        let (input, size): (Box<dyn Read>, _) = if self.file == Path::new("-") {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(&self.file).with_context(|| format!("{name} cannot be read"))?;
            let size = file.metadata().ok().filter(|it| it.is_file()).map(|it| it.len());
            (Box::new(file), size)
        };
        let project = global.project()?;
        // This process may be the one that writes the store, and then keeps the project's limits.
        let options = Settings::of(&project.root)?.collector.options();
        let mut importer = Importer::open(&project.store, options)?;
        let mut progress = Progress::of_bytes(size);
        let read = Rc::new(Cell::new(0));
        let input = BufReader::new(Counted { input, read: read.clone() });
        let requests = serde_json::Deserializer::from_reader(input).into_iter::<Value>();
        for (number, request) in (1_u64..).zip(requests) {
            let taken = request.map_err(anyhow::Error::from).and_then(|it| importer.take(it));
            if let Err(error) = taken {
                importer.flush()?;
                let stored = importer.spans();
                return Err(error.context(format!(
                    "{name}, request {number}; the {stored} spans before it are stored"
                )));
            }
            progress.at(read.get());
        }
        importer.flush()?;
        drop(progress);
        let (spans, refused) = (importer.spans(), importer.refused());
        if global.json {
            writeln!(out, "{}", json!({ "spans": spans, "refused": refused }))?;
        } else {
            writeln!(out, "{spans} spans read")?;
            if refused > 0 {
                writeln!(out, "{refused} records left out: their ids are missing or malformed")?;
            }
        }
        Ok(if spans == 0 { Outcome::Nothing } else { Outcome::Done })
    }
}

/// A reader that counts the bytes that were read.
struct Counted {
    input: Box<dyn Read>,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}
