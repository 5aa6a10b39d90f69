"""Rows of people's files: from CSV to integers, by the columns that a task names."""
