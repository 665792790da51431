# The ephemeral part: droplets and firewalls, which can be destroyed and created again. It
# finds the persistent part by its names, so the two share no state.

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
  description = "The region of the persistent part."
  type        = string
}

variable "site_address" {
  description = "The output site_address of the persistent part."
  type        = string
}

variable "ssh_key_names" {
  description = "The names of the operators' SSH keys in DigitalOcean."
  type        = set(string)
}

variable "operator_networks" {
  description = "The networks in CIDR notation from which SSH is allowed."
  type        = list(string)
}

variable "droplet_sizes" {
  description = "The size of each droplet."
  type        = map(string)
  default = {
    application = "s-2vcpu-4gb"
    database    = "s-2vcpu-4gb"
    tool        = "s-4vcpu-8gb"
  }
}

data "digitalocean_vpc" "minitwit" {
  name = "minitwit"
}

data "digitalocean_volume" "docker" {
  for_each = var.droplet_sizes

  name   = "minitwit-${each.key}"
  region = var.region
}

data "digitalocean_ssh_key" "operator" {
  for_each = var.ssh_key_names

  name = each.value
}

resource "digitalocean_droplet" "node" {
  for_each = var.droplet_sizes

  name       = "minitwit-${each.key}"
  image      = "debian-13-x64"
  region     = var.region
  size       = each.value
  vpc_uuid   = data.digitalocean_vpc.minitwit.id
  ssh_keys   = [for key in data.digitalocean_ssh_key.operator : key.id]
  volume_ids = [data.digitalocean_volume.docker[each.key].id]
  monitoring = true
  user_data = templatefile("${path.module}/../cloud-config.yml.tftpl", {
    hostname        = "minitwit-${each.key}"
    volume          = "minitwit-${each.key}"
    private_network = data.digitalocean_vpc.minitwit.ip_range
  })
}

resource "digitalocean_reserved_ip_assignment" "site" {
  ip_address = var.site_address
  droplet_id = digitalocean_droplet.node["application"].id
}

# A second layer in front of the droplets' own firewall.
resource "digitalocean_firewall" "nodes" {
  name        = "minitwit-nodes"
  droplet_ids = [for droplet in digitalocean_droplet.node : droplet.id]

  inbound_rule {
    protocol         = "tcp"
    port_range       = "22"
    source_addresses = var.operator_networks
  }

  inbound_rule {
    protocol         = "icmp"
    source_addresses = [data.digitalocean_vpc.minitwit.ip_range]
  }

  # Swarm: management, gossip and the overlay networks' VXLAN.
  dynamic "inbound_rule" {
    for_each = toset(["tcp/2377", "tcp/7946", "udp/7946", "udp/4789"])

    content {
      protocol         = split("/", inbound_rule.value)[0]
      port_range       = split("/", inbound_rule.value)[1]
      source_addresses = [data.digitalocean_vpc.minitwit.ip_range]
    }
  }

  dynamic "outbound_rule" {
    for_each = toset(["tcp", "udp"])

    content {
      protocol              = outbound_rule.value
      port_range            = "1-65535"
      destination_addresses = ["0.0.0.0/0", "::/0"]
    }
  }

  outbound_rule {
    protocol              = "icmp"
    destination_addresses = ["0.0.0.0/0", "::/0"]
  }
}

resource "digitalocean_firewall" "site" {
  name        = "minitwit-site"
  droplet_ids = [digitalocean_droplet.node["application"].id]

  dynamic "inbound_rule" {
    for_each = toset(["80", "443"])

    content {
      protocol         = "tcp"
      port_range       = inbound_rule.value
      source_addresses = ["0.0.0.0/0", "::/0"]
    }
  }
}

output "private_addresses" {
  description = "The droplets' addresses in the VPC, for MINITWIT_ADVERTISE_ADDRESS and joining."
  value       = { for role, droplet in digitalocean_droplet.node : role => droplet.ipv4_address_private }
}

output "public_addresses" {
  description = "The droplets' public addresses, for SSH."
  value       = { for role, droplet in digitalocean_droplet.node : role => droplet.ipv4_address }
}
