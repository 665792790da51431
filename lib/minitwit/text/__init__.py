"""Rules for what users write: names, messages and dates, and links in messages."""
