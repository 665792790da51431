#!/bin/bash
# Lets through what -allowGET and -allowHEAD say, and refuses everything else.
set -euo pipefail

rules=
for flag in "$@"; do
    case $flag in
        -allowGET=*) rules+="    http-request allow if { method GET } { path -m reg ^${flag#*=}\$ }"$'\n' ;;
        -allowHEAD=*) rules+="    http-request allow if { method HEAD } { path -m reg ^${flag#*=}\$ }"$'\n' ;;
    esac
done
cat > /dev/shm/haproxy.cfg <<END
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
listen docker
    bind :2375
$rules
    http-request deny
    server engine unix@/var/run/docker.sock
END
exec haproxy -f /dev/shm/haproxy.cfg
