"""The file broker: a message is there whole or not at all, and is taken once."""

import threading
import uuid

import pytest
from kombu import Connection, Exchange, Queue

from crowdspeak.celery import app
from crowdspeak.file_broker import Channel


@pytest.fixture
def connect(tmp_path):
    """Connections to a broker in an empty folder."""
    assert app is not None
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    folders |= {"control_folder": str(tmp_path / "control"), "polling_interval": 0.01}
    made = []

    def do():
        connection = Connection("filesystem://", transport_options=folders)
        made.append(connection)
        return connection

    yield do
    for connection in made:
        connection.close()


@pytest.fixture
def words():
    """A queue's name: kombu keeps what it knows of one for as long as the process lives."""
    return f"words-{uuid.uuid4()}"


def test_messages_come_in_the_order_they_were_sent(connect, words, tmp_path):
    queue = connect().SimpleQueue(words)
    for number in range(5):
        queue.put({"number": number})
    got = []
    for _ in range(5):
        message = queue.get(timeout=5)
        message.ack()
        got.append(message.payload["number"])
    assert got == [0, 1, 2, 3, 4]
    assert not list(tmp_path.glob("*.msg*"))
    queue.close()


def test_queues_do_not_take_each_other_s_messages(connect, words):
    said, deeds = connect().SimpleQueue(words), connect().SimpleQueue(f"{words}-deeds")
    said.put("a word")
    with pytest.raises(deeds.Empty):
        deeds.get_nowait()
    assert said.get(timeout=5).payload == "a word"
    said.close()
    deeds.close()


def test_what_is_still_being_written_is_not_taken(connect, words, tmp_path):
    queue = connect().SimpleQueue(words)
    (tmp_path / "1_a.writing").write_text("")
    with pytest.raises(queue.Empty):
        queue.get_nowait()
    queue.close()


def test_a_queue_is_bound_and_used_at_once_by_many(connect):
    """Kombu's one table for all queues of an exchange was found empty while it was written."""
    errors = []

    def bind(index):
        try:
            for turn in range(20):
                exchange = Exchange(f"crowd-{turn}", type="direct")
                queue = Queue(f"queue-{index}-{turn}", exchange, routing_key=f"key-{index}")
                with connect().channel() as channel:
                    queue(channel).declare()
                    channel.get_table(exchange.name)
        except Exception as error:  # noqa: BLE001  (told by the assertion)
            errors.append(error)

    threads = [threading.Thread(target=bind, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    with connect().channel() as channel:
        bound = {binding.queue for binding in channel.get_table("crowd-7")}
    assert bound == {f"queue-{index}-7" for index in range(6)}


def test_a_message_put_while_its_queue_is_still_being_bound_is_not_lost(
    connect, words, monkeypatch
):
    """Kombu tells the other threads of a binding before it is written down."""
    writing, go_on = threading.Event(), threading.Event()
    bind = Channel._queue_bind

    def bind_slowly(channel, *args):
        writing.set()
        go_on.wait(10)
        bind(channel, *args)

    def put(word):
        connect().SimpleQueue(words).put(word)

    monkeypatch.setattr(Channel, "_queue_bind", bind_slowly)
    first, second = (threading.Thread(target=put, args=(word,)) for word in ("one", "two"))
    first.start()
    assert writing.wait(10)
    second.start()
    second.join(0.5)
    go_on.set()
    first.join(10)
    second.join(10)
    queue = connect().SimpleQueue(words)
    assert {queue.get(timeout=5).payload for _ in range(2)} == {"one", "two"}
    queue.close()


def test_many_readers_and_writers_at_once_lose_and_double_nothing(connect, words):
    number, each = 4, 100
    taken, errors = [], []

    def write(first):
        try:
            queue = connect().SimpleQueue(words)
            for index in range(each):
                queue.put(first * each + index)
            queue.close()
        except Exception as error:  # noqa: BLE001  (told by the assertion)
            errors.append(error)

    def read():
        try:
            queue = connect().SimpleQueue(words)
            while len(taken) < number * each and not errors:
                try:
                    message = queue.get(timeout=0.2)
                except queue.Empty:
                    continue
                message.ack()
                taken.append(message.payload)
            queue.close()
        except Exception as error:  # noqa: BLE001  (told by the assertion)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(index,)) for index in range(number)]
    threads += [threading.Thread(target=read) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert sorted(taken) == list(range(number * each))
