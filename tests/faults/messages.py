"""Celery's messages as a test wants them: sent by hand, or each of them many times."""

import contextlib
import copy
import random
import uuid

from celery import Celery
from kombu.transport.redis import Channel as RedisChannel

from crowdspeak.file_broker import Channel as FileChannel

HELD_BACK = 5  # messages that wait to be overtaken


@contextlib.contextmanager
def connect(product):
    """An application on the product's broker, to send messages with."""
    app = Celery("tests", broker=product.environment["BROKER_URL"], set_as_current=False)
    messages = product.folder / "broker"
    if app.conf.broker_url.startswith("filesystem"):
        app.conf.broker_transport_options = {
            "data_folder_in": str(messages / "messages"),
            "data_folder_out": str(messages / "messages"),
            "control_folder": str(messages / "control"),
        }
    with contextlib.closing(app):
        yield app


def send_many_times(times):
    """Have every message that this process sends arrive so often, and most of them out of order."""
    dice = random.Random(1)
    for channel in (RedisChannel, FileChannel):
        channel._put = _make_put(channel._put, times=times, dice=dice)


def _make_put(put, *, times, dice):
    held = []

    def put_many(self, queue, message, **kwargs):
        for _ in range(times):
            again = copy.deepcopy(message)
            again["properties"]["delivery_tag"] = str(uuid.uuid4())
            held.append((queue, again))
        dice.shuffle(held)
        while len(held) > HELD_BACK * times:
            put(self, *held.pop(), **kwargs)

    return put_many
