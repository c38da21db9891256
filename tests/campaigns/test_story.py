"""A story can do no harm."""

import pytest

from campaigns.story import render_story


def test_markdown_becomes_html_below_the_page_s_own_headings():
    html = render_story("# Why\n\nIt is **late**.\n\n- one\n- two")
    assert "<h3>Why</h3>" in html
    assert "<strong>late</strong>" in html
    assert "<li>one</li>" in html


def test_links_pass_nothing_on():
    html = render_story("[here](https://a.example/x?y=1)")
    assert 'href="https://a.example/x?y=1"' in html
    assert 'rel="nofollow ugc noopener"' in html


@pytest.mark.parametrize(
    "story",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<https://a.example/"onmouseover=alert(1)>',
        '[x](https://a.example "\\"onmouseover=alert(1)")',
        "![x](https://tracker.example/p.png)",
        "<svg/onload=alert(1)>",
        "<a href='vbscript:x'>y</a>",
        "[x]: javascript:alert(1)\n\n[x]",
        "&#106;avascript:alert(1)\n<iframe src=//a.example></iframe>",
    ],
)
def test_nothing_in_it_runs_or_loads(story):
    html = render_story(story).lower()
    for danger in ("<script", "<img", "<svg", "<iframe", 'href="javascript', 'href="data'):
        assert danger not in html
    assert 'href="vbscript' not in html
    assert " onmouseover=" not in html.replace("&quot;onmouseover=", "")


def test_template_tags_stay_text():
    assert "{% debug %}" in render_story("{% debug %}")


def test_raw_html_is_shown_as_it_was_typed():
    assert "&lt;b&gt;loud&lt;/b&gt;" in render_story("<b>loud</b>")
