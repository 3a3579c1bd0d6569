//! The settings of a project: `prela.toml` at its top.
//!
//! Only the program `prela` reads them: an SDK that read files would behave differently in each folder
//! it is started in. `prela run` passes settings to a traced program as OpenTelemetry's environment
//! variables.

use crate::store::Options;
use anyhow::Context as _;
use serde::{Deserialize, Deserializer, de};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// What `prela.toml` says; an option of the command line wins.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The settings of the programs that `prela run` starts.
    pub program: Program,
    /// The settings of the collector.
    pub collector: Collector,
}

/// What `prela run` tells a program that it starts; a variable of its environment wins.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Program {
    /// The program's `service.name`.
    pub service: Option<String>,
    /// The part of the program's traces that is recorded, from 0 to 1.
    #[serde(deserialize_with = "part")]
    pub sample_rate: Option<f64>,
}

/// Where the collector listens, and what it keeps.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collector {
    /// The port for OTLP over gRPC.
    pub grpc_port: Option<u16>,
    /// The port for OTLP over HTTP.
    pub http_port: Option<u16>,
    /// The port for the page.
    pub page_port: Option<u16>,
    /// The size beyond which the oldest traces are deleted, such as `"500MB"`.
    #[serde(deserialize_with = "size")]
    pub max_size: Option<u64>,
    /// How long a trace is kept after its last span, such as `"12h"`.
    #[serde(deserialize_with = "time")]
    pub max_age: Option<Duration>,
}

impl Collector {
    /// The port for gRPC; OTLP's 4317 if none is set.
    pub fn grpc_port(&self) -> u16 {
        self.grpc_port.unwrap_or(4317)
    }

    /// The port for HTTP; OTLP's 4318 if none is set.
    pub fn http_port(&self) -> u16 {
        self.http_port.unwrap_or(4318)
    }

    /// The port for the page; 4319 if none is set.
    pub fn page_port(&self) -> u16 {
        self.page_port.unwrap_or(4319)
    }

    /// The store's options.
    pub fn options(&self) -> Options {
        let default = Options::default();
        Options {
            max_bytes: self.max_size.unwrap_or(default.max_bytes),
            max_age: self.max_age.unwrap_or(default.max_age),
            ..default
        }
    }
}

impl Settings {
    /// Reads a project's settings; without a file, nothing is set.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has an invalid setting.
    pub fn of(root: &Path) -> anyhow::Result<Self> {
        let path = root.join(Self::FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).context(format!("{} cannot be read", path.display())),
        };
        toml::from_str(&text).with_context(|| format!("{} has a mistake", path.display()))
    }

    /// The file's name.
    pub const FILE: &str = "prela.toml";

    /// These settings as a file, with defaults where nothing is set.
    pub fn to_toml(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let Self { program: Program { service, sample_rate }, collector } = self;
        let service = service
            .as_deref()
            .map_or_else(|| "# service =".to_owned(), |it| format!("service = {}", text(it)));
        let default = Options::default();
        format!(
            "# Settings of `prela` for this project. An option of the command line wins.\n\n\
             # What `prela run` tells the programs that it starts: their name, and the part of their\n\
             # traces that is recorded, from 0 to 1.\n\
             [program]\n{service}\nsample_rate = {:?}\n\n\
             # Where `prela serve`, `run` and `demo` take OTLP, and how much they keep.\n\
             [collector]\ngrpc_port = {}\nhttp_port = {}\npage_port = {}\nmax_size = {}\nmax_age = {}\n",
            sample_rate.unwrap_or(1.0),
            collector.grpc_port(),
            collector.http_port(),
            collector.page_port(),
            text(&size_text(collector.max_size.unwrap_or(default.max_bytes))),
            text(
                &humantime::format_duration(collector.max_age.unwrap_or(default.max_age))
                    .to_string()
            ),
        )
    }
}

fn part<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let part = f64::deserialize(deserializer)?;
    let is_part = (0.0..=1.0).contains(&part);
    if is_part {
        Ok(Some(part))
    } else {
        Err(de::Error::custom("the value is no number from 0 to 1"))
    }
}

fn size<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    bytes(&String::deserialize(deserializer)?).map(Some).map_err(de::Error::custom)
}

fn time<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(de::Error::custom)
}

fn size_text(bytes: u64) -> String {
    let units = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    let whole = units.iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    whole.map_or_else(|| bytes.to_string(), |(unit, name)| format!("{}{name}", bytes / unit))
}

/// Reads a size such as `500MB`.
///
/// # Errors
///
/// The text is no size; the error says what one looks like.
pub fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" | "K" | "KIB" => 1 << 10,
        "MB" | "M" | "MIB" => 1 << 20,
        "GB" | "G" | "GIB" => 1 << 30,
        _ => return Err("a number and one of KB, MB, GB".to_owned()),
    };
    let number: Option<u64> = number.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "a number and one of KB, MB, GB".to_owned())
}
