use super::*;

#[derive(Default)]
struct FakeFiles {
    texts: BTreeMap<PathBuf, String>,
    kinds: BTreeMap<PathBuf, PathKind>,
}

impl Files for FakeFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.texts.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn kind(&self, path: &Path) -> PathKind {
        self.kinds.get(path).copied().unwrap_or(PathKind::Absent)
    }
}

fn environment(variables: &[(&str, &str)], files: FakeFiles) -> Environment {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment { variables, home: Some("/home/ada".into()), files: Box::new(files) }
}

fn sockets(paths: &[&str]) -> FakeFiles {
    FakeFiles { kinds: paths.iter().map(|path| (path.into(), PathKind::Socket)).collect(), ..FakeFiles::default() }
}

fn resolved(configured: Option<&str>, variables: &[(&str, &str)], files: FakeFiles) -> Result<String, EndpointError> {
    resolve(configured, &environment(variables, files)).map(|endpoint| endpoint.to_string())
}

fn address(text: &str) -> Result<String, EndpointError> {
    resolved(Some(text), &[], FakeFiles::default())
}

/// The context `lab`, with this address.
fn context_files(host: &str) -> FakeFiles {
    let hash = hex(&Sha256::digest("lab"));
    let meta = format!(
        r#"{{"Name":"lab","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
    );
    FakeFiles {
        texts: BTreeMap::from([
            ("/home/ada/.docker/config.json".into(), r#"{"auths":{},"currentContext":"lab"}"#.into()),
            (format!("/home/ada/.docker/contexts/meta/{hash}/meta.json").into(), meta),
        ]),
        kinds: BTreeMap::new(),
    }
}

#[test]
fn the_configured_address_comes_before_docker_host_and_that_before_the_context() {
    let host = [("DOCKER_HOST", "unix:///b.sock")];
    let files = || context_files("unix:///c.sock");
    assert_eq!(resolved(Some("unix:///a.sock"), &host, files()).unwrap(), "unix:///a.sock");
    assert_eq!(resolved(None, &host, files()).unwrap(), "unix:///b.sock");
    assert_eq!(resolved(Some(""), &[("DOCKER_HOST", "")], files()).unwrap(), "unix:///c.sock");
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
    let mut files = context_files("unix:///c.sock");
    files.kinds.insert(PODMAN_SOCKET.into(), PathKind::Socket);
    assert_eq!(resolved(None, &[("DOCKER_CONTEXT", "default")], files).unwrap(), format!("unix://{PODMAN_SOCKET}"));
}

#[test]
fn a_context_that_cannot_be_read_is_an_error_that_names_it() {
    let error = resolved(None, &[("DOCKER_CONTEXT", "gone")], FakeFiles::default()).unwrap_err().to_string();
    assert!(
        error.contains("gone") && error.contains("DOCKER_CONTEXT") && error.contains("docker context ls"),
        "{error}"
    );
    let mut broken = FakeFiles::default();
    broken.texts.insert("/home/ada/.docker/config.json".into(), "{".into());
    assert!(matches!(resolved(None, &[], broken), Err(EndpointError::DockerConfig { .. })));
}

#[test]
fn the_first_socket_that_exists_is_taken() {
    let all = [
        DEFAULT_SOCKET,
        "/run/user/1000/docker.sock",
        "/home/ada/.docker/run/docker.sock",
        PODMAN_SOCKET,
        "/run/user/1000/podman/podman.sock",
    ];
    for at in 0..all.len() {
        let found = resolved(None, &[("XDG_RUNTIME_DIR", "/run/user/1000")], sockets(&all[at..])).unwrap();
        assert_eq!(found, format!("unix://{}", all[at]));
    }
    let none = resolved(None, &[], FakeFiles::default()).unwrap();
    assert_eq!(none, format!("unix://{DEFAULT_SOCKET}"), "so that the error names it");
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
    ] {
        assert_eq!(address(text).unwrap(), expected, "{text}");
    }
}

// B42
#[test]
fn tls_and_ssh_are_errors_and_never_plain_http() {
    assert!(matches!(address("https://host:2376"), Err(EndpointError::Tls { .. })));
    assert!(matches!(address("ssh://ada@host"), Err(EndpointError::Ssh { .. })));
    let verify = [("DOCKER_HOST", "tcp://host:2376"), ("DOCKER_TLS_VERIFY", "1")];
    assert!(matches!(resolved(None, &verify, FakeFiles::default()), Err(EndpointError::Tls { .. })));
    assert!(matches!(resolved(Some("tcp://host"), &verify, FakeFiles::default()), Err(EndpointError::Tls { .. })));
    let unix = [("DOCKER_HOST", "unix:///a.sock"), ("DOCKER_TLS_VERIFY", "1")];
    assert_eq!(resolved(None, &unix, FakeFiles::default()).unwrap(), "unix:///a.sock");
    let mut files = context_files("tcp://lab:2376");
    let certificates = format!("/home/ada/.docker/contexts/tls/{}/docker", hex(&Sha256::digest("lab")));
    files.kinds.insert(certificates.into(), PathKind::Directory);
    assert!(matches!(resolved(None, &[], files), Err(EndpointError::Tls { .. })));
}

// B42, B46
#[test]
fn a_password_in_an_address_is_refused_and_not_shown() {
    for text in ["tcp://ada:secret@host", "http://ada:secret@host:1/", "ssh://ada:secret@host", "ada:secret@host"] {
        let error = address(text).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn what_is_no_address_is_an_error() {
    for text in [
        "/var/run/docker.sock",
        "unix://relative.sock",
        "unix://",
        "npipe:////./pipe/docker",
        "tcp://",
        "tcp://:2375",
        "tcp://host:0",
        "tcp://host:70000",
        "tcp://host:",
        "tcp://host/path",
        "tcp://a:b:c",
        "tcp://host\n:1",
        "tcp://[::1]1",
    ] {
        let error = address(text).unwrap_err();
        assert!(matches!(error, EndpointError::Address { .. }), "{text}: {error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
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
        podman.kinds.insert(PODMAN_SOCKET.into(), PathKind::Socket);
        assert_eq!(resolved(None, &[], podman).unwrap(), format!("unix://{PODMAN_SOCKET}"));
    }
}
