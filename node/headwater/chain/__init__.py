"""Headwater's contracts over JSON-RPC: typed reads and writes, events, deployments."""
