"""The runtime around a request: everything that knows HTTP or the process."""
