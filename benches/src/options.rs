//! What the command line asks for.

/// What to measure, and how often.
pub(crate) struct Options {
    /// Groups by name; none: all of them, written to `benches/RESULTS.md`.
    pub(crate) only: Vec<String>,
    pub(crate) runs: usize,
    pub(crate) json: bool,
    pub(crate) no_times: bool,
    pub(crate) no_instructions: bool,
}

/// `--hot`: what a program waits for at every span.
const HOT: [&str; 6] = ["sampled", "llm", "unsampled", "not-installed", "context", "start"];

const USAGE: &str =
    "use --only GROUP[,GROUP..] or --hot, --runs N, --no-times, --no-instructions, --json";

impl Options {
    /// # Errors
    ///
    /// What is not understood, and what would be.
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            only: Vec::new(),
            runs: 0,
            json: false,
            no_times: false,
            no_instructions: false,
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--only" => {
                    let names = args.next().unwrap_or_default();
                    options.only.extend(names.split(',').map(str::to_owned));
                }
                "--hot" => options.only.extend(HOT.map(str::to_owned)),
                "--runs" => {
                    let runs = args.next().and_then(|runs| runs.parse().ok());
                    options.runs = runs.ok_or_else(|| format!("`--runs`: {USAGE}"))?;
                }
                "--json" => options.json = true,
                "--no-times" => options.no_times = true,
                "--no-instructions" => options.no_instructions = true,
                _ => return Err(format!("`{arg}`: {USAGE}")),
            }
        }
        if options.runs == 0 {
            options.runs = if options.only.is_empty() { 5 } else { 1 };
        }
        Ok(options)
    }
}
