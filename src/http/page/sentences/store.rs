//! What the database did not do. The English is that of the errors of [`crate::store`].

pub(super) const SENTENCES: &[(&str, &str)] = &[
    ("cannot open the database {url}: {cause:cause?}", "не удаётся открыть базу данных {url}: {cause}"),
    (
        "the database {url} did not answer within {bound:time}; look whether its server or its disk hangs",
        "база данных {url} не ответила за {bound}; проверьте, не завис ли её сервер или диск",
    ),
    (
        "cannot {attempt:attempt} (database {url}): it is locked by another process ({cause:quote}); it is tried again",
        "не удаётся {attempt} (база данных {url}): её блокирует другой процесс ({cause}); попытка повторится",
    ),
    ("cannot {attempt:attempt} (database {url}): {cause:cause?}", "не удаётся {attempt} (база данных {url}): {cause}"),
    (
        "cannot {attempt:attempt}: the database refuses a value: {cause:quote}",
        "не удаётся {attempt}: база данных не принимает значение: {cause}",
    ),
    (
        "host {host} is written by another dockledger ({holder:holder}); stop that one, ask it to reconcile by SIGUSR1, or give \
         this one another name with --host",
        "хост {host} ведёт другой процесс Dockledger ({holder}); остановите его, попросите его сверить реестр сигналом \
         `SIGUSR1` или дайте этому другое имя через `--host`",
    ),
    (
        "host {host} is written by a living service; stop that one first, or ask it to run a pass: POST /api/v1/passes",
        "хост {host} ведёт работающая служба; сначала остановите её или попросите сделать проход: `POST /api/v1/passes`",
    ),
    (
        "the daemon at {endpoint} is already kept under the host name {other}; use --host {same}, or `{rename:typed}`, \
         `{forget:typed}`, or `{confirm:typed}` if both names are meant",
        "демон по адресу {endpoint} уже ведётся под именем хоста {other}; задайте `--host` {same} или выполните {rename} или \
         {forget}, а если нужны оба имени, {confirm}",
    ),
    (
        "cannot migrate the database {url}: {table} exists and dockledger did not create it; move it away or use another schema",
        "не удаётся обновить схему базы данных {url}: {table} уже есть, и создал её не Dockledger; уберите её или возьмите \
         другую схему",
    ),
    (
        "the database {url} has {found:cause}, and this dockledger needs the schema {needed}; {cure:cure}",
        "в базе данных {url} {found}, а этой программе нужна схема {needed}; {cure}",
    ),
    (
        "the lease of host {host} could not be released, since the database did not answer: it stands for up to {time:time}; a \
         process on this machine need not wait once this one is gone",
        "аренду хоста {host} не удалось отдать, потому что база данных не ответила: она действует ещё до {time}; процессу на \
         этой машине ждать не придётся, как только этот завершится",
    ),
    (
        "the ledger's database cannot be used now; the log of the service says why and what helps",
        "базой данных реестра сейчас пользоваться нельзя; почему и что поможет, говорит журнал службы",
    ),
    ("cannot {attempt:attempt}: {cause:cause?}", "не удаётся {attempt}: {cause}"),
];

pub(super) const CAUSES: &[(&str, &str)] = &[
    (
        "the runtime is ending; nothing more is read or written",
        "служба завершается; больше ничего не читается и не пишется",
    ),
    ("a later life of this store has taken its place", "его место уже заняло следующее подключение"),
    (
        "it did not answer within {bound:time}; look whether its server or its disk hangs; it is tried again on a new connection",
        "она не ответила за {bound}; проверьте, не завис ли её сервер или диск; попытка повторится на новом соединении",
    ),
    ("it is not open yet; it is tried again", "она ещё не открыта; попытка повторится"),
    (
        "the file was emptied while it was in use; put it back, or stop dockledger and start it again",
        "файл опустошён во время работы; верните его или остановите Dockledger и запустите снова",
    ),
    (
        "the file was removed or replaced while it was open; put it back, or stop dockledger and start it again",
        "файл удалён или подменён во время работы; верните его или остановите Dockledger и запустите снова",
    ),
    (
        "the file is lost or empty and its log {log} is still there; put the file back, or move the log away to begin with an \
         empty ledger",
        "файл потерян или пуст, а его журнал {log} на месте; верните файл или уберите журнал, чтобы начать с пустого реестра",
    ),
    ("it is a directory; name a file", "это каталог; назовите файл"),
    (
        "there is no such file; `dockledger run` or `dockledger once` makes it, --database names another",
        "такого файла нет; его создаёт `dockledger run` или `dockledger once`, другой называет `--database`",
    ),
    (
        "its encoding {encoding} cannot hold every character that a container may carry; make one with `{command:typed}`, or \
         name another with --database",
        "её кодировка {encoding} вмещает не все символы, которые бывают у контейнера; создайте другую ({command}) или назовите \
         другую через `--database`",
    ),
    (
        "the connection was lost ({cause:quote}); it is opened again",
        "соединение потеряно ({cause}); оно откроется снова",
    ),
    (
        "{cause:cause?}; the file lies on {system}: a network file system cannot keep an SQLite ledger: put the file on a disk of \
         this machine (--database PATH), or use PostgreSQL",
        "{cause}; файл лежит на {system}: сетевая файловая система не может хранить реестр SQLite: положите файл на диск этой \
         машины (`--database PATH`) или возьмите PostgreSQL",
    ),
    ("no ledger", "нет реестра"),
    ("the schema {name}", "схема {name}"),
];

pub(super) const CURES: &[(&str, &str)] = &[
    (
        "the schema was changed by somebody else: compare it with `dockledger migrate status`",
        "схему изменил кто-то другой: сравните её с `dockledger migrate status`",
    ),
    ("make room on the disk", "освободите место на диске"),
    (
        "the file is damaged: stop all its users and restore it from a copy; it is left as it is",
        "файл повреждён: остановите всех, кто его использует, и восстановите его из копии; пока он остаётся как есть",
    ),
    (
        "the file is something else, or its begin is damaged: name another, or restore it from a copy",
        "этот файл нечто другое, или его начало повреждено: назовите другой или восстановите его из копии",
    ),
    (
        "the file or its directory cannot be written by this user: check owner and mode of both",
        "этот пользователь не может писать в файл или его каталог: проверьте владельца и права обоих",
    ),
    (
        "look at the system's log for faults of the disk; on a network file system it is none",
        "поищите сбои диска в системном журнале; на сетевой файловой системе дело не в них",
    ),
    (
        "locks do not hold where the file is: put it on a disk of this machine, or use PostgreSQL",
        "там, где лежит файл, блокировки не держатся: положите его на диск этой машины или возьмите PostgreSQL",
    ),
    (
        "check that the directory exists and that this user may write in it",
        "проверьте, что каталог есть и этот пользователь может в него писать",
    ),
    (
        "the server is a standby, or the database is set read-only: connect to the primary",
        "сервер резервный, или база данных только для чтения: подключитесь к основному",
    ),
    (
        "this role may not make the ledger's schema: let the owner of the database run `dockledger migrate up`",
        "эта роль не может создать схему реестра: пусть владелец базы данных выполнит `dockledger migrate up`",
    ),
    (
        "this role may not use the ledger's schema: let its owner run `dockledger migrate grants` and grant what is lacking",
        "эта роль не может пользоваться схемой реестра: пусть её владелец выполнит `dockledger migrate grants` и выдаст \
         недостающие права",
    ),
    (
        "grant what is lacking: `dockledger migrate grants` prints what a role needs",
        "выдайте недостающие права: что нужно роли, печатает `dockledger migrate grants`",
    ),
    (
        "owner or mode of the file or its directory refuses this user; name another with --database",
        "владелец или права файла или его каталога не пускают этого пользователя; назовите другой через `--database`",
    ),
    (
        "check the path, or the server's socket; name another with --database",
        "проверьте путь или сокет сервера; другую базу называет `--database`",
    ),
    ("start the server, or name another with --database", "запустите сервер или назовите другой через `--database`"),
    ("check the name of the server in the database's URL", "проверьте имя сервера в URL базы данных"),
    (
        "this pooler gives each statement another session: set pool_mode = transaction or session, or connect to the server",
        "этот пулер даёт каждому запросу другую сессию: задайте `pool_mode` `transaction` или `session` или подключитесь прямо \
         к серверу",
    ),
    (
        "this pooler takes no `options`: drop them from the URL and from PGOPTIONS, or let it ignore them",
        "этот пулер не принимает `options`: уберите их из URL и из `PGOPTIONS` или велите ему их не замечать",
    ),
    (
        "this build speaks no TLS to the database: build it with the cargo feature `postgres-tls`, or drop sslmode",
        "эта сборка не умеет TLS с базой данных: соберите её с `postgres-tls` или уберите `sslmode`",
    ),
    (
        "the server may want TLS: a build with the cargo feature `postgres-tls` speaks it, by sslmode=require",
        "возможно, серверу нужен TLS: его умеет сборка с `postgres-tls`, при `sslmode=require`",
    ),
    (
        "drop that parameter from the URL: libpq knows none of this name",
        "уберите этот параметр из URL: `libpq` такого не знает",
    ),
    ("check user and password in the database's URL", "проверьте имя и пароль в URL базы данных"),
    (
        "put the password into the database's URL, or into ~/.pgpass",
        "впишите пароль в URL базы данных или в `~/.pgpass`",
    ),
    (
        "make it (`createuser`, `createdb`), or name another in the database's URL",
        "создайте её (`createuser`, `createdb`) или назовите другую в URL базы данных",
    ),
    (
        "run `dockledger migrate up`, `dockledger run` or `dockledger once`",
        "выполните `dockledger migrate up`, `dockledger run` или `dockledger once`",
    ),
    ("run `dockledger migrate up`", "выполните `dockledger migrate up`"),
    ("a newer dockledger made it: use that one", "её создала более новая версия Dockledger: возьмите её"),
];

pub(super) const HOLDERS: &[(&str, &str)] = &[
    ("{holder:holder}, until {at}", "{holder}, до {at}"),
    ("nobody now, and a later generation was given out", "сейчас никто, и выдано более позднее поколение"),
    ("process {pid} on machine without an id", "процесс {pid} на машине без id"),
    ("process {pid} on machine {machine}", "процесс {pid} на машине {machine}"),
    ("nobody any more: the host was renamed or forgotten", "больше никто: хост переименован или забыт"),
    ("{holder}", "{holder}"),
];

pub(super) const ATTEMPTS: &[(&str, &str)] = &[
    ("add the project", "добавить проект"),
    ("add the site", "добавить сайт"),
    ("add the stack", "добавить стек"),
    ("add the stage", "добавить стадию"),
    ("adopt the container", "взять контейнер в стек"),
    ("ask whether anything was committed", "узнать, записано ли что-нибудь"),
    ("check the ledger for damage", "проверить реестр на повреждения"),
    ("claim a row", "заявить строку"),
    ("commit a pass", "записать проход"),
    ("confirm the host's daemon", "подтвердить демон хоста"),
    ("count the rows", "посчитать строки"),
    ("count the rows that need attention", "посчитать строки, требующие внимания"),
    ("enter the order into the audit", "внести приказ в журнал"),
    ("enter the outcome into the audit", "внести исход в журнал"),
    ("find a workload by its secret", "найти владельца по его секрету"),
    ("forget the host", "забыть хост"),
    ("forget the row", "забыть строку"),
    ("give back the space of the log", "освободить место журнала"),
    ("keep how far a receiver of notifications was told", "сохранить, до какого места извещён получатель"),
    ("list the hosts", "прочитать список хостов"),
    ("list the passes", "прочитать список проходов"),
    ("list the projects", "прочитать список проектов"),
    ("list the sites", "прочитать список сайтов"),
    ("list the stacks", "прочитать список стеков"),
    ("list the stages", "прочитать список стадий"),
    ("list the workloads", "прочитать список владельцев"),
    ("look for new bindings", "поискать новые привязки"),
    ("look for what others wrote", "поискать записанное другими"),
    ("look up workloads, sites and stacks", "найти владельцев, сайты и стеки"),
    ("migrate the ledger", "обновить схему реестра"),
    ("name the migrations", "назвать миграции"),
    ("open the ledger", "открыть реестр"),
    ("reach the simulated database", "достучаться до имитации базы данных"),
    ("read how far a receiver of notifications was told", "прочитать, до какого места извещён получатель"),
    ("read the audit", "прочитать журнал"),
    ("read the changes", "прочитать изменения"),
    ("read the history of the row", "прочитать историю строки"),
    ("read the host", "прочитать хост"),
    ("read the migrations", "прочитать миграции"),
    ("read the project", "прочитать проект"),
    ("read the rows", "прочитать строки"),
    ("read the site", "прочитать сайт"),
    ("read the workload", "прочитать владельца"),
    ("read which schema the ledger has", "узнать схему реестра"),
    ("register compose projects as stacks", "зарегистрировать проекты compose как стеки"),
    ("release the host's lease", "отдать аренду хоста"),
    ("release the row", "отпустить строку"),
    ("remove the project", "удалить проект"),
    ("remove the site", "удалить сайт"),
    ("remove the stack", "удалить стек"),
    ("remove the stage", "удалить стадию"),
    ("remove what is no longer kept", "удалить то, что больше не хранится"),
    ("rename the host", "переименовать хост"),
    ("rename the project", "переименовать проект"),
    ("rename the site", "переименовать сайт"),
    ("rename the stack", "переименовать стек"),
    ("rename the stage", "переименовать стадию"),
    ("renew the host's lease", "продлить аренду хоста"),
    ("reopen", "открыть заново"),
    ("rotate the secret", "сменить секрет"),
    ("take the host's lease", "взять аренду хоста"),
    ("tell what others wrote", "сообщить о записанном другими"),
    ("undo the adoption", "отменить взятие"),
    ("write details", "записать подробности"),
    ("write grants", "выписать права"),
];
