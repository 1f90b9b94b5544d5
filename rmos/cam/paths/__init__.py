"""Make the paths of tools from what was evaluated: whole micrometres in, whole micrometres out."""
