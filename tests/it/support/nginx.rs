//! A real nginx of a test's own before a service.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// It ends when it is dropped, and with the test process.
#[derive(Debug)]
pub(crate) struct Nginx {
    /// Where each of its servers listens.
    pub(crate) servers: Vec<SocketAddr>,
    /// Its stdin is the pipe that keeps it alive.
    keeper: Child,
    directory: TempDir,
}

const PATIENCE: Duration = Duration::from_secs(20);

/// What is not said of a server is as nginx has it by itself.
const SURROUNDINGS: &str = "daemon off; master_process off; pid pid; error_log error.log;
events {}
http {
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
";

/// Until the pipe from the test process ends.
const KEEPER: &str = r#"
exec 3<&0
PATH=$PATH:/usr/sbin nginx -p "$1" -e error.log -c nginx.conf <&- 3<&- &
nginx=$!
read -r _ <&3
kill -s KILL "$nginx"
"#;

impl Nginx {
    /// A server for each text, which is what nginx reads within `server { … }`; `SERVICE` stands for the service's address.
    /// The error says what is missing here.
    pub(crate) fn before(service: SocketAddr, servers: &[&str]) -> Result<Self, String> {
        let paths = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        if !paths.split(':').any(|directory| Path::new(directory).join("nginx").is_file()) {
            return Err("nginx is not installed".into());
        }
        let directory = tempfile::tempdir().map_err(|error| format!("no directory for nginx: {error}"))?;
        let mut configuration = SURROUNDINGS.to_owned();
        let mut addresses = Vec::new();
        for server in servers {
            // Taken and left again, so that nginx may have it.
            let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
            let server = server.replace("SERVICE", &service.to_string());
            configuration.push_str(&format!("  server {{ listen {free}; {server} }}\n"));
            addresses.push(free);
        }
        configuration.push_str("}\n");
        std::fs::write(directory.path().join("nginx.conf"), configuration).expect("written");
        let keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("/bin/sh does not start: {error}"))?;
        let nginx = Self { servers: addresses, keeper, directory };
        let begun = Instant::now();
        while nginx.servers.iter().any(|server| TcpStream::connect(server).is_err()) {
            let log = || std::fs::read_to_string(nginx.directory.path().join("error.log")).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "nginx does not listen: {}", log());
            std::thread::park_timeout(Duration::from_millis(10));
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.keeper.stdin.take() {
            // It ends all the same when the pipe does.
            let _ = pipe.write_all(b"\n");
        }
        let _ = self.keeper.wait();
    }
}
