"""The contract of a store, on every kind of database."""
