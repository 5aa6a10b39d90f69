"""Trainer, aggregator, challenger, task creator and reader: snapshot, decide, act."""
