"""--check: what would not work, kind by kind, before anything runs."""

from collections.abc import Sequence

import msgspec

from shardex.custom.config import CustomConfig
from shardex.custom.discovery import Served, assumed, established, select
from shardex.customfile import custom_resources
from shardex.errors import ShardexError
from shardex.kube.client import ApiError, Client, CutError, RefusedError, StalledError
from shardex.kube.endpoint import Credentials, resolve
from shardex.kube.pieces import UNDECODABLE, ListBody, text_of
from shardex.kube.reflector import Target
from shardex.kube.reviews import Reviewer
from shardex.options import Options
from shardex.verify import verify
from shardex.workers.definitions import DEFINITIONS
from shardex.workers.plan import custom_kind, filters, plan
from shardex.workers.shardset import find

_SECONDS = 10.0


class Report(msgspec.Struct, frozen=True):
    """What was found, as lines for people; good when every list and watch works."""

    text: str
    good: bool


def check(options: Options) -> Report:
    """Connect, and try one list and one watch of each target, since only the request itself tells what RBAC allows.

    raise  ShardexError when there is no way to the API server at all, or it does not know who we are; OptionsError when
           --tls-config, --ready-file or the configuration of custom resources is wrong
    """
    verify(options)
    config = custom_resources(options)
    endpoint = resolve(options.apiserver, options.kubeconfig)
    client = Client(Credentials(endpoint, options.kubeconfig), "shardex --check")
    client.knock()
    lines, faults = [f"API server {endpoint.url}"], 0
    if options.pod:
        placed = _placed(client, options)
        faults += bool(placed)
        lines.append(f"{'FAIL' if placed else 'ok':5}{f'the StatefulSet of pod {options.pod}':60} {placed or 'ok'}")
    targets = [target for kind in plan(options) for target in kind.targets]
    if config.resources:
        selection = select(config, _served(client, config))
        lines += [f"none {kind}: no definition serves it" for kind in selection.absent]
        kept = filters(options)
        kinds = [custom_kind(found, options, kept, lambda _: None) for found in selection.selected]
        targets += [DEFINITIONS, *(target for kind in kinds if kind is not None for target in kind.targets)]
    for target in targets:
        said = {verb: _attempt(client, target, verb) for verb in ("list", "watch")}
        bad = {verb: fault for verb, fault in said.items() if fault}
        faults += bool(bad)
        state = "; ".join(f"{verb}: {fault}" for verb, fault in bad.items()) or "ok"
        lines.append(f"{'FAIL' if bad else 'ok':5}{target.path:60} {state}")
    if options.auth_filter:
        fault = _attempt_reviews(client)
        faults += bool(fault)
        lines.append(f"{'FAIL' if fault else 'ok':5}{'--auth-filter':60} {fault or 'ok'}")
    lines.append(f"{faults} of the above do not work" if faults else "everything works")
    return Report("\n".join(lines) + "\n", not faults)


def _placed(client: Client, options: Options) -> str:
    """What is wrong with the pod's StatefulSet; "" when it is found and may be watched."""
    try:
        target = find(client, options.pod_namespace, options.pod).target
    except ShardexError as error:
        return str(error)
    return _attempt(client, target, "list") or _attempt(client, target, "watch")


def _served(client: Client, config: CustomConfig) -> Sequence[Served]:
    """What the cluster's definitions serve; what the exporter would assume when they cannot be read."""
    body = ListBody(careful=True)
    try:
        with client.get(DEFINITIONS.path, {}, DEFINITIONS.accept, _SECONDS) as answer:
            texts = [text_of(item) for item in body.items(answer.chunks())]
            return [one for text in texts for one in established(text)[1]]
    except (ApiError, RefusedError, StalledError, CutError, *UNDECODABLE):
        return assumed(config)


def _attempt(client: Client, target: Target, verb: str) -> str:
    """What is wrong with one request; "" when it works: once it is answered with 200, data is all that follows."""
    if verb == "list":
        query, accept = {"limit": "1"}, target.accept
    else:
        query, accept = {"watch": "true", "resourceVersion": "0", "timeoutSeconds": "1"}, target.watch_accept
    try:
        with client.get(target.path, target.query | query, accept, _SECONDS):
            return ""
    except (ApiError, RefusedError, StalledError) as error:
        return str(error)


def _attempt_reviews(client: Client) -> str:
    """Why nobody could be let in; "" when reviews work."""
    try:
        Reviewer(client).probe()
    except ShardexError as error:
        return str(error)
    return ""
