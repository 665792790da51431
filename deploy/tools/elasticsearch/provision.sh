#!/bin/sh
# Tells Elasticsearch how long to keep what arrives, and Kibana what to look for. Runs
# once after each deployment of the tools; safe to run again.
set -eu

: "${ELASTICSEARCH_URL:=http://elasticsearch:9200}" "${KIBANA_URL:=http://kibana:5601}"
here=$(dirname "$0")

send() { # METHOD URL FILE: until it is there and takes it
    until curl --silent --show-error --fail --output /dev/null \
        --request "$1" --header 'Content-Type: application/json' --data-binary "@$3" "$2"; do
        echo "waiting for $2" >&2
        sleep 5
    done
    echo "told $2"
}

send PUT "$ELASTICSEARCH_URL/_ilm/policy/minitwit" "$here/retention.json"
# Elasticsearch's own templates for OTLP data look for these two names.
send PUT "$ELASTICSEARCH_URL/_component_template/logs-otel@custom" "$here/settings.json"
send PUT "$ELASTICSEARCH_URL/_component_template/traces-otel@custom" "$here/settings.json"

until curl --silent --show-error --fail --output /dev/null --header 'kbn-xsrf: true' \
    --form "file=@$here/saved_objects.ndjson" \
    "$KIBANA_URL/api/saved_objects/_import?overwrite=true"; do
    echo "waiting for $KIBANA_URL" >&2
    sleep 5
done
echo "told $KIBANA_URL"
