"""Connectors: read changes from and write changes to connected data sources, one package per family."""
