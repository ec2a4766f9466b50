//! Where to look. Pure.

use crate::model::{ContainerId, Invalidation, News, Scope, Trigger};

/// What is owed and not on its way: some containers, or everything beyond a number of them.
#[derive(Debug)]
pub(super) struct Dirty {
    owed: Option<Invalidation>,
    scope_limit: usize,
}

impl Dirty {
    pub(super) const fn new(scope_limit: usize) -> Self {
        Self { owed: None, scope_limit }
    }

    /// An event told something of that container.
    pub(super) fn container(&mut self, container: ContainerId, news: News) {
        self.add(Invalidation { scope: Scope::Containers([container].into()), trigger: Trigger::Event, news });
    }

    /// Events may have been lost.
    pub(super) fn everything(&mut self) {
        self.add(Invalidation { scope: Scope::Host, trigger: Trigger::Reconnect, news: News::default() });
    }

    fn add(&mut self, later: Invalidation) {
        match &mut self.owed {
            Some(owed) => owed.join(later, self.scope_limit),
            nothing => *nothing = Some(later),
        }
    }

    /// No pass looked at it: it is owed again, together with what came meanwhile.
    pub(super) fn put_back(&mut self, earlier: Invalidation) {
        let later = self.owed.replace(earlier);
        later.into_iter().for_each(|later| self.add(later));
    }

    /// All of it, to be on its way from now on.
    pub(super) const fn take(&mut self) -> Option<Invalidation> {
        self.owed.take()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Starts;

    fn id(n: u32) -> ContainerId {
        ContainerId::new(format!("c{n}"))
    }

    fn flapping(n: u32, is_flapping: bool) -> News {
        News { starts: BTreeMap::from([(id(n), Starts { recent: 4, is_flapping })]), ..News::default() }
    }

    #[test]
    fn a_burst_over_more_containers_than_the_limit_is_everything() {
        let mut dirty = Dirty::new(3);
        for n in [0, 1, 2, 0] {
            dirty.container(id(n), News::default());
        }
        assert_eq!(dirty.take().expect("owed").scope, Scope::Containers([id(0), id(1), id(2)].into()));
        assert_eq!(dirty.take(), None, "it is on its way");
        for n in 0..1000 {
            dirty.container(id(n), News::default());
        }
        let invalidation = dirty.take().expect("owed");
        assert_eq!((invalidation.scope, invalidation.trigger), (Scope::Host, Trigger::Event));
    }

    #[test]
    fn what_comes_back_is_older_than_what_came_meanwhile() {
        let mut dirty = Dirty::new(32);
        dirty.container(id(0), flapping(0, true));
        let on_its_way = dirty.take().expect("owed");
        dirty.container(id(1), flapping(0, false));
        dirty.put_back(on_its_way);
        let again = dirty.take().expect("owed");
        assert_eq!(again.scope, Scope::Containers([id(0), id(1)].into()));
        assert_eq!(again.news, flapping(0, false));
    }
}
