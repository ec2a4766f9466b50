"""Blue/green deployments, driven by Dockledger's stream of changes alone.

Who builds starts the next container beside the one that serves, and claims it for the stage. Once it is up, and healthy where
it has a check, this moves the subdomain to it, writes the routes for the proxy, and releases the rows before it: whoever
started their containers may stop them. One that never comes up gets no request. A file of routes is a map: subdomain to port.

    openapi-python-client generate --url http://127.0.0.1:7878/api/v1/openapi.json --meta none --output-path dockledger_client
    DOCKLEDGER_TOKEN=… python3 blue_green.py http://127.0.0.1:7878 PROJECT STAGE SUBDOMAIN routes.json
"""

import json
import os
import sys
import time

import httpx
from dockledger_client import AuthenticatedClient
from dockledger_client.api.ledger import list_containers, list_routes
from dockledger_client.api.registry import claim_row, release_row
from dockledger_client.models import NewClaim, Problem


def main(url, project, stage, subdomain, file):
    client = AuthenticatedClient(url, os.environ["DOCKLEDGER_TOKEN"], raise_on_unexpected_status=True)
    while True:
        try:
            # A stream begins with `snapshot`. Each event says only that it is time to look: what is true is asked for.
            with client.get_httpx_client().stream("GET", "/api/v1/changes", headers={"Accept": "text/event-stream"}, timeout=60) as stream:
                for line in stream.raise_for_status().iter_lines():
                    if line.startswith("event: "):
                        look(client, project, stage, subdomain, file)
        except (httpx.HTTPError, RuntimeError) as error:
            print(error, file=sys.stderr)
        time.sleep(1)


def look(client, project, stage, subdomain, file):
    rows = answer(list_containers.sync(client=client, workload=f"project/{project}", stage=stage, limit=1000)).items
    ready = [row for row in rows if row.state == "running" and row.health in (None, "healthy") and row.port]
    newest = max(ready, key=lambda row: row.created_at, default=None)
    if newest and newest.subdomain != subdomain:
        claim = NewClaim(id=newest.id, subdomain=subdomain, take_subdomain=True)
        answer(claim_row.sync(project, client=client, body=claim))
    write(file, answer(list_routes.sync(client=client, limit=1000)).items)
    for row in rows:
        if newest and row.created_at < newest.created_at:
            answer(release_row.sync(project, row.id, client=client))


def write(file, routes):
    serving = {route.subdomain: route.port for route in routes if route.subdomain and route.state == "running" and route.port}
    with open(f"{file}.new", "w") as new:
        json.dump(serving, new)
    os.replace(f"{file}.new", file)
    print(json.dumps(serving), flush=True)


def answer(said):
    if isinstance(said, Problem):
        raise RuntimeError(said.detail)
    return said


if __name__ == "__main__":
    main(*sys.argv[1:])
