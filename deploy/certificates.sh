# shellcheck shell=bash
# Makes the database servers' certificate, for scripts that source it.
#
# Each certificate has a certificate authority of its own, whose key is deleted as soon as it
# has signed: no other certificate can ever be made that the installation trusts.

# Not by the calendar: a certificate that expires would stop the site on a day when nothing
# was changed. A new one is made by deploy/rotate.sh.
_validity=${CERTIFICATE_DAYS:-7300}

# Writes FOLDER/ca.pem, which clients trust, and FOLDER/server.pem, the key and certificate of
# a server that is reached by these names.
make_certificate() { # FOLDER NAME …
    local names
    names=$(printf 'DNS:%s,' "${@:2}")
    (
        umask 077
        cd "$1" || exit
        cat > openssl.cnf << END
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${names%,}
END
        for key in ca server; do
            openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $key.key
        done
        openssl req -config openssl.cnf -new -x509 -key ca.key -days 7300 \
            -subj "/CN=MiniTwit database $(date -u +%FT%TZ)" -extensions authority -out ca.pem
        openssl req -config openssl.cnf -new -key server.key -subj "/CN=$2" -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
            -days "$_validity" -extfile openssl.cnf -extensions server -out server.crt 2> /dev/null
        cat server.key server.crt > server.pem
        rm ca.key server.key server.csr server.crt openssl.cnf ./*.srl
    )
}

# Makes a certificate for the servers of the data stack, and the secrets database-certificate-N
# of the servers and database-ca-N of their clients. While servers and clients are replaced one
# by one, clients trust the previous authority, too.
#
#   CERTIFICATE_NAMES   more names of the servers, such as those after the stack is renamed
create_certificate_secrets() { # N [FILE-WITH-THE-PREVIOUS-AUTHORITY]
    local folder names stack=${DATA_STACK:-data}
    read -ra names <<< "${CERTIFICATE_NAMES:-}"
    folder=$(mktemp -d)
    make_certificate "$folder" "${stack}_postgres" "${stack}_standby" "${names[@]}"
    [ $# -lt 2 ] || cat "$2" >> "$folder/ca.pem"
    # The authority comes last, as its number is what counts as the newest. A certificate of this
    # number was left by a run that broke off, and no service uses it.
    docker secret rm "minitwit-database-certificate-$1" > /dev/null 2>&1 || true
    docker secret create "minitwit-database-certificate-$1" "$folder/server.pem" > /dev/null
    docker secret create "minitwit-database-ca-$1" "$folder/ca.pem" > /dev/null
    rm -r "$folder"
    echo "created the secrets minitwit-database-ca-$1 and minitwit-database-certificate-$1"
}
