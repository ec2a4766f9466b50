//! What the daemon did not do, or not in time. The English is that of the errors of [`crate::docker`].

pub(super) const SENTENCES: &[(&str, &str)] = &[
    // Before what it begins with.
    (
        "{error:sentence}; single containers answer: {answered} did and their rows were updated, {hanging} did not, and nothing \
         was made or marked missing",
        "{error}; отдельные контейнеры отвечают: ответило {answered}, их строки обновлены, не ответило {hanging}; ничего не \
         создано и не помечено пропавшим",
    ),
    (
        "cannot reach the Docker daemon at {endpoint}: there is no such socket; start the daemon (`systemctl start docker`), or \
         name another with --docker-host or DOCKER_HOST",
        "демон Docker недоступен по адресу {endpoint}: такого сокета нет; запустите демон (`systemctl start docker`) или \
         назовите другой через `--docker-host` или `DOCKER_HOST`",
    ),
    (
        "cannot reach the Docker daemon at {endpoint}: the connection was refused; {cure:cure}",
        "демон Docker недоступен по адресу {endpoint}: в соединении отказано; {cure}",
    ),
    (
        "cannot reach the Docker daemon at {endpoint}: permission denied; run as root or as a member of the group that owns the \
         socket (`usermod -aG docker USER`, then log in again)",
        "демон Docker недоступен по адресу {endpoint}: доступ запрещён; запускайте от `root` или от участника группы, которой \
         принадлежит сокет (`usermod -aG docker USER`, затем войдите заново)",
    ),
    (
        "cannot reach the Docker daemon at {endpoint}: {cause:cause?}; {cure:cure}",
        "демон Docker недоступен по адресу {endpoint}: {cause}; {cure}",
    ),
    (
        "cannot reach the Docker daemon at {endpoint}: {cause:cause?}",
        "демон Docker недоступен по адресу {endpoint}: {cause}",
    ),
    (
        "the Docker daemon at {endpoint} accepted the connection and did not begin to answer {call:typed} within {bound:bound}; \
         it hangs or is starting; if it stays so, see its log (`journalctl -u docker`) and restart it",
        "демон Docker по адресу {endpoint} принял соединение и не начал отвечать на {call} за {bound}; он завис или \
         запускается; если так и останется, посмотрите его журнал (`journalctl -u docker`) и перезапустите его",
    ),
    (
        "the Docker daemon at {endpoint} did not begin to answer {call:typed} within {bound:bound}; it hangs or is starting, or \
         the login by ssh takes longer; if it stays so, see its log (`journalctl -u docker`) and restart it",
        "демон Docker по адресу {endpoint} не начал отвечать на {call} за {bound}; он завис или запускается, или дольше длится \
         вход по ssh; если так и останется, посмотрите его журнал (`journalctl -u docker`) и перезапустите его",
    ),
    (
        "{call:typed} took longer than {bound:bound}: the Docker daemon at {endpoint} answers a ping and did not begin to answer \
         that; how long it needs is not known; {cure:cure}",
        "{call} длится больше, чем {bound}: демон Docker по адресу {endpoint} откликается, но на это отвечать не начал; сколько \
         ему нужно, неизвестно; {cure}",
    ),
    (
        "{call:typed} took longer than {bound:bound}: the Docker daemon at {endpoint} answers a ping and did not begin to answer \
         that; how long it needs is not known",
        "{call} длится больше, чем {bound}: демон Docker по адресу {endpoint} откликается, но на это отвечать не начал; сколько \
         ему нужно, неизвестно",
    ),
    (
        "the Docker daemon at {endpoint} began to answer {call:typed} and did not end within {bound:bound}, after {bytes} \
         bytes; {cure:cure}",
        "демон Docker по адресу {endpoint} начал отвечать на {call} и не закончил за {bound}, передав байт: {bytes}; {cure}",
    ),
    (
        "the Docker daemon at {endpoint} began to answer {call:typed} and did not end within {bound:bound}, after {bytes} bytes",
        "демон Docker по адресу {endpoint} начал отвечать на {call} и не закончил за {bound}, передав байт: {bytes}",
    ),
    (
        "the Docker daemon at {endpoint} ended its answer to {call:typed} early, after {bytes} bytes: {cause:cause?}",
        "демон Docker по адресу {endpoint} оборвал ответ на {call}, передав байт: {bytes}; {cause}",
    ),
    (
        "the Docker daemon at {endpoint} answered {call:typed} with status {status}: {body:quote}; {cure:cure}",
        "демон Docker по адресу {endpoint} ответил на {call} статусом {status}: {body}; {cure}",
    ),
    (
        "the Docker daemon at {endpoint} answered {call:typed} with status {status}: {body:quote}",
        "демон Docker по адресу {endpoint} ответил на {call} статусом {status}: {body}",
    ),
    (
        "the Docker daemon at {endpoint} answered {call:typed} with something that is no listing: {cause:cause?}",
        "демон Docker по адресу {endpoint} ответил на {call} чем-то, что не список: {cause}",
    ),
    (
        "the Docker daemon at {endpoint} answered {call:typed} with more than {limit} bytes",
        "демон Docker по адресу {endpoint} ответил на {call} слишком длинно, байт больше {limit}",
    ),
    (
        "the action was sent to the Docker daemon at its address and its outcome is unknown (whoever carried it out did not \
         answer); the daemon may still carry it out: look at the container's state before trying again",
        "действие отправлено демону Docker, и чем оно кончилось, неизвестно (тот, кто его выполнял, не ответил); демон ещё \
         может его выполнить: посмотрите на состояние контейнера, прежде чем повторять",
    ),
    (
        "{call:typed} was sent to the Docker daemon at {endpoint} and its outcome is unknown ({cause:sentence?}); the daemon may \
         still carry it out: look at the container's state before trying again",
        "{call} отправлено демону Docker по адресу {endpoint}, и чем это кончилось, неизвестно ({cause}); демон ещё может это \
         выполнить: посмотрите на состояние контейнера, прежде чем повторять",
    ),
    (
        "another daemon answers at {endpoint} than the one that host {host} was kept from: {seen} instead of {stored}, and none \
         of its containers is one that a row is bound to; nothing was written. If that is meant (reinstalled, moved), run \
         `{command:typed}`; else point --docker-host to the right daemon or choose another --host",
        "по адресу {endpoint} отвечает другой демон, не тот, с которым вёлся хост {host}: {seen} вместо {stored}, и ни к одному \
         его контейнеру не привязана строка; ничего не записано. Если так задумано (переустановлен, перенесён), выполните \
         {command}; иначе укажите верный демон через `--docker-host` или выберите другой `--host`",
    ),
    (
        "the daemon at {endpoint} lists none of the {bound} containers that rows of host {host} are bound to, and who it is \
         cannot be told ({why:cause?}): it may be another daemon, so nothing is made, re-bound or marked missing. Allow `/info` \
         at the proxy before it (INFO=1), raise identity_deadline if the answer is late, or, if it is this host's daemon, run \
         `{command:typed}`",
        "в списке демона по адресу {endpoint} нет ни одного из контейнеров ({bound}), к которым привязаны строки хоста {host}, \
         а кто он, узнать нельзя ({why}): это может быть другой демон, поэтому ничего не создаётся, не перепривязывается и не \
         помечается пропавшим. Разрешите `/info` у прокси перед ним (`INFO=1`), увеличьте `identity_deadline`, если ответ \
         запаздывает, или, если это демон этого хоста, выполните {command}",
    ),
];

pub(super) const CAUSES: &[(&str, &str)] = &[
    ("the answer is no JSON array", "ответ не массив JSON"),
    ("the array is broken at byte {byte}", "массив испорчен на байте {byte}"),
    ("something follows the array at byte {byte}", "после массива что-то есть, с байта {byte}"),
    ("the body ends inside the array, after {bytes} bytes", "тело обрывается внутри массива, передано байт: {bytes}"),
    ("its answer is not the API's: {cause:cause?}", "ответ не по API: {cause}"),
    ("no answer within {bound:bound}", "нет ответа за {bound}"),
    ("no answer within ({bound:bound})", "нет ответа за {bound}"),
    ("no connection within {bound:bound}", "нет соединения за {bound}"),
    ("without a word", "без объяснений"),
    ("{call:typed} is refused with status {status}", "на {call} отказ, статус {status}"),
    ("{call:typed} was not answered within {bound:bound}", "на {call} нет ответа за {bound}"),
    (
        "what containers are listed through does not say who answers",
        "то, через что выдаётся список, не говорит, кто отвечает",
    ),
    ("Podman has no id of its own", "у Podman нет собственного id"),
    ("GET /info tells no id", "`GET /info` не называет id"),
    ("GET /info is not answered yet", "на `GET /info` ответа ещё нет"),
    ("no id of this host's daemon was ever learned", "id демона этого хоста никогда не был известен"),
    ("status {status}", "статус {status}"),
    ("{cause:cause?}; {cure:cure}", "{cause}; {cure}"),
    ("{error:sentence}", "{error}"),
];

pub(super) const CURES: &[(&str, &str)] = &[
    (
        "start the daemon, and if the socket file is bind-mounted into a container, mount its directory instead",
        "запустите демон, а если файл сокета смонтирован в контейнер, смонтируйте вместо него каталог",
    ),
    ("start the daemon, and see that it listens there", "запустите демон и проверьте, что он слушает там"),
    (
        "check the address (--docker-host, DOCKER_HOST, `docker context ls`)",
        "проверьте адрес (`--docker-host`, `DOCKER_HOST`, `docker context ls`)",
    ),
    ("raise {setting:typed} if it only needs longer", "увеличьте {setting}, если ему просто нужно больше времени"),
];

pub(super) const BOUNDS: &[(&str, &str)] =
    &[("{setting:typed} ({bound:time})", "{bound} ({setting})"), ("{bound:time}", "{bound}")];
