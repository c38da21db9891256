"""Which servers may be spoken to, by name and by address."""

from __future__ import annotations

import ipaddress
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.addresses import check_url, clean_host, is_public
from networks.errors import Rejected

LOCAL = frozenset({"127.0.0.1:8101", "simulator:8102"})


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("mastodon.social", "mastodon.social"),
        ("  Mastodon.Social ", "mastodon.social"),
        ("https://mastodon.social", "mastodon.social"),
        ("HTTPS://mastodon.social/", "mastodon.social"),
        ("http://mastodon.social/@sam", "mastodon.social"),
        ("https://mastodon.social/@sam/1234", "mastodon.social"),
        ("mastodon.social/@sam", "mastodon.social"),
        ("@sam@mastodon.social", "mastodon.social"),
        ("@sam@Mastodon.Social", "mastodon.social"),
        ("a.b-c.example.co.uk", "a.b-c.example.co.uk"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("東京タワー.jp", "xn--5ck2eqb538s34z.jp"),
        ("mastodon。social", "mastodon.social"),
        ("127.0.0.1:8101", "127.0.0.1:8101"),
        ("http://127.0.0.1:8101/@sam", "127.0.0.1:8101"),
        ("@sam@127.0.0.1:8101", "127.0.0.1:8101"),
        ("Simulator:8102", "simulator:8102"),
    ],
)
def test_what_people_write_becomes_a_host(typed: str, host: str) -> None:
    assert clean_host(typed, allowed_hosts=LOCAL) == host


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "0.0.0.0",
        "::",
        "::1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "93.184.216.34",
        "169.254.169.254",
        "１２７.０.０.１",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "example.0x7f",
        "user@",
        "user@mastodon.social",
        "user:word@mastodon.social",
        "https://user@mastodon.social/",
        "https://mastodon.social@evil.example/",
        "@sam",
        "@sam@",
        "@@mastodon.social",
        "a@b@mastodon.social",
        "mastodon.social:22",
        "mastodon.social:443",
        "mastodon.social:",
        "127.0.0.1:8102",
        "127.0.0.2:8101",
        "localhost:8101",
        "127.1:8101",
        "mastodon.social.",
        "mastodon.social。",
        ".mastodon.social",
        "mastodon..social",
        "mastodon",
        "localhost",
        "sam.localhost",
        "printer.local",
        "metadata.google.internal",
        "router.lan",
        "nas.home.arpa",
        "a.test",
        "a.onion",
        "ftp://mastodon.social",
        "javascript:alert(1)",
        "//mastodon.social",
        "https:///mastodon.social",
        "https://https://mastodon.social",
        "mastodon.social?x=1",
        "mastodon.social#x",
        "evil.example#@mastodon.social",
        "evil.example\\@mastodon.social",
        "mastodon social",
        "mastodon.social\r\nHost: evil.example",
        "mastodon.social/\r\nHost: evil.example",
        "mastodon.social\x00.evil.example",
        "mast\u200bodon.social\u202e",
        "-a.example",
        "a-.example",
        "a_b.example",
        "100%.example",
        "x" * 64 + ".example",
        ".".join(["abcdefgh"] * 40),
        "m\u0430stodon.social",  # a Cyrillic а
        "mastod\u03bfn.social",  # a Greek ο
        "\u0455\u043e\u0441\u0456\u0430\u04cf.com",  # Cyrillic all through, read as “social”
        "xn--mstodon-4fg.social",  # the first of these, encoded
        "m\u0251stodon.social",  # a Latin letter that is none of any alphabet
        "xn--a.example",
    ],
)
def test_what_is_no_public_server_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(Rejected) as caught:
        clean_host(typed, allowed_hosts=LOCAL)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 300


def test_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(Rejected) as caught:
        clean_host("https://sam:canary-5c0ffee@mastodon.social")
    assert "canary" not in str(caught.value) + repr(vars(caught.value))


@given(st.text(max_size=80))
def test_any_text_is_a_public_name_or_refused(text: str) -> None:
    try:
        host = clean_host(text)
    except Rejected:
        return
    assert host.isascii()
    assert "." in host
    assert not set(host) & set(" /@:\\?#[]%_")
    assert clean_host(host) == host
    assert not host.rpartition(".")[2].isdigit()


def test_long_text_is_refused_quickly() -> None:
    started = time.monotonic()
    for text in (
        "a" * 1_000_000,
        "a." * 500_000,
        "é" * 1_000_000,
        "@a" * 500_000,
        "日" * 1_000_000,
    ):
        with pytest.raises(Rejected):
            clean_host(text)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1"),
        *("127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
        *("192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::127.0.0.1", "::93.184.216.34", "::ffff:127.0.0.1"),
        *("::ffff:93.184.216.34", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1"),
        *("2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:5db8:d822::1", "3fff::1"),
        *("3ffe::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1", "fe80::1%eth0", "febf::1"),
        *("fec0::1", "ff02::1", "ff0e::1", "4000::1", "nonsense", "", "127.1", "0x7f000001"),
    ],
)
def test_address_inside_or_nowhere_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "9.255.255.255", "11.0.0.1", "93.184.216.34", "100.63.255.255"),
        *("100.128.0.1", "126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.1"),
        *("192.0.1.1", "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255"),
        *("2606:4700::1111", "2a00:1450:4007:80e::200e", "2001:4860:4860::8888", "2003::1"),
    ],
)
def test_address_out_in_the_world_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_no_address_is_public_that_python_knows_to_be_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    known = address.is_private or address.is_multicast or address.is_reserved
    if known or address.is_link_local or address.is_loopback or address.is_unspecified:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4))
def test_no_wrapping_makes_an_address_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix in ("::", "::ffff:0:0", "64:ff9b::"):
        assert not is_public(
            str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + number))
        )
    six_to_four = int(ipaddress.IPv6Address("2002::")) + (number << 80)
    assert not is_public(str(ipaddress.IPv6Address(six_to_four)))


def test_checked_address_says_whether_it_is_an_exception() -> None:
    assert check_url("http://127.0.0.1:8101/a?b=c", allowed_hosts=LOCAL)[1]
    url, is_exception = check_url("https://mastodon.social/a?b=c", allowed_hosts=LOCAL)
    assert str(url) == "https://mastodon.social/a?b=c"
    assert not is_exception
    assert not check_url("https://mastodon.social:443/", allowed_hosts=LOCAL)[1]
