"""Commands on the list of functions: `make generate` and `make new-function`."""
