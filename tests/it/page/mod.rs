//! The page in a real browser, over a simulated daemon and once over a real one.

mod activity;
mod acts;
mod answers;
mod bound;
mod container;
mod filters;
mod hostile;
mod languages;
mod live;
mod login;
mod looks;
mod overview;
mod proxied;
mod speed;
mod updates;

use crate::support::chromium::Browser;
use crate::support::skip::skip;

/// A browser whose user reads that language; `None`, said aloud, where there is none.
fn browser(test: &str, language: &str) -> Option<Browser> {
    match Browser::open(language) {
        Ok(browser) => Some(browser),
        Err(why) => {
            skip(test, &why);
            None
        }
    }
}
