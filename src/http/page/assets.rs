//! Style and modules of the page, from within the program.

use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use crate::http::extract::Path;
use crate::http::problem::Problem;

/// What is served, under a path that changes with it, so that browsers keep it for good.
#[derive(Debug)]
pub(super) struct Assets {
    /// Of all of them: modules name each other, so they change together.
    hash: String,
}

const FILES: [(&str, &str, &str); 12] = [
    ("page.css", "text/css; charset=utf-8", include_str!("static/page.css")),
    ("icon.svg", "image/svg+xml", include_str!("static/icon.svg")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("static/page.js")),
    ("load.js", "text/javascript; charset=utf-8", include_str!("static/load.js")),
    ("held.js", "text/javascript; charset=utf-8", include_str!("static/held.js")),
    ("morph.js", "text/javascript; charset=utf-8", include_str!("static/morph.js")),
    ("rising.js", "text/javascript; charset=utf-8", include_str!("static/rising.js")),
    ("filters.js", "text/javascript; charset=utf-8", include_str!("static/filters.js")),
    ("clock.js", "text/javascript; charset=utf-8", include_str!("static/clock.js")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("static/live.js")),
    ("seen.js", "text/javascript; charset=utf-8", include_str!("static/seen.js")),
    ("keys.js", "text/javascript; charset=utf-8", include_str!("static/keys.js")),
];

impl Assets {
    pub(super) fn get() -> &'static Self {
        static ASSETS: OnceLock<Assets> = OnceLock::new();
        ASSETS.get_or_init(|| {
            let mut hasher = Sha256::new();
            for (name, _, text) in FILES {
                hasher.update(name);
                hasher.update(text);
            }
            let digest = hasher.finalize();
            let hash = digest.iter().take(8).fold(String::new(), |mut hash, byte| {
                write!(hash, "{byte:02x}").expect("a String takes every write");
                hash
            });
            Self { hash }
        })
    }

    /// The path of one of them.
    pub(super) fn path(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.hash)
    }
}

/// B36: a name is looked up, never joined to a path.
pub(super) async fn asset(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some((_, content_type, text)) = FILES.into_iter().find(|(known, ..)| *known == name) else {
        return Problem::not_found("the page has no such part").into_response();
    };
    // A page of the version before asks for what it knew: it gets ours, and keeps it for no longer than itself.
    let is_ours = hash == Assets::get().hash;
    let kept = if is_ours { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
    ];
    (StatusCode::OK, headers, text).into_response()
}
