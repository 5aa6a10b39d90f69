"""Pools: data of one trainer, a row each of several people. docs/pools.md tells how they are used."""
