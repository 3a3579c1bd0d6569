//! The environment variables that tell a program where its traces go.

use crate::server::Hello;
use crate::settings::Program;
use std::env;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// A name for this start of a program, by which its traces are found afterwards.
pub(super) fn run_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}

/// The URL at which a program on this machine reaches a server, which may listen at every address.
pub(super) fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    format!("http://{address}")
}

/// Sets the variables of a program that is about to be started.
pub(super) fn set(command: &mut Command, hello: &Hello, run: &str, root: &Path, program: &Program) {
    for name in overriding() {
        command.env_remove(name);
    }
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url(hello.http))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_TRACES_EXPORTER", "otlp")
        .env("OTEL_RESOURCE_ATTRIBUTES", resource(run, root))
        // The doctor needs the threads; and spans are shown while they run.
        .env("PRELA_RECORD_THREADS", "1")
        .env("PRELA_PENDING", "1");
    if let Some(token) = Hello::token() {
        command.env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Bearer%20{token}"));
    }
    let is_set = |names: &[&str]| names.iter().any(|name| env::var_os(name).is_some());
    if let Some(service) = &program.service
        && !is_set(&["OTEL_SERVICE_NAME", "PRELA_SERVICE_NAME"])
    {
        command.env("OTEL_SERVICE_NAME", service);
    }
    if let Some(rate) = program.sample_rate
        && !is_set(&["OTEL_TRACES_SAMPLER", "PRELA_SAMPLE_RATE"])
    {
        command
            .env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
            .env("OTEL_TRACES_SAMPLER_ARG", rate.to_string());
    }
}

/// The resource attributes of the program: those of the environment, the run, and the commit that is checked out.
fn resource(run: &str, root: &Path) -> String {
    let mut all = env::var("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let mut add = |key: &str, value: &str| {
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(&format!("{key}={value}"));
    };
    add("prela.run.id", run);
    let git = Command::new("git").arg("-C").arg(root).args(["rev-parse", "HEAD"]).output();
    if let Ok(output) = git
        && output.status.success()
    {
        add("vcs.ref.head.revision", String::from_utf8_lossy(&output.stdout).trim());
    }
    all
}

/// The variables that would win over those that [`set`] sets, and lead some signal elsewhere.
fn overriding() -> impl Iterator<Item = String> {
    let of_signals = SIGNALS.iter().flat_map(|signal| {
        OTLP.iter().map(move |setting| format!("OTEL_EXPORTER_OTLP_{signal}{setting}"))
    });
    ["OTEL_SDK_DISABLED", "PRELA_EXPORTER"].map(str::to_owned).into_iter().chain(of_signals)
}

/// What stands before a setting of OTLP: nothing, or the signal that the setting is for.
const SIGNALS: [&str; 4] = ["", "TRACES_", "LOGS_", "METRICS_"];
/// The settings of OTLP that say where to send, and what a receiver gets beside the spans.
const OTLP: [&str; 7] = [
    "ENDPOINT",
    "PROTOCOL",
    "HEADERS",
    "CERTIFICATE",
    "CLIENT_CERTIFICATE",
    "CLIENT_KEY",
    "INSECURE",
];
