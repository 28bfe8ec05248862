"""--check: what would not work, kind by kind, before anything runs."""

import msgspec

from shardex.kube.client import ApiError, Client, CutError, RefusedError, StalledError
from shardex.kube.endpoint import Credentials, resolve
from shardex.kube.reflector import Target
from shardex.options import Options
from shardex.workers.plan import plan

_SECONDS = 10.0


class Report(msgspec.Struct, frozen=True):
    """What was found, as lines for people; good when every list and watch works."""

    text: str
    good: bool


def check(options: Options) -> Report:
    """Connect, and try one list and one watch of each target, since only the request itself tells what RBAC allows.

    raise  ShardexError when there is no way to the API server at all
    """
    endpoint = resolve(options.apiserver, options.kubeconfig)
    client = Client(Credentials(endpoint, options.kubeconfig), "shardex --check")
    lines, faults = [f"API server {endpoint.url}"], 0
    for kind in plan(options):
        for target in kind.targets:
            said = {verb: _attempt(client, target, verb) for verb in ("list", "watch")}
            bad = {verb: fault for verb, fault in said.items() if fault}
            faults += bool(bad)
            state = "; ".join(f"{verb}: {fault}" for verb, fault in bad.items()) or "ok"
            lines.append(f"{'FAIL' if bad else 'ok':5}{target.path:60} {state}")
    lines.append(f"{faults} of the lists above do not work" if faults else "everything works")
    return Report("\n".join(lines) + "\n", not faults)


def _attempt(client: Client, target: Target, verb: str) -> str:
    """What is wrong with one request; "" when it works."""
    query = target.query | ({"limit": "1"} if verb == "list" else {"watch": "true", "timeoutSeconds": "1"})
    try:
        with client.get(target.path, query, target.accept, _SECONDS) as answer:
            for _ in answer.chunks():
                break
    except (ApiError, RefusedError, CutError, StalledError) as error:
        return str(error)
    return ""
