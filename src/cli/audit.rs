//! `audit`: what was ordered of containers, by whom, and what came of it.

use super::arguments::AuditArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::model::{AuditRecord, RowId};
use crate::store::AuditFilter;
use crate::wording::millis_text;

pub(super) fn execute(arguments: &AuditArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let filter = filter(arguments, context);
    let orders = context.read(&config)?.audit(&filter)?;
    let output = Output::of_this_process(arguments.printing.json);
    output.answer(&orders, || text(&orders, narrows(&filter), output.width))?;
    Ok(Exit::Fine)
}

fn filter(arguments: &AuditArguments, context: &Context) -> AuditFilter {
    let limit = usize::try_from(arguments.limit).expect("the grammar bounds it far below");
    AuditFilter {
        id: None,
        host: context.host_filter().cloned(),
        row: arguments.row.clone().map(RowId::new),
        workload: arguments.workload.clone(),
        container: arguments.container.clone(),
        who: arguments.who.clone(),
        actions: arguments.action.clone(),
        outcomes: arguments.outcome.clone(),
        from: arguments.from,
        to: arguments.to,
        before: None,
        limit: Some(limit),
    }
}

fn narrows(filter: &AuditFilter) -> bool {
    *filter != AuditFilter { limit: filter.limit, ..AuditFilter::default() }
}

fn text(orders: &[AuditRecord], narrowed: bool, width: usize) -> String {
    if orders.is_empty() && narrowed {
        return "No such order is kept.\n".into();
    }
    if orders.is_empty() {
        return "Nothing was ordered of any container. Whether a service takes orders is actions.enabled.\n".into();
    }
    let mut table = Table::new(&["AT", "WHO", "ACTION", "OUTCOME", "TOOK", "HOST", "ROW", "CONTAINER", "ERROR"]);
    table.dispense_with(&["CONTAINER", "TOOK", "HOST"]);
    for order in orders {
        let took = order.duration_ms.and_then(|took| u64::try_from(took).ok());
        table.row(vec![
            order.at.to_string(),
            order.who.clone(),
            order.action.clone(),
            order.outcome.to_string(),
            took.map_or_else(|| "-".into(), millis_text),
            order.host.to_string(),
            order.row_id.to_string(),
            order.container_id.as_ref().map_or_else(|| "-".into(), |id| id.short().to_owned()),
            order.error.clone().unwrap_or_default(),
        ]);
    }
    table.render(width)
}
