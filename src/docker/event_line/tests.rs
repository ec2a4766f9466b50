use super::*;

fn id() -> String {
    "0a".repeat(32)
}

fn event(action: EventAction, at_nanos: i64) -> Option<StreamItem> {
    numbered(action, None, at_nanos)
}

fn numbered(action: EventAction, number: Option<i64>, at_nanos: i64) -> Option<StreamItem> {
    Some(StreamItem::Event(DaemonEvent { container: ContainerId::new(id()), action, number, at_nanos }))
}

fn read(line: &str) -> Option<StreamItem> {
    decode(line.replace("ID", &id()).as_bytes())
}

#[test]
fn the_dialects_of_the_engines_say_the_same() {
    let at = 1_700_000_000_123_456_789;
    for (line, expected) in [
        // Docker 20 to 28.
        (
            format!(
                r#"{{"status":"start","id":"{0}","from":"nginx","Type":"container","Action":"start","Actor":{{"ID":"{0}","Attributes":{{"image":"nginx","name":"web"}}}},"scope":"local","time":1700000000,"timeNano":{at}}}"#,
                id()
            ),
            event(EventAction::Started, at),
        ),
        // Docker 29.
        (
            format!(
                r#"{{"Type":"container","Action":"die","Actor":{{"ID":"{}","Attributes":{{"exitCode":"137"}}}},"timeNano":{at}}}"#,
                id()
            ),
            numbered(EventAction::Ended, Some(137), at),
        ),
        // Podman. It is asked for `died`, and tells `die` where Docker's API is spoken.
        (
            format!(
                r#"{{"status":"died","id":"{0}","from":"x","Type":"container","Action":"died","Actor":{{"ID":"{0}","Attributes":{{"containerExitCode":"1"}}}},"time":1700000000}}"#,
                id()
            ),
            numbered(EventAction::Ended, Some(1), 1_700_000_000_000_000_000),
        ),
        (
            format!(
                r#"{{"status":"die","id":"{0}","from":"x","Type":"container","Action":"die","Actor":{{"ID":"{0}","Attributes":{{"containerExitCode":"7","exitCode":"7","image":"x","name":"web","podId":""}}}},"scope":"local","time":1700000000,"timeNano":{at}}}"#,
                id()
            ),
            numbered(EventAction::Ended, Some(7), at),
        ),
        (
            format!(r#"{{"Type":"container","Action":"remove","Actor":{{"ID":"{}"}}}}"#, id()),
            event(EventAction::Removed, 0),
        ),
        // Before API 1.22.
        (
            format!(r#"{{"status":"destroy","id":"{}","from":"x","time":7}}"#, id()),
            event(EventAction::Removed, 7_000_000_000),
        ),
        (
            format!(r#"{{"Type":"container","Action":"health_status: unhealthy","id":"{}","timeNano":1}}"#, id()),
            event(EventAction::Health(Some(HealthWord::Unhealthy)), 1),
        ),
        // Podman, whose list shows no health before version 6.
        (
            format!(
                r#"{{"status":"health_status","id":"{}","Type":"container","Action":"health_status","HealthStatus":"healthy","timeNano":1}}"#,
                id()
            ),
            event(EventAction::Health(Some(HealthWord::Healthy)), 1),
        ),
        (
            format!(
                r#"{{"Type":"container","Action":"health_status","Actor":{{"ID":"{}","Attributes":{{"a":"b","HealthStatus":"unhealthy"}}}},"timeNano":1}}"#,
                id()
            ),
            event(EventAction::Health(Some(HealthWord::Unhealthy)), 1),
        ),
        // Podman before 4.2.
        (
            format!(r#"{{"Type":"container","Action":"health_status","id":"{}","timeNano":1}}"#, id()),
            event(EventAction::Health(None), 1),
        ),
    ] {
        assert_eq!(decode(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn what_tells_why_a_process_ended_or_never_began_is_read() {
    let at = 1_700_000_000_123_456_789;
    for (line, expected) in [
        (
            format!(
                r#"{{"Type":"container","Action":"kill","Actor":{{"ID":"{}","Attributes":{{"signal":"15"}}}},"timeNano":{at}}}"#,
                id()
            ),
            numbered(EventAction::Signalled, Some(15), at),
        ),
        (
            format!(
                r#"{{"Type":"network","Action":"disconnect","Actor":{{"ID":"{}","Attributes":{{"container":"{}","name":"none","type":"null"}}}},"timeNano":{at}}}"#,
                "0b".repeat(32),
                id()
            ),
            event(EventAction::Detached, at),
        ),
    ] {
        assert_eq!(decode(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn what_no_row_could_show_is_skipped() {
    for line in [
        r#"{"Type":"container","Action":"exec_create: /bin/true","id":"ID"}"#,
        r#"{"Type":"container","Action":"resize","id":"short"}"#,
        r#"{"Type":"container","Action":"archive-path"}"#,
        r#"{"Type":"image","Action":"remove","id":"ID"}"#,
        r#"{"Type":"network","Action":"destroy"}"#,
        r#"{"Type":"network","Action":"create","Actor":{"ID":"ID","Attributes":{"container":"ID"}}}"#,
        r#"{"Type":"network","Action":"disconnect","Actor":{"ID":"ID"}}"#,
        r#"{"Type":"network","Action":"disconnect","Actor":{"ID":"ID","Attributes":{"container":"short"}}}"#,
        r#"{"status":"health_status","id":"ID","Type":"container","Action":"health_status","HealthStatus":"reset"}"#,
        r#"{"Type":"container","Action":"health_status: stopped","id":"ID"}"#,
        "",
        "\r",
        "  ",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
}

#[test]
fn an_event_of_a_container_that_cannot_be_told_is_unreadable() {
    for line in [
        r#"{"Type":"container","Action":"start"}"#,
        r#"{"Type":"container","Action":"start","id":"short"}"#,
        r#"{"Type":"container","Action":"start","Actor":{"ID":7}}"#,
        r#"{"Type":"container","id":"0a"}"#,
        r#"{"Type":"container","Action":7}"#,
        r#"{"message":"an error in the stream"}"#,
        r#"{"Type":"container","Action":"start","Actor":"#,
        "<html>",
        "null",
        "[]",
        "7",
        "\u{1b}[31m",
    ] {
        let read = decode(line.as_bytes());
        let Some(StreamItem::Unreadable(why)) = &read else { panic!("{line}: {read:?}") };
        assert!(why.len() < 200 && !why.contains('\u{1b}'), "{why}");
    }
}

// B52, B53
#[test]
fn an_event_with_a_mebibyte_of_odd_labels_is_read() {
    let labels =
        format!(r#""\ud800":"\u0000{}","deep":{}1{}"#, "x".repeat(1 << 20), "[".repeat(5000), "]".repeat(5000));
    let line = format!(
        r#"{{"Type":"container","Action":"destroy","Actor":{{"Attributes":{{{labels}}},"ID":"{}"}},"timeNano":5}}"#,
        id()
    );
    assert_eq!(decode(line.as_bytes()), event(EventAction::Removed, 5));
    let mut bytes = line.into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'x').unwrap();
    bytes[at] = 0xff;
    assert_eq!(decode(&bytes), event(EventAction::Removed, 5), "bytes that are no text");
}

#[test]
fn a_time_that_is_no_number_is_none() {
    for (line, expected) in [
        (format!(r#"{{"Action":"start","id":"{}","timeNano":"x","time":"y"}}"#, id()), 0),
        (format!(r#"{{"Action":"start","id":"{}","time":9223372036854775807}}"#, id()), i64::MAX),
        (format!(r#"{{"Action":"start","id":"{}","timeNano":1e300}}"#, id()), 0),
    ] {
        assert_eq!(decode(line.as_bytes()), event(EventAction::Started, expected), "{line}");
    }
}
