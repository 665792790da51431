"""Metrics, traces, logs and error reports."""
