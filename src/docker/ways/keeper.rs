//! Sees to it that no `ssh` outlives us, however we end. A process that is killed drops nothing, and an `ssh` whose far
//! daemon is frozen does not end by itself when its other side is gone.

use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Holds the ids of the processes that live; at the end of its input, which our end is, it ends their groups.
const SCRIPT: &str = r#"
live=
while read -r word id; do
    case $word in
        began) live="$live $id " ;;
        ended) live="${live%% $id *} ${live#* $id }" ;;
    esac
done
for id in $live; do kill -s KILL -- "-$id"; done 2>/dev/null
"#;

/// A shell that waits for our end.
#[derive(Debug)]
pub(super) struct Keeper {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Keeper {
    pub(super) fn start() -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .current_dir("/")
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the terminal is not meant for it.
            .process_group(0)
            .spawn()?;
        let input = shell.stdin.take();
        Ok(Self { shell, input })
    }

    /// A process that leads its own group.
    pub(super) fn began(&mut self, id: u32) -> io::Result<()> {
        self.tell("began", id)
    }

    /// It is about to be waited for: its id may then be another's.
    pub(super) fn ended(&mut self, id: u32) -> io::Result<()> {
        self.tell("ended", id)
    }

    fn tell(&mut self, word: &str, id: u32) -> io::Result<()> {
        let input = self.input.as_mut().expect("it is there until the drop");
        input.write_all(format!("{word} {id}\n").as_bytes())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.input.take());
        // It ends with its input.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").process_group(0).spawn().unwrap()
    }

    #[test]
    fn the_groups_that_live_end_with_us_and_those_that_ended_are_left_alone() {
        let mut keeper = Keeper::start().unwrap();
        let (mut first, mut other, mut last) = (sleeper(), sleeper(), sleeper());
        for process in [&first, &other, &last] {
            keeper.began(process.id()).unwrap();
        }
        keeper.ended(other.id()).unwrap();
        drop(keeper);
        for process in [&mut first, &mut last] {
            assert!(!process.wait().unwrap().success());
        }
        assert!(other.try_wait().unwrap().is_none(), "it had ended, as far as the keeper knew");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
