//! What the pages that are open hold, so that they are sent only what differs: of each of the last answers its lines'
//! hashes, for as long as somebody is likely to ask for what came after.

use std::collections::VecDeque;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::lines::{Lines, Tag};

/// Lines of all answers together, some 512 KiB: thirty pages that show two thousand containers each. Who is not among them
/// is sent the whole.
const MOST_LINES: usize = 64 * 1024;

/// A page that is looked at asks every 10 s, and waits 15 s for the answer.
const KEPT_FOR: Duration = Duration::from_secs(40);

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Held {
    answers: Arc<Mutex<Answers>>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Answers {
    /// Those that were asked for last at the back.
    kept: VecDeque<Answer>,
    /// Forgets what is old, as long as there is something.
    sweeper: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Answer {
    tag: Tag,
    hashes: Arc<[u64]>,
    at: Instant,
}

impl Held {
    /// A page as it is sent to who says that it holds `base`: without the lines that it has, if that is known, and whole
    /// otherwise.
    pub(super) fn sent(&self, mut html: String, base: Option<Tag>) -> String {
        let lines = Lines::of(&html, &self.hasher);
        if lines.is_empty() {
            return html;
        }
        let tag = lines.tag(&self.hasher);
        let base = base.and_then(|base| Some((base, self.find(base)?)));
        if let Some((_, held)) = &base {
            html = lines.without_held(&html, held);
        }
        tag.put_into(&mut html, base.map(|(base, held)| (base, held.len())));
        self.keep(tag, lines.hashes);
        html
    }

    fn find(&self, tag: Tag) -> Option<Arc<[u64]>> {
        self.lock().kept.iter().find(|answer| answer.tag == tag).map(|answer| Arc::clone(&answer.hashes))
    }

    fn keep(&self, tag: Tag, hashes: Arc<[u64]>) {
        let mut answers = self.lock();
        answers.kept.retain(|answer| answer.tag != tag);
        answers.kept.push_back(Answer { tag, hashes, at: Instant::now() });
        while answers.lines() > MOST_LINES {
            answers.kept.pop_front();
        }
        if answers.sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            answers.sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.answers))));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        lock(&self.answers)
    }
}

fn lock(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    // Each answer goes in and out whole.
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Answers {
    fn lines(&self) -> usize {
        self.kept.iter().map(|answer| answer.hashes.len()).sum()
    }
}

/// Ends once nothing is left.
async fn sweep(answers: Weak<Mutex<Answers>>) {
    loop {
        sleep(KEPT_FOR / 4).await;
        let Some(answers) = answers.upgrade() else { return };
        let mut answers = lock(&answers);
        answers.kept.retain(|answer| answer.at.elapsed() < KEPT_FOR);
        if answers.kept.is_empty() {
            *answers = Answers::default();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn page(keys: impl IntoIterator<Item = usize>) -> String {
        let lines = keys.into_iter().map(|key| format!("<tr data-key=\"{key}\"><td>{key}</td></tr>"));
        format!("<div id=\"live\" data-tag=\"\"><table><tbody>\n{}</tbody></table></div>", lines.collect::<String>())
    }

    fn tag(html: &str) -> Option<Tag> {
        Tag::parse(html.split("data-tag=\"").nth(1)?.split('"').next()?)
    }

    #[tokio::test]
    async fn who_holds_a_known_answer_is_sent_what_differs() {
        let held = Held::default();
        let first = held.sent(page(0..9), None);
        assert_eq!(first.matches("data-key").count(), 9);
        let second = held.sent(page(1..10), tag(&first));
        assert_eq!(second.matches("data-key").count(), 1, "{second}");
        assert!(second.contains("<tr data-held=\"1 8\"></tr>") && second.contains("data-base=\""), "{second}");
        let third = held.sent(page(1..10), tag(&second));
        assert!(!third.contains("data-key") && tag(&third) == tag(&second));
    }

    #[tokio::test]
    async fn who_holds_what_nobody_knows_is_sent_the_whole() {
        let held = Held::default();
        let elsewhere = tag(&Held::default().sent(page(0..9), None));
        for base in [None, elsewhere, Tag::parse("0")] {
            let sent = held.sent(page(0..9), base);
            assert_eq!(sent.matches("data-key").count(), 9);
            assert!(!sent.contains("data-base") && !sent.contains("data-held"), "{sent}");
        }
    }

    #[tokio::test]
    async fn a_page_without_lines_has_no_tag() {
        let held = Held::default();
        assert_eq!(tag(&held.sent(page([]), None)), None);
        assert!(held.lock().kept.is_empty());
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let held = Held::default();
        let sent: Vec<_> = (0..40).map(|n| tag(&held.sent(page(n..n + 2_000), None)).expect("a tag")).collect();
        assert!(held.lock().lines() <= MOST_LINES);
        assert!(held.find(sent[0]).is_none() && held.find(sent[39]).is_some());
        held.sent(page(0..MOST_LINES + 1), None);
        assert!(held.lock().kept.is_empty(), "more than all that may be kept");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_once_nobody_asks_any_more() {
        let held = Held::default();
        let mut last = tag(&held.sent(page(0..9), None));
        for n in 1..9 {
            advance(KEPT_FOR / 2).await;
            let sent = held.sent(page(n..n + 9), last);
            assert_eq!(sent.matches("data-key").count(), 1, "it goes on asking");
            last = tag(&sent);
        }
        sleep(KEPT_FOR * 2).await;
        assert!(held.lock().kept.is_empty() && held.lock().sweeper.is_none());
        assert_eq!(held.sent(page(0..9), last).matches("data-key").count(), 9);
        assert!(held.lock().sweeper.is_some(), "it is watched again");
    }
}
