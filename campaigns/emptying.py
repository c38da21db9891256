"""Send what the outbox holds, one worker at a time, on whichever machine it runs."""

from django.db import connection
from post_office.mail import get_queued, send_queued, send_queued_mail_until_done

OUTBOX_LOCK = 0x6D61696C73  # "mails"; nothing else here takes locks by number


def empty_outbox() -> bool:
    """Send until nothing is left that is due. False: another worker is at it.

    The lock is the database's: it is one for all machines, and ends with the connection of who held
    it. The package's own is a file with a process's number in it. Other machines do not see it, and
    every container's first process is number 1: two of them would send the same mails, and one that
    is killed while it sends would leave a lock that its successor takes for alive, for good. On
    SQLite there is one machine, and that lock will do.
    """
    if connection.vendor != "postgresql":
        send_queued_mail_until_done(processes=1)
        return True
    holder = connection.copy()  # of its own: the package closes the thread's after each batch
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [OUTBOX_LOCK])
            (is_ours,) = cursor.fetchone()
        if not is_ours:
            return False
        send_queued(processes=1)
        while get_queued().exists():
            send_queued(processes=1)
        return True
    finally:
        holder.close()
