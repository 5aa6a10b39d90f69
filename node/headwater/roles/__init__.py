"""Trainer, aggregator, challenger and task creator: snapshot, decide, act."""
