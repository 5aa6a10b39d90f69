"""What every party must compute alike: field, vectors, masks, documents, decisions. Standard library and keccak."""
