#!/bin/sh
# Entry point of the image `postgresql` (deploy/Dockerfile): makes the data below /var/lib/postgresql if they are not there, for the
# user postgres with the password in /run/secrets/postgresql/password, and runs the server. Arguments are the server's.
set -eu
data=/var/lib/postgresql/data
if [ ! -s "$data/PG_VERSION" ]; then
  # What a container left that was killed meanwhile.
  rm -rf "$data.new"
  initdb --pgdata="$data.new" --username=postgres --pwfile=/run/secrets/postgresql/password --auth=scram-sha-256 --encoding=UTF8
  echo 'host all all all scram-sha-256' >>"$data.new/pg_hba.conf"
  mv "$data.new" "$data"
fi
# Without a socket, which would need a folder to write to.
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories= "$@"
