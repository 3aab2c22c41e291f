# The exporter in one cluster.

terraform {
  required_version = ">= 1.3"
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.0, < 4.0"
    }
  }
}

variable "name" {
  type = string
}

variable "cluster" {
  type = any
}

variable "chart" {
  type = object({
    name       = string
    repository = string
    version    = string
  })
}

variable "image_registry" {
  type = string
}

resource "helm_release" "exporter" {
  name             = "kubecost-allocation-exporter"
  namespace        = var.cluster.namespace
  create_namespace = true

  repository = var.chart.repository
  chart      = var.chart.name
  version    = var.chart.version

  # Waits until the exporter is ready, and goes back to what was there before if it does not get so.
  atomic          = true
  cleanup_on_fail = true
  timeout         = 300
  max_history     = 5

  values = concat([yamlencode({
    image = { registry = var.image_registry }
    kubecost = {
      preset      = var.cluster.preset
      releaseName = var.cluster.release_name
      namespace   = var.cluster.release_namespace
      # The name of a Secret with the key `token`, never the token.
      auth = { bearer = { existingSecret = var.cluster.auth_secret } }
    }
    config = merge({ "cluster.name" = var.name }, var.cluster.exporter_config)
    serviceMonitor = {
      enabled          = var.cluster.service_monitor
      additionalLabels = var.cluster.service_labels
    }
  })], var.cluster.additional_values)
}

output "status" {
  value = helm_release.exporter.status
}
