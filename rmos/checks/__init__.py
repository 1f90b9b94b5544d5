"""Verifying the store (`verify`), healing it (`repair`), and what the index does not know (`orphans`).

Everything here returns reports and prints nothing. Damage is a `Finding`, never an exception: checking goes on to the
end, and no finding hides another.
"""
