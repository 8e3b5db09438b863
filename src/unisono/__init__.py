"""Unisono: an identity synchronization service (metadirectory)."""

__version__ = "0.1.0"
