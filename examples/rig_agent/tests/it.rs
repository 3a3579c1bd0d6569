//! What the example shows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::Command;

/// What it prints, with these arguments: the answer, and the trace.
fn output(arguments: &[&str]) -> String {
    let mut run = Command::new(env!("CARGO_BIN_EXE_rig_agent"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
        run.env_remove(name);
    }
    let output = run.args(arguments).env("PRELA_EXPORTER", "console").output().unwrap();
    let [out, error] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{error}");
    out + &error
}

#[test]
fn two_calls_and_a_tool_between_them() {
    for arguments in [&[][..], &["bridge"]] {
        let shown = output(arguments);
        assert!(shown.contains("They say: Lisbon has 21 degrees."), "{shown}");
        let lines: Vec<_> = shown.lines().collect();
        let of = |name: &str| lines.iter().filter(|line| line.contains(name)).count();
        assert_eq!(of("invoke_agent travel desk"), 1, "{shown}");
        assert_eq!(of("execute_tool weather"), 1, "{shown}");
        // Also where rig's own spans are taken over.
        assert_eq!(of(" llm "), 2, "{shown}");
        assert!(of("gen_ai.usage.input_tokens") >= 2, "{shown}");
    }
}
