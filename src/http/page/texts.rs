//! Every text of the page, in English and in Russian, side by side. A key without one of them does not compile.
//!
//! Texts that begin with `n_` count: their forms are separated by `|`, see [`super::language::Language::count`]. What is
//! in braces is put in where the text is used.

mod reasons;
mod words;

/// Declares the texts; `KEYS` is for the tests.
macro_rules! texts {
    ($($key:ident: $english:literal, $russian:literal;)*) => {
        /// The texts of one language.
        #[derive(Debug)]
        pub(in crate::http::page) struct Texts { $(pub(in crate::http::page) $key: &'static str,)* }

        pub(in crate::http::page) static ENGLISH: Texts = Texts { $($key: $english,)* };
        pub(in crate::http::page) static RUSSIAN: Texts = Texts { $($key: $russian,)* };

        #[cfg(test)]
        const KEYS: &[(&str, &str, &str)] = &[$((stringify!($key), $english, $russian),)*];
    };
}

texts! {
    // Navigation and what is around each page.
    skip: "Skip to the content", "К содержанию";
    nav: "Pages", "Страницы";
    nav_containers: "Containers", "Контейнеры";
    nav_workloads: "Workloads", "Владельцы";
    nav_routes: "Routes", "Маршруты";
    nav_activity: "Activity", "События";
    nav_unassigned: "Unassigned", "Без владельца";
    nav_hosts: "Hosts", "Хосты";
    nav_passes: "Passes", "Проходы";
    nav_audit: "Audit", "Журнал";
    language: "Language", "Язык";
    freshness: "How fresh this is", "Насколько это свежо";
    live_on: "live", "вживую";
    live_off: "reconnecting…", "связь восстанавливается…";
    live_stale: "no answer; trying again…", "нет ответа; пробую снова…";
    silence: "The service has not answered since {time}. What is shown is as it was then.",
        "Служба не отвечает с {time}. Показано то, что было тогда.";
    as_last_seen: "· its containers are shown as last seen", "· контейнеры показаны такими, какими их видели в последний раз";
    shown_changes: "The page shows the latest changes", "На странице последние изменения";
    complete_pass: "complete pass", "полный проход";
    no_complete_pass: "no complete pass yet", "полного прохода ещё не было";
    ago: "{age} ago", "{age} назад";
    units: "s min h d", "с мин ч д";
    trouble_passes_do_not_end: "stale: passes do not end", "устарел: проходы не завершаются";
    trouble_old: "stale: no complete pass for three intervals", "устарел: трёх интервалов без полного прохода";
    trouble_not_complete: "stale: the last pass was not complete", "устарел: последний проход был неполным";
    trouble_unreachable: "the daemon is unreachable", "демон недоступен";
    trouble_degraded: "the daemon does not list; containers are asked one by one",
        "демон не выдаёт список; контейнеры опрашиваются по одному";
    trouble_wrong_daemon: "another daemon answers; nothing is written", "отвечает другой демон; ничего не записывается";
    trouble_not_served: "no service is running there", "служба там не работает";
    trouble_store: "the database is unusable; will retry", "реестр не записывается";
    fix_wrong_daemon: "If it was replaced on purpose:", "Если он заменён намеренно:";
    unknown: "unknown", "неизвестно";

    // Containers.
    filters: "Filters", "Фильтры";
    filter_text: "Search", "Поиск";
    filter_text_hint: "name, workload, image, port, id", "имя, владелец, образ, порт, id";
    filter_kind: "Kind", "Вид";
    filter_host: "Host", "Хост";
    filter_state: "State", "Состояние";
    filter_any: "all", "все";
    filter_apply: "Apply", "Применить";
    filter_reset: "Clear filters", "Сбросить фильтры";
    state_all: "all", "все";
    state_down: "not running", "не работают";
    state_attention: "need attention", "требуют внимания";
    state_unknown: "No row can be in the state", "Ни одна строка не может быть в состоянии";
    state_known: "Known are:", "Известны:";
    sort_attention: "Trouble", "Проблемы";
    sort_by: "Sort by", "Сортировать:";
    n_containers: "{n} container|{n} containers", "{n} контейнер|{n} контейнера|{n} контейнеров";
    n_containers_of: "{n} container of {all}|{n} containers of {all}",
        "{n} контейнер из {all}|{n} контейнера из {all}|{n} контейнеров из {all}";
    n_first_alone: "only the first {n} is shown: narrow them|only the first {n} are shown: narrow them",
        "показан лишь первый {n}: сузьте выбор|показаны лишь первые {n}: сузьте выбор|показаны лишь первые {n}: сузьте выбор";
    column_state: "State", "Состояние";
    column_container: "Container", "Контейнер";
    column_workload: "Workload", "Владелец";
    column_since: "Since", "С каких пор";
    column_ports: "Ports", "Порты";
    column_notes: "Notes", "Примечания";
    column_host: "Host", "Хост";
    column_image: "Image", "Образ";
    no_match: "No container matches these filters.", "Под эти фильтры не подходит ни один контейнер.";
    empty_ledger: "The ledger is empty and nobody has looked yet.", "Реестр пуст: ещё никто не смотрел.";
    empty_look_once: "Look once:", "Посмотреть один раз:";
    empty_keep_true: "Keep it true:", "Поддерживать в актуальном виде:";
    empty_no_rows: "No container has an owner yet.", "Ни у одного контейнера ещё нет владельца.";
    empty_see_unassigned: "See what runs and why it has none", "Посмотреть, что работает и почему владельца нет";
    empty_adopt_all: "Register every compose project that runs:", "Зарегистрировать все работающие проекты compose:";
    no_name: "not made yet", "ещё не создан";
    open_port: "Open port {port}", "Открыть порт {port}";

    // Workloads.
    n_workloads: "{n} workload|{n} workloads", "{n} владелец|{n} владельца|{n} владельцев";
    workloads_hint: "name, container, host", "имя, контейнер, хост";
    workloads_none: "Nothing is registered yet.", "Пока ничего не зарегистрировано.";
    workloads_unmatched: "No workload matches these filters.", "Под эти фильтры не подходит ни один владелец.";
    workloads_all_up: "all up", "всё работает";
    workloads_some_up: "partly up", "работает частично";
    workloads_none_up: "down", "не работает";
    workloads_without: "no containers", "без контейнеров";
    column_up: "Up / all", "Работает / всего";
    column_down: "Down", "Не работает";
    n_more: "{n} more|{n} more", "ещё {n}|ещё {n}|ещё {n}";

    // Routes.
    n_routes: "{n} route|{n} routes", "{n} маршрут|{n} маршрута|{n} маршрутов";
    routes_hint: "subdomain, workload, container, port", "поддомен, владелец, контейнер, порт";
    routes_none: "No row bears a subdomain or a proxy's route yet: its deployer writes them.",
        "Ни одна строка не несёт поддомена или маршрута прокси: их записывает деплоер.";
    routes_unmatched: "No route matches this filter.", "Под этот фильтр не подходит ни один маршрут.";
    routes_unsent: "no port", "без порта";
    column_service: "Service", "Сервис";
    column_stage: "Stage", "Стадия";
    column_port: "Port", "Порт";

    // Activity.
    activity_hint: "container, workload, host, state", "контейнер, владелец, хост, состояние";
    kind_unknown: "There is no kind of change called", "Нет такого вида изменений:";
    kind_state: "state", "состояние";
    kind_attention: "needs attention, or no more", "требует внимания или больше нет";
    column_attention: "Attention", "Внимание";
    column_name: "Name", "Имя";
    npm_proxy: "Proxy host", "Хост прокси";
    difference_none: "none", "нет";
    activity_any: "every change", "все изменения";
    activity_down: "went down", "перестали работать";
    activity_up: "came up", "заработали";
    activity_none: "No change is kept yet.", "Изменений пока не сохранилось.";
    activity_unmatched: "No change matches these filters.", "Под эти фильтры не подходит ни одно изменение.";
    activity_seen: "Below is what was there at your last visit", "Ниже то, что было при прошлом визите";
    activity_mark: "Mark as seen", "Отметить как просмотренное";
    n_new: "{n} new since your last visit|{n} new since your last visit",
        "{n} новое с прошлого визита|{n} новых с прошлого визита|{n} новых с прошлого визита";
    n_changes: "{n} change|{n} changes", "{n} изменение|{n} изменения|{n} изменений";
    n_changes_here: "{n} change on this page|{n} changes on this page",
        "{n} изменение на этой странице|{n} изменения на этой странице|{n} изменений на этой странице";
    activity_older: "Older changes", "Более ранние изменения";
    activity_latest: "The latest changes", "Последние изменения";
    activity_of: "Activity of this workload", "События этого владельца";

    // A workload, and the history of a row.
    workload_containers: "Containers", "Контейнеры";
    workload_no_rows: "It has no container in the ledger.", "В реестре у него нет контейнеров.";
    workload_id: "Workload id", "Id владельца";
    compose_project: "Compose project", "Проект compose";
    adopted: "Adopted containers", "Взятые контейнеры";
    stages: "Stages", "Стадии";
    stage_once: "once", "раньше";
    site_label: "Site id", "Id сайта";
    history: "History", "История";
    history_drawn: "States over time", "Состояния во времени";
    history_now: "now", "сейчас";
    history_part: "Only the last changes are shown.", "Показаны только последние изменения.";
    history_none: "No change of it is kept.", "Изменений не сохранилось.";
    facts: "What the ledger holds", "Что хранит реестр";
    row_id: "Row", "Строка";
    container_id: "Container id", "Id контейнера";
    role: "Role", "Роль";
    image_tag: "Image tag", "Тег образа";
    subdomain: "Subdomain", "Поддомен";
    proxy_route: "Proxy route", "Маршрут прокси";
    created_in_docker: "Created", "Создан";
    started_at: "Started", "Запущен";
    finished_at: "Ended", "Завершён";
    last_seen: "Last seen", "Замечен в последний раз";
    restart_count: "Restarts", "Перезапуски";
    exit_code: "Exit code", "Код выхода";
    health: "Health", "Здоровье";
    column_when: "When", "Когда";
    column_change: "Change", "Изменение";
    column_cause: "Cause", "Причина";
    column_revision: "Revision", "Ревизия";
    from_to: "to", "стало";

    // What is ordered of a container.
    verb_start: "Start", "Запустить";
    verb_stop: "Stop", "Остановить";
    verb_restart: "Restart", "Перезапустить";
    effect_start: "The page answers when the daemon has started it.", "Страница ответит, когда демон его запустит.";
    effect_stop: "It gets the time to end that it was created with, 10 s as a rule; then it is killed. The page answers when that is done.",
        "Ему даётся время завершиться, с которым он создан, обычно 10 с; потом он будет убит. Страница ответит, когда это будет сделано.";
    effect_restart: "It is stopped, with the time to end that it was created with, and started again. The page answers when that is done.",
        "Он будет остановлен, со временем на завершение, с которым он создан, и запущен снова. Страница ответит, когда это будет сделано.";
    order_not: "Back without doing it", "Вернуться, ничего не делая";
    action_start: "start", "запуск";
    action_stop: "stop", "остановка";
    action_restart: "restart", "перезапуск";
    action_remove: "removal", "удаление";
    audit_ok: "done", "сделано";
    audit_refused: "refused", "отказано";
    audit_failed: "failed", "не удалось";
    audit_unknown: "unknown", "неизвестно";
    audit_ok_means: "The daemon carried it out.", "Демон это выполнил.";
    audit_refused_means: "Nothing was ordered of the daemon.", "Демону ничего не поручалось.";
    audit_failed_means: "The daemon did not carry it out.", "Демон этого не выполнил.";
    audit_unknown_means: "The daemon may have carried it out, or may still do so: see the state.",
        "Демон мог это выполнить или ещё может: смотрите на состояние.";

    // Who ordered what.
    audit_note: "What was ordered of containers through this service, the latest first.",
        "Что поручалось делать с контейнерами через эту службу, последнее сверху.";
    audit_none: "Nothing was ordered yet.", "Пока ничего не поручалось.";
    audit_unmatched: "No such order is kept.", "Таких записей нет.";
    audit_all: "All orders", "Все действия";
    audit_older: "Older ones", "Более ранние";
    audit_of: "What was ordered of it, and by whom", "Что с ним делали и кто";
    column_who: "Who", "Кто";
    column_order: "Order", "Действие";

    // Hosts.
    n_hosts: "{n} host|{n} hosts", "{n} хост|{n} хоста|{n} хостов";
    host_none: "No host is in the ledger yet.", "В реестре ещё нет хостов.";
    host_daemon: "Daemon", "Демон";
    host_engine: "Engine", "Движок";
    host_writer: "Written by", "Пишет";
    host_writer_nobody: "nobody", "никто";
    host_this: "this service", "эта служба";
    host_events: "Event stream", "Поток событий";
    host_events_open: "open", "открыт";
    host_events_closed: "closed; ticks find changes meanwhile", "закрыт; пока изменения находят по таймеру";
    host_call: "Call in flight", "Идёт запрос";
    host_unchanged: "Passes without a change", "Проходов без изменений";
    host_error: "In the words of the last pass", "Словами последнего прохода";
    host_rows: "See its containers", "Посмотреть его контейнеры";
    refused_with: "{call} is refused with status {status}", "{call} отклоняется со статусом {status}";
    refused_late: "{call} is not answered in time", "на {call} нет ответа вовремя";
    refused_list: "no container is seen", "контейнеры не видны";
    refused_events: "changes are seen by tick", "изменения видны только по таймеру";
    refused_inspect: "no row goes missing, and details stay unknown", "строки не пропадают, подробности неизвестны";
    refused_images: "labels are not checked against those of the image", "метки не сверяются с метками образа";
    refused_info: "the daemon is known by its containers alone", "демона узнают только по его контейнерам";
    refused_version: "which engine answers is not known", "какой движок отвечает, неизвестно";
    refused_ping: "a daemon that hangs is looked for by listing alone", "зависший демон проверяют только списком";
    refused_actions: "containers cannot be started, stopped, restarted or removed",
        "контейнеры нельзя запускать, останавливать, перезапускать и удалять";
    status_fresh: "fresh", "свежий";
    status_stale: "stale", "устарел";
    status_unreachable: "unreachable", "недоступен";
    status_degraded: "degraded", "ограничен";
    status_wrong_daemon: "another daemon", "другой демон";

    // Unassigned containers.
    n_unassigned: "{n} container has no owner|{n} containers have no owner",
        "{n} контейнер без владельца|{n} контейнера без владельца|{n} контейнеров без владельца";
    unassigned_none: "Every container that the daemon lists has an owner.", "У каждого контейнера, который знает демон, есть владелец.";
    unassigned_none_needs: "No container needs an owner.", "Владелец не нужен ни одному контейнеру.";
    unassigned_apart: "Needs no owner", "Владелец не нужен";
    unassigned_unknown: "No pass has told yet what has no owner.", "Ещё ни один проход не сказал, что осталось без владельца.";
    unassigned_of: "Of host {host}.", "На хосте {host}.";
    unassigned_fix: "Fix", "Как исправить";
    unassigned_detail: "Details", "Подробности";
    copy: "Copy", "Копировать";
    copied: "Copied", "Скопировано";

    // Passes.
    n_passes: "{n} pass|{n} passes", "{n} проход|{n} прохода|{n} проходов";
    passes_drawn: "Durations of the last passes", "Длительность последних проходов";
    passes_note: "Ticks that changed nothing are counted with their host.", "Проходы по таймеру без изменений считаются у своего хоста.";
    passes_none: "No pass is kept yet.", "Проходов ещё не сохранилось.";
    passes_slowest: "slowest: {ms}", "самый долгий: {ms}";
    passes_list_part: "list call", "запрос списка";
    passes_rest_part: "all the rest", "остальное";
    passes_failed_part: "did not end well", "закончились плохо";
    column_trigger: "Trigger", "Повод";
    column_scope: "Scope", "Охват";
    column_outcome: "Outcome", "Исход";
    column_duration: "Duration", "Длительность";
    column_list: "List", "Список";
    column_listed: "Listed", "В списке";
    column_written: "Created / updated", "Создано / обновлено";
    column_gone: "Missing / returned", "Пропало / вернулось";
    scope_host: "whole host", "весь хост";
    unit_ms: "ms", "мс";

    // When something went wrong.
    failed_title: "This page cannot be shown", "Эту страницу показать нельзя";
    failed_unavailable: "The ledger cannot be read now. Try again in a moment.",
        "Реестр сейчас не читается. Попробуйте ещё раз чуть позже.";
    failed_otherwise: "Something went wrong.", "Что-то пошло не так.";
    failed_forbidden: "You may not do that here.", "Здесь вам это не разрешено.";
    failed_conflict: "That cannot be done now.", "Сейчас это сделать нельзя.";
    failed_not_found: "There is nothing here.", "Здесь ничего нет.";
    failed_back: "Go to the containers", "К контейнерам";

    // Who is here.
    login_title: "Log in to Dockledger", "Вход в Dockledger";
    login_token: "Token", "Токен";
    login_hint: "This command makes one:", "Его создаёт команда";
    login_enter: "Log in", "Войти";
    login_wrong: "This token is not known.", "Такой токен неизвестен.";
    logged_in: "Logged in as", "Вход выполнен как";
    log_out: "Log out", "Выйти";

    bound_title: "What this token may do", "Что может этот токен";
    bound_read: "It is bound to projects, and sees their containers.", "Он привязан к проектам и видит их контейнеры.";
    bound_deploy: "It is bound to projects: it sees their containers, claims containers for them, and acts on those of their stages where this service acts on containers.",
        "Он привязан к проектам: видит их контейнеры, заявляет для них новые и действует на контейнеры их стадий, если служба действует на контейнеры.";
    bound_rest: "Everything else takes a token that is bound to none.", "Для всего остального нужен токен без привязки.";
    bound_elsewhere: "What you asked for is not within its projects.", "То, что вы запросили, не относится к его проектам.";
    bound_none: "None of its projects is registered.", "Ни один из его проектов не зарегистрирован.";
    bound_no_rows: "Its projects have no container in the ledger.", "В реестре у его проектов нет контейнеров.";

    // Words of the ledger: states, kinds, health.
    state_created: "created", "создан";
    state_running: "running", "работает";
    state_paused: "paused", "приостановлен";
    state_restarting: "restarting", "перезапускается";
    state_stopped: "stopped", "остановлен";
    state_removing: "removing", "удаляется";
    state_missing: "missing", "пропал";
    state_failed: "failed", "не развёрнут";
    state_forgotten: "forgotten", "забыт";
    kind_project: "project", "проект";
    kind_stack: "stack", "стек";
    kind_site: "site", "сайт";
    health_starting: "health check starting", "проверка здоровья начата";
    health_healthy: "healthy", "здоров";
    health_unhealthy: "unhealthy", "нездоров";
    attention_missing: "missing", "пропал";
    attention_crashed: "crashed", "упал";
    attention_out_of_memory: "out of memory", "не хватило памяти";
    attention_failed_to_start: "failed to start", "не запустился";
    attention_unhealthy: "unhealthy", "нездоров";
    attention_flapping: "flapping", "часто падает";
    attention_since: "Needs attention since", "Требует внимания с";
    start_error: "Could not be started", "Не удалось запустить";
    note_exit: "exit code {code}", "код выхода {code}";
    n_note_flapping: "flapping: {n} start|flapping: {n} starts", "часто падает: {n} запуск|часто падает: {n} запуска|часто падает: {n} запусков";
    n_note_restarts: "{n} restart|{n} restarts", "{n} перезапуск|{n} перезапуска|{n} перезапусков";
    note_last_seen: "last seen", "последний раз замечен";
    note_stale: "as last seen", "как в последний раз";

    // Why a change was made.
    cause_inserted: "row made", "строка создана";
    cause_observed: "seen at the daemon", "замечено у демона";
    cause_rebound: "another container", "другой контейнер";
    cause_scaled: "the service was scaled", "масштаб сервиса изменён";
    cause_missing: "verified gone", "исчезновение проверено";
    cause_returned: "came back", "вернулся";
    cause_deployer: "written by a deployer", "записано деплоером";
    cause_flapping: "began to flap", "стал часто падать";
    cause_settled: "settled", "снова стабилен";
    cause_removed: "removed by request", "удалён по запросу";
    cause_crashed: "crashed and runs again", "упал и запущен снова";
    cause_claimed: "claimed", "заявлен";
    cause_forgotten: "row removed", "строка удалена";

    // Why a pass ran, and what came of it.
    trigger_boot: "start", "запуск";
    trigger_tick: "tick", "таймер";
    trigger_request: "request", "запрос";
    trigger_binding: "binding", "привязка";
    trigger_moved: "moved rows", "сдвинутые строки";
    trigger_recovery: "daemon is back", "демон вернулся";
    trigger_event: "event", "событие";
    trigger_reconnect: "event stream opened", "поток событий открыт";
    outcome_committed: "committed", "записан";
    outcome_partial: "partial", "неполный";
    outcome_degraded: "degraded", "ограниченный";
    outcome_failed: "failed", "не удался";
    outcome_wrong_daemon: "another daemon", "другой демон";

    // Why a container has no row.
    reason_no_label: "no label", "нет метки";
    reason_unknown_workload: "unknown workload", "неизвестный владелец";
    reason_kind_mismatch: "wrong kind", "вид не совпадает";
    reason_unclaimed_project: "not claimed", "не заявлен";
    reason_unknown_site: "unknown site", "неизвестный сайт";
    reason_unknown_stack: "unknown stack", "неизвестный стек";
    reason_other_prefix: "other prefix", "другой префикс";
    reason_one_off: "one-off", "разовый запуск";
    reason_superseded: "superseded", "заменён";
    reason_contested: "contested", "оспаривается";
    reason_label_from_image: "label of the image", "метка из образа";
    reason_image_unanswered: "image not answered", "образ не ответил";
    reason_image_unreadable: "image not readable", "образ не читается";
    reason_identity_unknown: "daemon in doubt", "демон под сомнением";
    reason_ignored: "ignored", "пропускается";
}

#[cfg(test)]
mod tests;
