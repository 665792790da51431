"""Rules for text: which usernames, messages and addresses are valid."""
