# shellcheck shell=bash
# The list of functions, for scripts that source it: each folder of functions/ that has
# a handler. A test compares it with the route table.

functions=()
for _handler in "$(dirname "${BASH_SOURCE[0]}")"/../functions/*/handler.py; do
    functions+=("$(basename "$(dirname "$_handler")")")
done
unset _handler
