"""Explanations: words about a decision, made by rules or by a language model."""
