//! Who asks, and what he may do.

use std::sync::Arc;

/// What a caller may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Read the ledger.
    Read,
    /// Ask for passes, claim rows, act on containers.
    Deploy,
    /// Change what is registered.
    Admin,
}

impl Access {
    /// The word in the file of tokens.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Deploy, Self::Admin].into_iter().find(|access| access.as_str() == word)
    }
}

/// Who asks. In the extensions of each request of somebody who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Caller {
    /// What he may do.
    pub(in crate::http) access: Access,
    /// Under which name that is logged: the token's, or how he came in.
    pub(in crate::http) name: Arc<str>,
    /// Whether he showed a token.
    pub(in crate::http) has_token: bool,
    /// The ids of the projects that his token is bound to; `None` for all that there is.
    pub(in crate::http) projects: Option<Arc<[String]>>,
}
