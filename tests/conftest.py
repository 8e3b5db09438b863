"""What every test may rely on: real servers, and properties that can be reproduced."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# A shell that starts the tests in the background makes them ignore this signal, and some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.servers.fixtures", "tests.crash.figures"]

# No deadline: the machine is shared. A developer gets new examples each time, and a failing one prints how to reproduce
# it; a change is judged by the same examples wherever it is judged, so that it does not fail for what was there before.
settings.register_profile("developer", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")
