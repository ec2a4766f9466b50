//! axum's extractors, whose rejections are problem documents.

use axum::extract::{FromRequest, FromRequestParts};

use super::problem::Problem;

/// A body of JSON.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub(super) struct Json<T>(pub(super) T);

/// A body as a form of the page sends it.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::extract::Form), rejection(Problem))]
pub(super) struct Form<T>(pub(super) T);

/// The part of a URL behind the question mark.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Query<T>(pub(super) T);

/// The parts of a URL that name things.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Path<T>(pub(super) T);
