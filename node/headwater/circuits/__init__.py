"""Statements as torch modules, and everything EZKL makes of them: settings, keys, proofs, verifiers."""
