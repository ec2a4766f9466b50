use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::asked::Asked;
use super::context::hex;
use super::environment::{Environment, Files, PathKind};
use super::resolve::{Found, resolve};
use super::usual::DEFAULT_SOCKET;
use super::*;

/// The reason of a file that is there and cannot be read is its text.
#[derive(Default)]
struct FakeFiles {
    texts: BTreeMap<PathBuf, String>,
    unreadable: BTreeMap<PathBuf, io::ErrorKind>,
    kinds: BTreeMap<PathBuf, PathKind>,
}

impl Files for FakeFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        match self.unreadable.get(path) {
            Some(kind) => Err((*kind).into()),
            None => self.texts.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()),
        }
    }

    fn kind(&self, path: &Path) -> PathKind {
        self.kinds.get(path).copied().unwrap_or(PathKind::Absent)
    }
}

fn environment(variables: &[(&str, &str)], files: FakeFiles) -> Environment {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment { variables, home: Some("/home/ada".into()), user: Some(1000), files: Box::new(files) }
}

fn found(configured: Option<&str>, variables: &[(&str, &str)], files: FakeFiles) -> Result<Found, EndpointError> {
    let asked = Asked { docker_host: configured, ..Asked::default() };
    resolve(&asked, &environment(variables, files))
}

fn resolved(configured: Option<&str>, variables: &[(&str, &str)], files: FakeFiles) -> Result<String, EndpointError> {
    found(configured, variables, files).map(|found| found.endpoint.to_string())
}

fn address(text: &str) -> Result<String, EndpointError> {
    resolved(Some(text), &[], FakeFiles::default())
}

/// The TLS of an address.
fn tls(configured: Option<&str>, variables: &[(&str, &str)], files: FakeFiles) -> TlsEndpoint {
    match found(configured, variables, files).unwrap().endpoint {
        Endpoint::Tls(tls) => tls,
        other => panic!("{other:?}"),
    }
}

fn plain_files(directory: &str, names: &[&str]) -> FakeFiles {
    let kinds = names.iter().map(|name| (Path::new(directory).join(name), PathKind::File)).collect();
    FakeFiles { kinds, ..FakeFiles::default() }
}

const CONFIG: &str = "/home/ada/.docker/config.json";

/// The context `lab`, with this address.
fn context_files(host: &str) -> FakeFiles {
    context_files_with(host, false)
}

fn context_files_with(host: &str, skip: bool) -> FakeFiles {
    let hash = hex(&Sha256::digest("lab"));
    let meta = format!(
        r#"{{"Name":"lab","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":{skip}}}}}}}"#
    );
    FakeFiles {
        texts: BTreeMap::from([
            (CONFIG.into(), r#"{"auths":{},"currentContext":"lab"}"#.into()),
            (format!("/home/ada/.docker/contexts/meta/{hash}/meta.json").into(), meta),
        ]),
        ..FakeFiles::default()
    }
}

#[test]
fn the_configured_address_comes_before_docker_host_and_that_before_the_context() {
    let host = [("DOCKER_HOST", "unix:///b.sock")];
    let files = || context_files("unix:///c.sock");
    assert_eq!(resolved(Some("unix:///a.sock"), &host, files()).unwrap(), "unix:///a.sock");
    assert_eq!(resolved(None, &host, files()).unwrap(), "unix:///b.sock");
    assert_eq!(resolved(Some(""), &[("DOCKER_HOST", "")], files()).unwrap(), "unix:///c.sock");
    assert_eq!(resolved(Some(" "), &[("DOCKER_HOST", "\r\n")], files()).unwrap(), "unix:///c.sock");
}

#[test]
fn a_context_is_found_by_the_hash_of_its_name() {
    assert_eq!(
        hex(&Sha256::digest("desktop-linux")),
        "fe9c6bd7a66301f49ca9b6a70b217107cd1284598bfc254700c989b916da791e"
    );
    assert_eq!(resolved(None, &[], context_files("unix:///run/lab.sock")).unwrap(), "unix:///run/lab.sock");
    let variables = [("DOCKER_CONTEXT", "lab"), ("DOCKER_CONFIG", "/home/ada/.docker")];
    let mut files = context_files("tcp://lab:2375");
    files.texts.remove(Path::new("/home/ada/.docker/config.json"));
    assert_eq!(resolved(None, &variables, files).unwrap(), "tcp://lab:2375");
}

#[test]
fn the_default_context_is_the_usual_sockets() {
    for variables in [&[("DOCKER_CONTEXT", "default")][..], &[]] {
        let mut files = context_files("unix:///c.sock");
        files.texts.insert(CONFIG.into(), r#"{"currentContext":"default"}"#.into());
        assert!(matches!(found(None, variables, files).unwrap().endpoint, Endpoint::Usual(_)));
    }
}

/// F10: as for `docker`, what was named and is not there is an error; another daemon is not what was meant.
#[test]
fn f10_a_context_that_cannot_be_read_is_an_error_that_names_it() {
    let error = |variables: &[(&str, &str)], files| resolved(None, variables, files).unwrap_err().to_string();
    let gone = error(&[("DOCKER_CONTEXT", "gone")], FakeFiles::default());
    assert!(gone.contains("`gone` (DOCKER_CONTEXT)") && gone.contains("docker context ls"), "{gone}");
    let mut absent = context_files("unix:///c.sock");
    absent.texts.retain(|path, _| path == Path::new(CONFIG));
    let absent = error(&[], absent);
    assert!(absent.contains("currentContext") && absent.contains("no such context"), "{absent}");
    for text in ["", "{", "[]", r#"{"Endpoints":{}}"#, r#"{"Endpoints":{"docker":{"Host":""}}}"#, r#"{"Endpoints":7}"#]
    {
        let mut broken = context_files("unix:///c.sock");
        for (path, content) in &mut broken.texts {
            if path != Path::new(CONFIG) {
                *content = text.to_owned();
            }
        }
        let broken = error(&[], broken);
        assert!(broken.contains("`lab`"), "{text}: {broken}");
    }
}

/// F10: Docker's configuration is shared by many programs. What is wrong with it is told and is in nobody's way.
#[test]
fn f10_a_configuration_of_dockers_that_says_nothing_is_passed_over() {
    let with = |text: &str| FakeFiles { texts: BTreeMap::from([(CONFIG.into(), text.into())]), ..FakeFiles::default() };
    for (text, warned) in [
        ("", false),
        (" \r\n", false),
        ("\u{feff}", false),
        ("{}", false),
        (r#"{"currentContext":""}"#, false),
        (r#"{"currentContext":null}"#, false),
        ("\u{feff}{\"auths\":{}}", false),
        ("{", true),
        ("null", true),
        (r#"{"currentContext":7}"#, true),
        ("<html>", true),
    ] {
        let found = found(None, &[], with(text)).unwrap();
        assert!(matches!(found.endpoint, Endpoint::Usual(_)), "{text}");
        assert_eq!(found.warnings.len(), usize::from(warned), "{text}: {:?}", found.warnings);
        assert!(found.warnings.iter().all(|warning| warning.contains(CONFIG)), "{:?}", found.warnings);
    }
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::IsADirectory, io::ErrorKind::InvalidData] {
        let files = || FakeFiles { unreadable: BTreeMap::from([(CONFIG.into(), kind)]), ..FakeFiles::default() };
        assert_eq!(found(None, &[], files()).unwrap().warnings.len(), 1, "{kind:?}");
        for named in [
            found(Some("unix:///a.sock"), &[], files()).unwrap(),
            found(None, &[("DOCKER_HOST", "unix:///a.sock")], files()).unwrap(),
        ] {
            assert_eq!((named.endpoint.to_string().as_str(), named.warnings.len()), ("unix:///a.sock", 0), "{kind:?}");
        }
    }
}

/// F10: `docker` says the same in `docker context ls`.
#[test]
fn f10_docker_host_beside_a_context_is_used_and_told() {
    for (variables, source_of) in [
        (&[("DOCKER_HOST", "unix:///b.sock")][..], "currentContext"),
        (&[("DOCKER_HOST", "unix:///b.sock"), ("DOCKER_CONTEXT", "gone")], "DOCKER_CONTEXT"),
    ] {
        let found = found(None, variables, context_files("unix:///c.sock")).unwrap();
        assert_eq!(found.endpoint.to_string(), "unix:///b.sock");
        assert!(found.warnings.len() == 1 && found.warnings[0].contains(source_of), "{:?}", found.warnings);
    }
}

/// F22
#[test]
fn f22_the_usual_sockets_are_tried_in_one_order_each_once() {
    let paths = |variables: &[(&str, &str)]| match found(None, variables, FakeFiles::default()).unwrap().endpoint {
        Endpoint::Usual(usual) => {
            usual.paths.iter().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<String>>()
        }
        other => panic!("{other:?}"),
    };
    let without = paths(&[]);
    assert_eq!(
        without[..4],
        [
            DEFAULT_SOCKET,
            "/run/user/1000/docker.sock",
            "/home/ada/.docker/run/docker.sock",
            "/home/ada/.docker/desktop/docker.sock"
        ]
    );
    let first_of_podman = without.iter().position(|path| path.contains("podman")).unwrap();
    assert!(without[first_of_podman..].iter().all(|path| path.contains("podman")), "{without:?}");
    assert!(without.contains(&"/run/user/1000/podman/podman.sock".to_owned()), "{without:?}");
    assert_eq!(paths(&[("XDG_RUNTIME_DIR", "/run/user/1000")]), without, "no socket is tried twice");
    assert_eq!(paths(&[("XDG_RUNTIME_DIR", "/elsewhere")])[1], "/elsewhere/docker.sock");
}

#[test]
fn addresses_over_tcp_are_read() {
    for (text, expected) in [
        ("tcp://host:1234", "tcp://host:1234"),
        ("http://host:1234/", "tcp://host:1234"),
        ("tcp://host", "tcp://host:2375"),
        ("tcp://[::1]:1234", "tcp://[::1]:1234"),
        ("tcp://[::1]", "tcp://[::1]:2375"),
        ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
        ("ssh://ada@host", "ssh://ada@host"),
    ] {
        assert_eq!(address(text).unwrap(), expected, "{text}");
    }
    assert_eq!(resolved(None, &[("DOCKER_HOST", " \r\n")], sockets(&[DEFAULT_SOCKET])).unwrap(), "the usual sockets");
}

fn sockets(paths: &[&str]) -> FakeFiles {
    FakeFiles { kinds: paths.iter().map(|path| (path.into(), PathKind::Socket)).collect(), ..FakeFiles::default() }
}

/// B42, F17: any value of the variable asks for TLS, as it does for `docker`; a value that looks like no is told.
#[test]
fn f17_tls_is_asked_for_by_the_environment_as_docker_understands_it() {
    let files = || plain_files("/home/ada/.docker", &["ca.pem", "cert.pem", "key.pem"]);
    for (value, told) in [("1", false), ("yes", false), ("0", true), ("false", true), ("No", true), ("off", true)] {
        let tls = tls(Some("tcp://host"), &[("DOCKER_TLS_VERIFY", value)], files());
        assert_eq!((tls.port, tls.files.verify), (2376, true), "{value}");
        assert_eq!(tls.files.asked_by.contains("takes for yes"), told, "{}", tls.files.asked_by);
        assert_eq!(tls.files.ca.as_deref(), Some(Path::new("/home/ada/.docker/ca.pem")));
        assert!(tls.files.client.is_some());
    }
    let empty = [("DOCKER_TLS_VERIFY", ""), ("DOCKER_TLS", "")];
    assert_eq!(resolved(Some("tcp://host"), &empty, files()).unwrap(), "tcp://host:2375");
    let unchecked = tls(Some("tcp://host:1"), &[("DOCKER_TLS", "1")], FakeFiles::default());
    assert!(!unchecked.files.verify && unchecked.files.ca.is_none() && unchecked.port == 1);
    let elsewhere = [("DOCKER_HOST", "tcp://host"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/certs")];
    let tls_elsewhere = tls(None, &elsewhere, FakeFiles::default());
    assert_eq!(tls_elsewhere.files.ca.as_deref(), Some(Path::new("/certs/ca.pem")), "it has to be there");
    let https = tls(Some("https://host"), &[], FakeFiles::default());
    assert!(https.files.verify && https.files.ca.is_none(), "this machine's authorities");
    let asked = Asked { docker_host: Some("host:1"), cert_path: Some(Path::new("/ours")), ..Asked::default() };
    let ours = resolve(&asked, &environment(&[("DOCKER_CERT_PATH", "/certs")], FakeFiles::default())).unwrap();
    assert!(matches!(ours.endpoint, Endpoint::Tls(tls) if tls.files.directory == Path::new("/ours")));
}

/// B42: plain HTTP will not do where TLS was asked for.
#[test]
fn tls_that_is_asked_for_is_never_plain_http() {
    for address in ["tcp://host:2375", "http://host", "host:2375", "https://host"] {
        tls(Some(address), &[("DOCKER_TLS_VERIFY", "1")], FakeFiles::default());
    }
    let unix = [("DOCKER_HOST", "unix:///a.sock"), ("DOCKER_TLS_VERIFY", "1")];
    assert_eq!(resolved(None, &unix, FakeFiles::default()).unwrap(), "unix:///a.sock");
    let half = resolved(Some("https://host"), &[], plain_files("/home/ada/.docker", &["cert.pem"])).unwrap_err();
    assert!(matches!(&half, EndpointError::Tls { cause, .. } if cause.contains("cert.pem")), "{half}");
    let without_host = found(None, &[("DOCKER_TLS_VERIFY", "1")], FakeFiles::default()).unwrap();
    assert!(without_host.warnings[0].contains("tcp://localhost:2376"), "{:?}", without_host.warnings);
}

#[test]
fn the_tls_of_a_context_is_its_own() {
    let directory = format!("/home/ada/.docker/contexts/tls/{}/docker", hex(&Sha256::digest("lab")));
    let with = |host: &str, names: &[&str], skip| {
        let mut files = context_files_with(host, skip);
        files.kinds = plain_files(&directory, names).kinds;
        files
    };
    let checked = tls(None, &[], with("tcp://lab", &["ca.pem", "cert.pem", "key.pem"], false));
    assert_eq!((checked.port, checked.files.verify), (2376, true));
    assert_eq!(checked.files.ca, Some(Path::new(&directory).join("ca.pem")));
    assert!(tls(None, &[], with("tcp://lab", &["cert.pem", "key.pem"], false)).files.ca.is_none());
    assert!(!tls(None, &[], with("tcp://lab:1", &[], true)).files.verify);
    assert_eq!(resolved(None, &[], with("tcp://lab", &[], false)).unwrap(), "tcp://lab:2375");
    assert_eq!(resolved(None, &[], with("ssh://ada@lab", &[], true)).unwrap(), "ssh://ada@lab");
    // The variables are of addresses that no context gives.
    let variables = [("DOCKER_TLS_VERIFY", "1")];
    assert_eq!(resolved(None, &variables, with("tcp://lab", &[], false)).unwrap(), "tcp://lab:2375");
    let mut hidden = context_files("tcp://lab");
    hidden.kinds.insert(Path::new(&directory).join("ca.pem"), PathKind::Hidden);
    assert_eq!(tls(None, &[], hidden).port, 2376, "what cannot be looked at is not taken for absent");
}

// B42, B46
#[test]
fn a_password_in_an_address_is_refused_and_not_shown() {
    for text in ["tcp://ada:secret@host", "http://ada:secret@host:1/", "ssh://ada:secret@host", "ada:secret@host"] {
        let error = address(text).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

/// F25
#[test]
fn f25_what_is_no_address_is_told_once_and_escaped_once() {
    for (text, shown) in [
        ("tcp://host:1/path", "`tcp://host:1/path` (docker_host)"),
        ("tcp://a\\b", "`tcp://a\\b` (docker_host)"),
        ("tcp://ho\u{1b}s\u{202e}t", "`tcp://ho\u{241b}s\u{fffd}t` (docker_host)"),
        ("npipe:////./pipe/x", "`npipe:////./pipe/x` (docker_host)"),
    ] {
        let error = address(text).unwrap_err();
        assert!(matches!(error, EndpointError::Address { .. }), "{text}: {error:?}");
        let error = error.to_string();
        assert!(error.contains(shown) && !error.contains(['\n', '\u{1b}']), "{error}");
    }
}

// B43
#[test]
fn a_path_that_is_no_socket_is_named() {
    for (kind, word) in
        [(PathKind::Directory, "a directory"), (PathKind::File, "a plain file"), (PathKind::Other, "no socket")]
    {
        let files = || FakeFiles { kinds: BTreeMap::from([(DEFAULT_SOCKET.into(), kind)]), ..FakeFiles::default() };
        for configured in [Some("unix:///var/run/docker.sock"), None] {
            let error = resolved(configured, &[], files()).unwrap_err().to_string();
            assert!(error.contains(DEFAULT_SOCKET) && error.contains(word), "{error}");
        }
        let mut podman = files();
        podman.kinds.insert("/run/podman/podman.sock".into(), PathKind::Socket);
        assert!(matches!(found(None, &[], podman).unwrap().endpoint, Endpoint::Usual(_)));
    }
}
