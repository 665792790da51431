#!/usr/bin/env bash
# Searches the locked Python packages for known vulnerabilities, and the workflows for
# insecure patterns. pip-audit has an environment of its own, since it is not in the lock.
#
#   GH_TOKEN  a token of GitHub: without it zizmor skips the checks that ask GitHub
set -euo pipefail
cd "$(dirname "$0")/.."

audit=.venv/audit
[ -x $audit/bin/pip-audit ] || {
    .venv/bin/python -m venv $audit
    $audit/bin/pip install --quiet pip-audit
}
for lock in deploy/requirements-cli.txt deploy/requirements-dev.txt deploy/requirements-docs.txt; do
    $audit/bin/pip-audit --disable-pip --require-hashes --requirement $lock
done
.venv/bin/zizmor .github
