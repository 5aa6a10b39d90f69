"""Kinds of models, a folder each: everything that depends on the kind is there, and nothing of it elsewhere."""
