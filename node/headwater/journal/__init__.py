"""What a node must remember through a crash: transactions on their way, blocks seen, secrets of a running round."""
