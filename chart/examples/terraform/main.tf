# The exporter in many clusters, by Terraform. A provider cannot be repeated by for_each in Terraform, so each cluster
# is a workspace, with a state of its own: what goes wrong in one touches no other.
#   terraform init
#   terraform workspace new cluster-one; terraform apply
#   terraform workspace new cluster-two; terraform apply
# OpenTofu reads main.tofu in place of this file and does all clusters in one run.

terraform {
  required_version = ">= 1.3"
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.0, < 4.0"
    }
  }
}

locals {
  here = { for name, cluster in var.clusters : name => cluster if name == terraform.workspace }
}

provider "helm" {
  kubernetes = {
    config_path    = var.kubeconfig
    config_context = try(var.clusters[terraform.workspace].context, null)
  }
}

module "exporter" {
  source   = "./exporter"
  for_each = { for name, cluster in local.here : name => cluster if !contains(var.disabled_clusters, name) }

  name           = each.key
  cluster        = each.value
  image_registry = var.image_registry
  chart = {
    name       = var.chart
    repository = var.chart_repository
    version    = var.chart_version
  }
}

output "status" {
  value = { for name, exporter in module.exporter : name => exporter.status }
}
