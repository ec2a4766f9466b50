//! What decides, beside the daemon, what a pass comes to. Pure.

use super::{Config, duration_text};

impl Config {
    /// The keys on which a pass depends but for those that choose ledger, host and daemon, each with its value as a text. Whoever
    /// has another process run a pass for him asks whether that has the same.
    pub(crate) fn of_a_pass(&self) -> Vec<(&'static str, String)> {
        let ignored = self.ignore.iter().map(ToString::to_string).collect::<Vec<_>>();
        vec![
            ("list_deadline", duration_text(self.list_deadline)),
            ("inspect_deadline", duration_text(self.inspect_deadline)),
            ("identity_deadline", duration_text(self.identity_deadline)),
            ("store_deadline", duration_text(self.store_deadline)),
            ("labels.workload_id", self.labels.workload_id.clone()),
            ("labels.workload_kind", self.labels.workload_kind.clone()),
            ("labels.workload_role", self.labels.workload_role.clone()),
            ("labels.static_site", self.labels.static_site.clone()),
            ("image_labels", self.image_labels.as_str().to_owned()),
            ("compose_prefix", self.compose_prefix.clone()),
            ("auto_adopt", self.auto_adopt.to_string()),
            ("ignore", ignored.join(", ")),
            ("flapping.starts", self.flapping.starts.to_string()),
            ("flapping.window", duration_text(self.flapping.window)),
        ]
    }
}
