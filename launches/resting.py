"""Leave a host alone for as long as it asked to be: limits that are learnt from its answers.

A worker reads them from any answer (``minding``); one row in the database tells the others. What an
answer says of one account keeps nobody else waiting; ``networks.waiting`` caps how long it is.
"""

from datetime import datetime

from django.db import transaction

from launches.pauses import HostPause


def rest(host: str, *, now: datetime, until: datetime) -> None:
    """Send nothing to a host until then. A pause that it has already only ever becomes longer.

    One that does not answer is asked again by ``breaking`` alone. Its row is waited for: whoever
    has it may just be ending such a pause, and what was asked of us outlasts that.
    """
    with transaction.atomic():
        known, made = HostPause.objects.select_for_update().get_or_create(
            host=host, defaults={"since": now, "until": until}
        )
        if made or known.silences or known.until >= until:
            return
        since = now if known.until < now else known.since
        HostPause.objects.filter(pk=host).update(since=since, until=until)
