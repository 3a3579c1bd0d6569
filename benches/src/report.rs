//! The report: every group, in the profiles that it is measured in.

use crate::group::Group;
use crate::options::Options;
use crate::{runs, table};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// Prints what is asked for; all of it is written to `benches/RESULTS.md` too.
pub(crate) fn run(groups: &[Group], options: &Options) -> ExitCode {
    let asked = |group: &&Group| {
        options.only.is_empty() || options.only.iter().any(|name| name == group.name)
    };
    if let Some(name) = options.only.iter().find(|name| groups.iter().all(|it| it.name != **name)) {
        return failed(&format!("there is no group `{name}`"));
    }
    let Ok(program) = env::current_exe() else { return failed("this program has no path") };
    let is_whole = options.only.is_empty();
    // The whole report has cargo's default profile beside the recommended one; a part has the one that
    // this program was built with.
    let plain = if is_whole { build_plain(&program) } else { None };
    if is_whole && plain.is_none() {
        return failed("cargo build --profile plain failed");
    }
    let mut report = heading(&program, options.runs);
    for group in groups.iter().filter(asked) {
        let programs = [Some((&program, "")), plain.as_ref().map(|plain| (plain, PLAIN_TABLE))];
        let is_in = |title: &str| group.is_in_both_profiles || title.is_empty();
        for (program, title) in programs.into_iter().flatten().filter(|(_, title)| is_in(title)) {
            let Some(mut numbers) = runs::of(program, group, options) else {
                return failed(&format!("no run of `{}`", group.name));
            };
            if !title.is_empty() {
                // The bars are those of the recommended profile.
                numbers.iter_mut().for_each(|number| number.reading.goal = None);
            }
            let table = table::markdown(group, title, &numbers);
            match options.json {
                true => numbers.iter().for_each(|number| {
                    println!("{}", table::json(group, &profile(program), number));
                }),
                false => print!("{table}"),
            }
            report.push_str(&table);
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
    if is_whole && let Err(error) = fs::write(path, report) {
        return failed(&format!("write {path}: {error}"));
    }
    ExitCode::SUCCESS
}

pub(crate) fn failed(why: &str) -> ExitCode {
    eprintln!("prela-bench: {why}");
    ExitCode::FAILURE
}

const PLAIN_TABLE: &str = ", cargo's default release profile";

/// Builds this program with cargo's default release profile, beside this one.
fn build_plain(program: &Path) -> Option<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "prela-bench", "--profile", "plain"]);
    let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().ok()?;
    let target = program.parent()?.parent()?;
    status.success().then(|| target.join("plain").join(program.file_name().unwrap_or_default()))
}

/// Cargo puts a program into a directory that is named like its profile.
fn profile(program: &Path) -> String {
    let name = program.parent().and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What the numbers were measured on.
fn heading(program: &Path, runs: usize) -> String {
    let said_by = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let unknown = || "unknown".to_owned();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "# Results\n\n\
         Written by `cargo run --release -p prela-bench`; `README.md` says what is measured how.\n\n\
         A number is what one of {runs} runs gave, the one in the middle; in brackets are the least and the most of all. \
         A bar is met if their median meets it.\n\n\
         - machine: {} with {cores} cores, {} {}\n- toolchain: {}\n\
         - profile: `{}`, as the workspace has it: `lto = \"thin\"`, `codegen-units = 1`; the tables of cargo's default \
         release profile have neither\n\
         - commit: {}\n- date: {}\n\n",
        model.unwrap_or("unknown"),
        env::consts::OS,
        env::consts::ARCH,
        said_by("rustc", &["--version"]).unwrap_or_else(unknown),
        profile(program),
        said_by("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(unknown),
        said_by("date", &["-u", "+%Y-%m-%d"]).unwrap_or_else(unknown),
    )
}
