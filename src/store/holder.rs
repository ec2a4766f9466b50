//! Who holds a lease, written so that another process can prove that the holder is dead. Reads `/proc` alone.

use std::fmt;
use std::fs;
use std::io;

/// A process that may hold leases: a random id, and what finds the process on its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseHolder {
    /// Tells this process from every other, wherever it runs.
    id: String,
    process: Process,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Process {
    /// `/etc/machine-id`; empty if there is none.
    machine: String,
    /// The kernel's id of this boot: the same in every container on it.
    boot: String,
    /// The inode of the pid namespace.
    pid_namespace: String,
    pid: u32,
    /// In clock ticks since the boot: tells a process from a later one with its pid.
    start_time: u64,
}

/// The inode of every machine's first pid namespace: Linux fixes it.
const FIRST_PID_NAMESPACE: &str = "4026531836";

impl LeaseHolder {
    /// This process. Two calls give two holders.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { id: uuid::Uuid::now_v7().simple().to_string(), process: Process::this() }
    }

    /// Reads what [`fmt::Display`] wrote; `None` if it is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut holder = Self { id: String::new(), process: Process::default() };
        for field in text.split(' ') {
            let (key, value) = field.split_once('=')?;
            match key {
                "id" => value.clone_into(&mut holder.id),
                "machine" => value.clone_into(&mut holder.process.machine),
                "boot" => value.clone_into(&mut holder.process.boot),
                "pidns" => value.clone_into(&mut holder.process.pid_namespace),
                "pid" => holder.process.pid = value.parse().ok()?,
                "start" => holder.process.start_time = value.parse().ok()?,
                _ => return None,
            }
        }
        (!holder.id.is_empty()).then_some(holder)
    }

    /// Where the process is, for people.
    pub(super) fn described(&self) -> String {
        let Process { machine, pid, .. } = &self.process;
        let machine = if machine.is_empty() { "without an id" } else { machine };
        format!("process {pid} on machine {machine}")
    }

    /// Whether both are one process's.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// Whether this holder is provably dead, as seen from this machine now.
    pub(super) fn is_dead(&self) -> bool {
        self.process.is_dead(&Process::this(), &look_up)
    }
}

/// Whether the holder of a lease, as `hosts` names it, is another process than this one that provably runs on this
/// machine now. Of two holders in one process only the one that wrote last is known, and that proves no life.
pub(super) fn is_holder_alive(text: &str) -> bool {
    LeaseHolder::parse(text).is_some_and(|holder| holder.process.is_alive(&Process::this(), &look_up))
}

/// Whether the holder of a lease, as `hosts` names it, is provably dead as seen from this machine now.
#[must_use]
pub fn is_holder_dead(text: &str) -> bool {
    LeaseHolder::parse(text).is_some_and(|holder| holder.is_dead())
}

impl fmt::Display for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Process { machine, boot, pid_namespace, pid, start_time } = &self.process;
        write!(f, "id={} machine={machine} boot={boot} pidns={pid_namespace} pid={pid} start={start_time}", self.id)
    }
}

/// What `/proc` says of a pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sighting {
    /// A process that runs, by its start time.
    Runs(u64),
    /// There is none, or only its remains.
    Absent,
    /// It cannot be told.
    Hidden,
}

impl Process {
    fn this() -> Self {
        let pid = std::process::id();
        Self {
            machine: first_word("/etc/machine-id"),
            boot: first_word("/proc/sys/kernel/random/boot_id"),
            pid_namespace: pid_namespace(),
            pid,
            start_time: match look_up(pid) {
                Sighting::Runs(start_time) => start_time,
                Sighting::Absent | Sighting::Hidden => 0,
            },
        }
    }

    /// Life is proved by the pid and its start time, in the same pid namespace of the same boot.
    fn is_alive(&self, observer: &Self, look_up: &dyn Fn(u32) -> Sighting) -> bool {
        let same_pids = !self.boot.is_empty()
            && self.boot == observer.boot
            && !self.pid_namespace.is_empty()
            && self.pid_namespace == observer.pid_namespace;
        same_pids
            && self.pid != observer.pid
            && self.start_time != 0
            && look_up(self.pid) == Sighting::Runs(self.start_time)
    }

    /// Death is proved by a later boot of the same machine, or by the pid's absence in the same pid namespace.
    fn is_dead(&self, observer: &Self, look_up: &dyn Fn(u32) -> Sighting) -> bool {
        if self.boot.is_empty() || observer.boot.is_empty() {
            return false;
        }
        if self.boot != observer.boot {
            // A container's machine id may be its image's, the same on many machines: it proves nothing.
            let both_outside_containers =
                self.pid_namespace == FIRST_PID_NAMESPACE && observer.pid_namespace == FIRST_PID_NAMESPACE;
            return both_outside_containers && !self.machine.is_empty() && self.machine == observer.machine;
        }
        if self.pid_namespace.is_empty() || self.pid_namespace != observer.pid_namespace {
            return false;
        }
        match look_up(self.pid) {
            Sighting::Runs(start_time) => self.start_time != 0 && start_time != self.start_time,
            Sighting::Absent => true,
            Sighting::Hidden => false,
        }
    }
}

fn first_word(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The inode in `pid:[4026531836]`.
fn pid_namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    link.to_string_lossy().chars().filter(char::is_ascii_digit).collect()
}

fn look_up(pid: u32) -> Sighting {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => read_stat(&stat),
        // Where other users' processes are hidden, the first one is too: then absence proves nothing.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::metadata("/proc/1/stat").is_ok() => {
            Sighting::Absent
        }
        Err(_) => Sighting::Hidden,
    }
}

/// Reads `pid (name) state … starttime …`; the name may hold anything, also `)`.
fn read_stat(stat: &str) -> Sighting {
    let Some((_, fields)) = stat.rsplit_once(')') else { return Sighting::Hidden };
    let mut fields = fields.split_whitespace();
    if matches!(fields.next(), Some("Z" | "X" | "x")) {
        return Sighting::Absent;
    }
    // The start time is the 22nd field of the line, the 20th after the state.
    fields.nth(18).and_then(|field| field.parse().ok()).map_or(Sighting::Hidden, Sighting::Runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(machine: &str, boot: &str, pid_namespace: &str, pid: u32, start_time: u64) -> Process {
        Process { machine: machine.into(), boot: boot.into(), pid_namespace: pid_namespace.into(), pid, start_time }
    }

    #[test]
    fn only_proof_makes_a_holder_dead() {
        let first = FIRST_PID_NAMESPACE;
        let observer = process("m", "b", first, 7, 70);
        for (holder, sighting, dead, why) in [
            (process("m", "b", first, 9, 90), Sighting::Runs(90), false, "it runs"),
            (process("m", "b", first, 9, 90), Sighting::Runs(91), true, "a later process has its pid"),
            (process("m", "b", first, 9, 90), Sighting::Absent, true, "no process has its pid"),
            (process("m", "b", first, 9, 90), Sighting::Hidden, false, "its pid cannot be looked at"),
            (process("m", "b", "4026532000", 9, 90), Sighting::Absent, false, "pids of another namespace are not ours"),
            (process("m", "a", first, 9, 90), Sighting::Absent, true, "the machine was booted since"),
            (process("n", "a", first, 9, 90), Sighting::Absent, false, "it is another machine's"),
            (
                process("m", "a", "4026532000", 9, 90),
                Sighting::Absent,
                false,
                "a container's machine id proves nothing",
            ),
            (process("", "a", first, 9, 90), Sighting::Absent, false, "no machine id"),
            (process("m", "", first, 9, 90), Sighting::Absent, false, "no boot id"),
        ] {
            assert_eq!(holder.is_dead(&observer, &|_| sighting), dead, "{why}");
        }
    }

    #[test]
    fn only_proof_makes_a_holder_alive() {
        let first = FIRST_PID_NAMESPACE;
        let observer = process("m", "b", first, 7, 70);
        for (holder, sighting, alive, why) in [
            (process("m", "b", first, 9, 90), Sighting::Runs(90), true, "it runs"),
            (process("m", "b", first, 9, 90), Sighting::Runs(91), false, "a later process has its pid"),
            (process("m", "b", first, 9, 90), Sighting::Absent, false, "no process has its pid"),
            (process("m", "b", first, 9, 0), Sighting::Runs(0), false, "its start is not known"),
            (process("m", "b", first, 7, 70), Sighting::Runs(70), false, "it was this process, perhaps long ago"),
            (process("m", "a", first, 9, 90), Sighting::Runs(90), false, "another boot"),
            (process("m", "b", "4026532000", 9, 90), Sighting::Runs(90), false, "another namespace"),
            (process("m", "", first, 9, 90), Sighting::Runs(90), false, "no boot id"),
        ] {
            assert_eq!(holder.is_alive(&observer, &|_| sighting), alive, "{why}");
        }
    }

    #[test]
    fn a_holder_is_read_as_it_was_written() {
        let holder = LeaseHolder::of_this_process();
        assert_eq!(LeaseHolder::parse(&holder.to_string()), Some(holder.clone()));
        assert!(!holder.is_dead());
        assert!(!holder.is(&LeaseHolder::of_this_process()));
        assert_eq!(LeaseHolder::parse("somebody else"), None);
    }

    #[test]
    fn a_start_time_is_read_behind_any_name() {
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(read_stat(stat), Sighting::Runs(4711));
        assert_eq!(read_stat("12 (x) Z 1 2 3"), Sighting::Absent);
        assert_eq!(read_stat("nonsense"), Sighting::Hidden);
    }
}
