"""The example project: a company with an HR system, a telephone database, a directory and an application."""
