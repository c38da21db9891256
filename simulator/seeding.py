"""Making accounts and credentials in bulk, and doing what an owner would do by hand."""

from collections.abc import Iterable
from datetime import datetime
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.clock import read_time
from simulator.layout import Instance
from simulator.notices import Teller, sign_request
from simulator.people import NameRefused
from simulator.plugging import Server
from simulator.plugs import PLUGS
from simulator.serving import Refusal
from simulator.world import ACCOUNT_STATES, Account, World

MOST_ACCOUNTS = 100_000


class OrderRefused(ValueError):
    """A control request that makes no sense; the message says what to change."""


def open_accounts(world: World, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Open the accounts of one order; those that exist are changed and given as well.

    `names` (a list) or `count` says how many; without `instance` they are spread over all of the
    `network`. `followers`, `created_at` (ISO 8601) and `state` are set on each when given.
    Raises OrderRefused.
    """
    homes = cycle(choose_instances(world, order))
    names = order.get("names")
    if names is None:
        number = order.get("count", 1)
        if not isinstance(number, int) or not 0 <= number <= MOST_ACCOUNTS:
            raise OrderRefused(f"count is a whole number up to {MOST_ACCOUNTS}.")
        names = (world.name_newcomer() for _ in range(number))
    elif not isinstance(names, list):
        raise OrderRefused("names is a list of texts.")
    try:
        return [
            _change_account(world.ensure_account(next(homes), name=str(name)), order).describe()
            for name in names
        ]
    except NameRefused as refused:
        raise OrderRefused(str(refused)) from refused


def _change_account(account: Account, order: dict[str, Any]) -> Account:
    if "followers" in order:
        account.followers = int(order["followers"])
    if "created_at" in order:
        try:
            moment = read_time(str(order["created_at"]))
        except ValueError as error:
            raise OrderRefused("created_at is ISO 8601.") from error
        account.created_at = datetime.fromtimestamp(moment, tz=account.created_at.tzinfo)
    if "state" in order:
        if order["state"] not in ACCOUNT_STATES:
            raise OrderRefused(f"state is one of {', '.join(ACCOUNT_STATES)}.")
        account.state = order["state"]
    return account


def issue_credentials(
    world: World, servers: Iterable[Server], orders: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Give ready-made credentials, one per order ({network, instance, account, …}).

    An account that does not exist is opened; without `instance` the orders are dealt in turn to
    all servers of the network. Raises OrderRefused.
    """
    by_instance = {server.instance: server for server in servers}
    credentials = []
    for turn, order in enumerate(orders):
        homes = choose_instances(world, order)
        instance = homes[turn % len(homes)]
        try:
            account = find_or_open(world, order, instance=instance)
            server = by_instance[account.instance]
            credentials.append(server.seed_token(account, given=order))
        except NameRefused as refused:
            raise OrderRefused(str(refused)) from refused
        except KeyError as missing:
            raise OrderRefused(f"Not known here: {missing}.") from missing
    return credentials


def find_or_open(world: World, order: dict[str, Any], *, instance: Instance) -> Account:
    """Give the account that an order means, opened when there is none. Raises NameRefused."""
    label = str(order.get("account") or world.name_newcomer())
    wanted = instance if order.get("instance") else None
    found = world.find_accounts(label, network=instance.network, instance=wanted)
    return found[0] if found else world.ensure_account(instance, name=label)


def revoke_accounts(world: World, servers: Iterable[Server], order: dict[str, Any]) -> int:
    """Revoke all credentials of the accounts an order means; gives how many there were."""
    instance = choose_instances(world, order)[0] if order.get("instance") else None
    accounts = world.find_accounts(
        str(order.get("account")), network=order.get("network"), instance=instance
    )
    if not accounts:
        raise OrderRefused(f"There is no account {order.get('account')!r}.")
    by_instance = {server.instance: server for server in servers}
    return sum(by_instance[account.instance].revoke_account(account) for account in accounts)


def write_notices(world: World, servers: Iterable[Server], order: dict[str, Any]) -> list[str]:
    """Give what networks tell apps about the accounts that an order means, signed."""
    by_instance = {server.instance: server for server in servers}
    accounts = world.find_accounts(str(order.get("account")), network=order.get("network"))
    owners: set[tuple[str, str]] = set()
    for account in accounts:
        server = by_instance[account.instance]
        if isinstance(server, Teller):
            owners.update(server.list_owners(account))
    return [sign_request(user_id, secret=secret) for secret, user_id in sorted(owners)]


def give_consent(servers: Iterable[Server], order: dict[str, Any]) -> str:
    """Press a button on an authorize page without a browser; gives where it leads.

    `authorize_url` is the address a product sends people to, `account` who they are, `decision`
    `allow` (the default) or `deny`. Raises OrderRefused.
    """
    parts = urlsplit(str(order.get("authorize_url")))
    params: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    server = next((one for one in servers if one.instance.authority == parts.netloc), None)
    account, allowed = str(order.get("account", "")), order.get("decision", "allow") == "allow"
    try:
        if server is not None:
            decide = PLUGS[server.instance.network].decide
            return decide(server, params, account=account, allowed=allowed)
    except (NameRefused, Refusal) as refused:
        raise OrderRefused(str(refused)) from refused
    raise OrderRefused("authorize_url is none of this simulator's servers'.")


def choose_instances(world: World, order: dict[str, Any]) -> list[Instance]:
    """Give the servers an order is about, by `instance` (host:port or URL) or `network`."""
    place = order.get("instance")
    place = str(place).partition("://")[2].rstrip("/") if "://" in str(place) else place
    chosen = [
        instance
        for instance in world.instances
        if place in (None, instance.authority) and order.get("network") in (None, instance.network)
    ]
    if not chosen:
        raise OrderRefused("No server here fits this network and instance.")
    return chosen
