"""What production consists of: locked packages, their licenses, and an SBOM."""
