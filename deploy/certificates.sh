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
