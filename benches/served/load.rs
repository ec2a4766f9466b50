//! Readers in a process of their own, so that they share nothing with the ledger but the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a reader does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Asks for rows, again as soon as it is answered.
    Readers,
    /// Follows the changes.
    Streams,
    /// Begins a request and says no more.
    Slow,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Readers => "readers",
            Self::Streams => "streams",
            Self::Slow => "slow",
        }
    }
}

const ASKED_FOR: &str = "--load";

/// Whether this process is to be the readers.
pub(crate) fn is_asked_for() -> bool {
    std::env::args().any(|argument| argument == ASKED_FOR)
}

/// The readers, from outside.
pub(crate) struct Load {
    processes: Vec<Child>,
    answers: Arc<AtomicU64>,
}

impl Load {
    /// Returns once all are connected.
    pub(crate) fn start(address: SocketAddr, kinds: &[(Kind, usize)]) -> Self {
        let answers = Arc::new(AtomicU64::new(0));
        let processes = kinds.iter().map(|(kind, count)| begin(address, *kind, *count, &answers)).collect();
        Self { processes, answers }
    }

    /// Answers to readers so far.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(self) {
        for mut process in self.processes {
            process.kill().expect("it is ours");
            process.wait().expect("it has ended");
        }
    }
}

fn begin(address: SocketAddr, kind: Kind, count: usize, answers: &Arc<AtomicU64>) -> Child {
    let program = std::env::current_exe().expect("this program");
    let arguments = [ASKED_FOR, kind.word(), &count.to_string(), &address.to_string()];
    let mut process = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut told = BufReader::new(process.stdout.take().expect("it is piped"));
    let mut line = String::new();
    told.read_line(&mut line).expect("it connects");
    assert_eq!(line, "ready\n", "the readers are connected");
    let answers = Arc::clone(answers);
    // Each byte is an answer; it ends with the process.
    std::thread::spawn(move || {
        let mut bytes = [0_u8; 4_096];
        while let Ok(length @ 1..) = told.read(&mut bytes) {
            answers.fetch_add(length as u64, Ordering::Relaxed);
        }
    });
    process
}

/// The readers, from inside: never returns.
pub(crate) fn run() {
    let arguments: Vec<String> = std::env::args().skip_while(|argument| argument != ASKED_FOR).skip(1).collect();
    let [kind, count, address] = &arguments[..3] else { panic!("{arguments:?}") };
    let count: usize = count.parse().expect("a number");
    let connect = || TcpStream::connect(address).expect("it listens");
    let connections: Vec<TcpStream> = (0..count).map(|_| connect()).collect();
    println!("ready");
    let threads = connections.into_iter().map(|connection| match kind.as_str() {
        "readers" => spawn(move || read(connection)),
        "streams" => spawn(move || follow(connection)),
        _ => spawn(move || dawdle(connection)),
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("it reads until it is killed");
    }
}

fn spawn(body: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
    // Some hundred of them: none needs much.
    std::thread::Builder::new().stack_size(128 * 1024).spawn(body).expect("a thread")
}

fn read(connection: TcpStream) {
    let mut reader = BufReader::new(connection);
    loop {
        let request = b"GET /api/v1/containers?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n";
        reader.get_mut().write_all(request).expect("it is read");
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a head");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).expect("a body");
        std::io::stdout().write_all(b".").and_then(|()| std::io::stdout().flush()).expect("it is counted");
    }
}

fn follow(mut connection: TcpStream) {
    let request = b"GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    connection.write_all(request).expect("it is read");
    std::io::copy(&mut connection, &mut std::io::sink()).expect("it goes on");
}

/// One byte of a head each second; cut off, it begins again.
fn dawdle(connection: TcpStream) {
    let address = connection.peer_addr().expect("it is connected");
    let mut connection = connection;
    loop {
        for byte in b"GET / HTTP/1.1\r\n" {
            if connection.write_all(&[*byte]).is_err() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        match TcpStream::connect(address) {
            Ok(again) => connection = again,
            Err(_) => std::thread::sleep(std::time::Duration::from_secs(1)),
        }
    }
}
