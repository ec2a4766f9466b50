//! Which faults a seed draws.

use std::time::Duration;

use dockledger::model::ContainerId;
use dockledger::simulation::{Call, FaultRule, PlannedFault as F};

use super::dice::Dice;

const SINGLE: [Call; 4] = [Call::Inspect, Call::Examine, Call::Image, Call::Act];
const CONNECTING: [Call; 7] =
    [Call::List, Call::Inspect, Call::Examine, Call::Image, Call::Ping, Call::Act, Call::OpenStream];

/// A fault of the daemon, about one of these containers where it is about one.
pub(crate) fn of_the_daemon(dice: &mut Dice, containers: &[ContainerId]) -> FaultRule {
    let about = dice.pick(containers).unwrap_or_else(|| ContainerId::new("none"));
    let times = 1 + dice.roll(3) as u32;
    match dice.roll(30) {
        0 => FaultRule::new(F::Hang, &Call::OF_THE_DAEMON),
        1 => FaultRule::new(F::Hang, &[Call::List]),
        2 | 3 => FaultRule::new(F::Hang, &[Call::List]).times(1),
        4 => FaultRule::new(F::Hang, &[Call::Inspect, Call::Examine]).of(about),
        5 => FaultRule::new(F::Hang, &[Call::Image]),
        6 => FaultRule::new(F::Slow(Duration::from_millis(1_900)), &[Call::List]).times(times),
        7 => FaultRule::new(F::Slow(Duration::from_millis(2_500)), &[Call::List]).times(times),
        8 => FaultRule::new(F::ServerError, &[Call::List]).times(times),
        9 => FaultRule::new(F::ServerError, &SINGLE),
        10 => FaultRule::new(F::Cut, &[Call::List]).times(times),
        11 => FaultRule::new(F::Nonsense, &[Call::List]).times(times),
        12 => FaultRule::new(F::Refused, &CONNECTING),
        13 => FaultRule::new(F::Absent, &CONNECTING),
        14..=16 => FaultRule::new(F::LeftOut(about), &[Call::List]).times(times),
        17 => FaultRule::new(F::Twice(about), &[Call::List]).times(times),
        18 => FaultRule::new(F::WithoutId(about), &[Call::List]).times(times),
        19 => FaultRule::new(F::Garbled(about), &[Call::List]).times(times),
        20 => FaultRule::new(F::IdentitySilent, &[Call::Identify]),
        21 => FaultRule::new(F::Hang, &[Call::OpenStream]).times(1),
        22 => FaultRule::new(F::Hang, &[Call::NextEvent]),
        23 => FaultRule::new(F::Cut, &[Call::NextEvent]).times(1),
        24 => FaultRule::new(F::StreamEnds, &[Call::NextEvent]).times(1),
        25 => FaultRule::new(F::EventsLost, &[Call::TellEvent]).times(times),
        26 => FaultRule::new(F::EventsDoubled, &[Call::TellEvent]).times(times),
        27 => FaultRule::new(F::EventsDisordered, &[Call::TellEvent]).times(times),
        _ => {
            let call =
                [Call::List, Call::Inspect, Call::Image, Call::OpenStream, Call::NextEvent][dice.roll(5) as usize];
            FaultRule::new(F::Panic, &[call]).times(1)
        }
    }
}

/// A fault of the ledger.
pub(crate) fn of_the_ledger(dice: &mut Dice) -> FaultRule {
    let times = 1 + dice.roll(3) as u32;
    let any = [Call::Begin, Call::Read, Call::Commit, Call::WriteDetails][dice.roll(4) as usize];
    match dice.roll(18) {
        0 | 1 => FaultRule::new(F::Busy, &[any]).times(times),
        2 => FaultRule::new(F::DiskFull, &[Call::Commit, Call::WriteDetails, Call::Begin, Call::Lease]),
        3 => FaultRule::new(F::DiskFull, &[Call::Commit]).times(times),
        4 => FaultRule::new(F::Gone, &Call::OF_THE_LEDGER),
        5 => FaultRule::new(F::Clash, &[Call::Commit]).times(1),
        6 => FaultRule::new(F::RefusesValue, &[Call::Commit]).times(1),
        7 | 8 => FaultRule::new(F::AnswerLost, &[Call::Commit]).times(1),
        9 | 10 => FaultRule::new(F::AnswerHangs, &[Call::Commit, Call::WriteDetails]).times(1),
        11 | 12 => FaultRule::new(F::Hang, &[Call::Commit]).times(1),
        13 => FaultRule::new(F::Hang, &[Call::Read]).times(1),
        14 => FaultRule::new(F::Hang, &[Call::Begin, Call::WriteDetails]).times(1),
        15 | 16 => FaultRule::new(F::Slow(Duration::from_millis(1_500)), &[any]).times(times),
        _ => FaultRule::new(F::Panic, &[any]).times(1),
    }
}

/// The words of every fault that seeds bring about, those included that no plan injects.
pub(crate) const WORDS: [&str; 34] = [
    "absent",
    "answer_hangs",
    "answer_lost",
    "busy",
    "clash",
    "clock_jumped",
    "cut",
    "disk_full",
    "events_disordered",
    "events_doubled",
    "events_lost",
    "garbled",
    "gone",
    "hang",
    "identity_silent",
    "killed_dispatch",
    "killed_docker",
    "killed_events",
    "killed_store",
    "killed_tick",
    "left_out",
    "nonsense",
    "panic",
    "refused",
    "refuses_value",
    "restarted",
    "second_process",
    "server_error",
    "slow",
    "stopped",
    "stranger",
    "stream_ends",
    "twice",
    "without_id",
];
