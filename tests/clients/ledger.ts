// What a program does with the generated types; prints what it got. What is marked as an error has to be one.

import type { components, operations, paths } from "./dockledger.js";

type Container = components["schemas"]["Container"];
type Page = paths["/api/v1/containers"]["get"]["responses"]["200"]["content"]["application/json"];
type History = operations["list_changes"]["responses"]["200"]["content"]["application/json"];
type Claim = operations["claim_row"]["requestBody"]["content"]["application/json"];
type Answer = operations["claim_row"]["responses"]["201"]["content"]["application/json"];

declare const process: { argv: string[]; env: Record<string, string | undefined> };
const [url = "", project = "", container = ""] = process.argv.slice(2);
const headers = { authorization: `Bearer ${process.env.DOCKLEDGER_TOKEN}`, "content-type": "application/json" };

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(url + path, { headers, ...init });
    if (!response.ok) {
        const problem = (await response.json()) as components["schemas"]["Problem"];
        throw new Error(`${problem.code}: ${problem.detail}`);
    }
    return (await response.json()) as T;
}

const claim: Claim = { stage: "live", container_id: container, subdomain: "www" };
const answer = await ask<Answer>(`/api/v1/projects/${project}/claims`, { method: "POST", body: JSON.stringify(claim) });
const page = await ask<Page>(`/api/v1/containers?workload=project/${project}`);
const history = await ask<History>("/api/v1/changes?limit=1000");

const told = (row: Container): [string, string, number | null, number[]] =>
    [row.name, row.state, row.port, row.ports.map((port) => port.private)];
const latest: number = history.latest;
const causes: components["schemas"]["ChangeCause"][] = history.items.map((change) => change.cause);
const mine = history.items.filter((change) => change.row_id === answer.id);

// @ts-expect-error a text is no number
const wrong: number = page.items[0]?.name;
// @ts-expect-error no claim has such a field
const misspelt: Claim = { sub_domain: "www" };
// @ts-expect-error nobody can say that
const said: Claim = { state: "running" };
void [wrong, misspelt, said];

console.log(JSON.stringify({
    rows: page.items.map(told),
    warnings: answer.warnings.map((warning) => warning.code),
    changes: mine.map((change) => change.to_state),
    all: latest >= causes.length,
}));
