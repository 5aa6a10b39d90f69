"""Deploying the contracts: compiled, recorded by network, and verified; and a local chain to do it on."""
