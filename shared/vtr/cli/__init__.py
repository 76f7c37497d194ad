"""The ``vtr`` command: start the laptop stack, publish videos, search, look inside.

One file per command or group of commands. Modules here import little at the top, so that ``vtr --help`` is
instant; a command imports what it needs when it runs.
"""
