"""The contract suite of ``tests/networks``, played by real servers: every test of these modules.

Left out are the modules that take the simulator: faults at will, changes behind the adapter's back,
two servers mixed up.
"""

from tests.networks.test_contract_consent import *  # noqa: F403
from tests.networks.test_contract_deleting import *  # noqa: F403
from tests.networks.test_contract_endings import *  # noqa: F403
from tests.networks.test_contract_facts import *  # noqa: F403
from tests.networks.test_contract_numbers import *  # noqa: F403
from tests.networks.test_contract_posts import *  # noqa: F403
