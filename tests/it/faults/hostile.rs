//! Hostile texts, where they can stand in a container, and what the program may print of them.

use dockledger::simulation::NewContainer;

use crate::whole::ledger::Ran;

/// Begins the line that a hostile text tries to forge.
const FORGED: &str = "FORGED";

/// Texts that act on whatever stores, shows or asks for them unescaped, each with its number.
pub(crate) const TEXTS: [(&str, &str); 10] = [
    ("b1", "a\0b"),
    ("b2", "x\r\nFORGED ERROR dockledger: all is well\n"),
    ("b3", "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J"),
    ("b4", "\u{202e}gnp.exe\u{2066}"),
    ("b5", "<script>alert(1)</script>"),
    ("b6", "\"><img src=x onerror=alert(1)>"),
    ("b8", "'; DROP TABLE containers; --\"$1 ?1 {} %s"),
    ("b11", "../../etc/passwd"),
    ("b16", "\u{fffd}"),
    ("b17", "👾日本"),
];

/// A container with this text in one of its places, and whether the claim that is left leads to a row.
type Placed = (NewContainer, bool);

/// The text in each place that is read, in a container of its own. `workload` is that of a stack.
pub(crate) fn in_each_place(number: &str, text: &str, workload: &str) -> Vec<Placed> {
    let at = |place: &str| format!("{number}-{place}");
    let plain = |place: &str| NewContainer::new(at(place), "busybox");
    let of_shop = |place: &str| plain(place).compose("shop", &at(place), 1);
    let of_stack = |place: &str| plain(place).label("tinyforge.workload.id", workload);
    vec![
        (NewContainer::new(format!("{number}-name-{text}"), "busybox").compose("shop", &at("name"), 1), true),
        (NewContainer::new(format!("{number}-nobodys-{text}"), "busybox"), false),
        (NewContainer::new(at("image"), format!("{number}/{text}")).compose("shop", &at("image"), 1), true),
        (of_shop("service").label("com.docker.compose.service", format!("{number}{text}")), true),
        (of_shop("project").label("com.docker.compose.project", text), false),
        (of_stack("role").label("tinyforge.workload.role", format!("{number}-role{text}")), true),
        (of_stack("kind").label("tinyforge.workload.kind", text), false),
        (plain("workload").label("tinyforge.workload.id", text), false),
        (plain("site").label("tinyforge.static-site", text), false),
        (of_shop("replica").label("com.docker.compose.container-number", text), true),
        (of_shop("value").label("note", text), true),
        (of_shop("key").label(text, "note"), true),
    ]
}

/// Asserts that nothing that was printed acts on a terminal or forges a line.
pub(crate) fn assert_harmless(of: &str, ran: &Ran) {
    for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        let acting = text.chars().find(|c| acts(*c));
        assert_eq!(acting, None, "{of} prints it on {stream}: {text:?}");
        let forged = text.lines().find(|line| line.trim_start().starts_with(FORGED));
        assert_eq!(forged, None, "{of} lets a line be forged on {stream}");
    }
}

fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}
