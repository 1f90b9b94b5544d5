"""Read RS-274 programs (G-code): bytes to text, words, modal state and motions. The door is `reader.read_program`."""
