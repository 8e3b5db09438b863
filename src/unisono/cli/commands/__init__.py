"""What is typed: names, arguments, options and help texts of the commands, one file per group.

These files are read for every call, `unisono --help` included; what a command does stands in ``actions``, which is
imported when the command runs.
"""
