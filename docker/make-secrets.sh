#!/bin/sh
# Makes every secret of compose.yaml once; what exists is kept.
#   docker/make-secrets.sh lineward.example [folder]
set -eu
umask 077
host="${1:?name the host that people and plants reach, e.g. lineward.example}"
folder="${2:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

word() { openssl rand -hex "$1"; }
keep() { [ -s "$1" ] || printf '%s' "$2" >"$1"; }

keep secret_key "$(word 32)"
keep database_password "$(word 24)"
keep mlflow_password "$(word 24)"
keep mlflow_database_url "postgresql+psycopg://mlflow:$(cat mlflow_password)@postgres:5432/mlflow"
keep redis_url "rediss://portal:$(word 24)@redis:6380/0?ssl_cert_reqs=required&ssl_ca_certs=/run/secrets/authority"

if [ ! -s authority.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=Lineward authority" -keyout authority.key -out authority.pem \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
fi

certify() { # name, further names
  [ -s "$1.pem" ] && return
  [ -s authority.key ] || { echo "Bring authority.key back for a moment: it signs $1.pem." >&2; exit 1; }
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -set_serial "0x$(word 16)" -days 825 \
    -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm -f "$1.csr" "$1.ext"
}
certify redis "DNS:redis,DNS:$host,DNS:localhost,IP:127.0.0.1"
certify web "DNS:$host,DNS:localhost,IP:127.0.0.1"

# Containers read them as their own users through single-file mounts; the folder shuts others out.
chmod 444 ./*
chmod 400 authority.key
echo "Secrets for $host are in $folder. Plants need authority.pem; keep authority.key away from here."
