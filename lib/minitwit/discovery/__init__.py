"""Discovery: messages that mention a reader, and people to follow."""
