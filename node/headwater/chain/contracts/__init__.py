"""The contracts as Python sees them: calls, events, structs and errors, by their ABIs."""
