//! What a person sees at a terminal.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use expect_test::expect;
use prela::export::ConsoleExporter;
use prela::http::ServerLayer;
use prela::reqwest::Middleware;
use prela::{Prela, SpanType};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The headings without what changes, and the names in their places.
fn outline(output: &Output) -> String {
    let printed = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    let line = |line: &str| match (line.strip_prefix("trace "), line.split_once('✓')) {
        (Some(heading), _) => heading.split(" · ").skip(1).take(2).collect::<Vec<_>>().join(" · "),
        // Two spaces or more are between the columns.
        (_, Some((branch, row))) => format!("{branch}✓{}", row.split("  ").next().unwrap_or(row)),
        _ => line.to_owned(),
    };
    printed.lines().map(|it| line(it) + "\n").collect()
}

fn client(prela: &Prela) -> ClientWithMiddleware {
    let middleware = Middleware::new().tracer(&prela.tracer());
    ClientBuilder::new(reqwest::Client::new()).with(middleware).build()
}

/// A service that calls itself is one tree, and not its parts in the order in which they end.
#[tokio::test]
async fn client_and_server_in_one_process_are_one_tree() {
    let output = Output::default();
    let builder = prela::builder().env([] as [(&str, &str); 0]).service_name("both");
    let exporter = ConsoleExporter::to_writer(output.clone());
    let prela = builder.exporter(exporter).build().unwrap();

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let facts = async |State((prela, url)): State<(Arc<Prela>, String)>| {
        client(&prela).get(format!("{url}/source")).send().await.unwrap().text().await.unwrap()
    };
    let prela = Arc::new(prela);
    let app = Router::new()
        .route("/facts", get(facts))
        .route("/source", get(async || "all of it"))
        .layer(ServerLayer::axum().tracer(&prela.tracer()))
        .with_state((prela.clone(), url.clone()));
    tokio::spawn(async move { axum::serve(listener, app).await });

    let tracer = prela.tracer();
    let agent = tracer.span("agent", SpanType::Agent).run(async |_| {
        for path in ["/facts", "/source"] {
            let response = client(&prela).get(format!("{url}{path}")).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "all of it");
            // The server's part has ended and is not printed before the rest.
            prela.flush(Duration::from_secs(30)).unwrap();
            assert_eq!(outline(&output), "");
        }
        tracer.span("summarize", SpanType::Llm).in_scope(|_| ());
    });
    agent.await;
    prela.flush(Duration::from_secs(30)).unwrap();
    expect![[r#"
        both · 8 spans
        ✓ agent
        ├─ ✓ GET
        │  └─ ✓ GET /facts
        │     └─ ✓ GET
        │        └─ ✓ GET /source
        ├─ ✓ GET
        │  └─ ✓ GET /source
        └─ ✓ summarize

    "#]]
    .assert_eq(&outline(&output));
}

/// A terminal of the test's own, with a program of the examples in it.
#[cfg(unix)]
mod terminal {
    use crate::examples::example;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};
    use std::fs::File;
    use std::io::Read as _;
    use std::os::unix::ffi::OsStringExt as _;

    /// What `quickstart` prints of its trace, line by line.
    fn quickstart(columns: u16, variables: &[(&str, &str)]) -> Vec<String> {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_bytes();
        let side = File::options().read(true).write(true).open(std::ffi::OsString::from_vec(name));
        let mut command = example("quickstart");
        command.env_remove("NO_COLOR").envs(variables.iter().copied()).stdout(side.unwrap());
        let mut process = command.spawn().unwrap();
        // The program's is the only one that is left open.
        drop(command);
        let mut printed = Vec::new();
        let _ended = File::from(terminal).read_to_end(&mut printed);
        assert!(process.wait().unwrap().success());
        let printed = String::from_utf8(printed).unwrap();
        let lines = printed.lines().filter(|line| !line.starts_with("You asked"));
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    fn without_colors(line: &str) -> String {
        let mut parts = line.split("\x1b[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').expect("a sequence").1)
    }

    /// Trees are hard to read once their lines are wrapped: 9999years/tracing-human-layer#12.
    #[test]
    fn lines_fit_into_a_terminal() {
        for columns in [80, 40, 200] {
            let lines = quickstart(columns, &[]);
            assert!(lines.len() > 8, "{lines:?}");
            let mut cut = 0;
            for line in &lines {
                let shown = without_colors(line);
                assert!(shown.chars().count() <= columns.into(), "{shown}");
                cut += usize::from(shown.ends_with('…'));
            }
            assert_eq!(cut > 0, columns < 200, "{lines:#?}");
            assert!(lines[0].contains('\x1b'));
            // The event of the agent's, and the error of the tool's.
            let text = lines.join("\n");
            assert_eq!(text.matches(": invalid digit").count(), 2, "{text}");
        }
    }

    #[test]
    fn nothing_is_cut_that_was_asked_for() {
        let lines = quickstart(40, &[("PRELA_CONSOLE", "full"), ("NO_COLOR", "1")]);
        let text = lines.join("\n");
        assert!(text.contains("error.type: core::num::error::ParseIntError}"), "{text}");
        assert!(!text.contains(['…', '\x1b']), "{text}");
    }

    /// Some terminals do not say how wide they are.
    #[test]
    fn a_terminal_without_a_width_has_whole_lines() {
        let lines = quickstart(0, &[]);
        assert!(!lines.join("\n").contains('…'), "{lines:#?}");
    }
}
