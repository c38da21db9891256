"""What the tests of the pages share."""

import re

import pytest
from django.utils.html import strip_tags


@pytest.fixture
def read(client):
    """Open a page as a reader would; gives its words, without markup and double spaces."""

    def do(path, *, status=200):
        answer = client.get(path)
        assert answer.status_code == status, path
        return re.sub(r"\s+", " ", strip_tags(answer.content.decode()))

    return do
