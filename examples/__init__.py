"""Complete projects that run on the embedded default."""
