"""What every party must compute alike: field, curve, vectors, masks, documents, decisions. Standard library and keccak."""
