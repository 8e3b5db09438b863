"""What commands tell: frozen values, made from frames and results, and shown as JSON as they are.

Their names, fields and meanings are documented in docs/reference/cli.md, and pinned by tests: fields may be added, but
never renamed or given another meaning. Times are aware, in UTC; ``seconds`` are wall-clock time.
"""
