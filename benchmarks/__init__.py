"""Population benchmarks beside their floors: ``python -m benchmarks --people 100000``."""
