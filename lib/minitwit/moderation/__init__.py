"""Moderation beyond single messages: reports of readers, suspended accounts."""
