//! What a pass costs the disk: the price of an fsync here, and what SQLite's write-ahead log gained.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Frames and commits in a write-ahead log, and its bytes without the header.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WalGrowth {
    pub(crate) bytes: u64,
    pub(crate) commits: u64,
}

/// The median of 50 writes of one page, each synced.
pub(crate) fn fsync_price() -> Duration {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let mut prices: Vec<Duration> = (0..50)
        .map(|_| {
            file.write_all(&[7; 4096]).expect("room on the disk");
            let begin = Instant::now();
            file.sync_data().expect("a disk that syncs");
            begin.elapsed()
        })
        .collect();
    prices.sort_unstable();
    prices[prices.len() / 2]
}

/// Reads the log beside a database. Its format: 32 bytes of header; each frame has 24 bytes of header, of which bytes
/// 4 to 8 are not zero in the last frame of a commit, and one page. Only the frames of the header's salt count: a log
/// that was reset keeps older ones behind them.
pub(crate) fn wal_of(database: &Path) -> WalGrowth {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    let Ok(log) = std::fs::read(&path) else { return WalGrowth::default() };
    if log.len() < 32 {
        return WalGrowth::default();
    }
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let page = number(8) as usize;
    let mut growth = WalGrowth::default();
    for frame in (32..).step_by(24 + page).take_while(|frame| frame + 24 + page <= log.len()) {
        if log[frame + 8..frame + 16] != log[16..24] {
            break;
        }
        growth.bytes += (24 + page) as u64;
        growth.commits += u64::from(number(frame + 4) != 0);
    }
    growth
}
