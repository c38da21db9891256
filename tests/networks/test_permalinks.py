"""Which addresses each network shows posts at, as their owners copy them from their browsers."""

import pytest

from networks import registry
from networks.base import Server

SERVERS = {
    name: Server(network=name, host="s.example", url="https://s.example")
    for name in ("mastodon", "bluesky", "x", "threads", "facebook", "linkedin")
}
POSTS = [
    ("mastodon", "https://s.example/@sam/113000000000000007"),
    ("mastodon", "https://s.example/@sam/statuses/01J9ZQ7"),
    ("mastodon", "https://s.example/users/sam/statuses/7"),
    ("mastodon", "https://S.example/notice/AbC-7?x=1"),
    ("bluesky", "https://bsky.app/profile/sam.example/post/3kabc"),
    ("bluesky", "https://bsky.app/profile/did:plc:abc/post/3kabc"),
    ("x", "https://x.com/sam/status/1800000000000000000?s=20"),
    ("x", "https://mobile.twitter.com/sam/status/1800000000000000000"),
    ("threads", "https://www.threads.net/@sam/post/C-a_7"),
    ("threads", "https://www.threads.com/@sam/post/C-a_7"),
    ("facebook", "https://m.facebook.com/permalink.php?story_fbid=7&id=8"),
    ("facebook", "https://www.facebook.com/apage/posts/pfbid07/"),
    ("linkedin", "https://www.linkedin.com/feed/update/urn:li:share:7000000000000000000/"),
    ("linkedin", "https://www.linkedin.com/posts/sam_river-activity-7-abc"),
]
OTHERS = [
    ("mastodon", "https://s.example/@sam"),
    ("mastodon", "https://other.example/@sam/7"),
    ("mastodon", "http://s.example/@sam/7"),
    ("mastodon", "https://s.example@evil.example/@sam/7"),
    ("mastodon", "https://s.example:8443/@sam/7"),
    ("mastodon", "https://[s.example/@sam/7"),
    ("bluesky", "https://bsky.app/profile/sam.example"),
    ("x", "https://x.com.evil.example/sam/status/7"),
    ("x", "https://evil.example/?https://x.com/sam/status/7"),
    ("threads", "https://www.threads.net/@sam"),
    ("facebook", "https://www.facebook.com/apage"),
    ("linkedin", "https://www.linkedin.com/in/sam"),
]


@pytest.mark.parametrize(("network", "url"), POSTS)
def test_a_post_s_address_is_taken(network, url):
    assert registry.get(network).is_post_address(SERVERS[network], url)


@pytest.mark.parametrize(("network", "url"), OTHERS)
def test_any_other_address_is_not(network, url):
    assert not registry.get(network).is_post_address(SERVERS[network], url)
