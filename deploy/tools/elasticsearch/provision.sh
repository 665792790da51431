#!/bin/sh
# Sets up index lifecycle and templates in Elasticsearch, data views and searches in Kibana.
# Runs once after each deployment of the tools; safe to run again. It waits for servers that
# are still starting, and fails with the response when one refuses a request.
set -eu

: "${ELASTICSEARCH_URL:=http://elasticsearch:9200}" "${KIBANA_URL:=http://kibana:5601}"
: "${RETRY_SECONDS:=5}"
here=$(dirname "$0")

# Prints the response. Retries while there is none, or one that says that the server starts.
request() { # URL OPTION-OF-CURL …
    url=$1
    shift
    while true; do
        response=$(curl --silent --show-error --write-out '\n%{http_code}' "$@" "$url") || response=
        case ${response##*
} in
            2??) break ;;
            "" | 000 | 429 | 5??)
                echo "waiting for $url" >&2
                sleep "$RETRY_SECONDS"
                ;;
            *)
                echo "$url refused the request: $response" >&2
                return 1
                ;;
        esac
    done
    printf '%s\n' "${response%
*}"
}

send() { # METHOD URL JSON-OR-@FILE
    request "$2" --request "$1" --header 'Content-Type: application/json' --data-binary "$3"
}

send PUT "$ELASTICSEARCH_URL/_ilm/policy/minitwit" "@$here/retention.json"
# The built-in index templates for OTLP data include component templates of these names.
send PUT "$ELASTICSEARCH_URL/_component_template/logs-otel@custom" "@$here/settings.json"
send PUT "$ELASTICSEARCH_URL/_component_template/traces-otel@custom" "@$here/settings.json"

# Templates apply to new backing indices only. What was written before they were there, or
# while they were lost, has the built-in lifecycle, which deletes nothing.
streams='logs-*.otel-*,traces-*.otel-*'
send PUT "$ELASTICSEARCH_URL/$streams/_settings?allow_no_indices=true&ignore_unavailable=true" \
    '{"index.lifecycle.name": "minitwit", "index.number_of_replicas": 0}'
names=$(request "$ELASTICSEARCH_URL/_data_stream/$streams?filter_path=data_streams.name")
for stream in $(printf '%s' "$names" | grep -o '"name":"[^"]*"' | cut -d '"' -f 4); do
    # Lazily: at the next write, so that no empty index is left.
    send POST "$ELASTICSEARCH_URL/$stream/_rollover?lazy=true" '{}'
done

# Kibana answers 200 also when it imported nothing, and says so in the body.
import=$(request "$KIBANA_URL/api/saved_objects/_import?overwrite=true" \
    --header 'kbn-xsrf: true' --form "file=@$here/saved_objects.ndjson")
printf '%s\n' "$import"
case $import in
    *'"success":true'*) ;;
    *)
        echo "Kibana did not import $here/saved_objects.ndjson." >&2
        exit 1
        ;;
esac
