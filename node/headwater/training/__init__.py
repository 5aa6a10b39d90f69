"""Local work on data: reading it, the fixed-point arithmetic of a training step, evaluation."""
