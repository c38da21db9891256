"""The product's settings with a bare view beside it on the same server (``bench.bare``)."""

from crowdspeak.settings import *  # noqa: F403
from crowdspeak.settings import MIDDLEWARE as OURS

ROOT_URLCONF = "bench.bare"
MIDDLEWARE = ["bench.bare.BareFirst", *OURS]
