"""All workers take part in a launch, whoever a message goes to: real processes on a real broker."""

import pytest

from campaigns.clock import database_now
from launches.planning import create_launches
from tests.processes import Product, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 2


def test_every_worker_takes_part(crowd, simulator, tmp_path):
    crowd(1, launch_in=50)
    create_launches(database_now())
    product = Product(tmp_path, hosts=simulator.hosts, LOG_LEVEL="INFO")
    try:
        for _ in range(WORKERS):
            product.start("worker")
        product.start("beat")

        def take_part():
            logs = sorted(tmp_path.glob("worker-*.log"))
            return sum("taking part in launch" in log.read_text() for log in logs) == WORKERS

        wait_until(take_part, what="every worker in the launch", seconds=45)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{product.read_logs()}") from None
    finally:
        product.stop()
