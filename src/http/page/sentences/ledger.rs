//! What the verdicts of a pass say, and what refuses an order or a visit. The English is that of [`crate::dispatch`] and
//! [`crate::http`].

pub(super) const SENTENCES: &[(&str, &str)] = &[
    // Of orders.
    (
        "this service does not act on containers; its configuration lets it with actions.enabled = true",
        "эта служба не действует на контейнеры; в настройках это разрешает `actions.enabled = true`",
    ),
    (
        "this service acts on the containers of {host} alone; ask the one that keeps the host named",
        "эта служба действует только на контейнеры хоста {host}; обратитесь к той, что ведёт названный хост",
    ),
    (
        "the service is ending; whether the action was carried out is not known",
        "служба завершается; выполнено ли действие, неизвестно",
    ),
    (
        "the row was bound to another container meanwhile; look at it and try again",
        "тем временем строку привязали к другому контейнеру; посмотрите на неё и повторите",
    ),
    (
        "too many actions are being carried out or wait for their turn; nothing was done",
        "слишком много действий выполняется или ждёт очереди; ничего не сделано",
    ),
    ("the daemon has no such container any more", "такого контейнера у демона больше нет"),
    (
        "the daemon does not say what this container is; nothing was done",
        "демон не говорит, что это за контейнер; ничего не сделано",
    ),
    ("the container's own labels name another owner", "собственные метки контейнера называют другого владельца"),
    (
        "the row is bound to no container that is there, by its full id",
        "строка не привязана к существующему контейнеру по его полному id",
    ),
    // Of who may.
    (
        "it takes a token of the scope admin; one of the scope deploy acts on the containers of a project's stage",
        "для этого нужен токен области `admin`; токен области `deploy` действует на контейнеры стадии проекта",
    ),
    (
        "who ordered what is for those with a token of the scope admin",
        "кто что приказал, видят обладатели токена области `admin`",
    ),
    (
        "this token is bound to projects, and this is not within one; it takes a token that is bound to none",
        "этот токен привязан к проектам, а это ни к одному из них не относится; нужен токен без привязки",
    ),
    (
        "this token may not do that; it takes one of the scope {scope:typed}",
        "этому токену так нельзя; нужен токен области {scope}",
    ),
    ("a fault of our own; it is in the log of the service", "это наш собственный сбой; он записан в журнале службы"),
    // Of the registry.
    (
        "there is no {kind:kind} \"{name}\"; {known:typed} lists those that exist",
        "нет такого: {kind} {name}; что есть, перечисляет {known}",
    ),
    (
        "row \"{row}\" is bound to a container: its state is what the daemon says; a row without one can be set to failed",
        "строка {row} привязана к контейнеру: её состояние говорит демон; сбойной можно назвать строку без контейнера",
    ),
];

pub(super) const DETAILS: &[(&str, &str)] = &[
    ("{detail:detail}, and compose is about to replace that", "{detail}, и compose собирается его заменить"),
    ("row {row} is held by {name} ({id})", "строку {row} занимает {name} ({id})"),
    ("row {row} goes to {name} ({id})", "строка {row} достаётся {name} ({id})"),
    (
        "row {row} is bound to {id}, whose entry was not readable",
        "строка {row} привязана к {id}, запись о котором не прочиталась",
    ),
    (
        "row {row} is bound to {id}, which may still exist",
        "строка {row} привязана к {id}, который, возможно, ещё существует",
    ),
    ("row {row} belongs to a workload that is going", "строка {row} принадлежит владельцу, которого удаляют"),
    ("row {row} belongs to project {owner}", "строка {row} принадлежит проекту {owner}"),
    ("row {row} belongs to stack {owner}", "строка {row} принадлежит стеку {owner}"),
    ("row {row} belongs to site {owner}", "строка {row} принадлежит сайту {owner}"),
    (
        "it keeps row {row} of workload {owner}; its labels name workload {other}",
        "за ним остаётся строка {row} владельца {owner}; его метки называют владельца {other}",
    ),
    (
        "it keeps row {row} of workload {owner}; its labels name site {other}",
        "за ним остаётся строка {row} владельца {owner}; его метки называют сайт {other}",
    ),
    (
        "it keeps row {row} of workload {owner}; its labels name compose project {other}",
        "за ним остаётся строка {row} владельца {owner}; его метки называют проект compose {other}",
    ),
    ("it keeps row {row}; {detail:detail}", "за ним остаётся строка {row}; {detail}"),
    ("the label says {label}, the workload is a {kind:kind}", "метка говорит {label}, а владелец {kind}"),
    (
        "its inspect, which says what its image was called, did not answer yet",
        "демон ещё не ответил, как назывался его образ",
    ),
    (
        "whether the daemon is this host's is in doubt, so nothing new is bound",
        "неясно, тот ли это демон, поэтому новое не привязывается",
    ),
    ("the image carries the same label", "образ несёт ту же метку"),
    ("the labels of its image were not read in time", "метки его образа не прочитаны вовремя"),
    ("the labels of its image are being read", "метки его образа читаются"),
    ("{call:typed} is refused with status {status}", "на {call} отказ, статус {status}"),
    (
        "a task of the Swarm service {service} (Swarm stack {stack}): its name changes with each deploy",
        "задача сервиса Swarm {service} (стек Swarm {stack}): её имя меняется с каждым развёртыванием",
    ),
    (
        "a task of the Swarm service {service}: its name changes with each deploy",
        "задача сервиса Swarm {service}: её имя меняется с каждым развёртыванием",
    ),
    (
        "a container of the Swarm stack {stack}: its name changes with each deploy",
        "контейнер стека Swarm {stack}: его имя меняется с каждым развёртыванием",
    ),
    (
        "a container of the Kubernetes pod {pod} (namespace {namespace}): its name changes with each deploy",
        "контейнер пода Kubernetes {pod} (пространство имён {namespace}): его имя меняется с каждым развёртыванием",
    ),
    (
        "a container of the Kubernetes pod {pod}: its name changes with each deploy",
        "контейнер пода Kubernetes {pod}: его имя меняется с каждым развёртыванием",
    ),
    (
        "a task of the Nomad job {job} in the Nomad allocation {allocation}: its name changes with each deploy",
        "задача задания Nomad {job} в размещении Nomad {allocation}: её имя меняется с каждым развёртыванием",
    ),
    (
        "a task in the Nomad allocation {allocation}: its name changes with each deploy",
        "задача в размещении Nomad {allocation}: её имя меняется с каждым развёртыванием",
    ),
    (
        "a container of the ECS task {task}: its name changes with each deploy",
        "контейнер задачи ECS {task}: его имя меняется с каждым развёртыванием",
    ),
    (
        "a container that Coolify deploys: its name changes with each deploy",
        "контейнер, который развёртывает Coolify: его имя меняется с каждым развёртыванием",
    ),
    (
        "a container of kamal's service {service}, role {role}: its name changes with each deploy",
        "контейнер сервиса kamal {service}, роль {role}: его имя меняется с каждым развёртыванием",
    ),
    ("{error:sentence}", "{error}"),
];

pub(super) const KINDS: &[(&str, &str)] = &[
    ("project", "проект"),
    ("stage", "стадия"),
    ("stack", "стек"),
    ("site", "сайт"),
    ("workload", "владелец"),
    ("row", "строка"),
    ("host", "хост"),
    ("container", "контейнер"),
];
