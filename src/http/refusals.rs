//! What the API's document says of answers that are problem documents.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

/// In place of what is read.
pub(super) struct CannotRead;

/// In place of what is written.
pub(super) struct CannotWrite;

/// In place of what an action came to.
pub(super) struct CannotAct;

const READ: &[(&str, &str)] = &[
    ("400", "The request makes no sense: a value is out of its bounds, or a parameter is not known"),
    ("401", "A token is needed"),
    ("403", "The token may not do that, or the request comes from a foreign page"),
    ("404", "There is none of that name or id"),
    ("409", "There are several workloads of that name"),
    ("421", "The service does not go by the name in `Host`"),
    ("429", "Too many requests; try again later"),
    ("500", "A fault of our own; it is in the log of the service"),
    ("503", "The database does not answer, the service is stopping, or too much is asked at once; try again later"),
];

const WRITE: &[(&str, &str)] = &[
    ("409", "It is taken, in use, or somebody else's"),
    ("408", "The body did not end in time"),
    ("413", "The body is too large"),
    ("415", "The body is not said to be JSON"),
    ("422", "The body is JSON and not what is expected"),
];

impl IntoResponses for CannotRead {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        READ.iter().map(problem).collect()
    }
}

impl IntoResponses for CannotWrite {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        READ.iter().chain(WRITE).map(problem).collect()
    }
}

const ACT: &[(&str, &str)] = &[
    ("409", "The row is bound to no container, or the daemon refuses"),
    ("502", "The daemon failed"),
    ("504", "`unknown`: the daemon did not say what came of it, and may still carry it out"),
];

impl IntoResponses for CannotAct {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        READ.iter().chain(ACT).map(problem).collect()
    }
}

fn problem((status, description): &(&str, &str)) -> (String, RefOr<Response>) {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(*description).content("application/problem+json", content);
    ((*status).to_owned(), response.build().into())
}
