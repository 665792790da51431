"""Rules for text beyond ASCII."""
