//! A real browser without a screen, spoken to over the WebDriver protocol: one driver for all tests of the process, one
//! browser with a profile of its own for each.
//!
//! A shell holds the driver, in a pid namespace where it may make one, until the pipe from the test process ends; then all
//! that is in the namespace dies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What names an element in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// For whatever is waited for, unless a claim is about time: a busy machine is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A driver that answers.
#[derive(Debug)]
struct Driver {
    port: u16,
    /// Its stdin is the pipe that keeps the driver alive.
    _keeper: Child,
}

/// One browser, closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
    /// Two browsers at once would only be slower.
    _turn: MutexGuard<'static, ()>,
}

/// A size of the window, in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Screen {
    /// 1280 wide.
    Desk,
    /// 360 wide, two pixels for one.
    Phone,
    /// That wide, one pixel for one.
    Wide(u32),
}

impl Browser {
    /// A fresh browser whose user reads that language. The error says what is missing here.
    pub(crate) fn open(language: &str) -> Result<Self, String> {
        static TURN: Mutex<()> = Mutex::new(());
        let driver = Driver::shared()?;
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().map_err(|error| format!("no directory for the browser: {error}"))?;
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ];
        let mut arguments: Vec<String> = flags.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "timeouts": { "script": u64::try_from(PATIENCE.as_millis() * 4).expect("it is short") },
            "goog:chromeOptions": { "args": arguments, "prefs": { "intl.accept_languages": language } },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made = ask(driver.port, "POST", "/session", &capabilities)?;
        let session = made["sessionId"].as_str().ok_or("the driver gives no session")?.to_owned();
        Ok(Self { port: driver.port, session, _profile: profile, _turn: turn })
    }

    /// Goes to an address, and waits until it is loaded.
    pub(crate) fn go(&self, address: &str) {
        self.command("POST", "url", &json!({ "url": address }));
    }

    /// The button.
    pub(crate) fn back(&self) {
        self.command("POST", "back", &json!({}));
    }

    /// Runs a function's body in the page and returns what it returns.
    pub(crate) fn run(&self, body: &str) -> Value {
        self.command("POST", "execute/sync", &json!({ "script": body, "args": [] }))
    }

    /// As [`Self::run`], for a body that calls its last argument with the result.
    pub(crate) fn run_later(&self, body: &str) -> Value {
        self.command("POST", "execute/async", &json!({ "script": body, "args": [] }))
    }

    /// The value of an expression, as text.
    pub(crate) fn text(&self, expression: &str) -> String {
        match self.run(&format!("return {expression};")) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Waits until an expression is true.
    pub(crate) fn wait(&self, expression: &str) {
        self.wait_at_most(PATIENCE, expression);
    }

    /// Waits until an expression is true, for as long as a claim says. While another page is loaded it is not.
    pub(crate) fn wait_at_most(&self, bound: Duration, expression: &str) {
        let body =
            json!({ "script": format!("try {{ return !!({expression}); }} catch {{ return false; }}"), "args": [] });
        let begun = Instant::now();
        while self.try_command("POST", "execute/sync", &body) != Ok(json!(true)) {
            let text = || self.text("document.body.innerText");
            assert!(begun.elapsed() < bound, "not within {bound:?}: {expression}\n{}", text());
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Clicks the first element that a selector finds.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("element/{element}/click"), &json!({}));
    }

    /// Types into the first element that a selector finds.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses a key, wherever the focus is: a character, or one of WebDriver's code points such as `\u{e004}`.
    pub(crate) fn press(&self, key: &str) {
        let keys = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.command("POST", "actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": keys }] }));
    }

    /// What the page looks as if it were on that screen.
    pub(crate) fn screen(&self, screen: Screen) {
        let (width, height, scale, mobile) = match screen {
            Screen::Desk => (1280, 900, 1, false),
            Screen::Phone => (360, 740, 2, true),
            Screen::Wide(width) => (width, 900, 1, width < 500),
        };
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile }),
        );
    }

    /// `light` or `dark`, as the system prefers.
    pub(crate) fn scheme(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Keeps what is seen as `target/screenshots/NAME.png`.
    pub(crate) fn keep_screenshot(&self, name: &str) {
        let directory = target().join("screenshots");
        std::fs::create_dir_all(&directory).expect("a directory for the screenshots");
        let encoded = self.command("GET", "screenshot", &Value::Null);
        let picture = decoded(encoded.as_str().expect("a picture"));
        std::fs::write(directory.join(format!("{name}.png")), picture).expect("the screenshot is kept");
    }

    /// Keeps what is seen as a small picture, `target/screenshots/NAME.webp`: two of them are in the README.
    pub(crate) fn keep_small_picture(&self, name: &str) {
        let taken = self.devtools("Page.captureScreenshot", &json!({ "format": "webp", "quality": 82 }));
        let picture = decoded(taken["data"].as_str().expect("a picture"));
        std::fs::write(target().join(format!("screenshots/{name}.webp")), picture).expect("the picture is kept");
    }

    /// What the browser complains of: errors of scripts, what the security policy blocked.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.command("POST", "se/log", &json!({ "type": "browser" }));
        let severe = |entry: &&Value| entry["level"] == "SEVERE";
        let told = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.as_array().map(|all| all.iter().filter(severe).map(told).collect()).unwrap_or_default()
    }

    /// A command of the developer tools' protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.command("POST", "goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command("POST", "element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no element {selector}")).to_owned()
    }

    fn command(&self, method: &str, command: &str, body: &Value) -> Value {
        self.try_command(method, command, body).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    fn try_command(&self, method: &str, command: &str, body: &Value) -> Result<Value, String> {
        ask(self.port, method, &format!("/session/{}/{command}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is gone took the browser along.
        let _ = ask(self.port, "DELETE", &format!("/session/{}", self.session), &Value::Null);
    }
}

impl Driver {
    fn shared() -> Result<&'static Self, String> {
        static SHARED: OnceLock<Result<Driver, String>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    fn start() -> Result<Self, String> {
        for program in ["chromium", "chromedriver"] {
            find_program(program).ok_or_else(|| format!("{program} is not installed"))?;
        }
        let mut keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("/bin/sh does not start: {error}"))?;
        let said = BufReader::new(keeper.stdout.take().expect("it is piped"));
        for line in said.lines().map_while(Result::ok) {
            // "ChromeDriver was started successfully on port 39123."
            let port = line.split("on port ").nth(1).and_then(|rest| rest.trim_end_matches('.').parse().ok());
            if let Some(port) = port.filter(|_| line.contains("started successfully")) {
                return Ok(Self { port, _keeper: keeper });
            }
        }
        Err("chromedriver does not start".into())
    }
}

/// With a pid namespace, where that is allowed, nothing outlives the driver. `unshare` is deaf to anything but a kill.
const KEEPER: &str = r#"
exec 3<&0
if [ "$(id -u)" = 0 ] && unshare --pid --fork --kill-child --mount-proc true 2>/dev/null; then
    unshare --pid --fork --kill-child --mount-proc chromedriver --port=0 <&- 3<&- &
    how=KILL
else
    chromedriver --port=0 <&- 3<&- &
    how=TERM
fi
driver=$!
read -r _ <&3
kill -s "$how" "$driver"
"#;

/// One request, on a connection of its own; the `value` of the answer.
fn ask(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE * 4))?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n")?;
        write!(stream, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            if let Some((_, value)) = line.to_ascii_lowercase().split_once("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    };
    let answer = exchange().map_err(|error| error.to_string())?;
    let mut answer: Value = serde_json::from_str(&answer).map_err(|error| format!("{error}: {answer}"))?;
    match &answer["value"]["error"] {
        Value::String(error) => Err(format!("{error}: {}", answer["value"]["message"])),
        _ => Ok(answer["value"].take()),
    }
}

/// Where cargo builds.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies within the target directory")
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').map(|directory| Path::new(directory).join(name)).find(|program| program.is_file())
}

/// Base64, since pictures come so.
fn decoded(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(value).map(u32::from).collect();
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(group.len().saturating_sub(1)));
    }
    bytes
}

/// Waits for a condition outside of the browser.
pub(crate) fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
