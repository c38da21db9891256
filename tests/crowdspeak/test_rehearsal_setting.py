"""The address of the simulator that launches are rehearsed on."""

import pytest

from crowdspeak.checks import check_rehearsals


@pytest.mark.parametrize("url", ["", "http://simulator:8100", "http://127.0.0.1:8100"])
def test_an_address_with_its_port_or_none_will_do(settings, url):
    settings.REHEARSAL_URL = url
    assert not check_rehearsals()


@pytest.mark.parametrize(
    "url",
    [
        *("simulator:8100", "http://simulator", "https://simulator:8100", "http://:8100"),
        *("http://simulator:8100/wall", "http://u@simulator:8100", "http://simulator:port"),
    ],
)
def test_anything_else_is_told_with_what_to_do(settings, url):
    settings.REHEARSAL_URL = url
    [told] = check_rehearsals()
    assert told.id == "crowdspeak.E008"
    assert "http://simulator:8100" in told.hint
