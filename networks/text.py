"""What the networks make of a text: its length by each one's rules, and what is marked in it.

Pure functions of the text. Each follows its network's own documentation, named where the function
is defined, and takes a time that grows with the length of the text, whatever it holds.
"""

from networks.counting import grapheme_length, threads_length, weighted_length
from networks.facets import bluesky_facets
from networks.little import little_text
from networks.shrinking import find_links, mastodon_length, shorten_mentions

__all__ = [
    "bluesky_facets",
    "find_links",
    "grapheme_length",
    "little_text",
    "mastodon_length",
    "shorten_mentions",
    "threads_length",
    "weighted_length",
]
