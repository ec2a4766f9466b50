//! Which file system a ledger's file lies on, if it is one that other machines have a part in. SQLite's log needs memory that
//! all its users share, and locks that all of them see: there they fail, or hold for one machine alone.

use std::path::Path;

use rustix::fs::statfs;

/// By the numbers of the kernel's `linux/magic.h` and of the file systems themselves.
const SHARED: [(u32, &str); 17] = [
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE (virtiofs, sshfs, a folder that is shared with a virtual machine)"),
    (0x00c3_6400, "CephFS"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x1983_0326, "BeeGFS"),
    (0x786f_4256, "a folder that VirtualBox shares"),
    (0xbacb_acbc, "a folder that VMware shares"),
];

/// The name of the file system that a file lies on, or would be made on, if machines share it.
pub(in crate::store) fn shared_file_system(path: &Path) -> Option<&'static str> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = statfs(path).or_else(|_| statfs(directory)).ok()?;
    // The numbers have 32 bits, and the field's width and sign depend on the machine.
    named(found.f_type as u32)
}

fn named(number: u32) -> Option<&'static str> {
    SHARED.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f16_network_file_systems_are_known_by_their_numbers_and_disks_are_none() {
        for (number, part) in [(0x6969, "NFS"), (0xff53_4d42, "SMB"), (0x0102_1997, "9p"), (0x6573_5546, "virtiofs")] {
            assert!(named(number).is_some_and(|name| name.contains(part)), "{part}");
        }
        // ext4, xfs, btrfs, tmpfs, overlayfs, zfs.
        for number in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(named(number), None, "{number:x}");
        }
    }
}
