"""`headwater viewer`: the page of deployments/viewer, served on this machine over the node's chain and store."""

from headwater.cli.viewer.command import command

__all__ = ["command"]
