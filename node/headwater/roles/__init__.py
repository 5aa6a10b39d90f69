"""Trainer, aggregator, task creator and reader: snapshot, decide, act."""
