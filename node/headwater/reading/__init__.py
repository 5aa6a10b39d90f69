"""What a task's reader asks: what happened, where it is, what it costs, whether all of it holds. Sends nothing."""
