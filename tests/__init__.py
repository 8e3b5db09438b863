"""The specification of Unisono, as tests."""
