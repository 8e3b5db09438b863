"""The conformance kit's assertions explain themselves like those of test modules."""

import pytest

pytest.register_assert_rewrite("unisono.connectors.kit")
