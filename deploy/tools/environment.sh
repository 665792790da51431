# shellcheck shell=bash
# Tells the tools' stack file what `docker stack deploy` cannot find out itself: the newest
# version of each secret, and the content of the configs. Source it in a shell that speaks
# to the manager: . deploy/tools/environment.sh

_tools=$(dirname "${BASH_SOURCE[0]}")
. "$_tools/../environment.sh"

export CHAT_WEBHOOK_SECRET DEAD_MANS_SWITCH_SECRET GRAFANA_PASSWORD_SECRET
CHAT_WEBHOOK_SECRET=$(_newest chat-webhook)
DEAD_MANS_SWITCH_SECRET=$(_newest dead-mans-switch)
GRAFANA_PASSWORD_SECRET=$(_newest grafana-password)

# Where no node has the standby's label, there is none to ask.
export STANDBYS
STANDBYS=$(docker node ls --quiet --filter node.label=standby=true | wc -l)

export TOOLS_CONFIG
TOOLS_CONFIG=$(find "$_tools" -mindepth 2 -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c 1-12)
unset _tools
