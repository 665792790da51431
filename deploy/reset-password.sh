#!/usr/bin/env bash
# Prints a link by which a user of the production site sets a new password, once, within
# an hour:
#
#   deploy/reset-password.sh VERSION NAME    for example: deploy/reset-password.sh 1.4.0 alice
#
#   MINITWIT_REGISTRY  the registry and path of the images
#   MINITWIT_URL       the address by which callers reach the site
#
# The token is made here and only its digest is passed on: what a service prints is
# collected with the logs.
set -euo pipefail

version=${1:?name the version whose image to run, for example: deploy/reset-password.sh 1.4.0 alice}
name=${2:?name the user, for example: deploy/reset-password.sh 1.4.0 alice}
url=${MINITWIT_URL:?set it to the address by which callers reach the site}

token=$(od --address-radix=n --format=x1 --read-bytes=32 /dev/urandom | tr -d ' \n')
digest=$(printf %s "$token" | sha256sum | cut -d ' ' -f 1)
"$(dirname "$0")/minitwit.sh" "$version" reset-password "$name" --url "$url" --token-digest "$digest"
echo "${url%/}/reset_password?token=$token"
