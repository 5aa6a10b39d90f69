"""`headwater demo`: a whole task on this machine, from a data set to a finalized model, with attacks on it."""

from headwater.cli.demo.command import command

__all__ = ["command"]
