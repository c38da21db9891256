"""A process that ends itself with SIGKILL at one exact line: what a power cut does there.

``DIE_AT`` names the line. The process is a real worker, started by the Procfile; only the one that
the test dooms gets the variable, whoever is started after it lives.
"""

import asyncio
import os
import signal
from functools import wraps
from importlib import import_module

from django.apps import AppConfig

# module, function, and whether it has done its work by then
LINES = {
    "before the claim": ("launches.claiming", "_move", False),  # "claim" warms up as well
    "after the claim": ("launches.claiming", "claim", True),
    "after the network accepted": ("launches.delivering", "carry_out", True),
    "before the record": ("launches.recording", "record", False),
    "while arming": ("launches.planning", "insert_deliveries", True),
    "before the decision is committed": ("launches.igniting", "_decide", True),
}


class Dying(AppConfig):
    """Puts the end into the line that DIE_AT names."""

    name = "tests.faults"
    label = "faults"

    def ready(self):
        if line := os.environ.get("DIE_AT"):
            doom(*LINES[line])


def doom(module_name, function_name, has_worked):
    """Have the process end itself where this function is called, or where it has done its work.

    Only once there is something in hand: a claim that found nothing, a post that was refused is
    no such moment.
    """
    module = import_module(module_name)
    function = getattr(module, function_name)

    def meet(outcome):
        if getattr(outcome, "claims", outcome):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    if asyncio.iscoroutinefunction(function):

        @wraps(function)
        async def doomed(*args, **kwargs):
            return meet(await function(*args, **kwargs))

    else:

        @wraps(function)
        def doomed(*args, **kwargs):
            return meet(function(*args, **kwargs)) if has_worked else meet(True)

    setattr(module, function_name, doomed)
