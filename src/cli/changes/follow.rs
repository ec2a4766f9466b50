//! `changes --follow`: the changes as they are committed. A running service tells them at once; without one the ledger is
//! read each second. Both go through the same printing.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{sleep, timeout};

use super::asked::{filter, refuse_gap};
use super::event_reader::{Event, EventReader};
use super::words::step;
use crate::cli::arguments::ChangesArguments;
use crate::cli::context::{Context, runtime};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::service::Service;
use crate::model::{Change, ChangeFilter, Revision};
use crate::store::{ChangesPage, Store};
use crate::wording::{escape, escape_json};

/// Between two looks at the ledger, and at whether a service runs by now.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A service shows every 15 s that it lives: one that is silent for longer than three times that hangs.
const SILENCE: Duration = Duration::from_secs(45);

/// Changes that are read from the ledger at once.
const PAGE: usize = 1_000;

pub(super) fn execute(arguments: &ChangesArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let mut store = context.read(&config)?;
    let after = match arguments.since {
        Some(since) => Revision(since),
        None => store.changes(None, None, 0)?.latest,
    };
    let follower = Follower {
        store,
        service: Service::of(&config),
        filter: filter(arguments, context),
        output: Output::of_this_process(arguments.printing.json),
        after,
        is_read: true,
    };
    let runtime = runtime()?;
    let followed = runtime.block_on(Box::pin(follower.follow()));
    runtime.shutdown_background();
    followed.map(|()| Exit::Fine)
}

struct Follower {
    store: Store,
    service: Option<Service>,
    filter: ChangeFilter,
    output: Output,
    /// The last revision that was printed, or passed by.
    after: Revision,
    /// Whether anybody still reads what is printed.
    is_read: bool,
}

impl Follower {
    /// Until nobody reads it any more, or changes were missed.
    async fn follow(mut self) -> Result<(), Failure> {
        while self.is_read {
            // What a stream left out when it ended, or all that there is if no service runs.
            self.read_ledger()?;
            if let Some(body) = self.open().await {
                self.listen(body).await?;
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    fn read_ledger(&mut self) -> Result<(), Failure> {
        while self.is_read {
            let page = self.store.changes_of(&self.filter, Some(self.after), PAGE)?;
            refuse_gap(Some(self.after), &page)?;
            refuse_another_ledger(self.after, &page)?;
            for change in &page.changes {
                self.print(change)?;
            }
            if page.changes.len() < PAGE {
                self.after = page.latest;
                return Ok(());
            }
        }
        Ok(())
    }

    /// The stream of a running service; one that does not serve it is as good as none.
    async fn open(&self) -> Option<Incoming> {
        let host = self.filter.host.as_ref();
        let host = host.map(|host| format!("&host={}", utf8_percent_encode(host.as_str(), NON_ALPHANUMERIC)));
        let path = format!("/api/v1/changes?after={}{}", self.after.0, host.unwrap_or_default());
        let asked = self.service.as_ref()?.open(Method::GET, &path, &[("accept", "text/event-stream")]);
        let response = timeout(SILENCE, asked).await.ok()?;
        match response {
            Ok(response) if response.status() == StatusCode::OK => Some(response.into_body()),
            Ok(response) => {
                tracing::debug!(status = %response.status(), "the service does not tell the changes; the ledger is read");
                None
            }
            Err(error) => {
                tracing::debug!("{error}; the ledger is read");
                None
            }
        }
    }

    /// Prints what a stream tells, until it ends, breaks, hangs or says that it left something out.
    async fn listen(&mut self, mut body: Incoming) -> Result<(), Failure> {
        let mut reader = EventReader::default();
        while self.is_read {
            let Ok(Some(Ok(frame))) = timeout(SILENCE, body.frame()).await else { return Ok(()) };
            let Ok(data) = frame.into_data() else { continue };
            for event in reader.take(&data) {
                match event {
                    Event::Change(change) if change.revision <= self.after => {}
                    Event::Change(change) if self.filter.lets_pass(&change) => self.print(&change)?,
                    Event::Change(change) => self.after = change.revision,
                    Event::Interrupted => return Ok(()),
                }
            }
        }
        Ok(())
    }

    fn print(&mut self, change: &Change) -> Result<(), Failure> {
        let line = if self.output.json {
            escape_json(serde_json::to_string(change).expect("a change has no key that is no text"))
        } else {
            line(change)
        };
        self.is_read = self.output.line(&line)?;
        self.after = change.revision;
        Ok(())
    }
}

/// A revision beyond the last one was never given out by this ledger.
fn refuse_another_ledger(after: Revision, page: &ChangesPage) -> Result<(), Failure> {
    if after <= page.latest {
        return Ok(());
    }
    let sentence = format!(
        "the last revision of the ledger is {}, and changes after {} were asked for: it is another ledger, or it was \
         restored from a copy; read the rows (`dockledger ps --json`), then go on with --since {}",
        page.latest.0, after.0, page.latest.0
    );
    Err(Failure::new(Exit::Failed, sentence))
}

/// The columns of `changes`, two spaces apart: nobody knows the width of those that are still to come.
fn line(change: &Change) -> String {
    let container = change.container_id.as_ref().map_or("-", |id| id.short());
    let columns = [
        change.revision.0.to_string(),
        change.at.to_string(),
        change.host.to_string(),
        change.row_id.to_string(),
        step(change),
        change.cause.to_string(),
        container.to_owned(),
    ];
    columns.map(|column| escape(&column).into_owned()).join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::changes::words::tests::change;
    use crate::model::RowId;

    #[test]
    fn a_change_is_one_harmless_line() {
        let mut change = change(Some("running"), "stopped", Some(137));
        change.row_id = RowId::new("w:a\n\u{1b}[31m");
        assert_eq!(
            line(&change),
            "7  1970-01-01T00:00:00.000Z  local  w:a\\n\\u{1b}[31m  running → stopped (137)  observed  -"
        );
    }

    #[test]
    fn a_revision_that_was_never_given_out_is_refused() {
        let page = ChangesPage { changes: Vec::new(), oldest: Revision(1), latest: Revision(7), lagged: false };
        assert!(refuse_another_ledger(Revision(7), &page).is_ok());
        let failure = refuse_another_ledger(Revision(8), &page).expect_err("the future");
        assert!(failure.to_string().contains("--since 7"), "{failure}");
    }
}
