// Lines of tables that the service did not send, since the page shows them.

/**
 * Puts a stand-in into `fresh` for each line of `live` that it leaves out, and answers which line each of them stands for.
 * Null if `fresh` is to be laid upon other lines than those that are shown.
 */
export function standIns(live, fresh) {
  const lineOf = new Map();
  const { base } = fresh.dataset;
  if (base === undefined) return lineOf;
  const lines = live.querySelectorAll("tr[data-key]");
  const [tag, count] = base.split(" ");
  // Something else than we took lines away, or brought some: the next answer is to be whole.
  if (tag === live.dataset.tag && Number(count) !== lines.length) live.dataset.tag = "";
  if (tag !== live.dataset.tag) return null;
  delete fresh.dataset.base;
  for (const run of fresh.querySelectorAll("tr[data-held]")) {
    const [from, count] = run.dataset.held.split(" ").map(Number);
    const all = new DocumentFragment();
    for (let at = from; at < from + count; at += 1) {
      const standIn = document.createElement("tr");
      lineOf.set(standIn, lines[at]);
      all.append(standIn);
    }
    run.replaceWith(all);
  }
  return lineOf;
}
