//! What a program is told about where its traces go.

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

/// Where a program on this machine reaches a server that may listen at every address.
pub(super) fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    format!("http://{address}")
}

/// Sets the variables of a program that is about to be started.
pub(super) fn set(command: &mut Command, hello: &Hello, run: &str, root: &Path, program: &Program) {
    // These would win over what is set below, and lead elsewhere.
    ELSEWHERE.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url(hello.http))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_TRACES_EXPORTER", "otlp")
        .env("OTEL_RESOURCE_ATTRIBUTES", resource(run, root))
        // Spans say on which thread they begin, for the doctor, and are sent when they begin, too.
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

/// The attributes that are set already, the run, and the commit that is checked out.
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

const ELSEWHERE: [&str; 17] = [
    "OTEL_SDK_DISABLED",
    "PRELA_EXPORTER",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];
