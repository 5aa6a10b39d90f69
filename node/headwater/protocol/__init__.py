"""What every party must compute alike: field, curve, vectors, documents, decisions. Standard library only."""
