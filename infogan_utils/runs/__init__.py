"""What a run needs around it: the file that keeps it, and the processor that computes it."""
