"""The engine: frames in, frames out. No input or output, no SQL, no clock, no randomness, no logging.

One file per step. ``planning`` puts the steps of a synchronization together, ``staging`` those of an import; both
ask a provider (``facts``) for what the store knows and give back plans, which are data.
"""
