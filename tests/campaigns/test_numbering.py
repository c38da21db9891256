"""Numbers in sentences, as each language writes them."""

import pytest
from django.utils import translation

from campaigns.numbering import fill_in
from launches.models import Delivery


@pytest.mark.parametrize(("language", "said"), [("en", "63,206"), ("fr", "63\u202f206")])
@pytest.mark.parametrize("place", ["%(limit)s", "%(limit)d"])
def test_numbers_are_grouped_whatever_their_place_is_called(language, said, place):
    with translation.override(language):
        assert fill_in(f"{place} at most", {"limit": 63206}) == f"{said} at most"


def test_words_stay_as_they_are():
    assert fill_in("%(host)s: %(name)s", {"host": "a.example", "name": "2026"}) == "a.example: 2026"


def test_reason_of_a_post_that_was_kept_before_is_told_with_its_numbers_grouped():
    reason = "%(host)s did not answer within %(seconds)d seconds."
    kept = Delivery(reason=reason, reason_facts={"host": "a.example", "seconds": 1284})
    assert kept.sentence == "a.example did not answer within 1,284 seconds."
