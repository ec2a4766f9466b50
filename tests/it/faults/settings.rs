//! Settings that are wrong or dangerous, as the built program meets them.

use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::cli::program::Program;

/// Commands that ask the daemon and need no ledger for it.
const ASKING: [&[&str]; 2] = [&["once", "--json"], &["doctor"]];

/// B42: an address that would need TLS or ssh, or that carries a password, is refused before anything is sent.
#[test]
fn an_address_that_cannot_be_served_safely_is_refused_without_its_password() {
    for (address, says) in [
        ("tcp://ada:hunter2@127.0.0.1:1", "DOCKER_HOST"),
        ("http://ada:hunter2@127.0.0.1:1", "DOCKER_HOST"),
        ("ssh://ada:hunter2@lab", "ssh"),
        ("ssh://-oProxyCommand=x@lab", "ssh"),
        ("ssh://ada@-oProxyCommand=x", "DOCKER_HOST"),
        ("tcp://127.0.0.1:1\u{1b}[31m", "DOCKER_HOST"),
        ("ftp://127.0.0.1", "DOCKER_HOST"),
    ] {
        let program = Program::new().variable("DOCKER_HOST", address);
        for line in ASKING {
            let ended = program.run(line);
            let told = format!("{}{}", ended.stdout, ended.stderr);
            assert_eq!(ended.code, Some(2), "{address}: {line:?}: {told}");
            assert!(told.contains(says), "{address}: {told}");
            assert!(!told.contains("hunter2") && !told.contains('\u{1b}'), "{address}: {told}");
        }
    }
}

/// B42: a wish for TLS is never answered with plain HTTP.
#[test]
fn tls_without_its_certificates_is_a_fault_of_the_configuration() {
    let program = Program::new().variable("DOCKER_HOST", "tcp://127.0.0.1:1").variable("DOCKER_TLS_VERIFY", "1");
    let ended = program.run(&["once"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("TLS") && ended.stderr.contains("home/.docker/ca.pem"), "{ended:?}");
}

/// F10: what is wrong with a file that many programs share is told, and is in nobody's way where the daemon is named.
#[test]
fn f10_dockers_own_configuration_is_in_nobodys_way() {
    for content in ["", "{", "null", r#"{"currentContext":"gone"}"#] {
        let program = Program::new();
        std::fs::create_dir_all(program.path("home/.docker")).expect("made");
        program.file("home/.docker/config.json", content);
        let ended = program.run(&["once", "--docker-host", "tcp://127.0.0.1:1"]);
        assert_eq!(ended.code, Some(3), "{content}: {ended:?}");
        assert!(ended.stderr.contains("refused") && !ended.stderr.contains("config.json"), "{content}: {ended:?}");
    }
    let program = Program::new();
    std::fs::create_dir_all(program.path("home/.docker/config.json")).expect("made");
    let ended = program.run(&["doctor"]);
    assert_eq!(ended.stdout.matches("config.json is passed over").count(), 1, "{ended:?}");
    let ended = program.run(&["once"]);
    assert_ne!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.stderr.matches("config.json is passed over").count(), 1, "{ended:?}");
}

/// F25
#[test]
fn f25_forms_of_an_address_are_understood_by_the_program() {
    let program = Program::new();
    let socket = program.path("d.sock").display().to_string();
    drop(UnixListener::bind(&socket).expect("bound"));
    for form in [
        socket.clone(),
        format!("unix:{socket}"),
        format!("unix://{socket}/"),
        format!("unix://{socket}\r"),
        format!(" \"{socket}\"\n"),
    ] {
        let ended = program.run(&["once", "--docker-host", &form]);
        assert_eq!(ended.code, Some(3), "{form:?}: {ended:?}");
        assert!(ended.stderr.contains(&format!("unix://{socket}: the connection was refused")), "{form:?}: {ended:?}");
    }
    for (form, says) in [
        ("tcp://127.0.0.1:1/path", "`/path` after the port"),
        ("npipe:////./pipe/docker_engine", "Windows"),
        ("fd://", "systemd"),
        // The program doubles a backslash in all that it prints, so that no escape can be forged.
        ("C:\\docker.sock", "`C:\\\\docker.sock`"),
        ("tcp://ho\u{1b}st", "`tcp://ho\u{241b}st`"),
    ] {
        let ended = program.run(&["once", "--docker-host", form]);
        assert_eq!(ended.code, Some(2), "{form:?}: {ended:?}");
        assert!(ended.stderr.contains(says) && !ended.stderr.contains(r"\\\"), "{form:?}: {ended:?}");
    }
}

/// B43: what stands at the socket's path is named, and nothing is opened that could hang.
#[test]
fn a_path_that_is_no_socket_is_told_at_once() {
    let program = Program::new();
    std::fs::create_dir(program.path("directory")).expect("made");
    program.file("file", "");
    let fifo = Command::new("mkfifo").arg(program.path("fifo")).status().expect("mkfifo runs");
    assert!(fifo.success());
    std::os::unix::fs::symlink("loop", program.path("loop")).expect("made");
    std::os::unix::fs::symlink("fifo", program.path("to-a-fifo")).expect("made");
    for (name, code, says) in [
        ("directory", 2, "a directory"),
        ("file", 2, "a plain file"),
        ("fifo", 2, "no socket"),
        ("to-a-fifo", 2, "no socket"),
        ("loop", 3, "loop"),
    ] {
        let ended = program.run(&["once", "--docker-host", &format!("unix://{}", program.path(name).display())]);
        assert_eq!(ended.code, Some(code), "{name}: {ended:?}");
        assert!(ended.stderr.contains(says) && ended.stderr.contains(name), "{name}: {ended:?}");
    }
}

/// B43: a link to a socket is as good as the socket.
#[test]
fn a_link_to_a_socket_is_followed() {
    let program = Program::new();
    let listener = UnixListener::bind(program.path("real")).expect("bound");
    std::os::unix::fs::symlink("real", program.path("link")).expect("made");
    drop(listener);
    let ended = program.run(&["once", "--docker-host", &format!("unix://{}", program.path("link").display())]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("refused"), "{ended:?}");
}

/// B45: a file of the ledger that others could read would tell them what runs here.
#[test]
fn the_ledger_is_its_users_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let ledger = program.path("ledger.db");
    let line =
        format!("umask 000; exec {} project add x --database {}", env!("CARGO_BIN_EXE_dockledger"), ledger.display());
    let output = Command::new("/bin/sh").args(["-c", &line]).env_clear().output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("made").permissions().mode() & 0o777;
    assert_eq!(mode(&ledger), 0o600);
}

/// B46: the words of the database's client repeat what they were given.
#[test]
fn a_password_is_in_no_error_log_or_answer() {
    for address in [
        "postgres://ledger:hunter2@127.0.0.1:1/x",
        "postgres://ledger:hunter2@@127.0.0.1:1/x",
        "postgres://ledger@127.0.0.1:1/x?password=hunter2",
        "postgres://ledger:hunter2@127.0.0.1:notaport/x",
        "postgres://ledger:hunter2@no such host/x",
        "postgres:/ledger:hunter2@127.0.0.1/x",
        "host=127.0.0.1 user=ledger password=hunter2",
    ] {
        let program = Program::new().variable("DOCKLEDGER_DATABASE", address);
        for line in [&["once", "--json", "-vv"][..], &["ps", "-vv"], &["doctor", "--json", "-vv"], &["run", "--flag"]] {
            let ended = program.run(line);
            let told = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!told.contains("hunter"), "{address}: {line:?}: {told}");
            assert_ne!(ended.code, Some(0), "{address}: {line:?}");
            assert_eq!(program.files(), Vec::<String>::new(), "{address}: no file is named like it");
        }
    }
}
