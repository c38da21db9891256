"""What a worker does before its first task, so that a launch finds it quick and with room."""

import gc
import resource

from networks import registry

FILES = 65_536
# New objects between two collections. A launch makes hundreds for each post, and nearly all of them
# are freed without the collector: with the usual 700 it takes a quarter of a launch's time.
COLLECT_AFTER = (20_000, 50, 50)


def raise_file_limit() -> None:
    """Let this process open as many connections as the machine lets it.

    The usual 1024 files are fewer than the connections of one large launch.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def spare_the_collector() -> None:
    """Load what is loaded late, and keep all of it from being looked through again and again."""
    registry.automatic_networks()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
