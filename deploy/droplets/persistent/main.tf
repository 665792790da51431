# The persistent part: what has to survive when droplets are replaced. `prevent_destroy` makes
# a plan that would delete data fail.

terraform {
  required_version = ">= 1.6"
  required_providers {
    digitalocean = {
      source  = "digitalocean/digitalocean"
      version = "~> 2.40"
    }
  }
}

variable "region" {
  description = "DigitalOcean's region, for example fra1."
  type        = string
}

variable "private_network" {
  description = "The CIDR of the VPC."
  type        = string
  default     = "10.90.0.0/24"
}

variable "volume_sizes" {
  description = "The size in GiB of each droplet's block volume."
  type        = map(number)
  default = {
    application = 10
    database    = 50
    tool        = 60
  }
}

resource "digitalocean_vpc" "minitwit" {
  name     = "minitwit"
  region   = var.region
  ip_range = var.private_network

  lifecycle {
    prevent_destroy = true
  }
}

# Docker's volumes: PostgreSQL's data, backups, metrics, logs, certificates.
resource "digitalocean_volume" "docker" {
  for_each = var.volume_sizes

  name                    = "minitwit-${each.key}"
  region                  = var.region
  size                    = each.value
  initial_filesystem_type = "ext4"

  lifecycle {
    prevent_destroy = true
  }
}

# The site's address, to which DNS points.
resource "digitalocean_reserved_ip" "site" {
  region = var.region

  lifecycle {
    prevent_destroy = true
  }
}

output "site_address" {
  description = "The address for the site's DNS records."
  value       = digitalocean_reserved_ip.site.ip_address
}
