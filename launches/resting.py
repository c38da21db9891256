"""Leave a host alone for as long as it asked to be: limits that are learnt from its answers.

A worker reads them from any answer (``minding``); one row in the database tells the others. What an
answer says of one account keeps nobody else waiting; ``networks.waiting`` caps how long it is.
"""

from datetime import datetime

from launches.pauses import HostPause


def rest(host: str, *, now: datetime, until: datetime) -> None:
    """Send nothing to a host until then. A pause that it has already only ever becomes longer.

    One that does not answer is asked again by ``breaking`` alone.
    """
    _, made = HostPause.objects.get_or_create(host=host, defaults={"since": now, "until": until})
    if not made:
        shorter = HostPause.objects.filter(pk=host, silences=0, until__lt=until)
        if not shorter.filter(until__lt=now).update(since=now, until=until):
            shorter.update(until=until)
