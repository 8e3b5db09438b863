"""The vocabulary: what every other package talks about.

Here live frozen types, declared frame schemas and pure functions over them.
Nothing here reads, writes, logs or knows a library other than Polars.
"""
