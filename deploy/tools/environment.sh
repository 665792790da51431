# shellcheck shell=bash
# Environment of the tools' stack file: the newest version of each secret, and a fingerprint
# of the configs. Source it where `docker` reaches the manager: . deploy/tools/environment.sh

_tools=$(dirname "${BASH_SOURCE[0]}")
. "$_tools/../environment.sh"

export CHAT_WEBHOOK_SECRET DEAD_MANS_SWITCH_SECRET GRAFANA_PASSWORD_SECRET
CHAT_WEBHOOK_SECRET=$(_newest chat-webhook)
DEAD_MANS_SWITCH_SECRET=$(_newest dead-mans-switch)
GRAFANA_PASSWORD_SECRET=$(_newest grafana-password)

# Without a node that has the standby's label, its exporter would have nothing to scrape.
export STANDBYS
STANDBYS=$(docker node ls --quiet --filter node.label=standby=true | wc -l)

# The tools' routers have TLS sections of their own, which replace the entry point's. They
# name the resolver that the running edge uses, whatever the shell says: with an empty one
# they would be served with the self-signed certificate.
export ACME_RESOLVER
ACME_RESOLVER=$(_edge_option entrypoints.websecure.http.tls.certresolver)

export TOOLS_CONFIG
TOOLS_CONFIG=$(find "$_tools" -mindepth 2 -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c 1-12)
unset _tools
