"""What a program does with the generated client; prints what it got."""

import json
import os
import sys

from dockledger_client import AuthenticatedClient, Client
from dockledger_client.api.ledger import list_changes, list_containers
from dockledger_client.api.registry import claim_row
from dockledger_client.models import Container, NewClaim, Problem

url, project, container = sys.argv[1:]
client = AuthenticatedClient(url, os.environ["DOCKLEDGER_TOKEN"], raise_on_unexpected_status=True)

before = list_changes.sync(client=client, limit=1)
made = claim_row.sync_detailed(project, client=client, body=NewClaim(stage="live", container_id=container, subdomain="www"))
rows = list_containers.sync(client=client, workload=f"project/{project}").items
assert all(isinstance(row, Container) for row in rows), rows
changes = list_changes.sync(client=client, after=before.latest).items
refused = list_containers.sync(client=Client(url))
assert isinstance(refused, Problem), refused

print(json.dumps({
    "made": [made.status_code, made.headers["location"], made.parsed.id, [warning.code for warning in made.parsed.warnings]],
    "rows": [[row.name, row.state, row.subdomain, row.port, [port.private for port in row.ports]] for row in rows],
    "changes": [[change.cause.value, change.name, change.to_state] for change in changes],
    "refused": refused.code,
}))
