//! What is wrong on the way to a daemon: sockets, TLS, ssh. The English is that of [`crate::docker`].

pub(super) const CAUSES: &[(&str, &str)] = &[
    // Sockets.
    ("none can be connected ({reasons:cause?})", "ни к одному не подключиться ({reasons})"),
    ("{first:cause}; {rest:cause}", "{first}; {rest}"),
    ("no socket at {paths}", "нет сокета {paths}"),
    ("{path}: no such socket", "{path}: такого сокета нет"),
    ("{path}: permission denied", "{path}: доступ запрещён"),
    ("{path}: a directory, and no socket", "{path}: это каталог, а не сокет"),
    ("{path}: a plain file, and no socket", "{path}: это обычный файл, а не сокет"),
    ("{path}: nobody listens", "{path}: никто не слушает"),
    ("no such socket", "такого сокета нет"),
    ("permission denied", "доступ запрещён"),
    ("a directory, and no socket", "это каталог, а не сокет"),
    ("a plain file, and no socket", "это обычный файл, а не сокет"),
    ("nobody listens", "никто не слушает"),
    // TLS.
    (
        "what listens there speaks no plain HTTP, and TLS most likely",
        "то, что там слушает, не понимает простого HTTP и, скорее всего, понимает TLS",
    ),
    ("{cause:cause} (TLS was asked for by {by:asker})", "{cause} (TLS задан через {by})"),
    ("{path}: {cause:cause?} (TLS was asked for by {by:asker})", "{path}: {cause} (TLS задан через {by})"),
    ("{cause:cause?} (TLS was asked for by {by:asker})", "{cause} (TLS задан через {by})"),
    ("the connection was ended within the handshake of TLS", "соединение оборвано во время рукопожатия TLS"),
    ("what listens at port {port} speaks no TLS", "то, что слушает на порту {port}, не понимает TLS"),
    (
        "it speaks neither TLS 1.2 nor 1.3, or no cipher that is safe",
        "он не понимает ни TLS 1.2, ни 1.3 или не знает надёжного шифра",
    ),
    (
        "it wants a client certificate and was given none ({alert:quote})",
        "ему нужен сертификат клиента, а его не предъявили ({alert})",
    ),
    ("it refused our certificate {path} ({alert:quote})", "он отверг наш сертификат {path} ({alert})"),
    ("it ended the handshake of TLS ({alert:quote})", "он прервал рукопожатие TLS ({alert})"),
    ("its certificate or its authority's has expired", "его сертификат или сертификат его центра истёк"),
    ("its certificate or its authority's expired on {at}", "его сертификат или сертификат его центра истёк {at}"),
    (
        "its certificate or its authority's is not valid yet",
        "его сертификат или сертификат его центра ещё не действует",
    ),
    (
        "its certificate or its authority's is not valid before {at}",
        "его сертификат или сертификат его центра не действует до {at}",
    ),
    ("its certificate is not made for servers", "его сертификат выписан не для серверов"),
    (
        "its certificate is that of an authority (CA:TRUE)",
        "его сертификат принадлежит удостоверяющему центру (`CA:TRUE`)",
    ),
    ("its certificate cannot be used: {words:quote}", "его сертификат непригоден: {words}"),
    (
        "its certificate is signed by an authority that is not in {path}",
        "его сертификат подписан центром, которого нет в {path}",
    ),
    (
        "its certificate is signed by an authority that this machine does not know",
        "его сертификат подписан центром, которого эта машина не знает",
    ),
    (
        "its certificate is made out for no name at all (its subjectAltName is what counts), and not for {host}",
        "его сертификат не выписан ни на какое имя (считается `subjectAltName`), в том числе на {host}",
    ),
    (
        "its certificate is made out for {names}, and not for {host}",
        "его сертификат выписан на {names}, а не на {host}",
    ),
    ("no certificate can be made out for the name {host}", "на имя {host} сертификат выписать нельзя"),
    (
        "this machine knows no authorities, and {path} is not there",
        "эта машина не знает ни одного центра, и {path} нет",
    ),
    ("it is not the key of {path}", "это не ключ от {path}"),
    ("it holds no certificate in PEM", "в нём нет сертификата в формате PEM"),
    ("it holds no private key in PEM", "в нём нет закрытого ключа в формате PEM"),
    (
        "it is encrypted with a passphrase, and nobody is asked for one",
        "он зашифрован паролем, а пароль никто не спросит",
    ),
    ("it is no file of certificates", "это не файл с сертификатами"),
    // ssh.
    ("there is no program `ssh` here", "здесь нет программы `ssh`"),
    ("`ssh` does not start: {error:quote}", "`ssh` не запускается: {error}"),
    ("{meaning:cause} ({how:cause})", "{meaning} ({how})"),
    ("it said: {words:quote}", "его слова: {words}"),
    ("it said nothing; {status:quote}", "он ничего не сказал; {status}"),
    ("it closed its output and did not end", "он закрыл вывод и не завершился"),
    ("there is no command `docker` on {host}", "на {host} нет команды `docker`"),
    ("the key of {host} is another than the one that is known of it", "ключ {host} не тот, который известен"),
    ("the key of {host} is not known", "ключ {host} неизвестен"),
    ("the name {host} leads nowhere", "имя {host} никуда не ведёт"),
    ("{host} lets nobody in with what was offered", "{host} не пускает с тем, что предъявлено"),
    ("ssh cannot use its configuration", "ssh не может прочитать свои настройки"),
    ("ssh ended", "ssh завершился"),
    ("ssh does not reach {host}", "ssh не достаёт до {host}"),
    (
        "who logs in on {host} may not open {socket} of the Docker daemon",
        "тот, кто входит на {host}, не может открыть сокет демона Docker ({socket})",
    ),
    (
        "the command `docker` on {host} has no `system dial-stdio`",
        "у команды `docker` на {host} нет `system dial-stdio`",
    ),
    ("the daemon on {host} ended the connection without an answer", "демон на {host} закрыл соединение без ответа"),
    ("`docker system dial-stdio` failed on {host}", "сбой `docker system dial-stdio` на {host}"),
];

pub(super) const CURES: &[(&str, &str)] = &[
    // Sockets.
    (
        "start the daemon; {paths} can be connected and may be another engine's: if it is the one that you mean, name it with \
         --docker-host or DOCKER_HOST, or start Dockledger again",
        "запустите демон; к {paths} подключиться можно, но это может быть другой движок: если нужен он, назовите его через \
         `--docker-host` или `DOCKER_HOST` или запустите Dockledger заново",
    ),
    (
        "run as root or as a member of the group that owns the socket (`usermod -aG docker USER`, then log in again), \
         {cure:cure}",
        "запускайте от `root` или от участника группы, которой принадлежит сокет (`usermod -aG docker USER`, затем войдите \
         заново), {cure}",
    ),
    (
        "start the daemon (`systemctl start docker`), or name another with --docker-host or DOCKER_HOST",
        "запустите демон (`systemctl start docker`) или назовите другой через `--docker-host` или `DOCKER_HOST`",
    ),
    // TLS.
    (
        "have TLS spoken: DOCKER_TLS_VERIFY=1 with DOCKER_CERT_PATH, docker_cert_path, or a Docker context with certificates",
        "включите TLS: `DOCKER_TLS_VERIFY=1` с `DOCKER_CERT_PATH`, `docker_cert_path` или контекст Docker с сертификатами",
    ),
    (
        "see that it is a daemon with --tlsverify that listens there, its log, and that it takes our certificate {path}",
        "проверьте, что там слушает демон с `--tlsverify`, его журнал и то, что он принимает наш сертификат {path}",
    ),
    (
        "see that it is a daemon with --tlsverify that listens there, its log, and whether it wants a client certificate, which \
         it was not given",
        "проверьте, что там слушает демон с `--tlsverify`, его журнал и не нужен ли ему сертификат клиента, которого ему не \
         предъявили",
    ),
    (
        "the daemon speaks it with --tlsverify, at port {port} by custom; for plain HTTP, which gives root to whoever reaches \
         the port, leave TLS out",
        "демон понимает его с `--tlsverify`, обычно на порту {port}; для простого HTTP, который даёт права `root` любому, кто \
         достанет до порта, не задавайте TLS",
    ),
    ("update the daemon", "обновите демон"),
    ("see the daemon's log", "посмотрите журнал демона"),
    (
        "put cert.pem and key.pem, signed by the authority of its --tlscacert, into {directory}",
        "положите `cert.pem` и `key.pem`, подписанные центром из его `--tlscacert`, в {directory}",
    ),
    (
        "have one made by the authority of its --tlscacert, for clients (extendedKeyUsage clientAuth), that has not expired",
        "получите непросроченный у центра из его `--tlscacert`, для клиентов (`extendedKeyUsage clientAuth`)",
    ),
    (
        "have it renewed over there, and see that this machine's clock is right",
        "обновите его там и проверьте часы этой машины",
    ),
    (
        "see that this machine's clock is right, and the one where it was made",
        "проверьте часы этой машины и той, где он выписан",
    ),
    ("have it made with extendedKeyUsage serverAuth", "выпишите его с `extendedKeyUsage serverAuth`"),
    (
        "have one made for the daemon that is signed by the authority",
        "выпишите для демона отдельный, подписанный этим центром",
    ),
    ("look at it: `{command:typed}`", "посмотрите на него: {command}"),
    ("put the certificate of the daemon's own authority there", "положите туда сертификат центра самого демона"),
    (
        "put the certificate of the daemon's own authority at {path}",
        "положите сертификат центра самого демона в {path}",
    ),
    (
        "reach it under a name that is there, or have it made with subjectAltName {name:typed}",
        "обращайтесь к нему по имени, которое там есть, или выпишите его с `subjectAltName` {name}",
    ),
    (
        "reach it under a name or an address that its certificate names",
        "обращайтесь к нему по имени или адресу из его сертификата",
    ),
    (
        "put the certificate of the daemon's authority there, or install ca-certificates",
        "положите туда сертификат центра демона или установите `ca-certificates`",
    ),
    ("put the certificate of the daemon's authority there", "положите туда сертификат центра демона"),
    ("put the two that were made together there", "положите туда те два, что выписаны вместе"),
    ("have both made anew", "выпишите оба заново"),
    (
        "put one there that begins with -----BEGIN CERTIFICATE-----",
        "положите туда тот, что начинается с `-----BEGIN CERTIFICATE-----`",
    ),
    (
        "write it without one (`openssl pkey -in key.pem -out key.pem`), readable by us alone",
        "запишите его без пароля (`openssl pkey -in key.pem -out key.pem`), чтобы читать могли только мы",
    ),
    ("put the key of cert.pem there", "положите туда ключ от `cert.pem`"),
    (
        "put it there, or name the directory that holds it in DOCKER_CERT_PATH or docker_cert_path",
        "положите его туда или назовите его каталог в `DOCKER_CERT_PATH` или `docker_cert_path`",
    ),
    (
        "let the user that Dockledger runs as read it",
        "дайте читать его пользователю, от имени которого работает Dockledger",
    ),
    ("put a file in PEM there", "положите туда файл в формате PEM"),
    // ssh.
    (
        "install it (package openssh-client), and see that it is in PATH",
        "установите её (пакет `openssh-client`) и проверьте, что она есть в `PATH`",
    ),
    ("see that it can be run by this user", "проверьте, что этот пользователь может её запустить"),
    (
        "install Docker's command there (package docker-cli or docker.io), where `{command:typed}` finds it",
        "установите там команду Docker (пакет `docker-cli` или `docker.io`), чтобы её находила {command}",
    ),
    (
        "if that is known and right, `{forget:typed}`, then `{command:typed}` once by hand",
        "если это известно и верно, {forget}, затем один раз вручную {command}",
    ),
    (
        "`{command:typed}` once by hand, as the user that Dockledger runs as, and compare its fingerprint",
        "один раз вручную {command} от имени пользователя, под которым работает Dockledger, и сверьте отпечаток",
    ),
    (
        "put a key that needs no passphrase, or an agent (SSH_AUTH_SOCK), where `{command:typed}` finds it as the user that \
         Dockledger runs as, and its public half into the authorized_keys over there",
        "положите ключ без пароля или агент (`SSH_AUTH_SOCK`) туда, где его находит {command} от имени пользователя, под \
         которым работает Dockledger, а открытую половину в `authorized_keys` на той стороне",
    ),
    (
        "check the address, or the Host entries of the configuration of ssh",
        "проверьте адрес или записи `Host` в настройках ssh",
    ),
    ("see `{command:typed}`", "посмотрите {command}"),
    ("see that the network and sshd over there last", "проверьте, что сеть и `sshd` на той стороне держатся"),
    (
        "see that `{command:typed}` works, as the user that Dockledger runs as",
        "проверьте, что {command} работает от имени пользователя, под которым работает Dockledger",
    ),
    ("`{command:typed}` there, and log in anew", "там {command}, затем войдите заново"),
    ("update it to 18.09 or later", "обновите её до 18.09 или новее"),
    ("see its log there; `{command:typed}` says more", "посмотрите его журнал там; больше скажет {command}"),
    ("start the daemon there; `{command:typed}` says more", "запустите там демон; больше скажет {command}"),
];

/// By what TLS was asked for.
pub(super) const ASKERS: &[(&str, &str)] = &[
    ("the Docker context `{context:typed}`", "контекст Docker {context}"),
    (
        "{setting:typed}, which Docker takes for yes, like any value that is not empty: unset it for plain HTTP",
        "{setting}, что Docker понимает как «да», как и любое непустое значение: для простого HTTP уберите её",
    ),
    ("{setting:typed}", "{setting}"),
];
