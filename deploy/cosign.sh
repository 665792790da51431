# shellcheck shell=bash
# The function `cosign`, for scripts that source it. Go verifies the module's checksum.

cosign() {
    ${COSIGN:-go run github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5} "$@"
}
