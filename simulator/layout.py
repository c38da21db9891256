"""Which servers the simulator plays, and how each differs from the others.

The list at the end is the whole configuration: a kind says what its software does, the layout
says how many servers of which kind there are. Facts come from the projects' own documentation
and source; where one had to be guessed, the comment says so.
"""

from dataclasses import dataclass

MASTODON = "mastodon"
BLUESKY = "bluesky"
X = "x"
FACEBOOK = "facebook"
LINKEDIN = "linkedin"
THREADS = "threads"

# Mastodon's scopes that a posting client meets; `profile` came with 4.3.
OLD_SCOPES = frozenset(
    {"read", "write", "follow", "push"}
    | {f"read:{name}" for name in ("accounts", "statuses", "follows", "notifications", "search")}
    | {f"write:{name}" for name in ("accounts", "statuses", "follows", "media", "favourites")}
)
NEW_SCOPES = OLD_SCOPES | {"profile"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What one server software does where servers differ.

    `honours_keys`: a repeated Idempotency-Key gives the first status again.
    `has_metadata`: serves /.well-known/oauth-authorization-server and checks PKCE.
    `reads_need_token`: public statuses are refused to those who are not signed in.
    `max_characters`, `characters_per_url`: what /api/v2/instance announces. `counts_links`: links
    are counted in full all the same, in code points.
    """

    name: str
    network: str
    software: str
    version: str
    honours_keys: bool = True
    has_metadata: bool = True
    reads_need_token: bool = False
    max_characters: int = 500
    characters_per_url: int = 23
    counts_links: bool = False
    ids: str = "snowflake"
    scopes: frozenset[str] = NEW_SCOPES


MASTODON_PROPER = Kind(name="mastodon", network=MASTODON, software="mastodon", version="4.5.3")

# Before 4.3 there is neither metadata nor PKCE: the parameters are ignored.
MASTODON_OLD = Kind(
    name="mastodon-4.2",
    network=MASTODON,
    software="mastodon",
    version="4.2.29",
    has_metadata=False,
    scopes=OLD_SCOPES,
)

# A guess: that GoToSocial ignores Idempotency-Key and PKCE and knows `profile`. It stands here
# for all servers that speak the Mastodon API without being Mastodon.
GOTOSOCIAL = Kind(
    name="gotosocial",
    network=MASTODON,
    software="gotosocial",
    version="0.20.0+git",
    honours_keys=False,
    has_metadata=False,
    reads_need_token=True,
    max_characters=5000,
    characters_per_url=25,
    counts_links=True,
    ids="ulid",
)

BLUESKY_SERVER = Kind(name="bluesky", network=BLUESKY, software="pds", version="0.4.204")

# The servers in the order of their ports; more of them repeat the list.
MASTODON_LAYOUT = (MASTODON_PROPER, MASTODON_PROPER, MASTODON_OLD, GOTOSOCIAL)
BLUESKY_LAYOUT = (BLUESKY_SERVER,)


# Networks of one owner: one server each, in the order of their ports.
PLATFORMS = {
    name: Kind(name=name, network=name, software=name, version="")
    for name in (X, FACEBOOK, LINKEDIN, THREADS)
}

# Messengers have no API that anybody posts through: only a page that opens with words in it, on the
# simulator's first port.
MESSENGERS = {
    Kind(name=name, network=name, software=name, version=""): path
    for name, path in (("whatsapp", "/whatsapp/"), ("telegram", "/telegram/share/url"))
}


@dataclass(slots=True, eq=False)
class Instance:
    """One server: its kind and the exact address that clients use.

    `url` has no trailing slash. `directory_url` (Bluesky only) is where its PLC directory, its
    handle resolver and its AppView are.
    """

    kind: Kind
    authority: str
    url: str
    directory_url: str = ""

    @property
    def network(self) -> str:
        """The network's name, as tests and the wall use it."""
        return self.kind.network

    def describe(self) -> dict[str, str]:
        """Give the entry of GET /_simulator/instances."""
        entry = {
            "network": self.network,
            "kind": self.kind.name,
            "url": self.url,
            "instance": self.authority,
            "version": self.kind.version,
        }
        if self.network == BLUESKY:
            entry |= {
                "plc_url": self.directory_url,
                "resolver_url": self.directory_url,
                "appview_url": self.directory_url,
            }
        return entry


def choose_kinds(count: int, *, bluesky: int = 1) -> list[Kind]:
    """Give the kinds of `count` servers, Mastodon's first and the `bluesky` ones last.

    Raises ValueError when there are fewer servers than Bluesky ones.
    """
    if not 0 <= bluesky <= count:
        raise ValueError("There cannot be more Bluesky servers than servers: raise --instances.")
    mastodon = count - bluesky
    return [MASTODON_LAYOUT[i % len(MASTODON_LAYOUT)] for i in range(mastodon)] + [
        BLUESKY_LAYOUT[i % len(BLUESKY_LAYOUT)] for i in range(bluesky)
    ]
