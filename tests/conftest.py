"""What every test may rely on: real servers, and properties that can be reproduced."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

# No deadline: the machine is shared. New examples each time, and a failing one prints how to reproduce it.
settings.register_profile("ci", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("ci")
