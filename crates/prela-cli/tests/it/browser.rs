//! A real browser, driven by its own protocol: Chromium without a window.

use base64::Engine as _;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// A page in a browser of its own, which ends with it.
pub(crate) struct Page {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    sent: u64,
    /// The lines of its console, and errors that nobody caught.
    said: Vec<String>,
    /// The addresses that the page asked.
    asked: Vec<String>,
    _profile: TempDir,
}

/// The browser; none where the tests are to be skipped, which is said.
///
/// `PRELA_CHROMIUM` names it, or says `none`. Where `CI` is set it has to be there.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("PRELA_CHROMIUM").map(PathBuf::from);
    if let Some(named) = &named
        && named != Path::new("none")
    {
        return Some(named.clone());
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let is_there = |name: &&str| {
        let mut tried = Command::new(name);
        let tried = tried.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let found = names.into_iter().find(is_there);
    match found {
        Some(found) if named.is_none() => Some(found.into()),
        _ => {
            let is_wanted = named.is_none() && std::env::var_os("CI").is_some();
            assert!(!is_wanted, "CI has no Chromium; PRELA_CHROMIUM=none does without");
            // Past the test harness, which shows nothing of tests that pass.
            let _ = writeln!(std::io::stderr(), "SKIPPED: a test of the page; it needs Chromium");
            None
        }
    }
}

impl Page {
    /// Opens an address in a window of 1280 by 800. None where there is no browser.
    pub(crate) fn open(address: &str) -> Option<Self> {
        let chromium = chromium()?;
        let profile = TempDir::new().unwrap();
        let mut process = Command::new(chromium)
            .args(["--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--no-default-browser-check", "--disable-dev-shm-usage"])
            // Containers give no rights to build a sandbox, and the pages are ours.
            .arg("--no-sandbox")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let socket = lines.find_map(|line| {
            line.unwrap().strip_prefix("DevTools listening on ").map(ToOwned::to_owned)
        });
        // It must not wait for somebody to read what else it has to say.
        std::thread::spawn(move || lines.for_each(drop));
        let socket = socket.expect("Chromium starts");
        let host = socket.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(&socket, stream).unwrap();
        let (session, said, asked) = (String::new(), Vec::new(), Vec::new());
        let mut page = Self { process, socket, session, sent: 0, said, asked, _profile: profile };
        let target = page.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        page.session =
            page.call("Target.attachToTarget", &attach)["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.size(1280, 800);
        page.go(address);
        Some(page)
    }

    /// Asks the browser for something, and gives the answer.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut request = json!({ "id": self.sent, "method": method, "params": parameters });
        if !self.session.is_empty() {
            request["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(request.to_string())).unwrap();
        loop {
            let message = self.socket.read().unwrap_or_else(|error| panic!("{method}: {error}"));
            let Message::Text(message) = message else { continue };
            let mut message: Value = serde_json::from_str(message.as_str()).unwrap();
            if message["id"] == self.sent {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, event: &Value) {
        let parameters = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => {
                self.said.push(parameters.to_string());
            }
            Some("Network.requestWillBeSent") => {
                self.asked.push(parameters["request"]["url"].as_str().unwrap().to_owned());
            }
            _ => {}
        }
    }

    pub(crate) fn go(&mut self, address: &str) {
        self.call("Page.navigate", &json!({ "url": address }));
    }

    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What the system is said to prefer, as `("prefers-color-scheme", "dark")`.
    pub(crate) fn prefer(&mut self, feature: &str, value: &str) {
        let features = json!({ "features": [{ "name": feature, "value": value }] });
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// The value of an expression of JavaScript, once a promise is kept.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn wait(&mut self, expression: &str) {
        let begin = Instant::now();
        while self.value(&format!("Boolean({expression})")) != true {
            let text = self.value("document.body.innerText.slice(0, 3000)");
            assert!(begin.elapsed() < PATIENCE, "{expression} in: {text}\n{:?}", self.said);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for an element with a text in it.
    #[track_caller]
    pub(crate) fn find(&mut self, selector: &str, text: &str) {
        self.wait(&found(selector, text));
    }

    /// Waits for an element with a text in it, and clicks on it.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str, text: &str) {
        self.find(selector, text);
        self.value(&format!("({}).click()", found(selector, text)));
    }

    /// The text that is shown of the first such element.
    #[track_caller]
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text =
            self.value(&format!("document.querySelector({})?.innerText ?? ''", json!(selector)));
        text.as_str().unwrap().to_owned()
    }

    /// Presses keys, as `j`, `Enter` or `ArrowDown`.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        let key_down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        for kind in [key_down, "keyUp"] {
            let event = json!({ "type": kind, "key": key, "text": if kind == "keyUp" { "" } else { text } });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// What users of screen readers are told of the page: of each element that means something its role, its name,
    /// and what else is known of it.
    pub(crate) fn accessible(&mut self) -> Vec<Accessible> {
        let tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().unwrap().iter();
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        let properties = |node: &Value| {
            let all = node["properties"].as_array().into_iter().flatten();
            all.map(|it| (it["name"].as_str().unwrap().to_owned(), it["value"]["value"].clone()))
                .collect()
        };
        nodes
            .filter(|node| node["ignored"] != true)
            .map(|node| Accessible {
                role: text(&node["role"]),
                name: text(&node["name"]),
                properties: properties(node),
            })
            .collect()
    }

    /// A picture of what is seen, as PNG.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let picture = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        let data = picture["data"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD.decode(data).unwrap()
    }

    /// Ends the browser, and asserts that nothing went wrong on the page and that it asked nobody but this machine.
    #[track_caller]
    pub(crate) fn close(mut self) {
        self.value("1");
        assert!(self.said.is_empty(), "the console is not empty: {:#?}", self.said);
        let local = ["http://127.0.0.1:", "data:", "blob:", "file:", "about:"];
        let is_local = |address: &&String| !local.iter().any(|it| address.starts_with(it));
        let strangers: Vec<_> = self.asked.iter().filter(is_local).collect();
        assert!(strangers.is_empty(), "it asked others: {strangers:?}");
        assert!(!self.asked.is_empty());
    }
}

/// An element as screen readers have it.
#[derive(Debug)]
pub(crate) struct Accessible {
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) properties: HashMap<String, Value>,
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The innermost element with a text in it, as JavaScript.
fn found(selector: &str, text: &str) -> String {
    let (selector, text) = (json!(selector), json!(text));
    format!(
        "[...document.querySelectorAll({selector})].find((it) => !it.closest('[hidden]') && it.textContent.includes({text}))"
    )
}

const PATIENCE: Duration = Duration::from_secs(60);
