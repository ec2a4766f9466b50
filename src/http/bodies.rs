//! A request's body: how much of it is taken, for how long, and what becomes of what nobody reads.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::problem::Problem;

/// A claim is below 4 KiB.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// Of a hook, whose body nobody looks at: GitHub's largest is 25 MB.
pub(super) const MOST_BYTES_OF_HOOK: usize = 25 * 1024 * 1024;

/// Over a whole body: 64 KiB at the speed of an old modem, a push of some MB at that of a slow line.
const DEADLINE: Duration = Duration::from_secs(30);

/// A body with its bounds, which does not know who reads it.
type Bounded = Limited<Timely>;

/// A body that is handed to whoever answers, and comes back when he has no more use for it.
struct Lent {
    left: Option<Left>,
    back: Back,
}

/// What is left of a body.
struct Left {
    body: Bounded,
    /// Whether anybody asked for any of it.
    is_begun: bool,
    /// Whether it broke its bounds, or broke off.
    is_broken: bool,
}

/// Where a body comes back to.
#[derive(Clone, Default)]
pub(super) struct Back(Arc<Mutex<Option<Left>>>);

/// Bounds a body. What is not read of it is [`Back`] once it was answered.
pub(super) fn lend(body: Body, most_bytes: usize) -> (Body, Back) {
    let back = Back::default();
    if body.is_end_stream() {
        return (body, back);
    }
    let bounded = Limited::new(Timely { body, deadline: Box::pin(sleep(DEADLINE)) }, most_bytes);
    let left = Left { body: bounded, is_begun: false, is_broken: false };
    (Body::new(Lent { left: Some(left), back: back.clone() }), back)
}

impl Back {
    /// Reads and drops what nobody read. `false` if that came to no end within the bounds: what follows on the connection is
    /// then nobody's next request. So is what never comes: a client that waits for a word before it sends anything is not
    /// told to, where nobody asked for it.
    pub(super) async fn drop_rest(self, waits: bool) -> bool {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match left {
            Some(left) if left.is_broken || (waits && !left.is_begun) => false,
            Some(left) => drop_all(left.body).await.is_ok(),
            None => true,
        }
    }
}

/// Reads a body to its end and keeps nothing of it.
pub(super) async fn drop_body(body: Body) -> Result<(), Problem> {
    drop_all(body).await.map_err(|error| {
        let error: Box<dyn Error + Send + Sync> = error.into();
        unread(&*error)
    })
}

async fn drop_all<B: HttpBody + Unpin>(mut body: B) -> Result<(), B::Error> {
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

/// Why a body was not read to its end, by the error that reading it came to.
pub(super) fn unread(error: &(dyn Error + 'static)) -> Problem {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // axum's extractors hand it on in a box of its own.
        if error.is::<LengthLimitError>() || error.is::<Box<LengthLimitError>>() {
            return too_large();
        }
        if let Some(overdue) = error.downcast_ref::<Overdue>() {
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "body_overdue", overdue.to_string());
        }
        cause = error.source();
    }
    Problem::invalid("the body was cut off, or its pieces make no sense")
}

/// That a body is larger than is taken.
pub(super) fn too_large() -> Problem {
    let detail = format!(
        "a body has at most {} KiB, and that of a hook {} MiB",
        MOST_BYTES / 1024,
        MOST_BYTES_OF_HOOK / (1024 * 1024)
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let left = self.left.as_mut().expect("it is given back by drop alone");
        left.is_begun = true;
        let frame = Pin::new(&mut left.body).poll_frame(context);
        left.is_broken |= matches!(frame, Poll::Ready(Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.left.as_ref().is_none_or(|left| left.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.left.as_ref().map_or_else(SizeHint::default, |left| left.body.size_hint())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // No panic leaves the place half filled.
        *self.back.0.lock().unwrap_or_else(PoisonError::into_inner) = self.left.take();
    }
}

/// A body that has to end in time, however often a byte of it comes.
struct Timely {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

/// It did not.
#[derive(Debug)]
struct Overdue;

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body did not end within {DEADLINE:?}")
    }
}

impl Error for Overdue {}

impl HttpBody for Timely {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        self.deadline.as_mut().poll(context).map(|()| Some(Err(Overdue.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use tokio::time::Instant;

    use super::*;

    /// F7: each byte in time, and the whole never.
    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_whoever_reads_it() {
        for most_bytes in [MOST_BYTES, MOST_BYTES_OF_HOOK] {
            let begin = Instant::now();
            let (lent, _) = lend(drip(), most_bytes);
            let cut = drop_body(lent).await.expect_err("it never ends");
            assert!(cut.detail().contains("30s"), "{}", cut.detail());
            assert_eq!(cut.into_response().status(), StatusCode::REQUEST_TIMEOUT);
            assert!(begin.elapsed() < DEADLINE + EVERY);
            let (lent, back) = lend(drip(), most_bytes);
            drop(lent);
            assert!(!back.drop_rest(false).await, "its connection ends");
        }
    }

    /// F8: pieces say no length beforehand.
    #[tokio::test]
    async fn a_body_that_says_no_length_has_the_same_bound() {
        let (lent, _) = lend(pieces(MOST_BYTES), MOST_BYTES);
        drop_body(lent).await.expect("it is as large as it may be");
        let (lent, _) = lend(pieces(MOST_BYTES + 1), MOST_BYTES);
        let cut = drop_body(lent).await.expect_err("too large").into_response();
        assert_eq!(cut.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn what_nobody_reads_comes_back_and_is_dropped() {
        let (lent, back) = lend(pieces(9), MOST_BYTES);
        drop(lent);
        assert!(back.clone().drop_rest(false).await);
        assert!(back.drop_rest(false).await, "nothing is left");
        let (mut lent, back) = lend(pieces(9), MOST_BYTES);
        lent.frame().await.expect("a piece").expect("whole");
        drop(lent);
        let rest = back.0.lock().expect("no panic").take().expect("eight pieces");
        assert_eq!(rest.body.collect().await.expect("in time").to_bytes().len(), 8);
        let (lent, back) = lend(pieces(MOST_BYTES + 1), MOST_BYTES);
        drop(lent);
        assert!(!back.drop_rest(false).await, "too much of it");
        let (lent, back) = lend(pieces(9), MOST_BYTES);
        drop(lent);
        assert!(!back.drop_rest(true).await, "nobody told the client to go on");
    }

    /// F8: by whichever extractor it is read.
    #[tokio::test]
    async fn a_body_beyond_its_bound_is_told_as_too_large() {
        use axum::extract::{FromRequest as _, Request};

        let request = || {
            let (lent, _) = lend(pieces(MOST_BYTES + 1), MOST_BYTES);
            Request::post("/").header("content-type", "application/json").body(lent).expect("a request")
        };
        let json = crate::http::extract::Json::<String>::from_request(request(), &()).await;
        assert_eq!(json.expect_err("too large").status(), StatusCode::PAYLOAD_TOO_LARGE);
        let mut form = request();
        form.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a value"));
        let form = crate::http::extract::Form::<Vec<(String, String)>>::from_request(form, &()).await;
        assert_eq!(form.expect_err("too large").status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    /// F8: who was told that it is too much is not waited for.
    #[tokio::test(start_paused = true)]
    async fn what_broke_its_bound_is_given_up_at_once() {
        let (mut lent, back) = lend(drip(), 2);
        while lent.frame().await.is_some_and(|frame| frame.is_ok()) {}
        drop(lent);
        let begin = Instant::now();
        assert!(!back.drop_rest(false).await);
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }

    const EVERY: Duration = Duration::from_secs(9);

    /// A byte now and then, for ever.
    fn drip() -> Body {
        Body::new(Pieces { left: usize::MAX, wait: Some(Box::pin(sleep(EVERY))) })
    }

    /// So many pieces of a byte.
    fn pieces(count: usize) -> Body {
        Body::new(Pieces { left: count, wait: None })
    }

    struct Pieces {
        left: usize,
        wait: Option<Pin<Box<Sleep>>>,
    }

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = axum::BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
            if let Some(wait) = &mut self.wait {
                if wait.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.wait = Some(Box::pin(sleep(EVERY)));
            }
            if self.left == 0 {
                return Poll::Ready(None);
            }
            self.left -= 1;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }
}
