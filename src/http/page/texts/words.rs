//! The words of the ledger in the words of a language.

use super::{ENGLISH, Texts};
use crate::http::page::acts::Act;
use crate::http::page::sentences::{Piece, Told};
use crate::model::{
    Attention, AuditOutcome, ChangeCause, ChangeKind, ContainerState, DaemonCall, HostStatus, PassOutcome, Refusal,
    Trigger, WorkloadKind,
};
use crate::wording::Trouble;

impl Texts {
    /// The word of a state; one that only the daemon knows stays as the daemon says it.
    pub(in crate::http::page) fn state<'a>(&self, state: &'a ContainerState) -> &'a str {
        match state {
            ContainerState::Created => self.state_created,
            ContainerState::Running => self.state_running,
            ContainerState::Paused => self.state_paused,
            ContainerState::Restarting => self.state_restarting,
            ContainerState::Stopped => self.state_stopped,
            ContainerState::Removing => self.state_removing,
            ContainerState::Missing => self.state_missing,
            ContainerState::Failed => self.state_failed,
            ContainerState::Forgotten => self.state_forgotten,
            ContainerState::Other(word) => word,
        }
    }

    pub(in crate::http::page) const fn kind(&self, kind: WorkloadKind) -> &'static str {
        match kind {
            WorkloadKind::Project => self.kind_project,
            WorkloadKind::Stack => self.kind_stack,
            WorkloadKind::Site => self.kind_site,
        }
    }

    /// Why somebody has to look at a row.
    pub(in crate::http::page) const fn attention(&self, reason: Attention) -> &'static str {
        match reason {
            Attention::Missing => self.attention_missing,
            Attention::Crashed => self.attention_crashed,
            Attention::OutOfMemory => self.attention_out_of_memory,
            Attention::FailedToStart => self.attention_failed_to_start,
            Attention::Unhealthy => self.attention_unhealthy,
            Attention::Flapping => self.attention_flapping,
        }
    }

    /// What the health check says; a word that nobody knows stays as it is.
    pub(in crate::http::page) fn health<'a>(&self, word: &'a str) -> &'a str {
        match word {
            "starting" => self.health_starting,
            "healthy" => self.health_healthy,
            "unhealthy" => self.health_unhealthy,
            other => other,
        }
    }

    pub(in crate::http::page) const fn cause(&self, cause: ChangeCause) -> &'static str {
        match cause {
            ChangeCause::Inserted => self.cause_inserted,
            ChangeCause::Observed => self.cause_observed,
            ChangeCause::Rebound => self.cause_rebound,
            ChangeCause::Scaled => self.cause_scaled,
            ChangeCause::Missing => self.cause_missing,
            ChangeCause::Returned => self.cause_returned,
            ChangeCause::Deployer => self.cause_deployer,
            ChangeCause::Flapping => self.cause_flapping,
            ChangeCause::Settled => self.cause_settled,
            ChangeCause::Removed => self.cause_removed,
            ChangeCause::Crashed => self.cause_crashed,
            ChangeCause::Claimed => self.cause_claimed,
            ChangeCause::Forgotten => self.cause_forgotten,
        }
    }

    /// A column that differs; one of a later version stays as it is.
    pub(in crate::http::page) fn column<'a>(&self, column: &'a str) -> &'a str {
        match column {
            "attention" => self.column_attention,
            "health" => self.health,
            "name" => self.column_name,
            "image" | "image_ref" => self.column_image,
            "ports" => self.column_ports,
            "container" | "container_id" => self.column_container,
            "role" => self.role,
            "subdomain" => self.subdomain,
            "proxy_route" | "proxy_route_id" => self.proxy_route,
            "npm_proxy" | "npm_proxy_id" => self.npm_proxy,
            "image_tag" => self.image_tag,
            "stage" | "stage_id" => self.column_stage,
            "exit_code" => self.exit_code,
            other => other,
        }
    }

    /// A kind of change, by the word that asks for it.
    pub(in crate::http::page) fn change_kind<'a>(&self, word: &'a str) -> &'a str {
        match ChangeKind::parse(word) {
            Some(ChangeKind::State) => self.kind_state,
            Some(ChangeKind::Attention) => self.kind_attention,
            Some(ChangeKind::Because(reason)) => self.attention(reason),
            Some(ChangeKind::Column(_)) => self.column(word),
            Some(ChangeKind::Cause(cause)) => self.cause(cause),
            None => word,
        }
    }

    /// Why a pass ran; a word of a later version stays as it is.
    pub(in crate::http::page) fn trigger<'a>(&self, word: &'a str) -> &'a str {
        match Trigger::parse(word) {
            Some(Trigger::Boot) => self.trigger_boot,
            Some(Trigger::Tick) => self.trigger_tick,
            Some(Trigger::Request) => self.trigger_request,
            Some(Trigger::Binding) => self.trigger_binding,
            Some(Trigger::Moved) => self.trigger_moved,
            Some(Trigger::Recovery) => self.trigger_recovery,
            Some(Trigger::Event) => self.trigger_event,
            Some(Trigger::Reconnect) => self.trigger_reconnect,
            None => word,
        }
    }

    /// What came of a pass; a word of a later version stays as it is.
    pub(in crate::http::page) fn outcome<'a>(&self, word: &'a str) -> &'a str {
        match PassOutcome::parse(word) {
            Some(PassOutcome::Committed) => self.outcome_committed,
            Some(PassOutcome::Partial) => self.outcome_partial,
            Some(PassOutcome::Degraded) => self.outcome_degraded,
            Some(PassOutcome::Failed) => self.outcome_failed,
            Some(PassOutcome::WrongDaemon) => self.outcome_wrong_daemon,
            None => word,
        }
    }

    pub(in crate::http::page) const fn status(&self, status: HostStatus) -> &'static str {
        match status {
            HostStatus::Fresh => self.status_fresh,
            HostStatus::Stale => self.status_stale,
            HostStatus::Unreachable => self.status_unreachable,
            HostStatus::Degraded => self.status_degraded,
            HostStatus::WrongDaemon => self.status_wrong_daemon,
        }
    }

    pub(in crate::http::page) const fn trouble(&self, trouble: Trouble) -> &'static str {
        match trouble {
            Trouble::PassesDoNotEnd => self.trouble_passes_do_not_end,
            Trouble::Old => self.trouble_old,
            Trouble::NotComplete => self.trouble_not_complete,
            Trouble::Unreachable => self.trouble_unreachable,
            Trouble::Degraded => self.trouble_degraded,
            Trouble::WrongDaemon => self.trouble_wrong_daemon,
        }
    }

    /// Which call is refused, and what that means.
    pub(in crate::http::page) fn refusal(&self, refusal: &Refusal) -> Told {
        let effect = match refusal.call {
            DaemonCall::List => self.refused_list,
            DaemonCall::Events => self.refused_events,
            DaemonCall::Inspect => self.refused_inspect,
            DaemonCall::Images => self.refused_images,
            DaemonCall::Info => self.refused_info,
            DaemonCall::Version => self.refused_version,
            DaemonCall::Ping => self.refused_ping,
            DaemonCall::Actions => self.refused_actions,
        };
        let what = match refusal.status {
            Some(status) => self.refused_with.replace("{status}", &status.to_string()),
            None => self.refused_late.to_owned(),
        };
        let (before, after) = what.split_once("{call}").unwrap_or((&what, ""));
        let call = Piece::Typed(refusal.call.request().to_owned());
        vec![Piece::Words(before.to_owned()), call, Piece::Words(format!("{after}: {effect}"))]
    }

    /// What is ordered, as a command.
    pub(in crate::http::page) const fn verb(&self, act: Act) -> &'static str {
        match act {
            Act::Start => self.verb_start,
            Act::Stop => self.verb_stop,
            Act::Restart => self.verb_restart,
        }
    }

    /// What an order does, and how long the answer takes.
    pub(in crate::http::page) const fn effect(&self, act: Act) -> &'static str {
        match act {
            Act::Start => self.effect_start,
            Act::Stop => self.effect_stop,
            Act::Restart => self.effect_restart,
        }
    }

    /// What was ordered; a word of a later version stays as it is.
    pub(in crate::http::page) fn action<'a>(&self, word: &'a str) -> &'a str {
        match word {
            "start" => self.action_start,
            "stop" => self.action_stop,
            "restart" => self.action_restart,
            "remove" => self.action_remove,
            other => other,
        }
    }

    /// What came of an order.
    pub(in crate::http::page) const fn audit_outcome(&self, outcome: AuditOutcome) -> &'static str {
        match outcome {
            AuditOutcome::Ok => self.audit_ok,
            AuditOutcome::Refused => self.audit_refused,
            AuditOutcome::Failed => self.audit_failed,
            AuditOutcome::Unknown => self.audit_unknown,
        }
    }

    /// The same in a sentence.
    pub(in crate::http::page) const fn audit_meaning(&self, outcome: AuditOutcome) -> &'static str {
        match outcome {
            AuditOutcome::Ok => self.audit_ok_means,
            AuditOutcome::Refused => self.audit_refused_means,
            AuditOutcome::Failed => self.audit_failed_means,
            AuditOutcome::Unknown => self.audit_unknown_means,
        }
    }

    /// Whether these are the English ones.
    pub(in crate::http::page) fn is_english(&self) -> bool {
        std::ptr::eq(self, &raw const ENGLISH)
    }
}
