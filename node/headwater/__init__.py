"""Headwater: verified federated learning on data that never leaves its owners."""
