"""The conformance kit: what every connector promises, as tests that any connector runs in a few lines.

    class TestPayroll(ImportKit, ExportKit):
        @pytest.fixture
        def target(self, tmp_path):
            return PayrollTarget(tmp_path)

A ``Target`` seeds, changes and inspects the connected data source *around* the connector. Choose one suite per
capability; a capability without its suite, or a suite without its capability, fails. The kit needs pytest.
"""

from unisono.connectors.kit.deltas import DeltaKit
from unisono.connectors.kit.exports import DurableAtFinishKit, ExportKit
from unisono.connectors.kit.imports import ImportKit, UnreadableKit
from unisono.connectors.kit.renames import RenameKit
from unisono.connectors.kit.target import Target, Values

__all__ = ["DeltaKit", "DurableAtFinishKit", "ExportKit", "ImportKit", "RenameKit", "Target", "UnreadableKit", "Values"]
