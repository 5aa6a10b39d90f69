"""The command line: `headwater ...`, one command a file."""
