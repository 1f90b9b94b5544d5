"""Make the paths of tools from what was judged: whole micrometres in, whole micrometres out."""
