"""Drop files: what an import read, or what an export would send, as a file that people read and a step resumes from.

``form`` says what such a file looks like; ``writing`` and ``reading`` know files and nothing of objects; ``importing``
and ``exporting`` put objects into lines and take them out again (engine specification §3.1, §8.5).
"""
