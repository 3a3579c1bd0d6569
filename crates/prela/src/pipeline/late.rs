//! What is said of spans that begin after shutdown.

pub(super) fn line(service_name: &str, was_used: bool) -> String {
    let (problem, remedy) = if was_used {
        (
            "",
            "Keep what `prela::init` returns until the last span has ended: `let _prela = \
              prela::init(..)?;` at the start of `main`, which drops it last",
        )
    } else {
        (
            " before its first span",
            "What `prela::init` returns was dropped at once: write `let _prela = prela::init(..)?;`, \
             not `let _ = ..`, at the start of `main`",
        )
    };
    format!(
        "prela: spans begin after the instance {service_name:?} was shut down{problem}, and are not recorded. {remedy}"
    )
}
