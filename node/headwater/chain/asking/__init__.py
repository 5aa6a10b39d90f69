"""Asking the nodes of a chain, which fail, differ and lie: calls, blocks and logs."""
