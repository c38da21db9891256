"""The demo's side of the simulator: its control API, over HTTP as from anywhere."""

import json
import os
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlsplit


def ask_simulator(path: str, order: object = None) -> Any:
    """POST an order (or GET without one) to the simulator's control API; gives its JSON."""
    address = urlsplit(os.environ.get("SIMULATOR_URL", "http://127.0.0.1:8100"))
    connection = HTTPConnection(address.netloc, timeout=10)
    try:
        body = None if order is None else json.dumps(order)
        connection.request("GET" if body is None else "POST", f"/_simulator/{path}", body=body)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"the simulator answered {answer.status}: {text[:200]}")
    return json.loads(text)


def give_consent(authorize_url: str, *, account: str) -> dict[str, str]:
    """Say yes on the network's own page, as the account's owner; gives what it sends back."""
    order = {"authorize_url": authorize_url, "account": account, "decision": "allow"}
    answer = ask_simulator("consents", order)
    return dict(parse_qsl(urlsplit(answer["redirect"]).query))
