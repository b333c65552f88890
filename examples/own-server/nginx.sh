#!/bin/sh
# nginx as a replica: nginx.sh PORT CERTIFICATE KEY FOLDER [TICKET-KEYS]
# Serves the folder pages/ beside this script. FOLDER gets its configuration, pid and temporary files.
set -eu

pages=$(cd "$(dirname "$0")" && pwd)/pages
port=$1 certificate=$2 key=$3 folder=$4 ticket_keys=${5:-}

cat > "$folder/nginx.conf" << CONFIG
daemon off;
pid $folder/nginx.pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  types { text/html html; text/css css; }
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:$port ssl ${PROXY_PROTOCOL:+proxy_protocol};
    ssl_certificate $certificate;
    ssl_certificate_key $key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ${ticket_keys:+ssl_session_ticket_key $ticket_keys;}
    root $pages;
  }
}
CONFIG

# exec: signals reach nginx, and its exit is the exit of the replica.
exec nginx -p "$folder" -c "$folder/nginx.conf"
