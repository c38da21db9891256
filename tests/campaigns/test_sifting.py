"""Who is counted: people's browsers, and none of the programs that fetch a link."""

import time

import pytest
from django.test import RequestFactory

from campaigns.sifting import is_click, is_robot

PREVIEWS = [
    "Mastodon/4.5.2 (http.rb/5.3.1; +https://social.example/)",
    "Mastodon/4.3.0+glitch (http.rb/5.2.0; +https://social.example/) Bot",
    "http.rb/5.1.1 (Mastodon/4.2.10; +https://social.example/)",
    "Pleroma 2.6.0; https://pleroma.example <admin@pleroma.example>",
    "Akkoma 3.10.4; https://akkoma.example <admin@akkoma.example>; Bot",
    "Misskey/2025.5.0 (https://misskey.example)",
    "SummalyBot/5.1.0",
    "Friendica 'Interrupted Fern' 2024.12-1571; https://friendica.example",
    "gotosocial/0.20.0 (+https://gts.example)",
    "Lemmy/0.19.5; +https://lemmy.example",
    "(Pixelfed/0.12.4; +https://pixelfed.example)",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1)",
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "meta-externalfetcher/1.1",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "WhatsApp/2.24.1 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Viber/13.0 (iPhone)",
    # What Apple's Messages calls itself when it fetches a preview.
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
        "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.1; "
        "+https://openai.com/gptbot)"
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "HeadlessChrome/120.0 Safari/537.36"
    ),
    "curl/8.5.0",
    "python-requests/2.31.0",
    "Go-http-client/2.0",
    "Dart/3.2 (dart:io)",
]
BROWSERS = [
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Mobile Safari/537.36"
    ),
    # Inside the apps of the networks.
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
        "like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/470.1.0.38.109;FBSN/iOS;FBLC/fr_FR]"
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Version/4.0 Chrome/142.0 Mobile Safari/537.36 Barcelona 289.0.0.77.109 Android"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Mobile/15E148 [LinkedInApp]/9.29.7842"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Mobile/15E148 Bluesky/1.84"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Mobile/21F90 Twitter for iPhone/10.46"
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "discord/1.0.9150 Chrome/124.0 Electron/30.1 Safari/537.36"
    ),
    # A phone that has "bot" in its name.
    (
        "Mozilla/5.0 (Linux; Android 13; CUBOT X30 Build/QP1A) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/142.0 Mobile Safari/537.36"
    ),
    "Lynx/2.9.0dev.12 libwww-FM/2.14FM SSL-MM/1.4.1 GNUTLS/3.7.8",
]
FIREFOX = BROWSERS[2]


def ask(method="get", **headers):
    """A request with these headers."""
    return getattr(RequestFactory(), method)("/go/x", headers=headers)


@pytest.mark.parametrize("agent", PREVIEWS)
def test_previews_and_robots_are_left_out(agent):
    assert not is_click(ask(**{"User-Agent": agent}))


@pytest.mark.parametrize("agent", BROWSERS)
def test_browsers_count(agent):
    assert is_click(ask(**{"User-Agent": agent}))


@pytest.mark.parametrize("agent", [{}, {"User-Agent": ""}, {"User-Agent": "  "}])
def test_who_says_nothing_is_left_out(agent):
    assert not is_click(ask(**agent))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Purpose": "preview"},
        {"X-Moz": "prefetch"},
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": "iframe"},
    ],
)
def test_what_nobody_has_clicked_on_is_left_out(headers):
    assert not is_click(ask(**{"User-Agent": FIREFOX}, **headers))


def test_page_that_is_opened_counts():
    headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"}
    assert is_click(ask(**{"User-Agent": FIREFOX}, **headers))


def test_only_a_get_counts():
    assert not is_click(ask("head", **{"User-Agent": FIREFOX}))


@pytest.mark.parametrize("part", ["Mozilla/5.0 (", "Safari/ ", "Chrome/1 ", "a ", "1.", "-"])
def test_long_agent_takes_no_long_time(part):
    is_robot("warm")
    began = time.perf_counter()
    is_click(ask(**{"User-Agent": part * 50_000}))
    assert time.perf_counter() - began < 0.5
