"""Signature schemes that several systems share, one module each. A system with a scheme of its own keeps it."""
