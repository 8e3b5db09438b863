"""Real servers for tests: started on demand, on the loopback, by any user, gone with the test run.

Each server lives in its own directory directly under the temporary directory (the path of a unix socket must stay
under 108 bytes) and runs in the foreground as a child of the test run. One server of each kind serves a session (with
pytest-xdist: a worker); tests are kept apart by a fresh database or a fresh subtree, not by a restart.

A server that is not installed fails the test with the line that installs it. Nothing is skipped.
"""
