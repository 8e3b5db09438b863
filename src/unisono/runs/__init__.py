"""Runs: run profiles drive connectors, engine and store. All effects of a run are here, and no decision."""
