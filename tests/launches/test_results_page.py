"""What the results page shows of each network: every delivery has its part, whatever its state."""

import re

import pytest

from tests.making import make_campaign
from tests.pages.showcasing import decide, lend

pytestmark = pytest.mark.django_db


@pytest.fixture
def read_results(client, olive):
    """Opens the results of a launch in that state, with one delivery for each outcome."""

    def do(state, outcomes, **facts):
        campaign = make_campaign(olive, launch_in=-60, **facts)
        pledges = [lend(campaign) for _ in outcomes]
        decide(campaign, state, pledges=pledges, outcomes=outcomes)
        answer = client.get("/campaigns/river/results/")
        assert answer.status_code == 200
        return answer.content.decode()

    return do


def read_section(page):
    """The section about the networks, as its words and as it is."""
    html = page.partition('aria-labelledby="networks"')[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)), html


def test_bar_of_a_launch_under_way_is_not_full_of_what_was_sent(read_results):
    outcomes = ["sent", "failed", "planned", "planned", "waiting", "waiting", "unknown", "sent"]
    words, html = read_section(read_results("firing", outcomes))
    assert 'aria-label="2 sent, 1 failed, 4 waiting, 1 not confirmed"' in html
    assert '<rect class="split__done" width="25%"' in html
    assert '<rect class="split__open" x="37.5%" width="50%"' in html
    assert "4 waiting" in words
    assert "2 of 8" in words


def test_bar_of_a_launch_that_is_over_speaks_of_no_waiting(read_results):
    words, html = read_section(read_results("finished", ["sent", "sent", "unconfirmed", "failed"]))
    assert 'aria-label="2 sent, 1 failed, 1 not confirmed"' in html
    assert "waiting" not in words.partition("The numbers as a table")[0]


def test_missed_launch_shows_no_failure_where_nothing_was_to_be_posted(read_results):
    words, html = read_section(read_results("missed", ["not_sent"] * 3, threshold=50))
    assert "Nothing was posted on any network" in words
    assert "split__" not in html
    assert "Not sent" not in words
